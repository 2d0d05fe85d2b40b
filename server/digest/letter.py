"""A weekly mail in words: the same lines as plain text, as HTML, and for the page that shows it beforehand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

from server.db import from_milliseconds
from server.digest.content import Block, Digest, Entry
from server.instance import Instance
from server.mail.addresses import reply_address
from server.notifications.links import GOING, KEEP, NOT_GOING, link
from server.words import Words


@dataclass(frozen=True, slots=True)
class Link:
    """Something to tap."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what is said, where it is, and what can be answered with one tap."""

    text: str
    url: str
    note: str = ""
    answers: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A whole mail. `footer` says where it comes from and how to change or stop it."""

    subject: str
    sections: tuple[Section, ...]
    footer: tuple[Line, ...] = field(default=())
    language: str = "en"

    @property
    def text(self) -> str:
        """As plain text."""
        parts: list[str] = []
        for section in self.sections:
            parts += [section.heading.upper(), ""]
            for line in section.lines:
                parts += [f"* {line.text}", *([f"  {line.note}"] if line.note else []), f"  {line.url}"]
                parts += [f"  {answer.label}: {answer.url}" for answer in line.answers]
            parts.append("")
        return "\n".join([*parts, "-- ", *(_in_one(line) for line in self.footer)]) + "\n"


def as_html(letter: Letter) -> str:
    """The same as HTML that every mail program shows, on a phone too: nothing is fetched, nothing counts who reads."""
    parts = []
    for section in letter.sections:
        parts.append(f'<h2 style="font-size:17px;margin:28px 0 8px">{escape(section.heading)}</h2>')
        for line in section.lines:
            note = f'<br><span style="color:#595959">{escape(line.note)}</span>' if line.note else ""
            answers = "".join(
                f' <a href="{escape(answer.url)}" style="display:inline-block;padding:10px 14px;margin:8px 8px 0 0;'
                f'border:1px solid #767676;border-radius:6px;text-decoration:none">{escape(answer.label)}</a>'
                for answer in line.answers
            )
            parts.append(
                f'<p style="margin:0 0 14px"><a href="{escape(line.url)}">{escape(line.text)}</a>{note}'
                f"{'<br>' if answers else ''}{answers}</p>"
            )
    footer = "<br>".join(
        f'<a href="{escape(line.url)}">{escape(line.text)}</a>' if line.url else escape(line.text)
        for line in letter.footer
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{letter.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(letter.subject)}</title></head>'
        '<body style="font:17px/1.5 Georgia,serif;max-width:34em;margin:0 auto;padding:16px">\n'
        + "\n".join(parts)
        + f'\n<p style="margin-top:32px;color:#595959;font-size:15px">{footer}</p>\n</body></html>\n'
    )


def letter(here: Instance, digest: Digest, words: Words, reader_id: str, *, is_today: bool = False) -> Letter:
    """Put a digest for somebody into words. The subject names nothing but this server: others may see it."""
    sections = []
    for block in digest.blocks:
        lines = tuple(_line(here, words, block, entry, reader_id) for entry in block.entries)
        sections.append(Section(_heading(words, block.kind), lines))
    footer = (
        Line(f"{here.site.name} · {here.site.domain}", ""),
        Line(words.text("Choose another time, or stop this mail:"), here.url("/settings/mail")),
    )
    said = words.text("Today at %(place)s") if is_today else words.text("Your week at %(place)s")
    return Letter(said % {"place": here.site.name}, tuple(sections), footer, words.language)


def _in_one(line: Line) -> str:
    return f"{line.text} {line.url}".strip()


def _heading(words: Words, kind: str) -> str:
    _ = words.text
    return {
        "waiting": _("Waiting for you"),
        "events": _("This week"),
        "travelled": _("What became of what you shared"),
        "asks": _("Asks you could answer"),
        "practice": _("One practice to try"),
        "answers": _("Answers and conversations"),
        "thanks": _("Thanks"),
    }[kind]


def _line(here: Instance, words: Words, block: Block, entry: Entry, reader_id: str) -> Line:
    write: dict[str, Callable[[Words, Entry], str]] = {
        "waiting": _waiting,
        "events": _event,
        "practice": _named,
        "asks": _named,
        "travelled": _answer,
        "answers": _answer,
        "thanks": _thanks,
    }
    note = {"practice": _why, "events": _when}.get(block.kind)
    answers = [
        Link(label, link(here, reader_id, deed, entry.post_id)) for deed, label in _deeds(words, block.kind, entry)
    ]
    if block.kind == "asks" and (address := reply_address(here, reader_id, entry.post_id)):
        answers.append(Link(words.text("Answer by mail"), f"mailto:{quote(address, safe='@')}"))
    return Line(
        write[block.kind](words, entry), here.url(entry.path), note(words, entry) if note else "", tuple(answers)
    )


def _deeds(words: Words, kind: str, entry: Entry) -> list[tuple[str, str]]:
    """What can be answered with one tap."""
    if kind == "events":
        can_not = (NOT_GOING, words.text("I cannot come"))
        return [can_not] if entry.what == "going" else [(GOING, words.text("I take part"))]
    return [(KEEP, words.text("Keep it for later"))] if kind == "practice" else []


def _waiting(words: Words, entry: Entry) -> str:
    many, count = words.many, entry.count
    if entry.what == "applied":
        return many("One person asks to join a community.", "%(count)s people ask to join communities.", count)
    if entry.what == "held":
        return many("One post waits for you to approve it.", "%(count)s posts wait for you to approve them.", count)
    if entry.what == "asks_in":
        return many("One person asks to join this server.", "%(count)s people ask to join this server.", count)
    if entry.what == "follow_request":
        return many("One person asks to follow you.", "%(count)s people ask to follow you.", count)
    if entry.what == "greet":
        return many("One newcomer is yours to greet.", "%(count)s newcomers are yours to greet.", count)
    if entry.what == "ungreeted":
        return many("One newcomer has heard from nobody yet.", "%(count)s newcomers have heard from nobody yet.", count)
    if entry.what == "invited":
        return many("You are invited to a community.", "You are invited to %(count)s communities.", count)
    return many("One message about a report or a decision.", "%(count)s messages about reports or decisions.", count)


def _event(words: Words, entry: Entry) -> str:
    return entry.title


def _when(words: Words, entry: Entry) -> str:
    when = words.when(from_milliseconds(entry.at or 0))
    return words.text("%(when)s. You take part.", when=when) if entry.what == "going" else f"{when}."


def _named(words: Words, entry: Entry) -> str:
    return entry.title


def _why(words: Words, entry: Entry) -> str:
    return {
        "stuck": words.text("Because you said you are stuck with something like it."),
        "teaches": words.text("Because it is near what you teach."),
    }.get(entry.what, words.text("Shared lately."))


def _answer(words: Words, entry: Entry) -> str:
    if entry.what == "private":
        return words.many("1 new in a private space", "%(count)s new in private spaces", entry.count)
    if entry.what == "confidential":
        return words.many("1 new in a confidential space", "%(count)s new in confidential spaces", entry.count)
    title = entry.title or words.text("A conversation")
    return f"{title}: {_did(words, entry)}"


def _did(words: Words, entry: Entry) -> str:
    _ = words.text
    if entry.what == "poll_ended":
        return _("the poll has ended.")
    if entry.what == "together":
        return _("trying it together is over.")
    if entry.what == "edit_refused":
        return _("a change of yours was not taken. Your words are kept.")
    if entry.what == "round_closed":
        return _("the round is closed. Read what everybody said.")
    if entry.what == "prepare":
        return _("it begins soon. Here is what to prepare.")
    if entry.what == "event_yes":
        return _("you take part, the organisers have accepted.")
    if entry.what == "event_no":
        return _("you cannot take part this time, the organisers say.")
    who, others = entry.who or _("somebody"), max(0, entry.people - 1)
    if others:
        who = words.many("%(who)s and one other", "%(who)s and %(count)s others", others, who=who)
    return {
        "reply": words.many("%(who)s answered.", "%(who)s answered.", entry.people, who=who),
        "tried": words.many("%(who)s tried it.", "%(who)s tried it.", entry.people, who=who),
        "offer": words.many("%(who)s offers changes.", "%(who)s offer changes.", entry.people, who=who),
        "offer_taken": words.many("%(who)s took a change of yours.", "%(who)s took changes of yours.", 1, who=who),
        "coauthor": words.many(
            "%(who)s asks you to write it together.", "%(who)s ask you to write it together.", 1, who=who
        ),
        "coauthor_yes": words.many("%(who)s writes it with you.", "%(who)s write it with you.", entry.people, who=who),
        "coedited": words.many("%(who)s changed it.", "%(who)s changed it.", entry.people, who=who),
        "remix": words.many("%(who)s made a remix of it.", "%(who)s made remixes of it.", entry.people, who=who),
        "asked": words.many("%(who)s needs an answer.", "%(who)s need an answer.", entry.people, who=who),
        "discussant": words.many(
            "%(who)s asks you to discuss in a seminar.", "%(who)s ask you to discuss in a seminar.", 1, who=who
        ),
        "role": words.many(
            "%(who)s has a role for you in an event.", "%(who)s have a role for you in an event.", 1, who=who
        ),
        "round": words.many("%(who)s asks you.", "%(who)s ask you.", entry.people, who=who),
        "mention": words.many("%(who)s mentioned you.", "%(who)s mentioned you.", entry.people, who=who),
        "published": words.many("new by %(who)s.", "new by %(who)s.", entry.people, who=who),
        "revised": words.many("%(who)s wrote a new version.", "%(who)s wrote a new version.", 1, who=who),
        "quote": words.many("%(who)s quoted it.", "%(who)s quoted it.", entry.people, who=who),
    }.get(entry.what) or words.many("news from %(who)s.", "news from %(who)s.", entry.people, who=who)


def _thanks(words: Words, entry: Entry) -> str:
    many, count = words.many, entry.count
    if entry.what in {"named", "celebrated"}:
        said = words.text("%(who)s names you: %(title)s") if entry.what == "named" else "%(who)s: %(title)s"
        return said % {"who": entry.who, "title": entry.title}
    if entry.what == "helped":
        return many("One answer of yours helped somebody.", "Answers of yours helped %(count)s times.", count)
    if entry.what == "like":
        return many(
            "Something you shared was found useful.", "What you shared was found useful %(count)s times.", count
        )
    if entry.what == "boost":
        return many("Something you shared was passed on.", "What you shared was passed on %(count)s times.", count)
    if entry.what == "joined":
        return many("One person joined a community of yours.", "%(count)s people joined communities of yours.", count)
    if entry.what == "moved":
        return many(
            "Somebody you follow moved to another account.",
            "%(count)s people you follow moved to other accounts.",
            count,
        )
    return many("One person follows you now.", "%(count)s people follow you now.", count)
