"""The tree that a practice belongs to, across servers: also through places that are gone or not shared with the viewer.

What others made is known from its own row; what is not here is known by the names that remixes of it carry along.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice, takewhile, zip_longest

from server.actors.queries import label_of
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.instance import Instance
from server.posts import queries as posts
from server.posts.queries import PostView
from server.posts.readable import apart, findable, readable
from server.remixes.models import Remix
from server.remixes.queries import rows_of
from server.remixes.wire import Ancestor, ancestors_of
from server.text import LICENCES

MAX_REMIXES = 200
MAX_PLACES = 2 * MAX_REMIXES + 2
"""Every remix with its source, and the further ones as far as that goes: each remix could name twenty of its own."""
MAX_DEPTH = 8
"""Deeper than that nobody can read a nested list on a phone: what follows stands in one list, each with its source."""


@dataclass(frozen=True, slots=True)
class Known:
    """A remix that the viewer may read: where it comes from as it says, and what was changed."""

    uri: str
    lineage: tuple[Ancestor, ...]
    what_changed: str = ""


@dataclass(slots=True)
class Place:
    """One practice of a tree. One that is not here has the title and author that are known of it, or none."""

    uri: str
    title: str = ""
    author: str = ""
    organisation: str = ""
    url: str = ""
    licence_label: str = ""
    what_changed: str = ""
    at: datetime | None = None
    is_here: bool = False
    is_current: bool = False
    made_from: str = ""
    children: list["Place"] = field(default_factory=list)


async def lineage(here: Instance, viewer: Viewer, post: PostView) -> list[Place]:
    """The tree around a practice that the viewer was shown, from the first one on; four queries."""
    own = await Remix.get_or_none(id=post.id)
    found = {item.uri: item for item in await _remixes(here, viewer, own.root_uri if own else post.uri)}
    if own is not None:
        found[post.uri] = Known(post.uri, ancestors_of(own.lineage), own.what_changed)
    remixes = bounded(list(found.values()), MAX_PLACES - 1)
    uris = dict.fromkeys([post.uri, *found, *(item.uri for known in remixes for item in known.lineage)])
    rows = await rows_of(here, viewer, list(uris))
    parents, names = arranged(remixes, set(rows))
    parents.setdefault(post.uri, None)
    places = {uri: Place(uri) for uri in parents}
    for uri, place in places.items():
        row, name, known = rows.get(uri), names.get(uri), found.get(uri)
        place.is_current = uri == post.uri
        place.what_changed = known.what_changed if known else ""
        if row is not None:
            label = label_of(here, row)
            place.title, place.author, place.organisation = row["title"], label.display_name, label.organisation
            place.url = posts.page_path(row["short"], row["title"], row["post_kind"])
            place.at, place.is_here = from_milliseconds(row["published_at"]), True
        elif name is not None:
            place.title, place.author, place.organisation = name.title, name.author, name.host
            place.url = name.address
        licence = LICENCES.get(row["licence"] if row is not None else name.licence if name else "")
        place.licence_label = licence.label if licence else ""
    return grown(parents, places)


def bounded(remixes: Sequence[Known], most: int) -> list[Known]:
    """The same with at most so many places: the remixes, then what they name, the nearest of all first. Pure."""
    levels = zip_longest(*(item.lineage for item in remixes))
    named = (item.uri for level in levels for item in level if item is not None)
    kept = set(islice(dict.fromkeys((*(item.uri for item in remixes), *named)), most))
    return [replace(known, lineage=tuple(takewhile(lambda item: item.uri in kept, known.lineage))) for known in remixes]


def arranged(remixes: Sequence[Known], here: set[str]) -> tuple[dict[str, str | None], dict[str, Ancestor]]:
    """What comes from what, by ids, and the names that are known of what is not here. Pure.

    What a remix says of its own source counts before what others say of it; and what is `here` without a row of its own
    is an original, whatever they say.
    """
    own: dict[str, str | None] = {item.uri: item.lineage[0].uri for item in remixes if item.lineage}
    parents, names = dict(own), dict[str, Ancestor]()
    for remix in remixes:
        for item in remix.lineage:
            names.setdefault(item.uri, item)
        for item, further in zip_longest(remix.lineage, remix.lineage[1:]):
            if item.uri in own or item.uri in here:
                parents.setdefault(item.uri, None)
                break
            parents.setdefault(item.uri, further.uri if further is not None else None)
    for parent in list(parents.values()):
        if parent is not None:
            parents.setdefault(parent, None)
    return parents, names


def grown(parents: Mapping[str, str | None], places: Mapping[str, Place]) -> list[Place]:
    """The places as trees, the oldest first; what claims to come from itself begins a tree. Pure."""
    children: dict[str, list[str]] = {}
    for uri, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(uri)
    seen: set[str] = set()

    def visit(start: str) -> Place:
        # Without recursion: a chain may be as long as somebody cares to make it.
        seen.add(start)
        waiting = [(start, 1, places[start])]
        while waiting:
            uri, depth, holder = waiting.pop(0)
            below = [child for child in children.get(uri, []) if child not in seen]
            for child in sorted(below, key=lambda uri: _turn(places[uri])):
                seen.add(child)
                place = places[child]
                holder.children.append(place)
                if depth >= MAX_DEPTH:
                    place.made_from = places[uri].title
                waiting.append((child, depth + 1, place if depth < MAX_DEPTH else holder))
        return places[start]

    begun = [visit(uri) for uri, parent in parents.items() if parent is None]
    begun += [visit(uri) for uri in parents if uri not in seen]
    return sorted(begun, key=_turn)


def _turn(place: Place) -> tuple[float, str]:
    return (place.at.timestamp() if place.at else 0.0, place.uri)


async def _remixes(here: Instance, viewer: Viewer, root_uri: str) -> list[Known]:
    may_read, rights = readable(viewer)
    rows = await here.db.rows(
        f"SELECT remix.id, post.uri FROM (SELECT id FROM remix WHERE root_uri = :root_uri ORDER BY id LIMIT :limit)"
        " AS found JOIN remix ON remix.id = found.id JOIN post ON post.id = remix.id WHERE post.state = 'visible'"
        f" AND {may_read} AND {findable(viewer)} AND NOT EXISTS (SELECT 1 FROM post AS source"
        f" WHERE source.uri = remix.source_uri AND {apart('source.author_id', 'post.author_id')})",
        root_uri=root_uri,
        limit=MAX_REMIXES,
        **rights,
    )
    uris = {row["id"]: row["uri"] for row in rows}
    kept = await Remix.filter(id__in=list(uris)).order_by("id") if uris else []
    return [Known(uris[remix.id], ancestors_of(remix.lineage), remix.what_changed) for remix in kept]
