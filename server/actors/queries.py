"""Reading actors: labels, pages, relations, and what the protocol engine asks for."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from federation.ports import WebFingerSubject
from server.actors import keys
from server.actors.models import Actor
from server.actors.policy import MOVE_COOLDOWN
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.peers.policy import HIDDEN, QUIET, in_sql
from server.peers.queries import shows_media
from server.text.emoji import name_with_emoji

_HIDDEN, _QUIET = in_sql(HIDDEN), in_sql(QUIET)


@dataclass(frozen=True, slots=True)
class PersonLabel:
    """How an actor is shown wherever it is named. `name_html` is there for names with custom emoji only."""

    id: str
    uri: str
    display_name: str
    handle: str
    organisation: str
    url: str
    avatar_url: str | None
    is_local: bool
    kind: str
    name_html: str = ""


@dataclass(frozen=True, slots=True)
class ProfileField:
    """One line of a profile, such as "School"; the value is safe HTML."""

    name: str
    value_html: str


@dataclass(frozen=True, slots=True)
class ActorPage:
    """Everything a profile page shows of an actor. `original_url` is its page at home, for remote ones.

    `successor` is the account at `moved_to`, if it says itself that it was this one.
    """

    label: PersonLabel
    username: str
    domain: str
    host: str
    full_handle: str
    summary_html: str
    summary_source: str
    fields: tuple[ProfileField, ...]
    header_url: str | None
    original_url: str
    is_locked: bool
    discoverable: bool
    indexable: bool
    followers_count: int
    following_count: int
    joined_at: datetime
    moved_to: str | None
    is_suspended: bool
    is_deleted: bool
    successor: PersonLabel | None = None

    @property
    def id(self) -> str:
        """The actor's id here."""
        return self.label.id


_LABEL = ("id", "uri", "name", "username", "domain", "url", "avatar_url", "is_local", "kind", "emoji")
LABEL_COLUMNS = ", ".join(f"actor.{name}" for name in _LABEL)
_PAGE = f"""
SELECT {LABEL_COLUMNS}, actor.host, actor.summary_html, actor.summary_source, actor.fields_json, actor.header_url,
 actor.is_locked, actor.discoverable, actor.indexable, actor.followers_count, actor.following_count,
 actor.published_at, actor.created_at, actor.moved_to, actor.suspended_at, actor.deleted_at
FROM actor
"""


def label_of(here: Instance, row: Row) -> PersonLabel:
    """The label from a row that has LABEL_COLUMNS."""
    is_local, kind, username = bool(row["is_local"]), row["kind"], row["username"]
    address = username if is_local else f"{username}@{row['domain']}"
    avatar = row["avatar_url"]
    if avatar and not is_local:
        # Also where the picture lies on another host than its owner: what counts is whose it is.
        avatar = here.media_url(avatar) if shows_media(here, row["uri"].split("/")[2]) else None
    return PersonLabel(
        id=row["id"],
        uri=row["uri"],
        display_name=row["name"] or username,
        handle=f"@{address}",
        organisation=here.site.name if is_local else row["domain"],
        url=f"/c/{address}" if kind == "Group" else f"/@{address}",
        avatar_url=avatar or None,
        is_local=is_local,
        kind=kind,
        name_html=name_with_emoji(row["name"], row["emoji"], here.media_url),
    )


async def labels(here: Instance, ids: Iterable[str]) -> dict[str, PersonLabel]:
    """Labels of many actors in one query. Deleted ones have one too: what they wrote may still be quoted."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, PersonLabel] = {}
    for start in range(0, len(wanted), 400):
        part = {f"id{number}": actor_id for number, actor_id in enumerate(wanted[start : start + 400])}
        rows = await here.db.rows(
            f"SELECT {LABEL_COLUMNS} FROM actor WHERE actor.id IN ({', '.join(':' + name for name in part)})", **part
        )
        found.update((row["id"], label_of(here, row)) for row in rows)
    return found


def split_handle(here: Instance, text: str) -> tuple[str, str]:
    """Name and domain of ``name``, ``@name``, ``!name`` or ``name@domain``, in lower case; our domain by default."""
    name, _, domain = text.strip().removeprefix("acct:").lstrip("@!").lower().partition("@")
    return name, domain.rstrip(".") or here.settings.domain


async def actor_by_handle(here: Instance, handle: str) -> Actor | None:
    """The actor with this handle, if we know it; hidden ones are not found."""
    name, domain = split_handle(here, handle)
    found = await Actor.filter(handle_key__in=[f"{name}@{domain}", f"!{name}@{domain}"], hidden=False)
    wants_group = handle.lstrip().startswith("!")
    found.sort(key=lambda actor: (actor.kind == "Group") != wants_group)
    return found[0] if found else None


async def person_by_handle(here: Instance, handle: str) -> ActorPage | None:
    """The page of the actor with this handle, as far as we know it; None for absent, hidden and suspended ones."""
    name, domain = split_handle(here, handle)
    row = await here.db.row(
        f"{_PAGE} WHERE actor.handle_key IN (:person, :group) AND NOT actor.hidden AND actor.suspended_at IS NULL"
        f" AND actor.grade NOT IN {_HIDDEN}"
        " ORDER BY actor.kind DESC LIMIT 1",
        person=f"{name}@{domain}",
        group=f"!{name}@{domain}",
    )
    return None if row is None else await _with_successor(here, _page(here, row))


async def actor_page(here: Instance, actor_id: str) -> ActorPage | None:
    """The page of an actor, for itself and for admins: suspended and hidden ones too."""
    row = await here.db.row(_PAGE + " WHERE actor.id = :id", id=actor_id)
    return None if row is None else await _with_successor(here, _page(here, row))


async def actor_row(here: Instance, *, id: str | None = None, uri: str | None = None) -> Actor | None:
    """One actor as a model, for writing; by our id or by its ActivityPub id."""
    if id is not None:
        return await Actor.get_or_none(id=id)
    return await Actor.get_or_none(uri=uri) if uri else None


async def followers(
    here: Instance, actor_id: str, *, state: str = "accepted", before: str | None = None, limit: int = 40
) -> list[tuple[str, PersonLabel]]:
    """Who follows, or asks to; the newest first, as pairs of follow id (for `before`) and label."""
    return await _follow_list(here, "target_id", "follower_id", actor_id, state, before, limit)


async def following(
    here: Instance, actor_id: str, *, state: str = "accepted", before: str | None = None, limit: int = 40
) -> list[tuple[str, PersonLabel]]:
    """Whom an actor follows; the newest first."""
    return await _follow_list(here, "follower_id", "target_id", actor_id, state, before, limit)


async def requests_count(here: Instance, actor_id: str) -> int:
    """How many wait for this actor's answer."""
    count = await here.db.value(
        "SELECT count(*) AS n FROM follow WHERE target_id = :id AND state = 'requested'", id=actor_id
    )
    return int(count or 0)


async def directory(here: Instance, *, after: str = "", limit: int = 40) -> list[PersonLabel]:
    """People here who let themselves be found, by handle and never by activity; `after` is the last one's handle key.

    Whoever is looked for by name is found by `server.search`.
    """
    rows = await here.db.rows(
        f"SELECT {LABEL_COLUMNS} FROM actor{here.db.by('idx_actor_people_here')}"
        " WHERE actor.kind = 'Person' AND actor.is_local AND actor.discoverable AND NOT actor.hidden"
        " AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL AND actor.handle_key > :after"
        f" AND actor.grade NOT IN {_QUIET} ORDER BY actor.handle_key LIMIT :limit",
        after=after,
        limit=limit,
    )
    return [label_of(here, row) for row in rows]


async def known_fields(here: Instance, actor_id: str) -> tuple[ProfileField, ...]:
    """The lines of a profile."""
    return _fields(await here.db.value("SELECT fields_json FROM actor WHERE id = :id", id=actor_id))


async def is_silenced(here: Instance, uri: str) -> bool:
    """Whether nothing is taken from this actor any more: an admin suspended it, or it is deleted (S17)."""
    return bool(
        await here.db.value(
            "SELECT id FROM actor WHERE uri = :uri AND (suspended_at IS NOT NULL OR deleted_at IS NOT NULL)", uri=uri
        )
    )


async def local_uri(here: Instance, name: str) -> str | None:
    """The ActivityPub id of the local person or community of this name, the deleted ones included (410)."""
    value = await here.db.value(
        "SELECT uri FROM actor WHERE handle_key = :key AND is_local AND NOT hidden",
        key=f"{name.lower()}@{here.settings.domain}",
    )
    return None if value is None else str(value)


async def signing_keys(here: Instance, actor_uri: str) -> tuple[str, str] | None:
    """The private keys of a local actor as PEM, RSA then Ed25519; see `keys.signer` for parsed ones."""
    return await keys.private_pems(here, actor_uri)


async def webfinger_subject(here: Instance, resource: str) -> WebFingerSubject | None:
    """The local actor for ``acct:name@domain``, an actor id, a profile page, or the origin itself (FEP-d556)."""
    origin, domain = here.settings.origin, here.settings.domain
    if resource.lower().startswith("acct:"):
        name, _, host = resource[5:].lstrip("@").lower().rpartition("@")
        if host not in {domain, origin.split("://", 1)[1]} or not name:
            return None
        if name in {domain, domain.partition(":")[0]}:
            condition, value = "actor.uri = :value", f"{origin}/ap/actor"
        else:
            condition, value = "actor.handle_key = :value", f"{name}@{domain}"
    elif resource.rstrip("/") == origin:
        condition, value = "actor.uri = :value", f"{origin}/ap/actor"
    elif resource.startswith(origin + "/"):
        condition, value = "(actor.uri = :value OR actor.url = :value)", resource
    else:
        return None
    row = await here.db.row(
        "SELECT actor.username, actor.uri, actor.url, actor.kind FROM actor"
        f" WHERE {condition} AND actor.is_local AND NOT actor.hidden"
        " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL",
        value=value,
    )
    if row is None:
        return None
    return WebFingerSubject(
        acct=f"acct:{row['username']}@{domain}", actor=row["uri"], profile_page=row["url"], kind=row["kind"]
    )


async def _follow_list(
    here: Instance, mine: str, theirs: str, actor_id: str, state: str, before: str | None, limit: int
) -> list[tuple[str, PersonLabel]]:
    rows = await here.db.rows(
        f"SELECT follow.id AS follow_id, {LABEL_COLUMNS} FROM follow JOIN actor ON actor.id = follow.{theirs}"
        f" WHERE follow.{mine} = :id AND follow.state = :state AND follow.id < :before"
        f" AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL AND actor.grade NOT IN {_HIDDEN}"
        " ORDER BY follow.id DESC LIMIT :limit",
        id=actor_id,
        state=state,
        before=before or "~",
        limit=limit,
    )
    return [(row["follow_id"], label_of(here, row)) for row in rows]


async def _with_successor(here: Instance, page: ActorPage) -> ActorPage:
    """Anybody can say that they are somebody else now; it is shown as a fact only where that account agrees (S10)."""
    if page.moved_to is None:
        return page
    row = await here.db.row(
        f"SELECT {LABEL_COLUMNS}, actor.also_known_as FROM actor WHERE actor.uri = :uri AND NOT actor.hidden"
        " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL",
        uri=page.moved_to,
    )
    if row is None or page.label.uri not in json.loads(row["also_known_as"] or "[]"):
        return page
    return replace(page, successor=label_of(here, row))


async def aliases(here: Instance, actor_id: str) -> list[tuple[str, PersonLabel | None]]:
    """The other accounts that somebody here says are theirs: ids, with a label for those we know."""
    stored = await here.db.value("SELECT also_known_as FROM actor WHERE id = :id", id=actor_id)
    uris = [str(uri) for uri in json.loads(stored or "[]")]
    named = {f"uri{number}": uri for number, uri in enumerate(uris)}
    if not named:
        return []
    rows = await here.db.rows(
        f"SELECT {LABEL_COLUMNS} FROM actor WHERE actor.uri IN ({', '.join(':' + name for name in named)})"
        " AND actor.deleted_at IS NULL AND NOT actor.hidden",
        **named,
    )
    found = {row["uri"]: label_of(here, row) for row in rows}
    return [(uri, found.get(uri)) for uri in uris]


async def may_move_from(here: Instance, actor_id: str) -> datetime | None:
    """From when somebody here may move again; None for now (S14)."""
    stored = await here.db.value("SELECT moved_at FROM actor WHERE id = :id", id=actor_id)
    free = None if stored is None else from_milliseconds(stored) + MOVE_COOLDOWN
    return free if free is not None and free > here.clock.now() else None


def _fields(stored: Any) -> tuple[ProfileField, ...]:
    return tuple(ProfileField(item["name"], item["value"]) for item in (json.loads(stored) if stored else ()))


def _header(here: Instance, host: str, address: str | None, *, is_local: bool) -> str | None:
    if not address or is_local:
        return address or None
    return here.media_url(address) if shows_media(here, host) else None


def _page(here: Instance, row: Row) -> ActorPage:
    label = label_of(here, row)
    header = row["header_url"]
    return ActorPage(
        label=label,
        username=row["username"],
        domain=row["domain"],
        host=row["host"],
        full_handle=f"@{row['username']}@{row['domain']}",
        summary_html=row["summary_html"],
        summary_source=row["summary_source"],
        fields=_fields(row["fields_json"]),
        header_url=_header(here, row["host"], header, is_local=label.is_local),
        original_url=row["url"] or row["uri"],
        is_locked=bool(row["is_locked"]),
        discoverable=bool(row["discoverable"]),
        indexable=bool(row["indexable"]),
        followers_count=row["followers_count"],
        following_count=row["following_count"],
        joined_at=from_milliseconds(row["published_at"] or row["created_at"]),
        moved_to=row["moved_to"],
        is_suspended=row["suspended_at"] is not None,
        is_deleted=row["deleted_at"] is not None,
    )
