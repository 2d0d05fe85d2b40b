"""Our answers to the engine's questions: `Actors`, `Objects` and `PeerPolicy` of `federation.ports`."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta

from federation.errors import FederationError
from federation.ports import KnownKey, NodeInfoFacts, Reader, Served, Signer, WebFingerSubject
from federation.vocab.actors import RemoteActor
from server.actors import actions as actor_actions
from server.actors import keys
from server.actors import queries as actor_queries
from server.actors.removal import KEYS
from server.db import Row, from_milliseconds, to_milliseconds
from server.instance import Instance
from server.peers import actions as peer_actions
from server.peers import queries as peer_queries
from server.version import VERSION

KEYS_FRESH = timedelta(minutes=1)
"""Whoever changes keys says so (`KEYS`); what was said while a process was away is noticed by then."""
MAX_KEYS = 20_000
COUNTED_FOR = timedelta(minutes=5)
COUNTS_KEPT_FROM = 1000
"""Fewer posts are counted each time: that takes no longer than a look."""


class ServerActors:
    """`federation.ports.Actors` over our tables."""

    def __init__(self, here: Instance) -> None:
        """Answer for this instance."""
        self._here = here
        self._keys: OrderedDict[str, tuple[KnownKey, datetime]] = OrderedDict()
        here.bus.on(KEYS, self._forget)

    async def signer(self, actor_id: str) -> Signer | None:
        """The keys of a local actor."""
        return await keys.signer(self._here, actor_id)

    async def instance_signer(self) -> Signer:
        """The keys of the instance actor, which is made at the first start."""
        signer = await self.signer(self._here.url("/ap/actor"))
        if signer is None:
            raise LookupError("the instance actor does not exist")
        return signer

    async def find_local(self, resource: str) -> WebFingerSubject | None:
        """The local actor that a WebFinger resource names."""
        return await actor_queries.webfinger_subject(self._here, resource)

    async def known_key(self, key_id: str) -> KnownKey | None:
        """A remote key that we have seen before; from memory where it was asked for within the minute."""
        kept, now = self._keys.get(key_id), self._here.clock.now()
        if kept is not None and now - kept[1] < KEYS_FRESH:
            self._keys.move_to_end(key_id)
            return kept[0]
        row = await self._here.db.row(
            "SELECT key_id, owner, public_text, fetched_at FROM remote_key WHERE key_id = :key_id", key_id=key_id
        )
        if row is None:
            self._keys.pop(key_id, None)
            return None
        key = KnownKey(row["key_id"], row["owner"], row["public_text"], from_milliseconds(row["fetched_at"]))
        self._keys[key_id] = key, now
        if len(self._keys) > MAX_KEYS:
            self._keys.popitem(last=False)
        return key

    def _forget(self, owner: str | None) -> None:
        """Keys of an actor, or of everybody, may have changed."""
        for key_id in [key_id for key_id, (key, _) in self._keys.items() if owner is None or key.owner == owner]:
            del self._keys[key_id]

    async def remember(self, actor: RemoteActor, keys: Sequence[KnownKey]) -> None:
        """Store or refresh a remote actor with its keys; keys that it no longer lists are forgotten."""
        here = self._here
        async with here.db.transaction():
            await actor_actions.store_remote(here, actor)
            here.bus.tell(KEYS, actor.id)
            await here.db.execute("DELETE FROM remote_key WHERE owner = :owner", owner=actor.id)
            for key in keys:
                await here.db.execute(
                    "INSERT INTO remote_key (key_id, owner, public_text, fetched_at)"
                    " VALUES (:key_id, :owner, :text, :at) ON CONFLICT (key_id) DO UPDATE"
                    " SET owner = :owner, public_text = :text, fetched_at = :at",
                    key_id=key.key_id,
                    owner=key.owner,
                    text=key.public_key,
                    at=key.fetched_at,
                )

    async def deleted(self, actor_id: str) -> bool:
        """Whether this remote actor is known to be deleted."""
        return bool(
            await self._here.db.value(
                "SELECT id FROM actor WHERE uri = :uri AND deleted_at IS NOT NULL AND NOT is_local", uri=actor_id
            )
        )

    async def knows(self, actor_id: str) -> bool:
        """Whether we have stored this remote actor."""
        return bool(await self._here.db.value("SELECT id FROM actor WHERE uri = :uri AND NOT is_local", uri=actor_id))


class ServerObjects:
    """`federation.ports.Objects`: features register who serves what by the first part of the path after ``/ap/``."""

    def __init__(self, here: Instance) -> None:
        """Answer for this instance."""
        self._here = here
        self._counted: tuple[datetime, Row] | None = None

    async def get(self, uri: str, page: str | None, reader: Reader) -> Served | None:
        """Ask the feature that owns this part of the tree."""
        prefix = self._here.url("/ap/")
        if not uri.startswith(prefix):
            return None
        provider = self._here.documents.get(uri.removeprefix(prefix).split("/", 1)[0])
        return None if provider is None else await provider(uri, page, reader)

    async def inbox_owner(self, inbox: str) -> str | None:
        """The local actor with this inbox, which is below its id: inboxes have no index of their own."""
        value = await self._here.db.value(
            "SELECT uri FROM actor WHERE uri = :uri AND inbox_url = :inbox AND is_local AND deleted_at IS NULL",
            uri=inbox.removesuffix("/inbox"),
            inbox=inbox,
        )
        return None if value is None else str(value)

    async def nodeinfo(self) -> NodeInfoFacts:
        """Counts of today; people who were seen in the last 30 and 180 days count as active."""
        here = self._here
        now = here.clock.now()
        row = await here.db.row(
            "SELECT count(*) AS total,"
            " sum(CASE WHEN last_seen_at > :month THEN 1 ELSE 0 END) AS month,"
            " sum(CASE WHEN last_seen_at > :halfyear THEN 1 ELSE 0 END) AS halfyear"
            " FROM account WHERE state = 'active'",
            month=to_milliseconds(now - timedelta(days=30)),
            halfyear=to_milliseconds(now - timedelta(days=180)),
        )
        users, written = row or {}, await self._written(now)
        return NodeInfoFacts(
            name=here.site.name,
            description=here.site.description,
            version=VERSION,
            open_registrations=here.site.registration == "open",
            users_total=users.get("total") or 0,
            users_active_month=users.get("month") or 0,
            users_active_halfyear=users.get("halfyear") or 0,
            local_posts=written.get("posts") or 0,
            local_comments=written.get("comments") or 0,
            metadata={"federation": {"enabled": peer_queries.mode(here) != "closed"}},
        )

    async def _written(self, now: datetime) -> Row:
        """How much was written here. Where that is much, it is counted once in a while: nobody watches it."""
        here = self._here
        if self._counted is not None and now - self._counted[0] < COUNTED_FOR:
            return self._counted[1]
        found = await here.db.row(
            "SELECT sum(CASE WHEN parent_id IS NULL THEN 1 ELSE 0 END) AS posts,"
            " sum(CASE WHEN parent_id IS NULL THEN 0 ELSE 1 END) AS comments"
            f" FROM post{here.db.by('idx_post_outbox')}"
            " WHERE is_local AND state = 'visible' AND visibility IN ('public', 'unlisted')"
        )
        written = found or {}
        much = (written.get("posts") or 0) + (written.get("comments") or 0) >= COUNTS_KEPT_FROM
        self._counted = (now, written) if much else None
        return written


class ServerPeerPolicy:
    """`federation.ports.PeerPolicy` over the grades that admins give."""

    def __init__(self, here: Instance) -> None:
        """Answer for this instance."""
        self._here = here

    def may_receive_from(self, host: str) -> bool:
        """Whether anything from this host is let in."""
        return peer_queries.may_receive(self._here, host)

    def may_send_to(self, host: str) -> bool:
        """Whether anything may be fetched from or delivered to this host."""
        return peer_queries.may_send(self._here, host)

    def takes(self, host: str, activity_type: str) -> bool:
        """Whether an activity of this type may come in from there."""
        return peer_queries.takes(self._here, host, activity_type)

    def holds(self, host: str, activity_type: str) -> bool:
        """Whether it waits for a steward as a whole."""
        return peer_queries.holds(self._here, host, activity_type)

    async def signature_scheme(self, host: str) -> str | None:
        """What worked with this host."""
        value = await self._here.db.value("SELECT signature_scheme FROM peer WHERE host = :host", host=host)
        return None if value is None else str(value)

    async def remember_signature_scheme(self, host: str, scheme: str) -> None:
        """Remember what worked, where it is news."""
        if await self.signature_scheme(host) != scheme:
            await peer_actions.note_seen(self._here, host, signature_scheme=scheme)


def describe(error: FederationError) -> str:
    """One line for logs and admins."""
    return f"{type(error).__name__}: {error}"[:500]
