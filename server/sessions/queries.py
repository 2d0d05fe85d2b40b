"""Reading events: when, where, how to take part, and whether the viewer does; of others only how many."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from server.actors.viewer import Viewer
from server.communities.charter import Agreement
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.posts.addresses import page_path
from server.posts.queries import PostView
from server.posts.readable import readable
from server.sessions.pack import MOST
from server.sessions.policy import EventState, is_over, why_closed
from server.sessions.seminar import MOST_DISCUSSANTS, YES
from server.sessions.taking_part import OUT
from server.sessions.words import calendar, when_words, where_words
from server.text import plain

MOST_ROLES = 6


@dataclass(frozen=True, slots=True)
class Link:
    """Somewhere to go online."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class PackLine:
    """Something to read before an event. Empty `title` and `href`: it is not for the viewer (any more).

    `is_read`: the viewer has, which nobody else is shown. `is_elsewhere`: it leads to another server.
    """

    url: str
    title: str
    href: str
    minutes: int
    is_read: bool
    is_elsewhere: bool


@dataclass(frozen=True, slots=True)
class DiscussantLine:
    """Somebody who discusses in a seminar, or was asked to (`state`); others see only who said yes."""

    name: str
    handle: str
    url: str
    state: str
    is_me: bool


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as one viewer sees it. `when` is the time at its place, in words.

    `goes_on`: it is over, and there is time to answer until `answers_until`. `later`: how many took part later, for
    whoever announced it. `agreed` is how its community works together, `roles` who has
    which role. `my_state`: ``going``, ``asked``, ``refused``,
    ``later`` or empty. `closed` says why nobody can take part; empty else.
    """

    starts_at: datetime | None
    ends_at: datetime | None
    timezone: str
    when: str
    place: str
    place_url: str
    links: tuple[Link, ...]
    join_mode: str
    join_url: str
    capacity: int | None
    participants: int | None
    status: str
    categories: str
    tickets_url: str
    fee: str
    is_over: bool
    my_state: str
    closed: str
    can_join: bool
    can_leave: bool
    pack: tuple[PackLine, ...] = ()
    format: str = ""
    agenda: tuple[str, ...] | None = None
    recap: str = ""
    answers_until: datetime | None = None
    goes_on: bool = False
    later: int = 0
    discussants: tuple[DiscussantLine, ...] = ()
    agreed: Agreement | None = None
    roles: dict[str, DiscussantLine] = field(default_factory=dict)

    @property
    def until_there(self) -> str:
        """Until when the conversation goes on, in words, by the clock of the place."""
        return when_words(self.answers_until, None, self.timezone) if self.answers_until else ""

    @property
    def my_part(self) -> str:
        """Whether the viewer discusses: ``asked``, ``yes``, ``no``; empty where nobody asked them."""
        return next((line.state for line in self.discussants if line.is_me), "")

    @property
    def read_count(self) -> int:
        """How much of what is to be read the viewer has read."""
        return sum(line.is_read for line in self.pack)

    @property
    def minutes(self) -> int:
        """How long all of it takes."""
        return sum(line.minutes for line in self.pack)

    @property
    def minutes_left(self) -> int:
        """How long what the viewer has not read takes."""
        return sum(line.minutes for line in self.pack if not line.is_read)


async def event(here: Instance, viewer: Viewer, post: PostView) -> EventView | None:
    """The event of a post that the viewer was shown, in one query; None where it came without."""
    if post.kind != "session":
        return None
    may_read, values = readable(viewer)
    rows = await here.db.rows(
        "SELECT event_facts.*, mine.state AS my_state, author.inbox_url, part.is_person, part.uri AS part_uri,"
        " part.url AS item_url, part.title AS item_title, part.minutes AS item_minutes, part.state AS said,"
        " done.id AS done_id, post.id AS known_id, post.short, post.title, post.kind,"
        " person.name, person.username, person.domain, person.is_local AS is_ours,"
        " (SELECT count(*) FROM event_participation AS late WHERE late.event_id = own.id"
        " AND late.state = 'later') AS later,"
        " community.cadence, community.channels, community.feedback,"
        f" CASE WHEN post.state = 'visible' AND {may_read} THEN 1 ELSE 0 END AS is_shown"
        " FROM event_facts JOIN post AS own ON own.id = event_facts.id"
        " JOIN actor AS author ON author.id = own.author_id"
        " LEFT JOIN community ON community.id = own.community_id"
        " LEFT JOIN event_participation AS mine ON mine.event_id = event_facts.id AND mine.actor_id = :me"
        " LEFT JOIN (SELECT 0 AS is_person, position, uri, url, title, minutes, '' AS state FROM event_pack_item"
        " WHERE event_id = :id UNION ALL SELECT 1, 0, person_uri, url, name, 0, state FROM event_discussant"
        " WHERE event_id = :id UNION ALL SELECT 2, 0, holder.uri, '', meeting_role.role, 0, '' FROM meeting_role"
        " JOIN actor AS holder ON holder.id = meeting_role.person_id AND holder.deleted_at IS NULL"
        " WHERE meeting_role.event_id = :id) AS part ON TRUE"
        " LEFT JOIN post ON post.uri = part.uri AND part.uri <> '' AND part.is_person = 0"
        " LEFT JOIN actor AS person ON person.uri = part.uri AND part.is_person <> 0"
        " LEFT JOIN event_pack_read AS done ON done.event_id = event_facts.id AND done.url = part.url"
        " AND done.person_id = :me WHERE event_facts.id = :id"
        " ORDER BY part.is_person, part.position, part.title LIMIT :most",
        id=post.id,
        me=viewer.actor_id or "",
        most=MOST + MOST_DISCUSSANTS + MOST_ROLES,
        **values,
    )
    return None if not rows else _view(here, viewer, post, rows)


async def ics(here: Instance, viewer: Viewer, post: PostView) -> str | None:
    """An event as a file for calendars; None where its time is not known."""
    found = await event(here, viewer, post)
    if found is None or found.starts_at is None:
        return None
    return calendar(
        uid=post.uri,
        url=here.url(post.url),
        title=post.title,
        text=plain(post.content_html)[:2000],
        where=where_words(found.place, found.links[0].url if found.links else "") if found.place else _link(found),
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        status=found.status,
        stamp=post.edited_at or post.published_at,
    )


def _view(here: Instance, viewer: Viewer, post: PostView, rows: Sequence[Row]) -> EventView:
    row = rows[0]
    starts_at, ends_at = (
        None if row[name] is None else from_milliseconds(row[name]) for name in ("starts_at", "ends_at")
    )
    now = here.clock.now()
    state = EventState(
        starts_at=starts_at,
        ends_at=ends_at,
        join_mode=row["join_mode"],
        capacity=row["capacity"],
        participants=row["participants"] or 0,
        status=row["status"],
    )
    mine = row["my_state"] or ""
    closed = why_closed(state, now)
    until = None if row["answers_until"] is None else from_milliseconds(row["answers_until"])
    goes_on = until is not None and is_over(starts_at, ends_at, now) and now <= until and row["status"] != "cancelled"
    links = json.loads(row["links"]) if row["links"] else []
    # Whoever says nothing of taking part, such as Gancio, has nobody who would answer; nor has what names no author.
    asks = bool(row["join_mode"] and row["inbox_url"])
    is_in = viewer.actor_id is not None and post.state == "visible"
    return EventView(
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=row["timezone"],
        when=when_words(starts_at, ends_at, row["timezone"]) if starts_at else "",
        place=row["place"],
        place_url=row["place_url"],
        links=tuple(Link(link["name"], link["url"]) for link in links),
        join_mode=row["join_mode"],
        join_url=row["join_url"],
        capacity=row["capacity"],
        participants=row["participants"],
        status=row["status"],
        categories=row["categories"],
        tickets_url=row["tickets_url"],
        fee=row["fee"],
        is_over=is_over(starts_at, ends_at, now),
        my_state=mine,
        closed=closed,
        can_join=is_in and asks and not closed and mine in {"", *OUT},
        can_leave=is_in and mine in {"going", "asked"} and (goes_on or not is_over(starts_at, ends_at, now)),
        pack=tuple(_line(line) for line in rows if line["is_person"] == 0),
        format=row["format"],
        agenda=tuple(json.loads(row["agenda"])) if row["agenda"] else None,
        recap=row["recap"],
        answers_until=until,
        goes_on=goes_on,
        later=row["later"] if post.is_mine else 0,
        agreed=_agreed(row),
        roles={row["item_title"]: _discussant(viewer, row) for row in rows if row["is_person"] == 2},
        discussants=tuple(sorted(_discussants(viewer, post, rows), key=lambda line: line.name.casefold())),
    )


def _agreed(row: Row) -> Agreement | None:
    if not (row["channels"] or row["feedback"]):
        return None
    return Agreement(row["cadence"], row["channels"], row["feedback"])


def _discussants(viewer: Viewer, post: PostView, rows: Sequence[Row]) -> list[DiscussantLine]:
    """Who discusses; whoever announced it sees all whom they asked, and who was asked sees that."""
    some = [_discussant(viewer, row) for row in rows if row["is_person"] == 1]
    return [line for line in some if line.state == YES or line.is_me or post.is_mine]


def _discussant(viewer: Viewer, row: Row) -> DiscussantLine:
    handle = f"@{row['username']}" + ("" if row["is_ours"] else f"@{row['domain']}") if row["username"] else ""
    return DiscussantLine(
        name=row["name"] or row["username"] or row["item_title"] or row["part_uri"],
        handle=handle,
        url=f"/{handle}" if handle else row["item_url"] or row["part_uri"],
        state=row["said"],
        is_me=row["part_uri"] == viewer.actor_uri,
    )


def _line(row: Row) -> PackLine:
    is_known, is_shown = row["known_id"] is not None, bool(row["is_shown"])
    here = is_known and is_shown
    return PackLine(
        url=row["item_url"],
        title=row["item_title"] if not is_known or is_shown else "",
        href=page_path(row["short"], row["title"], row["kind"]) if here else "" if is_known else row["item_url"],
        minutes=row["item_minutes"],
        is_read=row["done_id"] is not None,
        is_elsewhere=not is_known,
    )


def _link(found: EventView) -> str:
    return found.links[0].url if found.links else ""
