"""A few servers on an in-memory network."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from federation.engine import Engine
from federation.errors import FederationError
from federation.inbox.dispatch import VerifiedActivity
from federation.ports import Served, Signer
from federation.signatures import cavage, rfc9421
from federation.testing import (
    FakeClock,
    MemoryActors,
    MemoryDeliveries,
    MemoryObjects,
    MemoryPeerPolicy,
    MemoryReceipts,
    Network,
    make_signer,
    public_multikey,
    public_rsa_pem,
)
from federation.transport.target import target_of
from federation.vocab.actors import actor_document
from federation.vocab.base import PUBLIC, origin_of

FIXTURES = Path(__file__).parents[2].parent / "shared" / "fixtures"

needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"the shared fixtures are not at {FIXTURES}")


@dataclass
class Server:
    """One instance: its engine, its ports, and what its handlers saw."""

    host: str
    network: Network
    clock: FakeClock
    seen: list[VerifiedActivity] = field(default_factory=list)
    authorized_fetch: bool = False

    def __post_init__(self) -> None:
        self.origin = f"https://{self.host}"
        self.actors = MemoryActors(self.origin, self.host)
        self.objects = MemoryObjects()
        self.receipts = MemoryReceipts()
        self.deliveries = MemoryDeliveries()
        self.peers = MemoryPeerPolicy()
        self.engine = Engine(
            origin=self.origin,
            domain=self.host,
            software_version="0",
            actors=self.actors,
            objects=self.objects,
            receipts=self.receipts,
            deliveries=self.deliveries,
            peers=self.peers,
            clock=self.clock,
            transport=self.network,
            authorized_fetch=self.authorized_fetch,
        )
        self.app = Starlette(routes=self.engine.routes())
        self.network.apps[self.host] = self.app
        self.add_actor("actor", "Application", f"{self.origin}/ap/actor", username=self.host)
        for kind in (
            "Create",
            "Update",
            "Delete",
            "Follow",
            "Like",
            "Announce",
            "Undo",
            "Accept",
            "Reject",
            "Block",
            "Add",
            "Remove",
            "Move",
            "Flag",
        ):
            self.engine.on(kind, None, self._see)

    async def _see(self, verified: VerifiedActivity) -> None:
        self.seen.append(verified)

    def add_actor(self, name: str, kind: str = "Person", uri: str | None = None, username: str | None = None) -> Signer:
        uri = uri or f"{self.origin}/ap/u/{name}"
        signer = self.actors.add(uri, username or name, kind)
        document = actor_document(
            id=uri,
            kind=kind,
            username=username or name,
            domain=self.host,
            name=name,
            summary_html="",
            url=uri,
            inbox=f"{uri}/inbox",
            outbox=f"{uri}/outbox",
            followers=f"{uri}/followers",
            following=f"{uri}/following",
            shared_inbox=f"{self.origin}/ap/inbox",
            published=self.clock.now(),
            rsa_public_pem=public_rsa_pem(signer),
            ed25519_multikey=public_multikey(signer),
            moderators=f"{uri}/moderators" if kind == "Group" else None,
        )
        self.publish(document, exempt=kind == "Application")
        self.objects.inboxes[f"{uri}/inbox"] = uri
        return signer

    def publish(self, document: dict[str, object], *, exempt: bool = False, status: int = 200) -> dict[str, object]:
        served = Served(json.dumps(document).encode(), status, exempt_from_authorized_fetch=exempt)
        self.objects.documents[str(document["id"])] = served
        return document

    def note(self, name: str, author: str, **extra: object) -> dict[str, object]:
        return self.publish(
            {
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": f"{self.origin}/ap/p/{name}",
                "type": "Note",
                "attributedTo": author,
                "content": "<p>Hello</p>",
                "to": [PUBLIC],
                "cc": [],
                **extra,
            }
        )

    async def post(self, body: bytes, headers: dict[str, str], path: str = "/ap/inbox") -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=self.origin) as client:
            return await client.post(path, content=body, headers=headers)

    async def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=self.origin) as client:
            return await client.get(path, headers=headers or {})

    async def send(self, document: dict[str, object], signer: Signer, **changes: object) -> httpx.Response:
        """Deliver an activity to this server, signed by somebody."""
        body = json.dumps(document).encode()
        return await self.post(body, signed(f"{self.origin}/ap/inbox", body, signer, self.clock, **changes))  # type: ignore[arg-type]

    async def work(self) -> list[str]:
        """Process all receipts; returns what was raised, by class name."""
        outcomes = []
        for receipt in list(self.receipts.stored.values()):
            try:
                await self.engine.process(receipt)
                outcomes.append("done")
            except FederationError as error:
                outcomes.append(type(error).__name__)
        self.receipts.stored.clear()
        return outcomes


def signed(
    url: str,
    body: bytes | None,
    signer: Signer,
    clock: FakeClock,
    scheme: str = "cavage",
    method: str = "POST",
    ed25519: bool = False,
) -> dict[str, str]:
    """Headers of a signed request, as a stranger would make them."""
    key_id, key = (signer.ed25519_key_id, signer.ed25519_key) if ed25519 else (signer.rsa_key_id, signer.rsa_key)
    origin = origin_of(url)
    if scheme == "rfc9421":
        return rfc9421.headers(method, origin, target_of(url), body=body, key_id=key_id, key=key, now=clock.now())
    return cavage.headers(
        method, origin.partition("://")[2], target_of(url), body=body, key_id=key_id, key=key, now=clock.now()
    )


@dataclass
class World:
    """Two friendly servers and a hostile one."""

    network: Network
    clock: FakeClock
    alder: Server
    birch: Server
    evil: Server
    amara: str = "https://alder.example/ap/u/amara"
    bruno: str = "https://birch.example/ap/u/bruno"
    mallory: str = "https://evil.example/ap/u/mallory"

    def key(self, actor: str) -> Signer:
        return make_signer(actor)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    network, clock = Network(), FakeClock()
    servers = [Server(host, network, clock) for host in ("alder.example", "birch.example", "evil.example")]
    servers[0].add_actor("amara")
    servers[0].add_actor("algebra", "Group")
    servers[1].add_actor("bruno")
    servers[1].add_actor("bella")
    servers[1].add_actor("geometry", "Group")
    servers[2].add_actor("mallory")
    yield World(network, clock, *servers)
    for server in servers:
        await server.engine.aclose()


def follow(actor: str, target: str, number: int = 1) -> dict[str, object]:
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{actor}/a/{number}",
        "type": "Follow",
        "actor": actor,
        "object": target,
    }
