"""What is told on open lines: events for apps, each made for its reader at the moment when it is sent (S15)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from server.db import among
from server.instance import Instance
from server.live.facts import belongs, facts_of
from server.live.lines import DIRECT, LIST, NEWS_ONLY, USER, Heard, Line, Subscription
from server.mastodon.conversations import conversation_with
from server.mastodon.entities import Status
from server.mastodon.filtering import HOME, is_hidden
from server.mastodon.filtering import PUBLIC as PUBLIC_PLACE
from server.mastodon.happened import COLUMNS, SHOWN, notification_of, shown
from server.mastodon.ids import number_of
from server.mastodon.reading import BOOST_COLUMNS
from server.mastodon.statuses import STATUS_COLUMNS, statuses_of
from server.oauth.bearer import Access
from server.oauth.scopes import covers
from server.posts.readable import findable, readable, was_readable

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Frame:
    """One event for one stream; `payload` is JSON as text, of a deletion the bare digits."""

    stream: list[str]
    event: str
    payload: str

    @property
    def letters(self) -> str:
        """As it goes over a WebSocket."""
        return _encoder.encode({"stream": self.stream, "event": self.event, "payload": self.payload}).decode()

    @property
    def lines(self) -> str:
        """As it goes over a stream of server-sent events: with LF alone, which is all that Mastodon.py knows."""
        return f"event: {self.event}\ndata: {self.payload}\n\n"


Wanted = list[tuple[Heard, Subscription]]


@dataclass(frozen=True, slots=True)
class Relevant:
    """What of what happened belongs to the streams of a line: to which, and what is for its owner alone."""

    order: Sequence[Heard]
    wanted: Wanted
    news: Sequence[Heard]

    def __bool__(self) -> bool:
        """Whether anything does."""
        return bool(self.wanted or self.news)


async def relevant(here: Instance, line: Line, heard: Sequence[Heard]) -> Relevant:
    """What belongs to the streams of a line; mostly without a query, because all lines share the facts."""
    about = await facts_of(here, heard)
    wanted = [
        (each, subscription)
        for each in heard
        for subscription in line.subscriptions
        if each.id in about and belongs(each, subscription, about[each.id], line.actor_id)
    ]
    listens = any(each.stream in {USER, NEWS_ONLY} for each in line.subscriptions)
    personal = [each for each in heard if each.kind in {"news", "filters"}] if listens else []
    if any(each.stream == DIRECT for each in line.subscriptions):
        personal += [each for each in heard if each.kind == "talk"]
    return Relevant(heard, wanted, personal)


async def frames(here: Instance, line: Line, access: Access, about: Relevant) -> list[Frame]:
    """What a line is told of this, in the order in which it happened."""
    found = await _posts(here, access, about.wanted)
    found |= await _gone(here, access, about.wanted)
    told = [each for each in about.news if each.kind == "news"]
    if told and covers(access.scopes, "read:notifications"):
        streams = [each for each in line.subscriptions if each.stream in {USER, NEWS_ONLY}]
        found |= await _news(here, access, told, streams)
    for each in about.news:
        if each.kind == "filters":
            found[each] = [Frame([USER], "filters_changed", "") for own in line.subscriptions if own.stream == USER]
    talk = [each.id for each in about.news if each.kind == "talk"]
    if talk:
        made = {each.id: each for each in await conversation_with(here, access.viewer, talk)}
        for each in about.news:
            if each.kind == "talk" and number_of(each.id) in made:
                found[each] = [Frame([DIRECT], "conversation", payload_of(made[number_of(each.id)]))]
    return [frame for each in about.order for frame in found.get(each, [])]


def payload_of(entity: Any) -> str:
    """An entity as JSON in a text."""
    return _encoder.encode(entity).decode()


async def _posts(here: Instance, access: Access, wanted: Wanted) -> dict[Heard, list[Frame]]:
    """New and changed posts, and boosts, that the reader may read now."""
    viewer = access.viewer
    plain = {heard.id for heard, _ in wanted if heard.kind in {"post", "edit"}}
    boosted = {heard for heard, _ in wanted if heard.kind == "boost"}
    rows = []
    may_read, rights = readable(viewer)
    condition = f"post.state = 'visible' AND {may_read} AND {findable(viewer)}"
    if plain:
        posts, which = among(sorted(plain), "post")
        rows += await here.db.rows(
            f"SELECT {STATUS_COLUMNS} FROM post WHERE post.id IN ({posts}) AND {condition}", **which, **rights
        )
    if boosted:
        posts, which = among(sorted({heard.id for heard in boosted}), "post")
        people, who = among(sorted({heard.who[0] for heard in boosted}), "by")
        rows += await here.db.rows(
            f"SELECT {STATUS_COLUMNS}, {BOOST_COLUMNS} FROM boost JOIN post ON post.id = boost.post_id"
            f" WHERE boost.post_id IN ({posts}) AND boost.actor_id IN ({people}) AND boost.undone_at IS NULL"
            f" AND boost.state = 'done' AND {condition}",
            **which,
            **who,
            **rights,
        )
    by_number: dict[str, Status] = {status.id: status for status in await statuses_of(here, viewer, rows)}
    made: dict[tuple[str, str], tuple[Status, str]] = {}
    for row in rows:
        status = by_number.get(number_of(row.get("boost_id") or row["id"]))
        if status is not None:
            made[(row["id"], row.get("via_id") or "")] = (status, payload_of(status))
    found: dict[Heard, list[Frame]] = {}
    for heard, subscription in wanted:
        status, payload = made.get((heard.id, heard.who[0] if heard.kind == "boost" else ""), (None, ""))
        place = HOME if subscription.stream in {USER, LIST} else PUBLIC_PLACE
        if status is not None and not is_hidden(status, place):
            event = "status.update" if heard.kind == "edit" else "update"
            found.setdefault(heard, []).append(Frame(subscription.spelled, event, payload))
    return found


async def _gone(here: Instance, access: Access, wanted: Wanted) -> dict[Heard, list[Frame]]:
    """Posts that are gone, and that the reader could read before."""
    ids = {heard.id for heard, _ in wanted if heard.kind == "gone"}
    if not ids:
        return {}
    me = access.viewer.actor_id
    posts, which = among(sorted(ids), "post")
    could_read, rights = was_readable(access.viewer, [heard.id for heard, _ in wanted if me in heard.who])
    rows = await here.db.rows(
        f"SELECT post.id FROM post WHERE post.id IN ({posts}) AND post.state IN ('deleted', 'removed')"
        f" AND {could_read}",
        **which,
        **rights,
    )
    theirs = {row["id"] for row in rows}
    found: dict[Heard, list[Frame]] = {}
    for heard, subscription in wanted:
        if heard.kind == "gone" and heard.id in theirs:
            found.setdefault(heard, []).append(Frame(subscription.spelled, "delete", number_of(heard.id)))
    return found


async def _news(
    here: Instance, access: Access, told: Sequence[Heard], streams: Iterable[Subscription]
) -> dict[Heard, list[Frame]]:
    """Notifications of the reader, of the types that apps know."""
    ids, which = among([heard.id for heard in told], "news")
    rows = await here.db.rows(
        f"SELECT {COLUMNS} FROM notification WHERE id IN ({ids}) AND reader_id = :reader",
        reader=access.viewer.actor_id,
        **which,
    )
    about = await shown(here, access.viewer, [row for row in rows if row["kind"] in SHOWN])
    made = {row["id"]: payload_of(notification_of(about, row)) for row in about.rows}
    return {
        heard: [Frame(stream.spelled, "notification", made[heard.id]) for stream in streams]
        for heard in told
        if heard.id in made
    }
