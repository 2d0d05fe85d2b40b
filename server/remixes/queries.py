"""Reading remixes: what a practice is based on, what was made from it, and a remix as a form to begin with."""

import json
from dataclasses import dataclass, replace

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of
from server.actors.viewer import Viewer
from server.db import Row, among
from server.errors import NotFound
from server.instance import Instance
from server.posts import queries as posts
from server.posts.queries import PostView
from server.posts.readable import apart, findable, readable
from server.practices import queries as practices
from server.practices.form import PracticeForm
from server.practices.models import Practice
from server.remixes.actions import ChangeNote, is_own, remixable
from server.remixes.models import Remix
from server.remixes.policy import Denied, Verdict, licence_choices, may_publish
from server.remixes.wire import Ancestor, Basis, ancestors_of
from server.text import LICENCES

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be remixed, as the page of the editor shows it. `why_not` says why only a draft is possible."""

    post: PostView
    form: PracticeForm
    licences: tuple[str, ...]
    why_not: str


@dataclass(frozen=True, slots=True)
class Named:
    """Something that a practice came from. `url` is its page here where the viewer may read it, else elsewhere."""

    title: str
    author: str
    url: str
    licence_label: str
    host: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A remix, as it is named on the page of what it was made from. `is_offered`: its change waits for the viewer."""

    title: str
    url: str
    author: PersonLabel
    is_offered: bool = False


@dataclass(frozen=True, slots=True)
class Ties:
    """What stands around a practice: what it is based on, and what others made from it, the newest first.

    `thanks` are remixes whose changes it took back.
    """

    basis: Basis | None
    sources: tuple[Named, ...]
    made: tuple[Made, ...]
    are_more: bool
    can_remix: bool
    thanks: tuple[Ancestor, ...] = ()

    @property
    def has_lineage(self) -> bool:
        """Whether there is a tree to look at."""
        return bool(self.sources or self.made)


async def source(here: Instance, viewer: Viewer, short: str) -> Source:
    """A practice that somebody is about to remix. Raises NotFound for what they may not read or what has no steps."""
    post = await posts.show(here, viewer, short)
    if post is None:
        raise NotFound
    await remixable(here, viewer, post.id)
    practice = await Practice.get(id=post.id)
    verdict: Verdict = may_publish(post.licence, is_own=post.is_mine)
    return Source(
        post=post,
        form=practices.form_of(practice, post),
        licences=licence_choices(post.licence, is_own=post.is_mine),
        why_not=verdict.reason if isinstance(verdict, Denied) else "",
    )


def begun(found: Source) -> PracticeForm:
    """A remix to begin with: all that the source says, but what was seen, and files, which are their author's."""
    return replace(
        found.form,
        entry="full",
        evidence="",
        certainty="",
        media_ids=(),
        nobody_identifiable=False,
        grown_from_id=None,
        community_id=None,
        visibility="",
        licence=found.licences[0] if found.licences else "",
    )


async def draft(here: Instance, viewer: Viewer, short: str) -> tuple[PostView, PracticeForm, ChangeNote, str] | None:
    """A remix that the viewer keeps as a draft: the post, its form, what they say of it, and its source."""
    kept = await practices.draft(here, viewer, short)
    if kept is None or kept[0].state != "draft":
        return None
    remix = await Remix.get_or_none(id=kept[0].id)
    if remix is None:
        return None
    source_id = await here.db.value("SELECT id FROM post WHERE uri = :uri", uri=remix.source_uri)
    return (*kept, ChangeNote(remix.what_changed, remix.why), str(source_id or ""))


async def licences_of(here: Instance, viewer: Viewer, post_id: str) -> tuple[str, ...] | None:
    """The licences that a remix of the viewer's may have; None for what is no remix."""
    remix = await Remix.get_or_none(id=post_id)
    if remix is None:
        return None
    first = ancestors_of(remix.lineage)[0]
    return licence_choices(first.licence, is_own=await is_own(here, viewer, first))


async def ties(here: Instance, viewer: Viewer, post: PostView) -> Ties:
    """What stands around a practice that the viewer was shown; two queries at most."""
    basis, made, thanks = await _around(here, viewer, post)
    return Ties(
        basis=basis,
        sources=await _named(here, viewer, basis.lineage) if basis is not None else (),
        made=tuple(made[:SHOWN]),
        are_more=len(made) > SHOWN,
        can_remix=viewer.is_signed_in and post.kind == "practice" and post.state == "visible",
        thanks=thanks,
    )


async def rows_of(here: Instance, viewer: Viewer, uris: list[str]) -> dict[str, Row]:
    """What the viewer may read of the posts with these ids, with their authors, by id; one query."""
    if not uris:
        return {}
    places, parameters = among(uris)
    may_read, rights = readable(viewer)
    rows = await here.db.rows(
        "SELECT post.uri AS post_uri, post.short, post.title, post.kind AS post_kind, post.licence, post.published_at,"
        f" {LABEL_COLUMNS} FROM post JOIN actor ON actor.id = post.author_id WHERE post.uri IN ({places})"
        f" AND post.state = 'visible' AND {may_read}",
        **parameters,
        **rights,
    )
    return {row["post_uri"]: row for row in rows}


async def _named(here: Instance, viewer: Viewer, lineage: tuple[Ancestor, ...]) -> tuple[Named, ...]:
    found = await rows_of(here, viewer, [item.uri for item in lineage])
    return tuple(named(here, item, found.get(item.uri)) for item in lineage)


def named(here: Instance, item: Ancestor, row: Row | None) -> Named:
    """Something that others came from, by its row where the viewer may read it, else by what was known of it."""
    licence = LICENCES.get(item.licence)
    label = licence.label if licence else ""
    if row is None:
        return Named(item.title, item.author, item.address, label, item.host, is_here=False)
    return Named(
        title=row["title"] or item.title,
        author=label_of(here, row).display_name,
        url=posts.page_path(row["short"], row["title"], row["post_kind"]),
        licence_label=label,
        host=item.host,
        is_here=True,
    )


async def _around(
    here: Instance, viewer: Viewer, post: PostView
) -> tuple[Basis | None, list[Made], tuple[Ancestor, ...]]:
    """What a practice says of its source, what was made from it, the newest first, and whom it thanks; one query.

    Nothing by those whom its author blocked, or who blocked them (S17).
    """
    may_read, rights = readable(viewer)
    rows = await here.db.rows(
        "SELECT own.lineage, own.what_changed, own.why, credit.thanks, made.* FROM (SELECT 1 AS one) AS alone"
        " LEFT JOIN remix AS own ON own.id = :own_id LEFT JOIN remix_credit AS credit ON credit.id = :own_id"
        " LEFT JOIN (SELECT remix.id AS made_id, CASE WHEN EXISTS (SELECT 1 FROM remix_offer AS offered"
        " WHERE offered.remix_id = remix.id AND offered.source_id = :own_id AND offered.state = 'open')"
        f" THEN 1 ELSE 0 END AS is_offered, post.short, post.title, post.kind AS post_kind, {LABEL_COLUMNS}"
        " FROM remix JOIN post ON post.id = remix.id JOIN actor ON actor.id = post.author_id"
        f" WHERE remix.source_uri = :source_uri AND post.state = 'visible' AND NOT {apart(':whose', 'post.author_id')}"
        f" AND {may_read} AND {findable(viewer)}"
        " ORDER BY remix.id DESC LIMIT :most) AS made ON TRUE",
        own_id=post.id,
        whose=post.author.id,
        source_uri=post.uri,
        most=SHOWN + 1,
        **rights,
    )
    made = [
        Made(
            row["title"],
            posts.page_path(row["short"], row["title"], row["post_kind"]),
            label_of(here, row),
            is_offered=post.is_mine and bool(row["is_offered"]),
        )
        for row in sorted(rows, key=lambda row: row["made_id"] or "", reverse=True)
        if row["made_id"] is not None
    ]
    thanks = ancestors_of(json.loads(rows[0]["thanks"])) if rows[0]["thanks"] else ()
    if rows[0]["lineage"] is None:
        return None, made, thanks
    lineage = ancestors_of(json.loads(rows[0]["lineage"]))
    return Basis(lineage, rows[0]["what_changed"], rows[0]["why"]), made, thanks
