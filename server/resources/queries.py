"""Reading libraries: what is in one, and what a resource says in fields."""

from dataclasses import dataclass
from typing import Any

from server.actors.viewer import Viewer
from server.instance import Instance
from server.posts import queries as posts
from server.posts.queries import Page, PostView
from server.posts.readable import findable, readable
from server.practices.queries import MINUTE_BANDS
from server.resources.form import TYPE_WORDS, ResourceForm, facts
from server.resources.models import Resource
from server.text import LICENCES

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Facets:
    """What narrows a library; empty means all. `words` are searched in title, text and subject."""

    words: str = ""
    resource_type: str = ""
    subject: str = ""
    level: str = ""
    minutes: str = ""
    licence: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is narrowed."""
        return self == Facets()


@dataclass(frozen=True, slots=True)
class Library:
    """One page of a library, how many things are in it, and what it can be narrowed to."""

    page: Page[PostView]
    total: int
    subjects: tuple[str, ...]
    levels: tuple[str, ...]


async def resource(here: Instance, post: PostView) -> ResourceForm | None:
    """The fields of a resource that the viewer was shown; None where it came without."""
    found = await Resource.get_or_none(id=post.id)
    if found is None:
        return None
    return ResourceForm(
        resource_type=found.resource_type,
        title=post.title,
        text=found.text,
        link=found.link,
        subject=found.subject,
        level=found.level,
        minutes=found.minutes,
        how_i_use_it=found.how_i_use_it,
        excerpt=found.excerpt,
        excerpt_by=found.excerpt_by,
        captions=found.captions,
        transcript=found.transcript,
        event_uri=found.event_uri,
        chapters=found.chapters,
        teaches=found.teaches,
        media_ids=tuple(file.media_id for file in post.attachments if file.media_id),
        licence=post.licence if post.licence in LICENCES else "",
        language=post.language,
        content_warning=post.content_warning,
        visibility=post.visibility,
        community_id=post.community.id if post.community else None,
        nobody_identifiable=bool(post.attachments),
    )


async def library(
    here: Instance, viewer: Viewer, community_id: str, facets: Facets, before: str | None = None
) -> Library:
    """What the viewer may read of a community's library, the newest first. Nine queries, whatever its size."""
    condition, parameters = _condition(facets)
    page = await posts.listing(
        here,
        viewer,
        kinds=("resource",),
        community_id=community_id,
        before=before,
        limit=PAGE_SIZE,
        condition=condition,
        **parameters,
    )
    await _add_facts(here, page.items)
    may_read, values = readable(viewer)
    base = (
        "post.kind = 'resource' AND post.state = 'visible' AND post.community_id = :community"
        f" AND {may_read} AND {findable(viewer, in_community=True)}"
    )
    total = await here.db.value(
        f"SELECT count(*) AS total FROM post WHERE {base} AND ({condition or 'TRUE'})",
        community=community_id,
        **values,
        **parameters,
    )
    rows = await here.db.rows(
        f"SELECT DISTINCT resource.subject, resource.level FROM resource JOIN post ON post.id = resource.id"
        f" WHERE {base} LIMIT 1000",
        community=community_id,
        **values,
    )
    return Library(
        page,
        int(total or 0),
        tuple(sorted({row["subject"] for row in rows if row["subject"]}, key=str.casefold)),
        tuple(sorted({row["level"] for row in rows if row["level"]}, key=str.casefold)),
    )


def _condition(facets: Facets) -> tuple[str, dict[str, Any]]:
    inner: list[str] = []
    outer: list[str] = []
    values: dict[str, Any] = {}
    for name in ("resource_type", "subject", "level"):
        if wanted := getattr(facets, name):
            inner.append(f"resource.{name} = :{name}")
            values[name] = wanted
    if most := MINUTE_BANDS.get(facets.minutes):
        inner.append("resource.minutes <= :most_minutes")
        values["most_minutes"] = most
    if facets.licence:
        outer.append("post.licence = :licence")
        values["licence"] = facets.licence
    for number, word in enumerate(facets.words.lower().split()[:6]):
        escaped = word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        values[f"word_{number}"] = f"%{escaped}%"
        columns = ("post.title", "post.source_md", "post.content_html")
        outer.append("(" + " OR ".join(f"lower({name}) LIKE :word_{number} ESCAPE '!'" for name in columns) + ")")
    if inner:
        outer.append(f"EXISTS (SELECT 1 FROM resource WHERE resource.id = post.id AND {' AND '.join(inner)})")
    return " AND ".join(outer), values


async def _add_facts(here: Instance, found: list[PostView]) -> None:
    if not found:
        return
    wanted = {f"id_{number}": post.id for number, post in enumerate(found)}
    rows = await here.db.rows(
        "SELECT id, resource_type, subject, level, minutes FROM resource"
        f" WHERE id IN ({', '.join(':' + name for name in wanted)})",
        **wanted,
    )
    by_id = {row["id"]: row for row in rows}
    for post in found:
        row = by_id.get(post.id)
        if row is not None:
            said = ResourceForm(subject=row["subject"], level=row["level"], minutes=row["minutes"])
            post.facts = [TYPE_WORDS.get(row["resource_type"], ""), *(value for _, value in facts(said))]
