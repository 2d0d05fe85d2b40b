"""Which practices and events use a resource: those that link to it, wherever they were written."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape

from server.actors.viewer import Viewer
from server.db import among
from server.instance import Instance
from server.posts.addresses import page_path
from server.posts.events import PostDeleted, PostEdited, PostPublished
from server.posts.models import Post
from server.posts.queries import PostView
from server.posts.readable import apart, findable, readable
from server.resources.models import ResourceUse
from server.text import excerpt, plain

USING = ("practice", "tip", "session")
MOST_LINKS = 30
SHOWN = 20
_HREF = re.compile(r'href="(https?://[^"\s]{1,900})"')
_SHORT = re.compile(r"/p/(?:[^/?#]*-)?([0-9a-z]{8})/?")


@dataclass(frozen=True, slots=True)
class Use:
    """What uses a resource, by its title."""

    title: str
    url: str
    kind: str


async def on_post(here: Instance, event: PostPublished | PostEdited) -> None:
    """Something that may use resources came or changed: note what it links to, in the caller's transaction."""
    if isinstance(event, PostPublished) and event.kind not in USING:
        return
    post = await Post.get_or_none(id=event.post_id, kind__in=USING)
    if post is None:
        return
    wanted = await _resources(here, links_in(post.content_html))
    known = {use.resource_id for use in await ResourceUse.filter(post_id=post.id)}
    if known - wanted:
        await ResourceUse.filter(post_id=post.id, resource_id__in=sorted(known - wanted)).delete()
    new = [ResourceUse(post_id=post.id, resource_id=resource_id) for resource_id in sorted(wanted - known)]
    await ResourceUse.bulk_create(new, ignore_conflicts=True)


async def on_deleted(here: Instance, event: PostDeleted) -> None:
    """What is gone uses nothing, and is not used."""
    await ResourceUse.filter(post_id=event.post_id).delete()
    await ResourceUse.filter(resource_id=event.post_id).delete()


async def used_in(here: Instance, viewer: Viewer, resource: PostView) -> list[Use]:
    """What uses a resource that the viewer was shown, as far as they may read it, the newest first. One query.

    Not that of people whom the author of the resource blocked, or who blocked them (S17).
    """
    may_read, values = readable(viewer)
    rows = await here.db.rows(
        "SELECT post.short, post.title, post.kind, post.content_html FROM resource_use"
        " JOIN post ON post.id = resource_use.post_id JOIN post AS used ON used.id = resource_use.resource_id"
        f" WHERE resource_use.resource_id = :resource AND NOT {apart('used.author_id', 'post.author_id')}"
        f" AND post.state = 'visible' AND {may_read} AND {findable(viewer, in_community=True)}"
        " ORDER BY resource_use.post_id DESC LIMIT :shown",
        resource=resource.id,
        shown=SHOWN,
        **values,
    )
    return [
        Use(
            row["title"] or excerpt(plain(row["content_html"]), 60),
            page_path(row["short"], row["title"], row["kind"]),
            row["kind"],
        )
        for row in rows
    ]


def links_in(html: str) -> list[str]:
    """The first addresses that a text leads to, each once."""
    found = (unescape(address).partition("#")[0] for address in _HREF.findall(html))
    return list(dict.fromkeys(found))[:MOST_LINKS]


async def _resources(here: Instance, links: Iterable[str]) -> set[str]:
    """The resources at these addresses: their own, or those of their pages here."""
    links = list(links)
    if not links:
        return set()
    ours = (link.removeprefix(here.settings.origin) for link in links if link.startswith(f"{here.settings.origin}/"))
    shorts = [match[1] for path in ours if (match := _SHORT.fullmatch(path))] or [""]
    at, values = among(links, "link")
    short, named = among(shorts, "short")
    rows = await here.db.rows(
        f"SELECT id FROM post WHERE id IN (SELECT id FROM post WHERE url IN ({at}) UNION SELECT id FROM post"
        f" WHERE uri IN ({at}) UNION SELECT id FROM post WHERE short IN ({short})) AND kind = 'resource' ORDER BY id"
        " LIMIT 50",
        **values,
        **named,
    )
    return {row["id"] for row in rows}
