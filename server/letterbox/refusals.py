"""What we write to somebody whose mail was not taken as an answer, or not with all that came with it."""

from server.instance import Instance
from server.letterbox.reading import EMPTY, TOO_LARGE, TOO_LONG, UNREADABLE
from server.words import Words

OVER, GONE, LOCKED_OUT, OTHER_ADDRESS, TOO_MANY, LEFT_OUT, UNACCEPTED = (
    "over",
    "gone",
    "locked_out",
    "other_address",
    "too_many",
    "left_out",
    "unaccepted",
)
MOST_OF_TEXT = 10_000


def letter(here: Instance, words: Words, why: str, more: str) -> tuple[str, str]:
    """Subject and text. `more` is what they wrote, so that it is not lost, or the page where their answer stands."""
    lines = [_said(words, why)]
    if why == UNACCEPTED:
        lines.append(here.url("/welcome"))
    if why == LEFT_OUT:
        lines += ["", words.text("Your answer: %(url)s", url=more)]
    elif more:
        lines += ["", words.text("This is what you wrote:"), "", *(f"> {line}" for line in _short(more))]
    lines += ["", "-- ", f"{here.site.name} · {here.site.domain}"]
    subject = words.text("Files were left out") if why == LEFT_OUT else words.text("Your answer was not taken")
    return subject, "\n".join(lines) + "\n"


def _short(text: str) -> list[str]:
    cut = text if len(text) <= MOST_OF_TEXT else text[:MOST_OF_TEXT] + "…"
    return cut.splitlines()


def _said(words: Words, why: str) -> str:
    _ = words.text
    return {
        OVER: _("The mail that you answered is older than thirty days. Open the conversation, and answer there."),
        GONE: _("What you answered is gone, or no longer shared with you."),
        LOCKED_OUT: _("This account cannot write at present, so your mail was not taken as an answer."),
        UNACCEPTED: _("Accept the guidelines first, and send your mail again:"),
        OTHER_ADDRESS: _(
            "A mail came to your own address for answers, and not from the mail address of your account. It was not"
            " taken as an answer. If you wrote it, send it from the address of your account. If you did not, somebody"
            " has a mail of yours that you passed on; they can do nothing with it."
        ),
        TOO_MANY: _("Very many answers came from you by mail within the hour. Wait a little, and send this one again."),
        LEFT_OUT: _(
            "Your answer was taken, the files with it were not: of each it has to be said what it shows, and that"
            " nobody can be identified. Add them on the page, with “Edit”."
        ),
        TOO_LARGE: _("Your mail is larger than 10 MB. Send the words alone."),
        TOO_LONG: _("Your answer is longer than 60,000 characters. Send a shorter one."),
        UNREADABLE: _("Your mail could not be read. Send it again as plain text, or answer on the page."),
        EMPTY: _("There were no words of your own in your mail. Write them above or below what you quote."),
    }.get(why) or _("It was not taken: %(reason)s", reason=_known(words, why))


def _known(words: Words, reason: str) -> str:
    """What a conversation or community says to those who may not write there, in their language."""
    _ = words.text
    known = {
        "This conversation is closed. Start a new one and link to it.": _(
            "This conversation is closed. Start a new one and link to it."
        ),
        "This community is archived.": _("This community is archived."),
        "Join this community first.": _("Join this community first."),
    }
    return known.get(reason, reason)
