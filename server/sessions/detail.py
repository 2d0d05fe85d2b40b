"""What an event says beyond its text, for posts to send, receive and keep in versions."""

import uuid
from collections.abc import Sequence
from typing import Any

from federation.vocab import collections
from federation.vocab.base import timestamp
from federation.vocab.events import event_keys, event_of, website
from federation.vocab.objects import RemotePost, authors_of
from federation.vocab.writing import attachment
from server.actors.models import Actor
from server.db import from_milliseconds
from server.ids import to_number
from server.instance import Instance
from server.posts.details import newest
from server.posts.models import Post, PostAttachment
from server.sessions import later, pack, preparing, seminar
from server.sessions.models import Discussant, EventFacts, PackItem, PackRead, Participation
from server.sessions.words import when_and_where, when_words, where_words
from server.shelf import MadeFrom

CATEGORY = "LEARNING"
MADE_FROM = (
    MadeFrom("event_facts", "t.id = post.id"),
    MadeFrom("event_pack_item", "t.event_id = post.id", order="t.position"),
    MadeFrom(
        "post",
        "t.uri IN (SELECT item.uri FROM event_pack_item AS item WHERE item.event_id = post.id)",
        ("id", "uri", "state", "visibility", "community_id"),
    ),
    MadeFrom("event_discussant", "t.event_id = post.id"),
    MadeFrom(
        "actor",
        "t.uri IN (SELECT asked.person_uri FROM event_discussant AS asked WHERE asked.event_id = post.id)",
        ("id", "uri", "name", "username"),
    ),
)
"""What `SessionDetail.document` looks at."""


class SessionDetail:
    """`server.posts.details.KindDetail` over the tables of events."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """Every key that Mobilizon, Gancio and PieFed look at; and when and where in words, for everybody else."""
        event, post = await EventFacts.get_or_none(id=post_id), await Post.get_or_none(id=post_id)
        if event is None or post is None or event.starts_at is None:
            return {}
        author = await Actor.get(id=post.author_id)
        online = online_url(event)
        found = event_keys(
            id=post.uri,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            timezone=event.timezone or "UTC",
            place=event.place,
            online_url=online,
            join_mode=event.join_mode or "free",
            join_url=event.join_url,
            capacity=event.capacity,
            participants=event.participants or 0,
            status=event.status,
            category=CATEGORY,
            language=post.language,
            uuid=str(uuid.UUID(int=to_number(post_id))),
            organizers=[author.uri],
        )
        found |= await _pictures(here, post_id, online)
        found["learning"] = _learning(event)
        when = when_words(event.starts_at, event.ends_at, event.timezone)
        how = f"sign up at {event.join_url}" if event.join_url else ""
        asked = await preparing.nameable(post, await preparing.items_of(post_id))
        found |= pack.wire(asked)
        said = when_and_where(when, where_words(event.place, online), how)
        discussed, how_seminar = await seminar.wire(here, event, post.language)
        came, what_came = later.wire(event, post.language)
        found |= discussed | came
        found["before"] = what_came
        found["after"] = said + pack.words(asked, post.language) + how_seminar
        updated = newest(post.edited_at or post.published_at, event.told_at)
        return found | ({"updated": timestamp(updated)} if updated is not None else {})

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Store the facts of an event from elsewhere."""
        event, _ = await EventFacts.update_or_create(defaults=_told(remote), id=post_id)
        if event.recap and event.recap_at is None:
            event.recap_at = here.clock.now().replace(microsecond=0)
            await event.save(update_fields=["recap_at"])
        await preparing.keep(here, post_id, pack.read(remote.raw))
        await seminar.keep(here, post_id, remote)

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """When and where it was."""
        event = await EventFacts.get_or_none(id=post_id)
        if event is None or event.starts_at is None:
            return {}
        return {
            "when": when_words(event.starts_at, event.ends_at, event.timezone),
            "where": where_words(event.place, online_url(event)),
            "status": event.status,
        }

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post, and who took part."""
        await Participation.filter(event_id=post_id).delete()
        await Discussant.filter(event_id=post_id).delete()
        await PackItem.filter(event_id=post_id).delete()
        await PackRead.filter(event_id=post_id).delete()
        await EventFacts.filter(id=post_id).delete()


async def tally(here: Instance, post_id: str, remote: RemotePost) -> bool:
    """Take the number of participants of an event from elsewhere; False where more than that has changed.

    In the caller's transaction.
    """
    event, told = await EventFacts.get_or_none(id=post_id), _told(remote)
    if event is None or any(getattr(event, name) != value for name, value in told.items() if name != "participants"):
        return False
    if await preparing.items_of(post_id) != pack.read(remote.raw):
        return False
    await seminar.keep(here, post_id, remote)
    event.participants = remote_participants if isinstance(remote_participants := told["participants"], int) else None
    await event.save(update_fields=["participants"])
    return True


def online_url(event: EventFacts) -> str:
    """The first place online."""
    return next((str(link.get("url", "")) for link in event.links or [] if isinstance(link, dict)), "")


async def facts(here: Instance, ids: Sequence[str]) -> dict[str, list[str]]:
    """What the cards of these events say."""
    named = {f"id_{number}": post_id for number, post_id in enumerate(ids)}
    rows = await here.db.rows(
        "SELECT id, starts_at, ends_at, timezone, place, links, status FROM event_facts"
        f" WHERE id IN ({', '.join(':' + name for name in named)})",
        **named,
    )
    return {row["id"]: _facts(row) for row in rows}


async def words(here: Instance, post_id: str) -> str:
    """What an event is found by besides its text."""
    event = await EventFacts.get_or_none(id=post_id)
    return "" if event is None else f"{event.place} {event.categories}"


async def organizers(here: Instance, post_id: str) -> dict[str, object] | None:
    """The collection of those who answer for an event of ours."""
    post = await Post.get(id=post_id)
    author = await Actor.get(id=post.author_id)
    return collections.collection(f"{post.uri}/organizers", 1, items=[author.uri])


async def attendees(here: Instance, post_id: str) -> dict[str, object] | None:
    """How many take part; never who."""
    event, post = await EventFacts.get_or_none(id=post_id), await Post.get(id=post_id)
    return collections.collection(f"{post.uri}/attendees", (event.participants if event else None) or 0)


def _told(remote: RemotePost) -> dict[str, object]:
    """The columns of an event from elsewhere."""
    told = event_of(remote.raw)
    return {
        "starts_at": told.starts_at,
        "ends_at": told.ends_at,
        "timezone": told.timezone,
        "place": told.place,
        "place_url": told.place_url,
        "links": [{"name": link.name, "url": link.url} for link in told.online],
        "join_mode": told.join_mode,
        "join_url": told.join_url,
        "capacity": told.capacity,
        "participants": told.participants,
        "status": told.status,
        "categories": ", ".join(told.categories)[:520],
        "tickets_url": told.tickets_url,
        "fee": told.fee,
        "answered_by": list(dict.fromkeys((remote.attributed_to, *authors_of(remote.raw)))),
        **seminar.read(remote),
        **later.read(remote),
    }


def _facts(row: dict[str, Any]) -> list[str]:
    found = [{"cancelled": "Cancelled", "postponed": "Postponed"}.get(row["status"], "")]
    if row["starts_at"] is not None:
        end = None if row["ends_at"] is None else from_milliseconds(row["ends_at"])
        found.append(when_words(from_milliseconds(row["starts_at"]), end, row["timezone"]))
    place = row["place"] if len(row["place"]) <= 80 else row["place"][:79] + "…"
    has_link = bool(row["links"]) and row["links"] != "[]"
    found.append(where_words(place, "yes" if has_link else ""))
    return [fact for fact in found if fact]


async def _pictures(here: Instance, post_id: str, online: str) -> dict[str, object]:
    """The attachments by the names that Mobilizon knows: Website and Banner."""
    files = await PostAttachment.filter(post_id=post_id, kind="image").order_by("position", "id").limit(1)
    shown = [(here.url(file.url) if file.url.startswith("/") else file.url, file.media_type) for file in files]
    banners = [attachment(url, media_type, "Banner", kind="Document") for url, media_type in shown]
    found: dict[str, object] = {"attachment": [*([website(online)] if online else []), *banners]}
    for url, media_type in shown:
        found["image"] = {"type": "Image", "mediaType": media_type, "url": url, "name": "Banner"}
    return found


def _learning(event: EventFacts) -> dict[str, object]:
    mode = "blended" if event.place and event.links else ("onsite" if event.place else "online")
    found: dict[str, object] = {"type": "CourseInstance", "courseMode": mode}
    if event.starts_at is not None and event.ends_at is not None:
        minutes = int((event.ends_at - event.starts_at).total_seconds()) // 60
        found["courseWorkload"] = f"PT{minutes}M"
    return found
