"""Actors of other servers: storing what was fetched, and looking up handles and addresses."""

import json
from datetime import timedelta

from federation.discovery.server_actor import is_stand_in
from federation.errors import AddressRefused, FederationError, FetchError, Gone, InvalidDocument, TryLater, Unreachable
from federation.vocab.actors import RemoteActor
from federation.vocab.base import host_of, is_web_uri, origin_of
from server.actors import queries
from server.actors.events import ActorChanged, GroupRead
from server.actors.models import Actor
from server.actors.policy import clean_name
from server.actors.removal import OWN_GRADE, forget_remote
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.peers import actions as peers
from server.peers import queries as peer_queries
from server.text import sanitise

STALE = timedelta(hours=24)
MAX_URI = 500
MAX_PICTURE = 1000
THREADIVERSE = "https://w3id.org/fep/1b12"

_COLUMNS = """
    kind username domain host handle_key name summary_html url inbox_url shared_inbox_url outbox_url followers_url
    following_url featured_url moderators_url avatar_url header_url fields_json also_known_as implements emoji moved_to
    is_locked discoverable indexable published_at updated_at fetched_at deleted_at grade
    """.split()  # noqa: SIM905
_UPSERT = (
    f"INSERT INTO actor (id, uri, created_at, is_local, summary_source, approved, hidden, followers_count,"
    f" following_count, posts_count, {', '.join(_COLUMNS)})"
    f" VALUES (:id, :uri, :now, :no, '', :no, :no, 0, 0, 0, {', '.join(':' + name for name in _COLUMNS)})"
    " ON CONFLICT (uri) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name != "grade")
    + f", grade = {OWN_GRADE.format(of_server='excluded.grade')}"
)


async def ensure_remote(here: Instance, uri: str, *, refresh: bool = False) -> Actor:
    """The actor with this id, fetched where we do not know it or our copy is old. Uses the network.

    A local id gives the local actor. Raises TryLater where its server does not answer and nothing is known yet,
    otherwise what `Engine.fetch_actor` raises.
    """
    known = await Actor.get_or_none(uri=uri)
    if known is not None and (known.is_local or not known.inbox_url):
        return known
    if known is None and is_stand_in(uri):
        return await _stand_in(here, uri)
    now = here.clock.now()
    fresh = known is not None and known.fetched_at is not None and now - known.fetched_at < STALE
    if known is not None and fresh and not refresh:
        return known
    try:
        fetched = await here.engine.fetch_actor(uri, refresh=known is not None)
    except Gone:
        if known is not None:
            await forget_remote(here, known)
        raise
    except Unreachable as error:
        if known is not None and known.deleted_at is None:
            return known
        raise TryLater(str(error)) from error
    return await _stored(here, fetched)


async def store_remote(here: Instance, remote: RemoteActor) -> Actor:
    """Write down what was fetched from the actor's own server, in the present transaction if there is one."""
    if here.is_local_uri(remote.id):
        raise InvalidDocument("An actor of ours does not come from elsewhere.")
    if len(remote.id) > MAX_URI or not remote.inbox or len(remote.inbox) > MAX_URI:
        raise InvalidDocument("The actor has no usable inbox, or too long an id.")
    now = here.clock.now()
    async with here.db.transaction():
        before = await Actor.get_or_none(uri=remote.id)
        values = _values(remote) | {"updated_at": now, "fetched_at": now}
        values |= await _handle(here, remote) | {"grade": peer_queries.shown_as(here, remote.host)}
        await here.db.execute(_UPSERT, id=new_id(now), uri=remote.id, now=now, no=False, **values)
        await peers.note_seen(here, remote.host, dialect="threadiverse" if THREADIVERSE in remote.implements else None)
        after = await Actor.get(uri=remote.id)
        if before is None or _shown(before) != _shown(after):
            await here.events.emit(ActorChanged(after.id))
        if after.kind == "Group":
            await here.events.emit(GroupRead(after.id, remote.topics))
    return after


async def meet(here: Instance, host: str) -> None:
    """The job: get to know a server of the network by its instance actor, so that what is for the network finds it."""
    if not peer_queries.is_of_network(here, host):
        return
    try:
        uri = await here.engine.resolve_handle(f"{host.partition(':')[0]}@{host}")
    except Unreachable:
        raise
    except FederationError as error:
        here.log.info("%s has no instance actor that can be found: %s", host, error)
        return
    await ensure_remote(here, uri)


async def resolve(here: Instance, text: str) -> Actor:
    """The actor with this handle or address, looked up at its server if need be. Raises Invalid or NotFound."""
    text = text.strip()
    if not text or len(text) > MAX_URI or any(character.isspace() for character in text):
        raise Invalid("Write an address such as @tom@riverside.example.", field="q")
    try:
        if "://" in text:
            return await _resolve_address(here, text)
        return await _resolve_handle(here, text)
    except AddressRefused as error:
        raise NotFound("That server cannot be reached from here.") from error
    except (FetchError, TryLater) as error:
        raise NotFound("Their server does not answer, or knows nobody of that name. Check the spelling.") from error
    except FederationError as error:
        raise NotFound("What their server answered cannot be read.") from error


async def _resolve_handle(here: Instance, text: str) -> Actor:
    name, domain = queries.split_handle(here, text)
    if not name or "@" in domain:
        raise Invalid("Write an address such as @tom@riverside.example.", field="q")
    known = await queries.actor_by_handle(here, text)
    if domain == here.settings.domain:
        if known is None or known.suspended_at is not None or known.deleted_at is not None:
            raise NotFound(f"Nobody here is called @{name}.")
        return known
    _refuse_blocked(here, host_of(f"https://{domain}/"))
    if known is not None and known.fetched_at is not None and here.clock.now() - known.fetched_at < STALE:
        return _visible(known)
    try:
        uri = await here.engine.resolve_handle(f"{name}@{domain}")
    except Unreachable:
        if known is not None:
            return _visible(known)
        raise
    _refuse_blocked(here, host_of(uri))
    return _visible(await ensure_remote(here, uri, refresh=known is not None))


async def _resolve_address(here: Instance, address: str) -> Actor:
    if not is_web_uri(address):
        raise Invalid("Write an address that starts with https://", field="q")
    known = await Actor.filter(uri=address).first() or await Actor.filter(url=address, hidden=False).first()
    if here.is_local_uri(address):
        if known is None:
            raise NotFound
        return _visible(known)
    _refuse_blocked(here, host_of(address))
    return _visible(await ensure_remote(here, known.uri if known else address))


def _visible(actor: Actor) -> Actor:
    if actor.hidden or actor.suspended_at is not None or actor.deleted_at is not None:
        raise NotFound
    return actor


def _refuse_blocked(here: Instance, host: str) -> None:
    if not peer_queries.may_reach(here, host):
        raise NotFound(f"This server does not talk with {host}.")


async def _stand_in(here: Instance, uri: str) -> Actor:
    """What stands for a server that has no actor, as the author of objects that name nobody.

    It has no inbox and no keys: nothing is sent to it, nobody follows it, and it never says anything.
    """
    now, host = here.clock.now(), host_of(uri)
    key: str | None = f"{host}@{host}"[:380]
    async with here.db.transaction():
        if await Actor.exists(handle_key=key):
            key = None
        made, _ = await Actor.get_or_create(
            {
                "kind": "Application",
                "id": new_id(now),
                "username": host[:120],
                "domain": host[:255],
                "host": host[:255],
                "handle_key": key,
                "name": host[:200],
                "url": f"{origin_of(uri)}/",
                "inbox_url": "",
                "discoverable": False,
                "created_at": now,
                "updated_at": now,
                "fetched_at": now,
            },
            uri=uri,
        )
    return made


async def _stored(here: Instance, remote: RemoteActor) -> Actor:
    """`Engine.fetch_actor` had it remembered already; a final URL may differ from the one that was asked for."""
    return await Actor.get_or_none(uri=remote.id) or await store_remote(here, remote)


async def _handle(here: Instance, remote: RemoteActor) -> dict[str, object]:
    """Name, domain and key of the handle. One that WebFinger confirmed goes to whom it names now (S9)."""
    name, _, domain = (remote.webfinger or "").lower().rpartition("@")
    confirmed = bool(name and domain) and domain != here.settings.domain and len(domain) <= 255
    if not confirmed:
        name, domain = remote.username.lower(), remote.host
    name = clean_name(name, 120).replace("@", "").replace("/", "") or "unnamed"
    key: str | None = f"{'!' if remote.kind == 'Group' else ''}{name}@{domain}"[:380]
    owner = await here.db.row("SELECT uri, is_local FROM actor WHERE handle_key = :key", key=key)
    if owner is not None and owner["uri"] != remote.id:
        if confirmed and not owner["is_local"]:
            await here.db.execute("UPDATE actor SET handle_key = NULL WHERE uri = :uri", uri=owner["uri"])
        else:
            key = None
    return {"username": name, "domain": domain, "handle_key": key}


def _values(remote: RemoteActor) -> dict[str, object]:
    return {
        "kind": remote.kind[:12],
        "host": remote.host[:255],
        "name": clean_name(remote.name, 200),
        "summary_html": sanitise(remote.summary_html, base=remote.id),
        "url": _short(remote.url) or "",
        "inbox_url": remote.inbox,
        "shared_inbox_url": _short(remote.shared_inbox),
        "outbox_url": _short(remote.outbox),
        "followers_url": _short(remote.followers),
        "following_url": _short(remote.following),
        "featured_url": _short(remote.featured),
        "moderators_url": _short(remote.moderators),
        "avatar_url": _short(remote.icon_url, MAX_PICTURE),
        "header_url": _short(remote.image_url, MAX_PICTURE),
        "fields_json": _json(
            [{"name": clean_name(name), "value": sanitise(value, base=remote.id)} for name, value in remote.fields[:20]]
        ),
        "also_known_as": _json(list(remote.also_known_as)),
        "implements": _json(list(remote.implements)),
        "emoji": _emoji(remote),
        "moved_to": _short(remote.moved_to),
        "is_locked": remote.manually_approves,
        "discoverable": remote.discoverable,
        "indexable": remote.indexable,
        "published_at": remote.published,
        "deleted_at": None,
    }


def _emoji(remote: RemoteActor) -> str | None:
    said = f"{remote.name} {remote.summary_html}"
    named = {name: url for name, url in remote.emoji if f":{name}:" in said and len(url) <= MAX_PICTURE}
    return json.dumps(dict(list(named.items())[:20])) if named else None


def _shown(actor: Actor) -> tuple[object, ...]:
    return (
        actor.name,
        actor.username,
        actor.domain,
        actor.summary_html,
        actor.avatar_url,
        actor.discoverable,
        actor.moved_to,
        actor.deleted_at,
    )


def _short(text: str | None, limit: int = MAX_URI) -> str | None:
    return text if text and len(text) <= limit else None


def _json(value: list[object] | list[str] | list[dict[str, str]]) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None
