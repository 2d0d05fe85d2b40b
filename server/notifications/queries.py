"""Reading notifications: grouped by thing, newest first."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel, community_label, mine
from server.communities.queries import labels as community_labels
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.notifications.actions import COMMUNITY, POST
from server.posts.queries import PostView, listing

PAGE_SIZE = 20
MAX_EVENTS = 600
WALKED = 1000
"""So many events are looked at for one page: all of them may have happened to one thing."""
MAX_NAMES = 3
MAX_POSTS = 200

# Kinds whose post somebody else wrote: without the right to read it there is nothing to tell (S15).
_ABOUT_THEIR_POST = frozenset(
    {"reply", "tried", "mention", "published", "revised", "remix", "offer", "offer_taken"}
    | {"poll_ended", "together", "event_yes", "event_no", "prepare", "discussant", "role"}
    | {"round", "round_closed", "asked"}
    | {"coauthor", "coauthor_yes", "coedited", "edit_refused"}
)
# What is more pressing stands first within a group.
_ORDER = (
    "ban",
    "warning",
    "removed",
    "refused",
    "unsafe",
    "cut_off",
    "late",
    "ruling",
    "appeal_done",
    "mediation",
    "appeal",
    "report",
    "held",
    "applied",
    "asks_in",
    "follow_request",
    "invited",
    "ungreeted",
    "greet",
    "coauthor",
    "beforehand",
    "edit_refused",
    "coauthor_yes",
    "accepted",
    "declined",
    "report_done",
    "revise",
    "leads",
    "led",
    "step_back",
    "tried",
    "reply",
    "asked",
    "discussant",
    "role",
    "round",
    "mention",
    "round_closed",
    "published",
    "revised",
    "prepare",
    "event_yes",
    "event_no",
    "poll_ended",
    "together",
    "coedited",
    "offer",
    "offer_taken",
    "remix",
    "quote",
    "helped",
    "joined",
    "moved",
    "follow",
    "boost",
    "like",
)


NO_MAIL = (
    "(account.state <> 'active' OR account.email IS NULL OR account.email_confirmed_at IS NULL"
    " OR actor.deleted_at IS NOT NULL OR actor.suspended_at IS NOT NULL"
    " OR EXISTS (SELECT 1 FROM mail_bounce WHERE mail_bounce.address = account.email)"
    " OR (setting.paused_until IS NOT NULL AND setting.paused_until > :now))"
)
"""Who gets none, on `account`, `actor` and `notification_setting AS setting`."""


@dataclass(frozen=True, slots=True)
class Line:
    """What happened to a thing, of one kind: who did it, and where the newest of it is."""

    kind: str
    people: tuple[PersonLabel, ...]
    others: int
    url: str | None
    at: datetime
    is_new: bool
    post_kind: str = ""


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
    return int(await here.db.value(_unread(here), me=reader_id) or 0)


async def surroundings(here: Instance, reader_id: str) -> tuple[list[CommunityLabel], int]:
    """What stands around every page: somebody's communities, and how many things have news for them; one query."""
    rows = await here.db.rows(
        f"SELECT news.n AS unread, mine.* FROM ({_unread(here)}) AS news LEFT JOIN ({mine(here)}) AS mine"
        " ON TRUE ORDER BY mine.sort_name, mine.id",
        me=reader_id,
    )
    return [community_label(here, row) for row in rows if row["id"] is not None], int(rows[0]["unread"])


def _unread(here: Instance) -> str:
    return (
        "SELECT count(DISTINCT thing) AS n FROM (SELECT thing FROM notification"
        f"{here.db.by('idx_notification_unread')} WHERE reader_id = :me AND read_at IS NULL LIMIT 200) AS few"
    )


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
    looked = await _things(here, viewer, only_new=only_new, before=before, limit=limit + 1)
    things = looked.things
    shown = things[:limit]
    events = await _events(here, viewer, [row["thing"] for row in shown], only_new=only_new)
    people = await labels(here, {row["actor_id"] for row in events if row["actor_id"]})
    posts = await _posts(here, viewer, events, [row["thing"] for row in shown])
    communities = await community_labels(here, {row["community_id"] for row in events if row["community_id"]})
    by_thing: defaultdict[str, list[Row]] = defaultdict(list)
    for event in events:
        by_thing[event["thing"]].append(event)
    groups = [_group(row, by_thing[row["thing"]], people, posts, communities) for row in shown]
    until = shown[-1]["newest"] if len(things) > limit else looked.until
    return NotificationPage(
        groups=[group for group in groups if group is not None],
        before=None if until is None else from_milliseconds(until),
    )


@dataclass(frozen=True, slots=True)
class _Looked:
    """Things by their newest event, the newest first, and where to go on if not everything was looked at."""

    things: list[Row]
    until: int | None


async def _things(here: Instance, viewer: Viewer, *, only_new: bool, before: datetime | None, limit: int) -> _Looked:
    """What something happened to, found by walking back through what happened: two queries at most.

    An event stands for its thing if nothing happened to that later. So many events are walked for one page.
    """
    index, which = (
        ("idx_notification_new", " AND {0}.read_at IS NULL") if only_new else ("idx_notificatio_reader__caa6b1", "")
    )
    part = (
        f"SELECT notification.id, notification.thing, notification.at FROM notification{here.db.by(index)}"
        f" WHERE notification.reader_id = :reader AND notification.at < :before{which.format('notification')}"
        " ORDER BY notification.at DESC LIMIT "
    )
    # SQLite keeps the order, and stops when it has enough: told to sort, it would read all of it.
    order = "" if here.db.dialect == "sqlite" else " ORDER BY event.at DESC"
    values = {"reader": viewer.actor_id, "before": before or here.clock.now() + timedelta(days=1)}
    rows = await here.db.rows(
        "SELECT event.thing, event.at AS newest, CASE WHEN EXISTS (SELECT 1 FROM notification AS fresh"
        " WHERE fresh.reader_id = :reader AND fresh.thing = event.thing AND fresh.read_at IS NULL)"
        f" THEN 1 ELSE 0 END AS unread FROM ({part} :walked) AS event WHERE NOT EXISTS"
        " (SELECT 1 FROM notification AS later WHERE later.reader_id = :reader AND later.thing = event.thing"
        f" AND later.at >= event.at AND (later.at > event.at OR later.id > event.id){which.format('later')})"
        f"{order} LIMIT :limit",
        walked=WALKED,
        limit=limit,
        **values,
    )
    things = sorted(rows, key=lambda row: (-row["newest"], row["thing"]))
    if len(things) == limit:
        return _Looked(things, None)
    last = await here.db.value(f"SELECT at FROM ({part} 1 OFFSET :walked) AS last", walked=WALKED - 1, **values)
    return _Looked(things, last)


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
                post_kind=post.kind if post else "",
            )
        )
    return tuple(lines)
