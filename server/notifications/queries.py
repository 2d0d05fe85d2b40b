"""Reading notifications: grouped by thing, newest first."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel
from server.communities.queries import labels as community_labels
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.notifications.actions import COMMUNITY, POST
from server.posts.queries import PostView, listing

PAGE_SIZE = 20
MAX_EVENTS = 600
MAX_NAMES = 3
MAX_POSTS = 200

# Kinds whose post somebody else wrote: without the right to read it there is nothing to tell (S15).
_ABOUT_THEIR_POST = frozenset({"reply", "mention", "poll_ended", "event_yes", "event_no"})
# What is more pressing stands first within a group.
_ORDER = (
    "ban",
    "warning",
    "removed",
    "refused",
    "report",
    "held",
    "applied",
    "asks_in",
    "follow_request",
    "invited",
    "accepted",
    "declined",
    "report_done",
    "reply",
    "mention",
    "event_yes",
    "event_no",
    "poll_ended",
    "quote",
    "helped",
    "joined",
    "moved",
    "follow",
    "boost",
    "like",
)


@dataclass(frozen=True, slots=True)
class Line:
    """What happened to a thing, of one kind: who did it, and where the newest of it is."""

    kind: str
    people: tuple[PersonLabel, ...]
    others: int
    url: str | None
    at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Everything that happened to one thing. `kind`: ``post``, ``community``, ``people``, ``care`` or ``site``."""

    thing: str
    title: str
    kind: str
    url: str | None
    at: datetime
    is_new: bool
    lines: tuple[Line, ...]
    post_kind: str = ""


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """One page of groups; `before` continues it."""

    groups: list[Group]
    before: datetime | None


async def unread_count(here: Instance, reader_id: str) -> int:
    """How many things have news for somebody; of more than two hundred news, only so many are looked at."""
    count = await here.db.value(
        "SELECT count(DISTINCT thing) AS n FROM (SELECT thing FROM notification"
        f"{here.db.by('idx_notification_unread')} WHERE reader_id = :reader AND read_at IS NULL LIMIT 200) AS few",
        reader=reader_id,
    )
    return int(count or 0)


async def mail_now(here: Instance, reader_id: str) -> bool:
    """Whether somebody wants replies, answers and decisions by mail at once."""
    wanted = await here.db.value(
        "SELECT mail_now FROM notification_setting WHERE reader_id = :reader", reader=reader_id
    )
    return wanted is None or bool(wanted)


async def page(
    here: Instance,
    viewer: Viewer,
    *,
    only_new: bool = False,
    before: datetime | None = None,
    limit: int = PAGE_SIZE,
) -> NotificationPage:
    """What happened, grouped; a fixed number of queries."""
    things = await here.db.rows(
        "SELECT thing, max(at) AS newest, sum(CASE WHEN read_at IS NULL THEN 1 ELSE 0 END) AS unread"
        " FROM notification WHERE reader_id = :reader GROUP BY thing"
        " HAVING max(at) < :before AND sum(CASE WHEN read_at IS NULL THEN 1 ELSE 0 END) >= :least"
        " ORDER BY max(at) DESC, thing LIMIT :limit",
        reader=viewer.actor_id,
        before=before or here.clock.now() + timedelta(days=1),
        least=1 if only_new else 0,
        limit=limit + 1,
    )
    shown = things[:limit]
    events = await _events(here, viewer, [row["thing"] for row in shown], only_new=only_new)
    people = await labels(here, {row["actor_id"] for row in events if row["actor_id"]})
    posts = await _posts(here, viewer, events, [row["thing"] for row in shown])
    communities = await community_labels(here, {row["community_id"] for row in events if row["community_id"]})
    by_thing: defaultdict[str, list[Row]] = defaultdict(list)
    for event in events:
        by_thing[event["thing"]].append(event)
    groups = [_group(row, by_thing[row["thing"]], people, posts, communities) for row in shown]
    more = len(things) > limit
    return NotificationPage(
        groups=[group for group in groups if group is not None],
        before=from_milliseconds(shown[-1]["newest"]) if more else None,
    )


async def _events(here: Instance, viewer: Viewer, things: list[str], *, only_new: bool) -> list[Row]:
    if not things:
        return []
    named = {f"thing_{number}": thing for number, thing in enumerate(things)}
    return await here.db.rows(
        "SELECT thing, kind, actor_id, post_id, community_id, at, read_at FROM notification"
        f" WHERE reader_id = :reader AND thing IN ({', '.join(':' + name for name in named)})"
        + (" AND read_at IS NULL" if only_new else "")
        + " ORDER BY at DESC, id DESC LIMIT :limit",
        reader=viewer.actor_id,
        limit=MAX_EVENTS,
        **named,
    )


async def _posts(here: Instance, viewer: Viewer, events: list[Row], things: list[str]) -> dict[str, PostView]:
    """The posts in question that the reader may (still) read."""
    wanted = dict.fromkeys(thing.removeprefix(POST) for thing in things if thing.startswith(POST))
    wanted.update(dict.fromkeys(event["post_id"] for event in events if event["post_id"]))
    ids = list(wanted)[:MAX_POSTS]
    if not ids:
        return {}
    found = await listing(here, viewer, ids=ids, limit=len(ids))
    return {post.id: post for post in found.items}


def _group(
    row: Row,
    events: list[Row],
    people: dict[str, PersonLabel],
    posts: dict[str, PostView],
    communities: dict[str, CommunityLabel],
) -> Group | None:
    lines = _lines(events, people, posts)
    if not lines:
        return None
    thing = row["thing"]
    at, is_new = from_milliseconds(row["newest"]), bool(row["unread"])
    if thing.startswith(POST):
        post = posts.get(thing.removeprefix(POST))
        title = (post.title or post.excerpt) if post else ""
        kind = post.kind if post else ""
        return Group(thing, title, "post", post.url if post else None, at, is_new, lines, post_kind=kind)
    community = communities.get(thing.removeprefix(COMMUNITY))
    if community is not None:
        return Group(thing, community.name, "community", community.url, at, is_new, lines)
    kind = "community" if thing.startswith(COMMUNITY) else thing
    return Group(thing, "", kind, None, at, is_new, lines)


def _lines(events: list[Row], people: dict[str, PersonLabel], posts: dict[str, PostView]) -> tuple[Line, ...]:
    by_kind: defaultdict[str, list[Row]] = defaultdict(list)
    for event in events:
        if event["kind"] not in _ABOUT_THEIR_POST or event["post_id"] in posts:
            by_kind[event["kind"]].append(event)
    lines = []
    for kind in sorted(by_kind, key=_ORDER.index):
        found = by_kind[kind]
        who = list(dict.fromkeys(event["actor_id"] for event in found if event["actor_id"] in people))
        post = posts.get(found[0]["post_id"])
        lines.append(
            Line(
                kind=kind,
                people=tuple(people[actor_id] for actor_id in who[:MAX_NAMES]),
                others=max(0, len(who) - MAX_NAMES),
                url=post.url if post else None,
                at=from_milliseconds(found[0]["at"]),
                is_new=any(event["read_at"] is None for event in found),
            )
        )
    return tuple(lines)
