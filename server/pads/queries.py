"""Reading shared notes: the notes of a place, one of them whole, and what they said before."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of, labels
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.ids import to_number
from server.instance import Instance
from server.pads.access import Standing
from server.pads.actions import may_remove
from server.pads.models import Pad, PadRevision, PadSection
from server.pads.policy import is_held
from server.pads.writing import LATE
from server.posts.addresses import page_path
from server.posts.readable import readable
from server.practices.differences import Piece, compare
from server.text import slugify

LISTED = 30
SHOWN_REVISIONS = 10


@dataclass(frozen=True, slots=True)
class PadCard:
    """Shared notes in a list."""

    title: str
    url: str
    is_project: bool
    changed_at: datetime
    mark: str


@dataclass(frozen=True, slots=True)
class LateView:
    """A text that came late, and how it differs from what stands there."""

    id: str
    author: PersonLabel | None
    is_mine: bool
    at: datetime
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """One section. `holder` is who else writes in it now; `is_mine`: the viewer does."""

    id: str
    heading: str
    text: str
    html: str
    version: int
    author: PersonLabel | None
    edited_at: datetime | None
    holder: PersonLabel | None
    held_until: datetime | None
    is_mine: bool
    late: tuple[LateView, ...]


@dataclass(frozen=True, slots=True)
class WriterView:
    """Somebody who wrote in it. `named`: whether they want to be named in what is made of it; None where unsaid."""

    person: PersonLabel
    named: bool | None


@dataclass(frozen=True, slots=True)
class MadeView:
    """The practice that was made of a project's notes. `url` is empty for who may not read it, or not yet.

    `by` is who makes it, while it is a draft; `is_mine`: that is the viewer.
    """

    title: str
    url: str
    by: PersonLabel | None
    is_mine: bool


@dataclass(frozen=True, slots=True)
class PadView:
    """Shared notes as one person sees them; `mark` changes with every change."""

    title: str
    url: str
    is_project: bool
    mark: str
    sections: tuple[SectionView, ...]
    taken_out: tuple[tuple[str, str], ...]
    writers: tuple[WriterView, ...]
    me: PersonLabel | None
    is_guest: bool
    why_not: str
    can_remove: bool
    made: MadeView | None

    @property
    def my_naming(self) -> str | None:
        """``yes``, ``no`` or ``unsaid`` for who wrote in it; None for everybody else."""
        mine = next((each for each in self.writers if self.me is not None and each.person.id == self.me.id), None)
        return None if mine is None else {True: "yes", False: "no", None: "unsaid"}[mine.named]


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One text of the history. `is_late`: it never stood in the section by itself."""

    id: str
    heading: str
    author: PersonLabel | None
    at: datetime
    is_late: bool
    is_now: bool
    pieces: tuple[Piece, ...]


def path_of(short: str, title: str) -> str:
    """The address of shared notes; the words are for people, the end is what counts."""
    return f"/notes/{slugify(title)}-{short}"


async def pads_of(
    here: Instance, community_id: str | None, post_id: str | None, *, before: str = "", all_of_it: bool = False
) -> tuple[list[PadCard], str | None]:
    """The notes of a place, for who may see it, the latest first, and the mark to go on from.

    With `all_of_it` those of the events and rounds of a community too, which all its members may read.
    """
    where = "pad.post_id = :post"
    if post_id is None:
        of_posts = (
            " OR pad.post_id IN (SELECT post.id FROM post WHERE post.community_id = :place AND post.state = 'visible'"
            " AND post.visibility IN ('public', 'unlisted', 'members'))"
        )
        where = f"pad.community_id = :place AND (pad.post_id IS NULL{of_posts if all_of_it else ''})"
    rows = await here.db.rows(
        f"SELECT title, short, is_project, changed_id FROM pad WHERE {where} AND (:before = '' OR"
        " changed_id < :before) ORDER BY changed_id DESC LIMIT :limit",
        before=before,
        limit=LISTED + 1,
        **({"place": community_id} if post_id is None else {"post": post_id}),
    )
    cards = [
        PadCard(
            row["title"],
            path_of(row["short"], row["title"]),
            bool(row["is_project"]),
            moment_of(row["changed_id"]),
            row["changed_id"],
        )
        for row in rows[:LISTED]
    ]
    return cards, cards[-1].mark if len(rows) > LISTED else None


async def pad_page(here: Instance, pad: Pad, standing: Standing) -> PadView:
    """All of it for somebody who may open it; four queries."""
    sections = await PadSection.filter(pad_id=pad.id).order_by("position", "id").limit(200)
    late = await PadRevision.filter(pad_id=pad.id, state=LATE).order_by("id").limit(100)
    people = await labels(
        here,
        [
            standing.actor_id,
            *(person for each in sections for person in (each.author_id, each.holder_id) if person),
            *(each.author_id for each in late),
        ],
    )
    texts = await asyncio.to_thread(_beside, sections, late)
    now = here.clock.now()

    def late_of(section: PadSection) -> tuple[LateView, ...]:
        return tuple(
            LateView(each.id, people.get(each.author_id), each.author_id == standing.actor_id, each.at, texts[each.id])
            for each in late
            if each.section_id == section.id
        )

    def view(section: PadSection) -> SectionView:
        held = is_held(section.holder_id, section.held_until, now, but=standing.actor_id)
        return SectionView(
            id=section.id,
            heading=section.heading,
            text=section.text,
            html=section.html,
            version=section.version,
            author=people.get(section.author_id or ""),
            edited_at=section.edited_at,
            holder=people.get(section.holder_id or "") if held else None,
            held_until=section.held_until if held else None,
            is_mine=section.holder_id == standing.actor_id,
            late=late_of(section),
        )

    return PadView(
        title=pad.title,
        url=path_of(pad.short, pad.title),
        is_project=pad.is_project,
        mark=pad.changed_id,
        sections=tuple(view(section) for section in sections if section.removed_at is None),
        taken_out=tuple((section.id, section.heading) for section in sections if section.removed_at is not None),
        writers=tuple(await writers(here, pad.id)),
        me=people.get(standing.actor_id),
        is_guest=standing.is_guest,
        why_not=standing.why_not,
        can_remove=may_remove(standing, pad),
        made=await _made(here, pad, standing),
    )


async def _made(here: Instance, pad: Pad, standing: Standing) -> MadeView | None:
    if not pad.is_project or pad.practice_id is None:
        return None
    may_read, values = readable(Viewer(actor_id=standing.actor_id))
    row = await here.db.row(
        f"SELECT post.title, post.short, post.kind, post.state, post.author_id, CASE WHEN {may_read} THEN 1 ELSE 0 END"
        f" AS is_readable, {LABEL_COLUMNS} FROM post JOIN actor ON actor.id = post.author_id"
        " WHERE post.id = :practice AND post.state <> 'deleted'",
        practice=pad.practice_id,
        **values,
    )
    if row is None:
        return None
    is_draft, is_mine = row["state"] == "draft", row["author_id"] == standing.actor_id
    url = "" if is_draft or not row["is_readable"] else page_path(row["short"], row["title"], row["kind"])
    if is_draft and is_mine:
        url = f"/practices/new?draft={row['short']}"
    return MadeView(row["title"] if url else "", url, label_of(here, row) if is_draft else None, is_mine)


async def writers(here: Instance, pad_id: str) -> list[WriterView]:
    """Who wrote in shared notes, in the order in which they began."""
    rows = await here.db.rows(
        f"SELECT {LABEL_COLUMNS}, pad_writer.named FROM pad_writer JOIN actor ON actor.id = pad_writer.person_id"
        " WHERE pad_writer.pad_id = :pad AND actor.deleted_at IS NULL ORDER BY pad_writer.id LIMIT 200",
        pad=pad_id,
    )
    return [WriterView(label_of(here, row), None if row["named"] is None else bool(row["named"])) for row in rows]


async def history(
    here: Instance, pad: Pad, *, section_id: str = "", before: str = ""
) -> tuple[list[RevisionView], str | None]:
    """What was written, the latest first, each beside what stood there before; and the id to go on from."""
    rows = await here.db.rows(
        "SELECT text.id, text.section_id, text.heading, text.text, text.author_id, text.at, text.state,"
        " (SELECT earlier.id FROM pad_revision AS earlier WHERE earlier.section_id = text.section_id"
        " AND earlier.id < text.id AND earlier.state IN ('open', 'kept') ORDER BY earlier.id DESC LIMIT 1) AS earlier,"
        " section.heading AS heading_now, section.text AS text_now"
        " FROM pad_revision AS text JOIN pad_section AS section ON section.id = text.section_id"
        " WHERE text.pad_id = :pad AND (:section = '' OR text.section_id = :section) AND (:before = '' OR"
        " text.id < :before) ORDER BY text.id DESC LIMIT :limit",
        pad=pad.id,
        section=section_id,
        before=before,
        limit=SHOWN_REVISIONS + 1,
    )
    shown = rows[:SHOWN_REVISIONS]
    earlier = {
        each.id: each for each in await PadRevision.filter(id__in=[row["earlier"] for row in shown if row["earlier"]])
    }
    people = await labels(here, [row["author_id"] for row in shown])
    pieces = await asyncio.to_thread(
        lambda: [_difference(earlier.get(row["earlier"] or ""), row["heading"], row["text"]) for row in shown]
    )
    views = [
        RevisionView(
            id=row["id"],
            heading=row["heading"],
            author=people.get(row["author_id"]),
            at=from_milliseconds(row["at"]),
            is_late=row["state"] not in {"open", "kept"},
            is_now=(row["heading"], row["text"]) == (row["heading_now"], row["text_now"]),
            pieces=pieces[number],
        )
        for number, row in enumerate(shown)
    ]
    return views, views[-1].id if len(rows) > SHOWN_REVISIONS else None


async def changes(here: Instance, pad: Pad, *, ids: Sequence[str] | None, after: str) -> list[str]:
    """The mark of shared notes, if that is news: one of those named, or later than a mark."""
    current = await Pad.get_or_none(id=pad.id)
    if current is None:
        return []
    is_news = current.changed_id > after if ids is None else current.changed_id in ids
    return [current.changed_id] if is_news else []


def moment_of(mark: str) -> datetime:
    """When an id was made."""
    return from_milliseconds(to_number(mark) >> 80)


def _beside(sections: Sequence[PadSection], late: Sequence[PadRevision]) -> dict[str, tuple[Piece, ...]]:
    now = {section.id: section for section in sections}
    return {each.id: _difference(now.get(each.section_id), each.heading, each.text) for each in late}


def _difference(before: PadSection | PadRevision | None, heading: str, text: str) -> tuple[Piece, ...]:
    """From one text to the next; headings are part of it where they differ."""
    if before is None or before.heading == heading:
        return tuple(compare("" if before is None else before.text, text))
    return tuple(compare(f"{before.heading}\n\n{before.text}", f"{heading}\n\n{text}"))
