"""A practice form as a browser sends it, and back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from starlette.datastructures import FormData

from server.accounts.queries import ContextRow
from server.media.queries import MediaFile
from server.practices.evidence import KINDS, Piece, joined
from server.practices.form import ENTRIES, Material, PracticeForm
from web.practices.composing import UNREADABLE, number
from web.request import text, texts

EVIDENCE_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Typed:
    """The numbers as they were typed, so that nothing is lost when they could not be read."""

    group_size: str = ""
    minutes: str = ""


def read(form: FormData, files: Sequence[MediaFile], community_id: str | None) -> PracticeForm:
    """What was sent, whatever it is."""
    entry, seen = text(form, "speed", 10), _seen(form)
    return PracticeForm(
        entry=entry if entry in ENTRIES else "quick",
        title=text(form, "title", 500),
        text=text(form, "text"),
        promise=text(form, "promise", 1000),
        subject=text(form, "subject", 500),
        level=text(form, "level", 500),
        group_size=number(form, "group_size"),
        minutes=number(form, "minutes"),
        setting=text(form, "setting", 500),
        constraints=text(form, "constraints"),
        problem=text(form, "problem"),
        steps=tuple(texts(form, "steps")),
        evidence=joined(seen),
        evidence_untold=any(piece.text.strip() and not piece.kind for piece in seen),
        certainty=text(form, "certainty", 20),
        would_change=text(form, "would_change"),
        materials=tuple(_materials(form)),
        media_ids=tuple(file.id for file in files),
        licence=text(form, "licence", 40),
        language=text(form, "language", 20) or "en",
        content_warning=text(form, "content_warning", 500),
        visibility=text(form, "visibility", 20),
        community_id=community_id,
        nobody_identifiable=bool(text(form, "nobody_identifiable", 5)),
        grown_from_id=text(form, "grown_from", 26) or None,
    )


def typed(form: FormData | None, filled: PracticeForm) -> Typed:
    """The numbers to show: as they were typed, or as they are stored."""

    def shown(name: str, value: int | None) -> str:
        if form is not None and value == UNREADABLE:
            return text(form, name, 20)
        return "" if value is None else str(value)

    return Typed(shown("group_size", filled.group_size), shown("minutes", filled.minutes))


def at_speed(form: PracticeForm, speed: str) -> PracticeForm:
    """The same words in a shorter or longer form; nothing is dropped, and a tip's text becomes the first step."""
    if speed not in ENTRIES:
        return form
    if form.entry == "tip" and speed != "tip" and form.text and not form.steps:
        form = replace(form, steps=(form.text,))
    return replace(form, entry=speed)


def in_context(form: PracticeForm, context: ContextRow) -> PracticeForm:
    """The form with a saved context in it."""
    return replace(
        form,
        subject=context.subject,
        level=context.level,
        group_size=context.group_size,
        minutes=context.minutes,
        setting=context.setting,
    )


def _seen(form: FormData) -> list[Piece]:
    said, kinds = _column(form, "evidence"), _column(form, "evidence_kind")
    return [
        Piece(kind if kind in KINDS else "", words[:EVIDENCE_CHARACTERS])
        for words, kind in zip_longest(said, kinds[: len(said)], fillvalue="")
    ]


def _column(form: FormData, name: str) -> list[str]:
    said = (item for item in form.getlist(name)[:40] if isinstance(item, str))
    return [item.replace("\x00", "").replace("\r\n", "\n").strip() for item in said]


def _materials(form: FormData) -> list[Material]:
    pairs = zip_longest(_column(form, "material_url"), _column(form, "material_name"), fillvalue="")
    return [Material(url[:2000], name[:200]) for url, name in pairs if url or name]
