"""Documents for readers: everything under ``/ap/`` that is no inbox, and what readable addresses answer by Accept.

Plain ASGI from end to end: servers ask for these more often than for anything else, and a request object costs more
than the answer.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from federation.errors import FederationError, Forbidden, Unauthenticated
from federation.inbox.authenticate import Authenticator
from federation.ports import Objects, Reader, Served
from federation.signatures.message import HttpMessage

ACTIVITY_JSON = "application/activity+json"
MAX_PAGE_CHARACTERS = 200

# Servers name themselves so: "Mastodon/4.3 (http.rb; +https://social.example/)".
_HOME = re.compile(r"\+(https?://[^\s;,)]+)")
_ALWAYS = ((b"vary", b"Accept, Signature"), (b"x-content-type-options", b"nosniff"))
_TYPE = (b"content-type", ACTIVITY_JSON.encode())
_KEPT = (b"cache-control", b"public, max-age=60")
_NOT_KEPT = (b"cache-control", b"private, no-store")


@dataclass(slots=True)
class Answer:
    """A whole answer, as ASGI sends it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(slots=True)
class _Asked:
    """What the headers of a request say that matters here, read in one pass."""

    signed: bool = False
    agent: bytes = b""
    known: bytes | None = None
    since: bytes | None = None

    @classmethod
    def of(cls, scope: Scope) -> "_Asked":
        found = cls()
        for name, value in scope["headers"]:
            if name in (b"signature", b"signature-input"):
                found.signed = True
            elif name == b"user-agent":
                found.agent = found.agent or value
            elif name == b"if-none-match":
                found.known = value if found.known is None else found.known
            elif name == b"if-modified-since":
                found.since = value if found.since is None else found.since
        return found


class Reading:
    """Answers GET and HEAD for documents."""

    def __init__(
        self,
        *,
        origin: str,
        authenticator: Authenticator,
        objects: Objects,
        authorized_fetch: bool,
        answer_to: Callable[[FederationError], ASGIApp],
    ) -> None:
        """`authorized_fetch` refuses unsigned readers, except of what `Served` exempts."""
        self._answer_to = answer_to
        self._origin = origin
        self._authenticator = authenticator
        self._objects = objects
        self._authorized_fetch = authorized_fetch

    async def answer(self, uri: str, scope: Scope) -> ASGIApp:
        """The document at an id of ours, if this reader may have it; absent and private look the same."""
        page: str | None = None
        if scope.get("query_string"):
            page = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get("page", [None])[-1]
            if page is not None and len(page) > MAX_PAGE_CHARACTERS:
                return _nothing(400)
        asked = _Asked.of(scope)
        try:
            if self._is_blocked(asked, scope):
                raise Forbidden("We do not talk to this server.", "blocked")
            served = await self._objects.get(uri, page, Reader())
            open_to_all = served is not None and (not self._authorized_fetch or served.exempt_from_authorized_fetch)
            if served is not None and open_to_all and (served.public or not asked.signed):
                return _document(served, asked)
            if asked.signed:
                message = message_of(scope, self._origin, None)
                served = await self._objects.get(uri, page, await self._authenticator.reader(message))
            elif served is not None and not open_to_all:
                raise Unauthenticated("Only signed requests are answered.", "unsigned")
        except FederationError as error:
            self._authenticator.refuse("document", message_of(scope, self._origin, None), error, None)
            return self._answer_to(error)
        return _nothing(404) if served is None else _document(served, asked)

    def is_blocked(self, scope: Scope) -> bool:
        """Whether an unauthenticated question comes from a blocked server: by its signature, or by its user agent."""
        return self._is_blocked(_Asked.of(scope), scope)

    def _is_blocked(self, asked: _Asked, scope: Scope) -> bool:
        try:
            if asked.signed:
                self._authenticator.refuse_blocked(message_of(scope, self._origin, None))
            named = _named_home(asked.agent)
            if named is not None:
                self._authenticator.refuse_host(named)
        except FederationError:
            return True
        return False


def _nothing(status: int) -> Answer:
    return Answer(status, [(b"vary", b"Accept, Signature"), (b"content-length", b"0")], b"")


def path_of(scope: Scope) -> str:
    """The path as it was asked for, without a query."""
    raw_path = scope.get("raw_path") or scope["path"].encode("utf-8")
    return bytes(raw_path).partition(b"?")[0].decode("latin-1")


def message_of(scope: Scope, origin: str, body: bytes | None) -> HttpMessage:
    """A request as signatures look at it."""
    target, query = path_of(scope), bytes(scope.get("query_string", b"")).decode("latin-1")
    pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    # HEAD is signed as what it is; everything else about it is a GET.
    return HttpMessage.of(scope["method"], origin, f"{target}?{query}" if query else target, pairs, body)


@lru_cache(maxsize=1024)
def _named_home(agent: bytes) -> str | None:
    found = _HOME.search(agent[:1000].decode("latin-1"))
    return None if found is None else found[1]


def _document(served: Served, asked: _Asked) -> Answer:
    headers = [*_ALWAYS, _KEPT if served.public else _NOT_KEPT]
    tag = ""
    if served.etag:
        tag = served.etag if served.etag.startswith(('"', 'W/"')) else f'"{served.etag}"'
        headers.append((b"etag", tag.encode("latin-1")))
    if served.modified is not None:
        headers.append((b"last-modified", format_datetime(served.modified.astimezone(UTC), usegmt=True).encode()))
    if served.status == 200 and _is_known(asked, tag, served.modified):
        return Answer(304, headers, b"")
    headers += [_TYPE, (b"content-length", str(len(served.body)).encode())]
    return Answer(served.status, headers, served.body)


def _is_known(asked: _Asked, tag: str, modified: datetime | None) -> bool:
    """Whether the reader has this already (RFC 9110 section 13.2.2): by its tag, and only else by its time."""
    if asked.known is not None:
        known = {item.strip().removeprefix("W/") for item in asked.known.decode("latin-1").split(",")}
        return bool(tag) and not known.isdisjoint({tag.removeprefix("W/"), "*"})
    if asked.since is None or modified is None:
        return False
    try:
        moment = parsedate_to_datetime(asked.since.decode("latin-1"))
    except ValueError:
        return False
    return moment.tzinfo is not None and modified.replace(microsecond=0) <= moment
