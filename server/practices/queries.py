"""Reading practices: the page of one, the library of all, and what a form starts with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.actors.viewer import Viewer
from server.db import Row
from server.instance import Instance
from server.posts import queries as posts
from server.posts.queries import Page, PostView
from server.posts.readable import findable, readable
from server.practices.form import Material, PracticeForm
from server.practices.models import Practice
from server.practices.narrowing import MINUTE_BANDS, SIZE_BANDS, USEFUL, Facets, narrowed, source
from server.practices.writing import rendered
from server.text import LICENCES, excerpt

__all__ = [
    "MINUTE_BANDS",
    "SIZE_BANDS",
    "USEFUL",
    "FacetValues",
    "Facets",
    "Found",
    "Grown",
    "PracticePage",
    "add_facts",
    "draft",
    "facet_values",
    "find",
    "form_of",
    "grown",
    "grown_into",
    "practice",
    "seed",
]

KINDS = ("practice", "tip")
PAGE_SIZE = 20
COUNTED_AT_MOST = 500
"""More than so many are "many": nobody reads further, and counting takes longer than everything else on the page."""
LOOKED_THROUGH = 2000
"""In a library of more, only what fits on one page is counted: the rest would be read for its number alone."""
LATEST = 500


@dataclass(frozen=True, slots=True)
class Grown:
    """A tip, or what went well, and the practice that grew out of it, named on each other's page."""

    title: str
    url: str
    kind: str = "practice"


@dataclass(frozen=True, slots=True)
class PracticePage:
    """What a practice says in fields. `grown_from` and `grown_into` are only set where the viewer may read them."""

    form: PracticeForm
    grown_from: Grown | None = None
    grown_into: Grown | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of the library, and how many there are in all, as far as that is counted."""

    page: Page[PostView]
    total: int

    @property
    def are_many(self) -> bool:
        """Whether there are more than was counted."""
        return self.total > COUNTED_AT_MOST


@dataclass(frozen=True, slots=True)
class FacetValues:
    """What the library can be narrowed to: what readable practices say, in alphabetical order."""

    subjects: tuple[str, ...]
    levels: tuple[str, ...]
    languages: tuple[str, ...]


async def practice(here: Instance, viewer: Viewer, post: PostView) -> PracticePage | None:
    """The fields of a practice or tip that the viewer was shown; None where it came without. One query."""
    may_read, values = readable(viewer)
    columns = sorted(Practice._meta.db_fields)
    rows = await here.db.rows(
        f"SELECT {', '.join(f'practice.{name}' for name in columns)}, other.id AS other_id, other.title AS other_title,"
        " other.short AS other_short, other.kind AS other_kind, other.content_html AS other_html"
        " FROM practice LEFT JOIN (SELECT post.id, post.title, post.short, post.kind, post.content_html FROM post"
        " WHERE post.id IN (SELECT own.grown_from_id FROM practice AS own WHERE own.id = :id UNION ALL"
        f" SELECT grown.id FROM practice AS grown{here.db.by('idx_practice_grown_f_125859')}"
        f" WHERE grown.grown_from_id = :id) AND post.state = 'visible' AND {may_read}"
        " ORDER BY post.published_at LIMIT 2) AS other ON TRUE WHERE practice.id = :id",
        id=post.id,
        **values,
    )
    if not rows:
        return None
    found = Practice(**{name: rows[0][name] for name in columns})
    named = {row["other_id"] == found.grown_from_id: _grown(row) for row in rows if row["other_id"] is not None}
    return PracticePage(form=form_of(found, post), grown_from=named.get(True), grown_into=named.get(False))


async def draft(here: Instance, viewer: Viewer, short: str) -> tuple[PostView, PracticeForm] | None:
    """One of the viewer's own practices or tips as a form, drafts included; None for everybody else's."""
    post = await posts.show(here, viewer, short)
    if post is None or not post.is_mine or post.kind not in KINDS:
        return None
    found = await Practice.get_or_none(id=post.id)
    return None if found is None else (post, form_of(found, post))


async def find(here: Instance, viewer: Viewer, facets: Facets, before: str | None = None) -> Found:
    """The practices and tips that the viewer may read, the newest or most useful first. At most a dozen queries."""
    few = await narrowed(here, viewer, facets, before, PAGE_SIZE)
    if few is not None:
        found = await posts.listing(here, viewer, ids=few.ids, limit=len(few.ids)) if few.ids else Page([], None)
        by_id = {post.id: post for post in found.items}
        page = Page([by_id[post_id] for post_id in few.ids if post_id in by_id], few.next)
    else:
        page = await posts.listing(
            here,
            viewer,
            kinds=KINDS,
            community_id=facets.community_id or None,
            author_id=viewer.actor_id if facets.mine == "shared" else None,
            before=before,
            limit=PAGE_SIZE,
        )
    await add_facts(here, page.items)
    if few is not None and few.total is not None:
        return Found(page, few.total)
    if before is None and page.next is None:
        return Found(page, len(page.items))
    return Found(page, COUNTED_AT_MOST + 1 if few is not None else await _count(here, viewer, facets))


async def facet_values(here: Instance, viewer: Viewer) -> FacetValues:
    """What the library can be narrowed to: what the latest in it say. One query."""
    may_read, values = readable(viewer)
    rows = await here.db.rows(
        "SELECT DISTINCT subject, level, language FROM (SELECT practice.subject, practice.level, post.language"
        f" FROM post{here.db.by('idx_post_library')} JOIN practice ON practice.id = post.id"
        " WHERE post.state = 'visible' AND post.kind IN ('practice', 'tip')"
        f" AND {may_read} AND {findable(viewer)} ORDER BY post.published_at DESC, post.id DESC LIMIT :latest) AS said",
        latest=LATEST,
        **values,
    )
    return FacetValues(*(_distinct(row[name] for row in rows) for name in ("subject", "level", "language")))


async def _count(here: Instance, viewer: Viewer, facets: Facets) -> int:
    """How many there are; more than `COUNTED_AT_MOST` where they are many, or are many to look through. One query."""
    may_read, values = readable(viewer)
    table, which = source(here, facets)
    some = f"SELECT 1 FROM {table} WHERE {which}"
    total = await here.db.value(
        f"SELECT CASE WHEN (SELECT count(*) FROM ({some} LIMIT :looked) AS through) >= :looked THEN :most"
        f" ELSE (SELECT count(*) FROM ({some} AND {may_read} AND {findable(viewer)}"
        " LIMIT :most) AS few) END AS total",
        looked=LOOKED_THROUGH + 1,
        most=COUNTED_AT_MOST + 1,
        facet_community=facets.community_id,
        facet_author=viewer.actor_id,
        **values,
    )
    return int(total or 0)


async def add_facts(here: Instance, found: Sequence[PostView]) -> None:
    """Give cards of practices the words of their context, and cards of tips their title."""
    wanted = {f"id_{number}": post.id for number, post in enumerate(found) if post.kind in KINDS}
    if not wanted:
        return
    rows = await here.db.rows(
        "SELECT id, entry, title, text, subject, level, group_size, minutes FROM practice"
        f" WHERE id IN ({', '.join(':' + name for name in wanted)})",
        **wanted,
    )
    by_id = {row["id"]: row for row in rows}
    for post in found:
        row = by_id.get(post.id)
        if row is not None:
            size = f"Group of {row['group_size']}" if row["group_size"] else ""
            time = f"{row['minutes']} minutes" if row["minutes"] else ""
            post.facts = [fact for fact in (row["subject"], row["level"], size, time) if fact]
            if row["entry"] == "tip" and row["title"]:
                # For others a tip is a Note, whose title stands in its text.
                post.title, post.lead = row["title"], excerpt(rendered(row["text"], here.settings.origin))


def form_of(found: Practice, post: PostView) -> PracticeForm:
    """A practice as its author would fill it in."""
    return PracticeForm(
        entry=found.entry,
        title=found.title if found.entry == "tip" else post.title,
        text=found.text,
        promise=found.promise,
        subject=found.subject,
        level=found.level,
        group_size=found.group_size,
        minutes=found.minutes,
        setting=found.setting,
        constraints=found.constraints,
        problem=found.problem,
        steps=tuple(found.steps or ()),
        evidence=found.evidence,
        certainty=found.certainty,
        would_change=found.would_change,
        materials=tuple(Material(item["url"], item["name"]) for item in found.materials or ()),
        media_ids=tuple(file.media_id for file in post.attachments if file.media_id),
        licence=post.licence if post.licence in LICENCES else "",
        language=post.language,
        content_warning=post.content_warning,
        visibility=found.wanted_visibility if post.state == "draft" else post.visibility,
        community_id=post.community.id if post.community else None,
        nobody_identifiable=found.nobody_identifiable,
        grown_from_id=found.grown_from_id,
    )


async def seed(here: Instance, viewer: Viewer, short: str) -> tuple[PostView, PracticeForm] | None:
    """The form that begins with a tip of the viewer's, or with what went well with them; None for everything else."""
    post = await posts.show(here, viewer, short)
    if post is None or not post.is_mine or post.state != "visible":
        return None
    if post.kind == "tip":
        found = await Practice.get_or_none(id=post.id)
        return None if found is None else (post, grown(form_of(found, post), post.id, ""))
    if post.kind != "win":
        return None
    said = PracticeForm(
        entry="tip",
        text=post.source_md,
        media_ids=tuple(file.media_id for file in post.attachments if file.media_id),
        licence=post.licence if post.licence in LICENCES else "",
        language=post.language,
        content_warning=post.content_warning,
        visibility=post.visibility,
        community_id=post.community.id if post.community else None,
    )
    return post, grown(said, post.id, post.title)


async def grown_into(here: Instance, viewer: Viewer, post_id: str) -> Grown | None:
    """The practice that grew out of what went well, where the viewer may read it."""
    may_read, values = readable(viewer)
    row = await here.db.row(
        "SELECT post.title AS other_title, post.short AS other_short, post.kind AS other_kind,"
        " post.content_html AS other_html FROM post WHERE post.id IN (SELECT practice.id"
        f" FROM practice{here.db.by('idx_practice_grown_f_125859')} WHERE grown_from_id = :id)"
        f" AND post.state = 'visible' AND {may_read} ORDER BY post.published_at LIMIT 1",
        id=post_id,
        **values,
    )
    return None if row is None else _grown(row)


def grown(tip: PracticeForm, tip_id: str, title: str) -> PracticeForm:
    """The start of a practice that grows out of a tip: nothing that was said has to be typed again."""
    return replace(
        tip,
        entry="quick",
        title=tip.title or title,
        text="",
        steps=(tip.text,),
        grown_from_id=tip_id,
        nobody_identifiable=False,
    )


def _grown(row: Row) -> Grown:
    title = row["other_title"] or excerpt(row["other_html"], 60)
    return Grown(title, posts.page_path(row["other_short"], row["other_title"], row["other_kind"]), row["other_kind"])


def _distinct(values: Any) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for value in values:
        if value:
            found.setdefault(value.lower(), value)
    return tuple(found[key] for key in sorted(found))[:100]
