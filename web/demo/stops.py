"""The three doors of the tour and the six stops behind each, in the reader's language."""

from dataclasses import dataclass

from starlette.requests import Request

from server.demo.deeds import ABROAD, FAR, HOME, Cast, path_of
from web.i18n import gettext

DOORS = ("maya", "sofia", "ana")
ELSEWHERE = "sofia"
POLL = "Which part of a practical do your pupils find hardest?"


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop: at which server it is, whom one is there ("" for nobody), and what there is to see and to do.

    `goes` is a path, or the name of something that is looked up when somebody goes there. `deed` is what a person of
    the demo can be asked to do, and `needs` a server without which the stop makes no sense.
    """

    title: str
    text: str
    task: str
    button: str
    place: str
    person: str
    goes: str
    deed: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """Somebody to go along with."""

    name: str
    label: str
    text: str
    stops: tuple[Stop, ...]


def door(request: Request, cast: Cast, name: str) -> Door:
    """A door by its name, without the stops at servers that this demo does not have."""
    label, text, listed = {"maya": _maya, "sofia": _sofia, "ana": _ana}[name](request)
    mine = Stop(
        gettext(request, "Make this mine"),
        gettext(request, "You have seen what there is. Now throw the demo away, and begin with your own people."),
        gettext(request, "Two commands, and five questions."),
        gettext(request, "Show me how"),
        HOME,
        "",
        "/demo/mine",
    )
    stops = tuple(stop for stop in listed if cast.has(stop.place) and (not stop.needs or cast.has(stop.needs)))
    return Door(name, label, text, (*stops, mine))


async def path_to(cast: Cast, stop: Stop) -> str:
    """Where a stop leads, at its own server."""
    if stop.goes == "practice":
        return await path_of(cast, stop.place) or "/practices"
    if stop.goes == "lakeside":
        return f"/admin/servers/{cast.opened[FAR].settings.domain}"
    return stop.goes


def _maya(request: Request) -> tuple[str, str, tuple[Stop, ...]]:
    return (
        gettext(request, "I’m Maya, a teacher"),
        gettext(
            request,
            "Science at Northfield High. See what waits for her, and how what she shares comes back from elsewhere.",
        ),
        (
            Stop(
                gettext(request, "This week"),
                gettext(
                    request,
                    "The page where Maya lands: what waits for her, what became of what she shared, and news of "
                    "those whom she follows, here and elsewhere. No endless list, and no counters on people.",
                ),
                gettext(request, "Look for what waits for you, and for who tried something of yours."),
                gettext(request, "Be Maya, and see her week"),
                HOME,
                "maya",
                "/week",
            ),
            Stop(
                gettext(request, "A practice that was tried"),
                gettext(
                    request,
                    "Maya shared how she reads exit tickets. People at three organisations tried it, and said "
                    "honestly how it went. The grid shows where. Press “Tom tries it at Riverside” there: Tom says "
                    "how it went on his own server, which signs that and sends it here, and the grid changes when it "
                    "arrives.",
                ),
                gettext(request, "Find the grid “Where it worked”, and watch it change."),
                gettext(request, "Be Maya, and open the practice"),
                HOME,
                "maya",
                "practice",
                "tom",
                ABROAD,
            ),
            Stop(
                gettext(request, "The same practice at another server"),
                gettext(
                    request,
                    "Riverside Library runs its own server, with its own people and rules. It has the whole "
                    "practice, the name of Maya’s school, and the signed message that brought it: “Show the signed "
                    "message”.",
                ),
                gettext(request, "You are Tom now. It is the same practice, complete, and answers go home."),
                gettext(request, "Be Tom, at Riverside Library"),
                ABROAD,
                "tom",
                "practice",
            ),
            Stop(
                gettext(request, "Share something of your own"),
                gettext(
                    request,
                    "A tip is what you would tell a colleague in the corridor: a title and two sentences will do. It "
                    "goes to the community Science teachers, which people at three servers follow, and Sofia on "
                    "Mastodon.",
                ),
                gettext(request, "Write two sentences, see who will get them, and share."),
                gettext(request, "Be Maya, and write a tip"),
                HOME,
                "maya",
                "/practices/new?speed=tip&community=science",
            ),
            Stop(
                gettext(request, "Read it on Mastodon, and answer"),
                gettext(
                    request,
                    "This is what somebody on Mastodon sees: what you have just shared is on top. Answer Maya’s exit "
                    "tickets with “#triedit worked with changes: …”, and go back to the grid: it counts.",
                ),
                gettext(request, "Your tip is on top. Open “Exit tickets”, and answer it with #triedit."),
                gettext(request, "See it as Sofia"),
                ELSEWHERE,
                "",
                "/",
            ),
        ),
    )


def _sofia(request: Request) -> tuple[str, str, tuple[Stop, ...]]:
    return (
        gettext(request, "I’m Sofia on Mastodon"),
        gettext(
            request,
            "She has no account at any Peerhall. See what reaches her, and what happens when she answers, votes and "
            "likes.",
        ),
        (
            Stop(
                gettext(request, "What arrives at Sofia’s"),
                gettext(
                    request,
                    "Sofia follows Maya and the community Science teachers from her own server. What they share "
                    "arrives there, and is drawn here from the very documents that were delivered, by the rules of "
                    "Mastodon: short things whole, long ones with title, promise and a link.",
                ),
                gettext(request, "Open a post, and the signed message that brought it."),
                gettext(request, "See what Sofia sees"),
                ELSEWHERE,
                "",
                "/",
            ),
            Stop(
                gettext(request, "A practice, and its signature"),
                gettext(
                    request,
                    "Maya’s exit tickets. Mastodon shows title and promise of what is long; the document has all of "
                    "it, for software that shows more: “The whole text”. “Show the signed message” has headers and "
                    "JSON: who sent it, with whose key, and what Sofia’s server answered.",
                ),
                gettext(request, "Read it, then look at the signed message."),
                gettext(request, "Open the practice as Sofia"),
                ELSEWHERE,
                "",
                "/exit-tickets",
            ),
            Stop(
                gettext(request, "Answer with #triedit"),
                gettext(
                    request,
                    "Sofia tried it, too. She writes an ordinary answer that begins with #triedit. Her server signs "
                    "it and sends it to Northfield, which reads it as a report. Northfield knows her: the first "
                    "answer of a stranger waits until somebody has read it.",
                ),
                gettext(request, "Send the answer that stands there, or one of your own, and look at what was signed."),
                gettext(request, "Answer as Sofia"),
                ELSEWHERE,
                "",
                "/exit-tickets?answer=yes",
            ),
            Stop(
                gettext(request, "It counts at Maya’s page"),
                gettext(
                    request,
                    "The page of the practice at Northfield High, as anybody may read it: Sofia’s answer stands "
                    "there as a report “from the fediverse”, and in the sentence above the grid.",
                ),
                gettext(request, "Find Sofia’s report under the practice."),
                gettext(request, "Open it at Northfield High"),
                HOME,
                "",
                "practice",
            ),
            Stop(
                gettext(request, "Vote and like, and see what came back"),
                gettext(
                    request,
                    "Polls are polls, and a favourite is one at both ends. Under “For Sofia” is what the community "
                    "answered her: one friendly line, once, that says that her report counts. “All messages” lists "
                    "everything that was signed.",
                ),
                gettext(request, "Vote in the poll, then look at “For Sofia” and “All messages”."),
                gettext(request, "Open the poll as Sofia"),
                ELSEWHERE,
                "",
                "/poll",
            ),
        ),
    )


def _ana(request: Request) -> tuple[str, str, tuple[Stop, ...]]:
    return (
        gettext(request, "I’m Ana, the admin"),
        gettext(
            request,
            "She keeps the computers. See what leaves the server, cut a whole server off, watch it fall silent, and "
            "undo it.",
        ),
        (
            Stop(
                gettext(request, "What needs you"),
                gettext(
                    request,
                    "Ana’s home: what waits for a decision, how deliveries go, which servers we talk to, and "
                    "everything else that one person needs to run a server beside other work.",
                ),
                gettext(request, "See what needs you, and the list of other servers."),
                gettext(request, "Be Ana, and see her home"),
                HOME,
                "ana",
                "/admin",
            ),
            Stop(
                gettext(request, "What leaves this server"),
                gettext(
                    request,
                    "In plain words, for everybody who asks: what is kept, for how long, and what leaves. What is "
                    "written for the staff room has no way out at all.",
                ),
                gettext(request, "Read what leaves, and what never does."),
                gettext(request, "Be Ana, and read it"),
                HOME,
                "ana",
                "/privacy",
            ),
            Stop(
                gettext(request, "Block a server"),
                gettext(
                    request,
                    "Lakeside University is trusted. Choose “Blocked”, and look at what would change before you do "
                    "it: who would be cut off, and what would be hidden.",
                ),
                gettext(request, "Choose “Blocked”, save, read what would change, and do it."),
                gettext(request, "Be Ana, and open Lakeside’s page"),
                HOME,
                "ana",
                "lakeside",
                needs=FAR,
            ),
            Stop(
                gettext(request, "See it take effect"),
                gettext(
                    request,
                    "Now let Inês write from Lakeside. Her server signs and sends as always; ours answers 403, takes "
                    "nothing in, and notes that it did, on this page.",
                ),
                gettext(request, "Press “Inês writes from Lakeside”, and look at the message and our answer."),
                gettext(request, "Be Ana, and watch"),
                HOME,
                "ana",
                "lakeside",
                "ines",
                FAR,
            ),
            Stop(
                gettext(request, "Undo it"),
                gettext(
                    request,
                    "Within thirty days a block can be undone as if it had not been: follows come back, and what was "
                    "hidden is shown. Undo it, and let Inês write again.",
                ),
                gettext(request, "Press “Undo the last change”, then let Inês write: it arrives."),
                gettext(request, "Be Ana, and undo it"),
                HOME,
                "ana",
                "lakeside",
                "ines",
                FAR,
            ),
        ),
    )
