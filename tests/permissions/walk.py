"""Asking as everybody, by every route, and leaving no trace: each request is taken back when it has been answered."""

import re
from dataclasses import dataclass
from typing import Any

from starlette.types import Message

from federation.transport.guard import forbid_network
from server.asgi import create_app
from server.mastodon.serving import CACHE as CALLS
from tests.permissions.roles import NOBODY
from tests.permissions.world import HOST, World

PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
IS_FOR_APPS = ("/api/", "/oauth/token", "/oauth/revoke")
FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def is_refusal(self) -> bool:
        """Whether somebody was told that this is not for them, or to say who they are, or that there is nothing."""
        return self.status in {401, 403, 404} or self.headers.get("location", "").startswith("/sign-in")


class _TakenBack(Exception):
    """Ends a transaction."""


class Walker:
    """Asks in everybody's name."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._app = create_app(world.here, work=False)
        self.asked = 0

    async def ask(
        self, role: str, method: str, path: str, *, form: str = "", accept: str = "text/html", **headers: str
    ) -> Answer:
        """One request of somebody; whatever it did is taken back."""
        here = self._world.here
        here.caches.pop(CALLS, None)  # nobody asks too often
        self.asked += 1
        found: list[Answer] = []
        with here.db.bind():
            try:
                async with here.db.transaction():
                    allowed = forbid_network.set(False)  # that of the test has nobody in it who is not there
                    try:
                        found.append(await self._answer(role, method, path, form, accept, headers))
                    finally:
                        forbid_network.reset(allowed)
                    raise _TakenBack
            except _TakenBack:
                pass
        return found[0]

    async def _answer(self, role: str, method: str, path: str, form: str, accept: str, more: dict[str, str]) -> Answer:
        origin = self._world.here.settings.origin
        sent = [(b"host", HOST.encode()), (b"accept", accept.encode()), (b"origin", origin.encode())]
        sent += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
        sent.append((b"sec-fetch-site", b"same-origin"))
        body = form.encode() if method != "GET" else b""
        if method != "GET":
            sent += [(b"content-type", FORM), (b"content-length", str(len(body)).encode())]
        if role != NOBODY and path.startswith(IS_FOR_APPS):
            sent.append((b"authorization", f"Bearer {self._world.tokens[role]}".encode()))
        elif role != NOBODY:
            sent.append((b"cookie", f"peerhall_session={self._world.people[role].token}".encode()))
        plain, _, query = path.partition("?")
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
            "path": plain, "raw_path": plain.encode(), "query_string": query.encode(), "root_path": "",
            "headers": sent, "client": ("127.0.0.1", 1), "server": (HOST, 443),
        }  # fmt: skip
        status, headers, parts, is_asked = 0, {}, [], False

        async def receive() -> Message:
            nonlocal is_asked
            if is_asked:
                return {"type": "http.disconnect"}
            is_asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, send)
        return Answer(status, headers, b"".join(parts).decode("utf-8", "replace"))


def address(path: str, parts: dict[str, str]) -> str:
    """The address of a route with its parts filled in."""
    return PARAMETER.sub(lambda match: parts[match[1]], path)
