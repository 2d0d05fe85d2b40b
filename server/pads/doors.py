"""How members who live on other servers get in: by a link that their own server shows them.

Whoever asks learns nothing: a link goes as a direct message to the member, and to nobody else. It works once and soon,
for that person in that membership, and only opens a page that asks; then one browser may write for some hours. Each
request looks anew whether the membership is still there.
"""

from dataclasses import dataclass
from typing import Any

from server.actors.models import Actor
from server.actors.queries import split_handle
from server.db import to_milliseconds
from server.errors import NotFound, Refused
from server.ids import new_id
from server.instance import Instance
from server.pads.models import PadDoor
from server.pads.policy import LINK_LIFE, LINKS_PER_HOUR, STAY
from server.peers.policy import HIDDEN, in_sql
from server.peers.queries import may_receive
from server.posts import actions as posts
from server.posts.form import NewPost
from server.posts.models import Post, PostMention
from server.posts.policy import DIRECT
from server.secrets import new_token, token_hash

SEND = "pads.send"
_OVER = "This link works no more. Ask for a new one."
_MEMBER = (
    " FROM actor AS person JOIN membership ON membership.person_id = person.id AND membership.state = 'active'"
    " JOIN actor AS place ON place.id = membership.community_id AND place.is_local AND place.deleted_at IS NULL"
    " AND place.suspended_at IS NULL"
)
_THERE = (
    "NOT person.is_local AND person.kind <> 'Group' AND person.suspended_at IS NULL AND person.deleted_at IS NULL"
    f" AND person.grade NOT IN {in_sql(HIDDEN)}"
)
_DOOR = (
    "SELECT door.id, door.person_id, door.community_id, person.name, person.username, person.domain, person.host,"
    f" place.name AS place_name, place.username AS slug{_MEMBER} JOIN pad_door AS door"
    " ON door.membership_id = membership.id AND door.person_id = person.id AND door.community_id = place.id"
    f" WHERE {_THERE} AND door.until > :now AND COALESCE(membership.joined_at, 0) <= door.created_at"
)


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom a link stands for, and where."""

    person_id: str
    name: str
    handle: str
    community_id: str
    community: str


async def ask(here: Instance, slug: str, handle: str) -> None:
    """Have a member elsewhere sent a link, if the handle is that of one; nothing says whether it is, nor the time."""
    asked = {"slug": slug.lower()[:100], "handle": handle[:300]}
    async with here.db.transaction():
        await here.jobs.enqueue(SEND, asked, unique=f"{SEND}:{token_hash(repr(asked))}")


async def send_link(here: Instance, payload: Any) -> None:
    """The job that sends it."""
    slug, (name, domain) = str(payload["slug"]), split_handle(here, str(payload["handle"]))
    row = await here.db.row(
        "SELECT membership.id, membership.person_id, membership.community_id, person.username, person.domain,"
        f" person.host{_MEMBER} WHERE {_THERE} AND person.handle_key = :person"
        " AND place.handle_key IN (:plain, :banged) LIMIT 1",
        person=f"{name}@{domain}",
        plain=f"{slug}@{here.settings.domain}",
        banged=f"!{slug}@{here.settings.domain}",
    )
    if row is None or not may_receive(here, row["host"]):
        return
    now, token = here.clock.now(), new_token()
    async with here.db.transaction():
        await PadDoor.filter(until__lt=now).delete()
        lately = await PadDoor.filter(person_id=row["person_id"], created_at__gt=now - LINK_LIFE * 2).count()
        if lately >= LINKS_PER_HOUR:
            return
        await PadDoor.create(
            id=new_id(now),
            token_hash=token_hash(token),
            person_id=row["person_id"],
            membership_id=row["id"],
            community_id=row["community_id"],
            created_at=now,
            until=now + LINK_LIFE,
        )
    await _send(here, row["community_id"], row["person_id"], f"@{row['username']}@{row['domain']}", token)


async def look(here: Instance, token: str) -> Guest:
    """Whom an unused link would let in; NotFound for every other."""
    return await _guest(here, "door.token_hash = :hash AND door.key_hash IS NULL", token)


async def enter(here: Instance, token: str) -> tuple[Guest, str]:
    """Use a link up; the key that the browser keeps from now on. NotFound for what is used, over, or not ours."""
    guest, key, now = await look(here, token), new_token(), here.clock.now()
    async with here.db.transaction():
        used = await PadDoor.filter(token_hash=token_hash(token), key_hash=None, until__gt=now).update(
            key_hash=token_hash(key), until=now + STAY
        )
    if not used:
        raise NotFound(_OVER)
    return guest, key


async def whose(here: Instance, key: str) -> Guest:
    """The member whom a browser stands for; NotFound where it is none, or no longer."""
    return await _guest(here, "door.key_hash = :hash", key)


async def close(here: Instance, key: str) -> None:
    """Have a browser stand for nobody any more."""
    async with here.db.transaction():
        await PadDoor.filter(key_hash=token_hash(key)).delete()


async def _guest(here: Instance, condition: str, secret: str) -> Guest:
    now = to_milliseconds(here.clock.now())
    row = await here.db.row(f"{_DOOR} AND {condition}", hash=token_hash(secret), now=now)
    if row is None or not may_receive(here, row["host"]):
        raise NotFound(_OVER)
    return Guest(
        person_id=row["person_id"],
        name=row["name"] or row["username"],
        handle=f"@{row['username']}@{row['domain']}",
        community_id=row["community_id"],
        community=row["place_name"] or row["slug"],
    )


async def _send(here: Instance, community_id: str, person_id: str, handle: str, token: str) -> None:
    community = await Actor.get(id=community_id)
    text = (
        f"{handle} Here is your way to the shared notes of {community.name or community.username}:"
        f" {here.url(f'/notes/door/{token}')}\n\nIt works once, within {int(LINK_LIFE.total_seconds() / 60)} minutes,"
        " and for you alone: please pass it on to nobody. If you did not ask for it, leave it."
    )

    async def to_them(post: Post) -> None:
        await PostMention.get_or_create(post_id=post.id, actor_id=person_id)

    try:
        new = NewPost(kind="note", source_md=text, visibility=DIRECT, to_named=True)
        await posts.create_post(here, community_id, new, detail=to_them)
    except Refused as error:
        here.log.info("no way to shared notes is sent to %s: %s", handle, error.message)
