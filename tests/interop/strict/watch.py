"""Reads everything that our instances send and serve in a test, as strictly as each of the stand-ins."""

import json
from collections import Counter
from types import ModuleType
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.interop.strict import gotosocial, lemmy, mastodon, nodebb, piefed
from tests.interop.strict.shapes import Ignored, Rejected, kind_of
from tests.interop.strict.world import World

PEERS: tuple[ModuleType, ...] = (lemmy, piefed, mastodon, gotosocial, nodebb)
ACTIVITY_JSON = b"application/activity+json"


class Watch:
    """What passed, and what somebody would have refused of it."""

    def __init__(self) -> None:
        self.world = World()
        self.problems: list[str] = []
        self.read: Counter[tuple[str, str]] = Counter()
        """How often each peer took something of each type in."""
        self.delivered: list[dict[str, Any]] = []
        self.served: list[dict[str, Any]] = []
        self._reads_deliveries = True

    def let_deliveries_pass(self) -> None:
        """For a test that words activities itself, as attackers do."""
        self._reads_deliveries = False

    def check(self) -> None:
        """Fail where a peer would have refused something of ours."""
        assert not self.problems, "\n".join(
            [
                "Other systems cannot read this (a test that words activities itself calls",
                "`fediverse.watch.let_deliveries_pass()`):",
                *dict.fromkeys(self.problems),
            ]
        )

    def wrap(self, app: ASGIApp, origin: str) -> ASGIApp:
        """The application of one of our instances, watched."""
        self.world.origins.add(origin)

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["method"] != "GET":
                await app(scope, receive, send)
                return
            body, is_document = bytearray(), False

            async def observed(message: Message) -> None:
                nonlocal is_document
                if message["type"] == "http.response.start":
                    is_document = any(
                        name.lower() == b"content-type" and value.startswith(ACTIVITY_JSON)
                        for name, value in message.get("headers", ())
                    )
                elif is_document:
                    body.extend(message.get("body", b""))
                await send(message)

            await app(scope, receive, observed)
            if is_document and body:
                self.document(json.loads(body))

        return watched

    def exchange(self, method: str, url: str, body: bytes, answer: bytes) -> None:
        """A request of one of our instances, and what it got: the observer of the network."""
        if method == "POST" and body[:1] == b"{":
            self.delivery(json.loads(body))
        elif method != "POST" and answer[:1] == b"{":
            try:
                self.world.learn(json.loads(answer))
            except ValueError:
                return

    def delivery(self, activity: dict[str, Any]) -> None:
        """An activity on its way to somebody's inbox."""
        self.delivered.append(activity)
        if self._reads_deliveries:
            self._ask("receive", activity)

    def document(self, document: dict[str, Any]) -> None:
        """A document that somebody fetched."""
        self.world.learn(document)
        self.served.append(document)
        self._ask("read", document)

    def _ask(self, verb: str, document: dict[str, Any]) -> None:
        for peer in PEERS:
            try:
                getattr(peer, verb)(document, self.world)
            except Ignored:
                continue
            except Rejected as reason:
                self.problems.append(f"{peer.NAME} would not {verb} {kind_of(document)} {document.get('id')}: {reason}")
            else:
                self.read[peer.NAME, kind_of(document)] += 1
