"""A weekly mail in words: the same lines as plain text, as HTML, and for the page that shows it beforehand."""

from collections.abc import Callable
from dataclasses import dataclass, field

from server.db import from_milliseconds
from server.digest.content import Block, Digest, Entry
from server.instance import Instance
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


def letter(here: Instance, digest: Digest, words: Words) -> Letter:
    """Put a digest into words. The subject names nothing but this server: others see it over a shoulder."""
    sections = [
        Section(_heading(words, block.kind), tuple(_line(here, words, block, entry) for entry in block.entries))
        for block in digest.blocks
    ]
    footer = (
        Line(f"{here.site.name} · {here.site.domain}", ""),
        Line(words.text("Choose another day, or stop this mail:"), here.url("/settings/mail")),
    )
    subject = words.text("Your week at %(place)s", place=here.site.name)
    return Letter(subject, tuple(sections), footer, words.language)


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


def _line(here: Instance, words: Words, block: Block, entry: Entry) -> Line:
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
    return Line(write[block.kind](words, entry), here.url(entry.path), note(words, entry) if note else "")


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
    title = entry.title or words.text("A conversation")
    return f"{title}: {_did(words, entry)}"


def _did(words: Words, entry: Entry) -> str:
    _ = words.text
    if entry.what == "poll_ended":
        return _("the poll has ended.")
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
        "remix": words.many("%(who)s made a remix of it.", "%(who)s made remixes of it.", entry.people, who=who),
        "mention": words.many("%(who)s mentioned you.", "%(who)s mentioned you.", entry.people, who=who),
        "published": words.many("new by %(who)s.", "new by %(who)s.", entry.people, who=who),
        "quote": words.many("%(who)s quoted it.", "%(who)s quoted it.", entry.people, who=who),
    }.get(entry.what) or words.many("news from %(who)s.", "news from %(who)s.", entry.people, who=who)


def _thanks(words: Words, entry: Entry) -> str:
    many, count = words.many, entry.count
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
