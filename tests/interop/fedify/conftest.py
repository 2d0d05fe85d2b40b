"""Starts Fedify, and a server of ours for it to talk to."""

import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from federation.engine import Engine
from federation.ports import Served, Signer
from federation.testing import (
    FakeClock,
    MemoryActors,
    MemoryDeliveries,
    MemoryObjects,
    MemoryPeerPolicy,
    MemoryReceipts,
    Network,
    public_multikey,
    public_rsa_pem,
)
from federation.vocab.actors import actor_document
from tests.interop.node import node, package

FOLDER = Path(__file__).parent

Json = dict[str, Any]


class Fedify:
    """A running Fedify that answers questions about signatures."""

    def __init__(self, node: str) -> None:
        self._process = subprocess.Popen(
            [node, "second_opinion.mjs"],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, do: str, **question: Any) -> Json:
        """Ask one thing. Fails the test where Fedify breaks down instead of answering."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **question}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "Fedify ended without an answer"
        answer: Json = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer

    @cached_property
    def keys(self) -> tuple[Json, Json]:
        """An RSA and an Ed25519 key of its making: the same for all tests, because it makes RSA keys of 4096 bits."""
        return self.ask("make-key", kind="rsa"), self.ask("make-key", kind="ed25519")

    def close(self) -> None:
        """End it, and read what is left so that no pipe stays open."""
        self._process.communicate(timeout=20)


@pytest.fixture(scope="session")
def fedify() -> Iterator[Fedify]:
    """Fedify, installed from the committed lock on first use."""
    package(FOLDER, "@fedify/fedify")
    running = Fedify(node())
    yield running
    running.close()


class Ours:
    """One server of ours, without a database, on a network that also has `fedify.example`."""

    origin = "https://alder.example"

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.network = Network()
        self.actors = MemoryActors(self.origin, "alder.example")
        self.objects = MemoryObjects()
        self.receipts = MemoryReceipts()
        self.engine = Engine(
            origin=self.origin,
            domain="alder.example",
            software_version="0",
            actors=self.actors,
            objects=self.objects,
            receipts=self.receipts,
            deliveries=MemoryDeliveries(),
            peers=MemoryPeerPolicy(),
            clock=self.clock,
            transport=self.network,
        )
        self.app = Starlette(routes=self.engine.routes())
        self.network.apps["alder.example"] = self.app
        self.elsewhere: dict[str, Json] = {}
        self.network.apps["fedify.example"] = Starlette(routes=[Route("/{path:path}", self._serve_elsewhere)])

    @property
    def now(self) -> str:
        """The time of the test, as Fedify wants to hear it."""
        return self.clock.now().isoformat().replace("+00:00", "Z")

    def person(self, name: str) -> tuple[Signer, Json]:
        """A local person: their keys, and the document that others fetch."""
        uri = f"{self.origin}/ap/u/{name}"
        signer = self.actors.add(uri, name)
        document: Json = actor_document(
            id=uri,
            kind="Person",
            username=name,
            domain="alder.example",
            name=name.title(),
            summary_html="<p>Teaches chemistry.</p>",
            url=f"{self.origin}/@{name}",
            inbox=f"{uri}/inbox",
            outbox=f"{uri}/outbox",
            followers=f"{uri}/followers",
            following=f"{uri}/following",
            shared_inbox=f"{self.origin}/ap/inbox",
            published=self.clock.now(),
            rsa_public_pem=public_rsa_pem(signer),
            ed25519_multikey=public_multikey(signer),
        )
        self.objects.documents[uri] = Served(json.dumps(document).encode())
        self.objects.inboxes[f"{uri}/inbox"] = uri
        return signer, document

    async def _serve_elsewhere(self, request: Request) -> Response:
        document = self.elsewhere.get(str(request.url))
        if document is None:
            return Response(status_code=404)
        return Response(json.dumps(document), media_type="application/activity+json")


@pytest.fixture
async def ours() -> AsyncIterator[Ours]:
    """A server of ours."""
    made = Ours()
    yield made
    await made.engine.aclose()
