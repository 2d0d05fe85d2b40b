"""The words of what this server knows about people: each class of data, and each consent, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from web.i18n import gettext, ngettext


@dataclass(frozen=True, slots=True)
class ClassWords:
    """What a class of data is, what it is for, until when it is kept, and who gets it."""

    title: str
    why: str
    until: str
    who: str


@dataclass(frozen=True, slots=True)
class RetentionWords:
    """A kind of thing that is kept for some days."""

    title: str
    hint: str


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """What one agrees to, and what it does."""

    label: str
    hint: str


def classes(request: Request, kept: Mapping[str, int]) -> dict[str, ClassWords]:
    """By the keys of `server.privacy.classes.CLASSES`; `kept` says how many days each kind of thing is kept."""
    account = gettext(request, "As long as you have an account.")
    if kept["accounts"]:
        account += " " + gettext(
            request, "One that nobody uses for %(days)s days ends, after two mails.", days=kept["accounts"]
        )
    nobody = gettext(request, "Nobody but you; it never leaves this server.")
    wanted = gettext(request, "Until you take it back, or delete your account.")
    return {
        "profile": ClassWords(
            gettext(request, "Your profile"),
            gettext(request, "So that others know who writes."),
            account,
            gettext(request, "Everybody, here and on other servers."),
        ),
        "account": ClassWords(
            gettext(request, "Your account"),
            gettext(request, "To let you in, to write to you, and to fill in forms for you."),
            account,
            gettext(request, "Nobody gets your address. What you teach and may be asked about stands on your profile."),
        ),
        "signing_in": ClassWords(
            gettext(request, "Where you are signed in, what with besides your password, and invitations you made"),
            gettext(request, "So that you can end what is not you. No address of a machine is kept."),
            gettext(request, "Until they end: browsers after some weeks without you, links after days."),
            nobody,
        ),
        "writing": ClassWords(
            gettext(request, "What you wrote, with drafts and earlier versions"),
            gettext(request, "It is what this server is for."),
            gettext(request, "Until you delete it, or your account."),
            gettext(request, "Whom you chose each time: other servers get what is for people there. Drafts stay here."),
        ),
        "reactions": ClassWords(
            gettext(request, "What you found useful, passed on, voted and agreed to"),
            gettext(request, "To count it, and to tell whoever wrote it."),
            wanted,
            gettext(request, "The server of whoever wrote it. Who voted for what is shown to nobody."),
        ),
        "marks": ClassWords(
            gettext(request, "What you saved, ticked, noted and read"),
            gettext(request, "So that you find it again."),
            wanted,
            nobody,
        ),
        "follows": ClassWords(
            gettext(request, "Whom you follow, who follows you, and your lists"),
            gettext(request, "To bring you what they share, and them what you share."),
            wanted,
            gettext(request, "The servers of those you follow. Lists are seen by nobody."),
        ),
        "avoided": ClassWords(
            gettext(request, "Whom you blocked or muted, and what you filter"),
            gettext(request, "To keep them away from you."),
            wanted,
            gettext(request, "A block is told to the server of whoever is blocked; the rest to nobody."),
        ),
        "communities": ClassWords(
            gettext(request, "Where you are a member, and which guidelines you accepted"),
            gettext(request, "To show you what members see, and to know what was agreed."),
            _days(request, kept["applications"], gettext(request, "Until you leave, and then for a while:")),
            gettext(request, "The server of the community. Your answers are read by those who look after it."),
        ),
        "events": ClassWords(
            gettext(request, "Events you take part in"),
            gettext(request, "To keep you a place, and to remind you."),
            _days(
                request, kept["events"], gettext(request, "Until some days after the event, then only how many came:")
            ),
            gettext(request, "The server of the event. Others see only how many come."),
        ),
        "tried": ClassWords(
            gettext(request, "Practices you tried, and how it went"),
            gettext(request, "So that others see where it worked."),
            wanted,
            gettext(request, "The server of the practice, and whoever may read your report."),
        ),
        "files": ClassWords(
            gettext(request, "Pictures and files you added"),
            gettext(request, "To show them with what you wrote."),
            gettext(request, "As long as what they belong to."),
            gettext(request, "Whoever may read what they belong to."),
        ),
        "needs": ClassWords(
            gettext(request, "What you said you need, and whether others may ask or name you"),
            gettext(request, "So that practices and questions find you."),
            wanted,
            gettext(request, "Nobody sees your answers; a community sees words of five people or more, as numbers."),
        ),
        "news": ClassWords(
            gettext(request, "What happened for you: news, your timeline, conversations"),
            gettext(request, "To show it to you, on time."),
            gettext(request, "The latest of it; older lines go by themselves."),
            nobody,
        ),
        "mail": ClassWords(
            gettext(request, "Mails you got from here"),
            gettext(request, "So that no mail comes twice, and nothing is suggested again and again."),
            gettext(request, "Some weeks after each mail."),
            gettext(request, "The mail server of your address."),
        ),
        "apps": ClassWords(
            gettext(request, "Apps you let in"),
            gettext(request, "So that they can act for you, and you can end that."),
            wanted,
            gettext(request, "The app. For news on your phone, the maker of its system, sealed."),
        ),
        "moderation": ClassWords(
            gettext(request, "Reports you made, what was said to you because of rules, and what you did as a steward"),
            gettext(request, "To look into it, and to know what was decided and why."),
            _days(request, kept["reports"], gettext(request, "Until a while after it is closed:")),
            gettext(request, "Those who look after the community or this server. Nobody tells who reported."),
        ),
        "privacy": ClassWords(
            gettext(request, "What you agreed to, and archives you asked for"),
            gettext(request, "To know what you chose, and when."),
            gettext(request, "As long as you have an account; archives for seven days."),
            nobody,
        ),
    }


def retention(request: Request) -> dict[str, RetentionWords]:
    """By the keys of `server.privacy.retention.USUAL`, in the order of the page."""
    return {
        "events": RetentionWords(
            gettext(request, "Who took part in an event"),
            gettext(request, "Counted from its end. Afterwards only how many they were."),
        ),
        "applications": RetentionWords(
            gettext(request, "Applications that were declined, and memberships that ended"),
            gettext(request, "With the answers that were given."),
        ),
        "reports": RetentionWords(
            gettext(request, "Reports that are closed"),
            gettext(request, "Counted from the decision."),
        ),
        "notices": RetentionWords(
            gettext(request, "What was said to people because of rules"),
            gettext(request, "Warnings, and why somebody was kept out."),
        ),
        "requests": RetentionWords(
            gettext(request, "Requests about data that are closed"),
            gettext(request, "Counted from the answer, to show that there was one."),
        ),
        "cached": RetentionWords(
            gettext(request, "Copies of posts from other servers"),
            gettext(
                request,
                "Short posts and replies that nobody here answered, saved, found useful, passed on or is named in."
                " Practices and resources stay. They can be fetched again.",
            ),
        ),
        "accounts": RetentionWords(
            gettext(request, "Accounts that nobody uses"),
            gettext(
                request,
                "Their people get a mail half a year and a month before; then a link to their archive, and the account"
                " is deleted. Nobody’s account ends who has duties here or gets no mail.",
            ),
        ),
    }


def requests(request: Request) -> dict[str, str]:
    """What people ask for at the desk, by `server.privacy.desk.KINDS`."""
    return {
        "access": gettext(request, "They want to know what is known"),
        "copy": gettext(request, "They want a copy to take along"),
        "correct": gettext(request, "They want something corrected"),
        "erase": gettext(request, "They want something deleted"),
        "object": gettext(request, "They object to something"),
    }


def outcomes(request: Request) -> dict[str, str]:
    """How a request ended, by `server.privacy.desk.OUTCOMES`."""
    return {
        "done": gettext(request, "Answered and done"),
        "refused": gettext(request, "Refused, with a reason"),
        "withdrawn": gettext(request, "Withdrawn by whoever asked"),
    }


def glass_states(request: Request) -> dict[str, str]:
    """How far reading what is private has got."""
    return {
        "asked": gettext(request, "waits for another admin"),
        "confirmed": gettext(request, "confirmed"),
        "refused": gettext(request, "refused"),
        "read": gettext(request, "read"),
    }


def _days(request: Request, days: int, words: str) -> str:
    if not days:
        return gettext(request, "For good.")
    return f"{words} {ngettext(request, '%(count)s day.', '%(count)s days.', days)}"


def consents(request: Request) -> dict[str, ConsentWords]:
    """By the keys of `server.privacy.consents.KINDS`. Whoever changes what one of them means raises its version."""
    return {
        "indexed": ConsentWords(
            gettext(request, "My public posts may be found by search"),
            gettext(request, "Other servers learn that they may list your public posts in their search."),
        ),
        "directory": ConsentWords(
            gettext(request, "I may be found as a person"),
            gettext(request, "You stand in the directory, are suggested to others, and other servers may suggest you."),
        ),
        "named": ConsentWords(
            gettext(request, "Others may name me in thanks and celebrations"),
            gettext(request, "What stands there already stays; from then on nobody can name you anew."),
        ),
        "asked": ConsentWords(
            gettext(request, "I may be asked when somebody needs an answer today"),
            gettext(
                request,
                "You are one of those who may be asked, once a day at most, about what you said; people of other"
                " servers in your network may ask, too, without learning who you are.",
            ),
        ),
        "counted": ConsentWords(
            gettext(request, "I am counted in the numbers that networks are told"),
            gettext(
                request,
                "Only sums that stand for five people or more leave this server, four times a year. Without this you"
                " are in none of them.",
            ),
        ),
    }
