"""Statuses that were made before, each with all that it was made from: made again where any of that is new."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

import msgspec

from server.actors.viewer import Viewer
from server.db import Row
from server.instance import Instance
from server.mastodon.entities import Status
from server.mastodon.gathering import Gathered
from server.peers.queries import grades

COLUMNS = (
    "id",
    "short",
    "uri",
    "url",
    "kind",
    "is_local",
    "author_id",
    "community_id",
    "parent_id",
    "title",
    "summary",
    "content_html",
    "content_warning",
    "sensitive",
    "language",
    "licence",
    "visibility",
    "state",
    "pinned",
    "replies_count",
    "likes_count",
    "boosts_count",
    "published_at",
    "edited_at",
    "quote_uri",
    "emoji",
)
"""The columns of the table post that a status is made from."""

OF_THE_MOMENT = frozenset({"poll", "session"})
_facts_of_row = itemgetter(*COLUMNS, "answered_id")
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list as JSON, the digits of what is on it, and whether there may be more.

    `lasts`: it is the same until something is written; what depends on the moment does not.
    """

    body: bytes
    ids: tuple[str, ...]
    more: bool
    lasts: bool


Make = Callable[[Instance, Viewer, Row, Gathered], Status | None]
"""Makes a status without what the reader did with it."""


class Kept:
    """What was made, as an entity and as JSON.

    What depends on the moment or on words that somebody does not want to meet is made each time. `verifying` is for
    tests: what is kept is made again, and has to be the same.
    """

    verifying = False
    MOST = 1000

    def __init__(self, make: Make) -> None:
        """Begin with none."""
        self._make = make
        self._made: dict[tuple[str, bool], tuple[object, Status, bytes]] = {}
        self._grades: dict[str, str] = {}

    def look_at_grades(self, by_host: dict[str, str]) -> None:
        """Begin anew where an admin decided about a server: pictures of it may be shown no more, or again."""
        if by_host is not self._grades:
            if by_host != self._grades:
                self._made.clear()
            self._grades = by_host

    def status(self, here: Instance, viewer: Viewer, row: Row, about: Gathered) -> Status | None:
        """The status of a row, which is the caller's to change."""
        if self._is_made_anew(row, about):
            return _for(viewer, row, about, self._make(here, viewer, row, about))
        kept = self._kept(here, viewer, row, about)
        return None if kept is None else _for(viewer, row, about, copy(kept[0]))

    def encoded(self, here: Instance, viewer: Viewer, row: Row, about: Gathered) -> bytes | None:
        """The status of a row as JSON: several times cheaper where it was made before."""
        if self._is_made_anew(row, about):
            status = self.status(here, viewer, row, about)
            return None if status is None else _encoder.encode(status)
        kept = self._kept(here, viewer, row, about)
        if kept is None:
            return None
        mine = b"}" if viewer.actor_id is None else _mine(*_done(viewer, row, about))
        text = kept[1] + mine
        if self.verifying and msgspec.json.decode(text) != msgspec.to_builtins(self.status(here, viewer, row, about)):
            raise AssertionError(f"what is kept of {row['uri']} reads otherwise than it is")
        return text

    @staticmethod
    def _is_made_anew(row: Row, about: Gathered) -> bool:
        return bool(row["kind"] in OF_THE_MOMENT or about.words or about.marked)

    def _kept(self, here: Instance, viewer: Viewer, row: Row, about: Gathered) -> tuple[Status, bytes] | None:
        """A status, and its JSON up to its end."""
        facts = _facts(here, row, about)
        key = (row["id"], viewer.actor_id is None)
        found = self._made.get(key)
        if found is not None and found[0] == facts:
            if self.verifying and found[1] != self._make(here, viewer, row, about):
                raise AssertionError(f"what is kept of {row['uri']} is not what would be made now")
            return found[1:]
        made = self._make(here, viewer, row, about)
        if made is None:
            return None
        self._made.pop(key, None)
        if len(self._made) >= self.MOST:
            del self._made[next(iter(self._made))]
        text = _encoder.encode(made).removesuffix(b"}")
        self._made[key] = (facts, made, text)
        return made, text


class KeptPages:
    """Whole answers, for as long as nobody commits anything: apps ask for the same list again and again.

    Where the database has no such number (PostgreSQL), nothing is kept. `verifying` is for tests, as above.
    """

    verifying = False
    ROOM_BYTES = 4 * 1024 * 1024

    def __init__(self) -> None:
        """Begin with none."""
        self._pages: OrderedDict[tuple[object, ...], tuple[tuple[object, ...], Page]] = OrderedDict()
        self._taken = 0

    async def get(self, here: Instance, key: tuple[object, ...], make: Callable[[], Awaitable[Page]]) -> Page:
        """The page that was made for this reader and part of a list, or a new one."""
        version = here.db.glance.version()
        if version is None:
            return await make()
        # What is kept in memory of the database is as old as it is; a page made from an older one is not kept on.
        state = (version, here.site.name, grades(here).by_host)
        found = self._pages.get(key)
        if found is not None and found[0] == state:
            self._pages.move_to_end(key)
            if self.verifying and (await make()).body != found[1].body:
                raise AssertionError(f"what is kept of {key} is not what would be made now")
            return found[1]
        self._drop(key)
        page = await make()
        if page.lasts:
            self._pages[key] = (state, page)
            self._taken += len(page.body)
            while self._taken > self.ROOM_BYTES:
                self._drop(next(iter(self._pages)))
        return page

    def _drop(self, key: tuple[object, ...]) -> None:
        dropped = self._pages.pop(key, None)
        if dropped is not None:
            self._taken -= len(dropped[1].body)


def _facts(here: Instance, row: Row, about: Gathered) -> object:
    post_id = row["id"]
    actors = (row["author_id"], row["community_id"], *about.mentions.get(post_id, ()))
    return (
        _facts_of_row(row),
        [about.facts(here, actor_id) for actor_id in actors if actor_id is not None],
        [tuple(file.values()) for file in about.files.get(post_id, ())],
        about.tags.get(post_id),
        here.site.name,
    )


def _done(viewer: Viewer, row: Row, about: Gathered) -> tuple[bool, bool, bool, bool, bool | None]:
    """Whether the reader liked, boosted, muted, kept and pinned a post; pinned is asked of one's own only."""
    post_id, done = row["id"], about.done
    own = row["author_id"] == viewer.actor_id
    if not done:
        return False, False, False, False, False if own else None
    return (
        (post_id, "like") in done,
        (post_id, "boost") in done,
        (post_id, "mute") in done,
        (post_id, "bookmark") in done,
        (post_id, "pin") in done if own else None,
    )


def _for(viewer: Viewer, row: Row, about: Gathered, status: Status | None) -> Status | None:
    """With what the reader did with it."""
    if status is not None and viewer.actor_id is not None:
        liked, boosted, muted, bookmarked, pinned = _done(viewer, row, about)
        status.favourited, status.reblogged, status.muted, status.bookmarked = liked, boosted, muted, bookmarked
        if pinned is not None:
            status.pinned = pinned
    return status


@lru_cache(maxsize=64)
def _mine(liked: bool, boosted: bool, muted: bool, bookmarked: bool, pinned: bool | None) -> bytes:
    """The end of a status as JSON: what the reader did with it."""
    said = {"favourited": liked, "reblogged": boosted, "muted": muted, "bookmarked": bookmarked}
    if pinned is not None:
        said["pinned"] = pinned
    return b"," + _encoder.encode(said)[1:]
