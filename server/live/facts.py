"""What decides to which streams posts belong, read once for all open lines of a process.

Whether somebody may read one is not decided here: that is asked for each reader, when it is told (S15).
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from server.db import among, from_milliseconds
from server.instance import Instance
from server.live.lines import DIRECT, LIST, NEWS_ONLY, PUBLIC, TAG, TAG_HERE, USER, Heard, Subscription, switchboard

CACHE = "live.facts"
FRESH_SECONDS = 1.0
OLD = timedelta(hours=6)
"""What was published earlier came by looking around, and is no news at the top of a list."""
_TAGS = frozenset({TAG, TAG_HERE})


@dataclass(slots=True)
class Facts:
    """One post. `via` is by whom it came into whose home timeline (None: by itself), for those who listen.

    `lists` says the same of the lists of people of those who listen to any.
    """

    author_id: str
    is_public: bool
    is_local: bool
    is_beginning: bool
    is_new: bool
    has_media: bool
    tags: set[str] = field(default_factory=set)
    via: dict[str, str | None] = field(default_factory=dict)
    lists: dict[str, str | None] = field(default_factory=dict)


class _Known:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.generation = -1
        self.until = 0.0
        self.facts: dict[str, Facts] = {}
        self.asked: set[str] = set()


async def facts_of(here: Instance, heard: Iterable[Heard]) -> dict[str, Facts]:
    """Facts of the posts in question; four statements for all lines that hear of the same within a second."""
    wanted = {each.id for each in heard if each.kind in {"post", "boost", "edit", "gone"}}
    if not wanted:
        return {}
    known: _Known = here.caches.setdefault(CACHE, _Known())
    board, now = switchboard(here), asyncio.get_running_loop().time()
    async with known.lock:
        if known.generation != board.generation or now >= known.until:
            known.generation, known.until = board.generation, now + FRESH_SECONDS
            known.facts, known.asked = {}, set()
        missing = wanted - known.asked
        if missing:
            known.facts |= await _read(here, sorted(missing))
            known.asked |= missing
        return {post_id: known.facts[post_id] for post_id in wanted if post_id in known.facts}


async def _read(here: Instance, post_ids: list[str]) -> dict[str, Facts]:
    posts, which = among(post_ids, "post")
    now = here.clock.now()
    found = {
        row["id"]: Facts(
            author_id=row["author_id"],
            is_public=row["visibility"] == "public",
            is_local=bool(row["is_local"]),
            is_beginning=row["parent_id"] is None and row["in_reply_to_uri"] is None,
            is_new=from_milliseconds(row["published_at"]) > now - OLD,
            has_media=bool(row["has_media"]),
        )
        for row in await here.db.rows(
            "SELECT post.id, post.author_id, post.visibility, post.is_local, post.parent_id, post.in_reply_to_uri,"
            " post.published_at, CASE WHEN EXISTS (SELECT 1 FROM post_attachment AS file WHERE file.post_id = post.id"
            f" AND file.kind <> 'link') THEN 1 ELSE 0 END AS has_media FROM post WHERE post.id IN ({posts})",
            **which,
        )
    }
    board = switchboard(here)
    if board.listening(_TAGS):
        for row in await here.db.rows(f"SELECT post_id, tag FROM post_tag WHERE post_id IN ({posts})", **which):
            if row["post_id"] in found:
                found[row["post_id"]].tags.add(row["tag"])
    readers = board.listening({USER})
    if readers:
        people, who = among(sorted(readers), "reader")
        for row in await here.db.rows(
            f"SELECT post_id, reader_id, via_id FROM timeline_entry WHERE post_id IN ({posts})"
            f" AND reader_id IN ({people})",
            **which,
            **who,
        ):
            if row["post_id"] in found:
                found[row["post_id"]].via[row["reader_id"]] = row["via_id"]
    owners = board.listening({LIST})
    if owners:
        people, who = among(sorted(owners), "owner")
        for row in await here.db.rows(
            "SELECT list_entry.post_id, list_entry.list_id, list_entry.via_id FROM list_entry JOIN people_list"
            f" ON people_list.id = list_entry.list_id WHERE list_entry.post_id IN ({posts})"
            f" AND people_list.owner_id IN ({people})",
            **which,
            **who,
        ):
            if row["post_id"] in found:
                found[row["post_id"]].lists[row["list_id"]] = row["via_id"]
    return found


def belongs(heard: Heard, wanted: Subscription, about: Facts, reader_id: str) -> bool:
    """Whether what happened to a post belongs to a stream of somebody's."""
    if wanted.stream in {NEWS_ONLY, DIRECT}:
        return False
    if wanted.stream in {USER, LIST}:
        if heard.kind == "gone":
            return True  # it has left every timeline by now
        came, whose = (about.lists, wanted.name) if wanted.stream == LIST else (about.via, reader_id)
        if whose not in came:
            return False
        via = came[whose]
        return heard.kind == "edit" or (via in heard.who if heard.kind == "boost" else via is None and about.is_new)
    if heard.kind == "boost" or not about.is_public:
        return False
    if wanted.stream in PUBLIC:
        _, *limits = wanted.stream.split(":")
        return (
            about.is_beginning
            and (about.is_new or heard.kind != "post")
            and ("local" not in limits or about.is_local)
            and ("remote" not in limits or not about.is_local)
            # A deleted post has no files any more.
            and ("media" not in limits or about.has_media or heard.kind == "gone")
        )
    if wanted.stream == TAG_HERE and not about.is_local:
        return False
    return heard.kind == "gone" or (wanted.name in about.tags and (about.is_new or heard.kind != "post"))
