"""The wire, made visible: every signed message that comes in to a server of the demo, with its headers, and the answer."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_KEPT = 600
MAX_BYTES = 200_000
"""Of what is larger only the beginning is kept."""
SHOWN = ("host", "date", "digest", "content-digest", "content-type", "signature-input", "signature", "user-agent")
"""The headers that say something here, in this order."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request that carried an activity: to which inbox, signed how, and what was answered; 0 is no answer."""

    at: datetime
    inbox: str
    headers: tuple[tuple[str, str], ...]
    body: str
    status: int
    is_ours: bool = False

    @property
    def activity(self) -> dict[str, object]:
        """What it carried; nothing where that is no JSON."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the activity, and of what it is about, also inside an activity that was passed on."""
        return tuple(_ids(self.activity))

    @property
    def verb(self) -> str:
        """What kind of activity it is."""
        return str(self.activity.get("type", ""))

    @property
    def text(self) -> str:
        """The activity, so that it can be read."""
        return json.dumps(self.activity, ensure_ascii=False, indent=2) if self.activity else self.body

    @property
    def signer(self) -> str:
        """Whose key it was signed with, as the signature says."""
        found = dict(self.headers)
        for value in (found.get("signature-input", ""), found.get("signature", "")):
            _, has, rest = value.replace("keyId", "keyid").partition('keyid="')
            if has:
                return rest.partition('"')[0].partition("#")[0]
        return ""

    @property
    def is_taken(self) -> bool:
        """Whether the other server took it in."""
        return 200 <= self.status < 300


def shown(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Of some headers those that are worth reading, with names in lower case."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return tuple((name, lowered[name]) for name in SHOWN if name in lowered)


def _ids(document: dict[str, object], depth: int = 0) -> Iterator[str]:
    found = document.get("id")
    if isinstance(found, str):
        yield found
    inner = document.get("object")
    if isinstance(inner, str):
        yield inner
    elif isinstance(inner, dict) and depth < 3:
        yield from _ids(inner, depth + 1)


@dataclass(slots=True)
class Wire:
    """An application whose inboxes are watched; the newest deliveries are kept, in the order in which they came.

    Only the demo has one: it shows letters to anybody who asks.
    """

    app: ASGIApp
    origin: str
    now: Callable[[], datetime]
    kept: list[Delivery] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request as the application does, and look at it if it is a delivery."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith("/inbox"):
            await self.app(scope, receive, send)
            return
        body, status = bytearray(), 0

        async def receiving() -> Message:
            message = await receive()
            if len(body) < MAX_BYTES:
                body.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self.app(scope, receiving, sending)
        text = bytes(body[:MAX_BYTES]).decode("utf-8", "replace")
        headers = shown(dict(Headers(scope=scope)))
        self.kept.append(Delivery(self.now(), f"{self.origin}{scope['path']}", headers, text, status))
        del self.kept[:-MAX_KEPT]

    def about(self, uri: str) -> Delivery | None:
        """The delivery that brought what has this id: the first that was taken, else the newest that was not."""
        found = [one for one in self.kept if uri in one.ids]
        return next((one for one in found if one.is_taken), found[-1] if found else None)
