"""The ActivityPub endpoints: discovery, the inboxes, and the documents under ``/ap/``.

Errors become status codes here and nowhere else. Answers are short and never repeat what was sent.
"""

import asyncio
import json
from collections.abc import Mapping
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from federation.discovery import nodeinfo, webfinger
from federation.errors import (
    BudgetExceeded,
    Crowded,
    FederationError,
    Forbidden,
    Ignored,
    InvalidDocument,
    TryLater,
    Unauthenticated,
)
from federation.inbox.authenticate import Authenticator
from federation.inbox.door import Door, network_of
from federation.inbox.in_hand import InHand, NoRoom, Taken
from federation.ports import Objects, Reader, Receipts
from federation.reading import ACTIVITY_JSON, Reading, message_of, path_of
from federation.signatures.message import HttpMessage, claimed_key
from federation.transport.documents import is_activitypub_type
from federation.vocab.base import MAX_DOCUMENT_BYTES, host_of, is_web_uri, site_of
from federation.vocab.contexts import with_context

READ_SECONDS = 20.0
RETRY_AFTER_SECONDS = "60"
MAX_RESOURCE_CHARACTERS = 1000

_LATER = {"Retry-After": RETRY_AFTER_SECONDS}
_SOON = {"Retry-After": "5"}
_ANYBODY = {"Access-Control-Allow-Origin": "*"}
_STATUS: tuple[tuple[type[FederationError], int], ...] = (
    (InvalidDocument, 400),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (Ignored, 202),
    (Crowded, 429),
    (TryLater, 503),
    (BudgetExceeded, 503),
)


class Endpoints:
    """Starlette routes over the ports."""

    def __init__(
        self,
        *,
        origin: str,
        authenticator: Authenticator,
        objects: Objects,
        receipts: Receipts,
        authorized_fetch: bool,
    ) -> None:
        """`authorized_fetch` refuses unsigned readers, except of what `Served` exempts."""
        self._origin = origin
        self._authenticator = authenticator
        self._objects = objects
        self._receipts = receipts
        self._authorized_fetch = authorized_fetch
        self._in_hand = InHand()
        self._door = Door()
        self._reading = Reading(
            origin=origin,
            authenticator=authenticator,
            objects=objects,
            authorized_fetch=authorized_fetch,
            answer_to=_answer_to,
        )

    def routes(self) -> list[BaseRoute]:
        """Hot paths first."""
        return [
            Route("/ap/inbox", self.inbox, methods=["POST"]),
            Route("/ap/{path:path}", self.under_ap, methods=["GET", "POST"]),
            Route("/.well-known/webfinger", self.webfinger),
            Route("/.well-known/host-meta", self.host_meta),
            Route("/.well-known/nodeinfo", self.nodeinfo_index),
            Route("/nodeinfo/{version}", self.nodeinfo),
        ]

    async def under_ap(self, request: Request) -> ASGIApp:
        """A document, or an inbox."""
        uri = self._origin + path_of(request.scope)
        if request.method != "POST":
            return await self._empty_inbox(uri) if uri.endswith("/inbox") else await self.document(uri, request.scope)
        if not uri.endswith("/inbox"):
            return _refusal(405, {"Allow": "GET, HEAD"})
        if await self._objects.inbox_owner(uri) is None:
            return _refusal(404)
        return await self.inbox(request)

    async def _empty_inbox(self, uri: str) -> Response:
        """An inbox as everybody may read it: without anything in it (ActivityPub section 5.2)."""
        owner = await self._objects.inbox_owner(uri)
        served = await self._objects.get(owner, None, Reader()) if owner is not None else None
        closed = self._authorized_fetch and served is not None and not served.exempt_from_authorized_fetch
        if served is None or served.status != 200 or not served.public or closed:
            return _refusal(404)
        empty = with_context({"id": uri, "type": "OrderedCollection", "totalItems": 0, "orderedItems": []})
        return _json(empty, ACTIVITY_JSON)

    async def inbox(self, request: Request) -> Response:
        """Take an activity in: 202 once its receipt is safe on disk. 503 while too many are in hand, 429 in a flood."""
        with self._in_hand.one() as taken:
            if taken is None:
                return _refusal(503, _LATER)
            address = network_of(request.client.host if request.client is not None else "")
            if not await self._door.let_in(address, partial(self._claimed_site, request)):
                return _refusal(429, _SOON)
            at = self._door.now()
            try:
                return await self._inbox(request, taken)
            finally:
                self._door.came(address, taken.verified, at)

    async def take(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take an activity in, by the shortest way: for whoever has looked at method and path."""
        response = await self.inbox(Request(scope, receive))
        await response(scope, receive, send)

    async def _inbox(self, request: Request, taken: Taken) -> Response:
        try:
            body = await _body(request, taken)
        except ClientDisconnect:
            return _refusal(400)
        except TimeoutError:
            return self._refuse(request, 408, FederationError("The request came too slowly.", "slow"))
        except NoRoom:
            return _refusal(503, _LATER)
        if body is None:
            return self._refuse(request, 413, FederationError("The request is too large.", "too-large"))
        if not _is_inbox_type(request.headers.get("content-type", "")):
            return self._refuse(request, 415, FederationError("This is not an activity.", "content-type"))
        try:
            receipt = await self._authenticator.receive(self._message(request, body))
        except FederationError as error:
            return _answer_to(error)
        taken.verified = site_of(host_of(receipt.signer))
        try:
            if not await self._receipts.store(receipt):
                self._authenticator.refuse_receipt(receipt, "repeated", "This came before.")
        except FederationError as error:
            self._authenticator.refuse_receipt(receipt, error.word, str(error))
            return _answer_to(error)
        return Response(status_code=202)

    async def document(self, uri: str | None, scope: Scope) -> ASGIApp:
        """The document at an id of ours, if this reader may have it; None for the id that is the address asked for."""
        return await self._reading.answer(self._origin + path_of(scope) if uri is None else uri, scope)

    async def webfinger(self, request: Request) -> Response:
        """RFC 7033. A server that we block is told nothing, as far as it says who it is (S17)."""
        if self._is_blocked(request):
            return _refusal(403, _ANYBODY)
        resources = request.query_params.getlist("resource")
        if (
            len(resources) != 1
            or not 0 < len(resources[0]) <= MAX_RESOURCE_CHARACTERS
            or not _is_resource(resources[0])
        ):
            return _refusal(400, _ANYBODY)
        subject = await self._authenticator.actors.find_local(resources[0])
        if subject is None:
            return _refusal(404, _ANYBODY)
        rels = request.query_params.getlist("rel")
        return _json(webfinger.document(subject, self._origin, rels=rels), webfinger.CONTENT_TYPE)

    async def host_meta(self, request: Request) -> Response:
        """Where WebFinger is, for software that asks (RFC 6415)."""
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">'
            f'<Link rel="lrdd" template="{self._origin}/.well-known/webfinger?resource={{uri}}"/></XRD>\n'
        )
        return Response(body, media_type="application/xrd+xml", headers=_ANYBODY)

    async def nodeinfo_index(self, request: Request) -> Response:
        """Where NodeInfo is."""
        if self._is_blocked(request):
            return _refusal(403, _ANYBODY)
        return _json(nodeinfo.index(self._origin, f"{self._origin}/ap/actor"), "application/json")

    async def nodeinfo(self, request: Request) -> Response:
        """NodeInfo itself."""
        if self._is_blocked(request):
            return _refusal(403, _ANYBODY)
        version = str(request.path_params["version"])
        if version not in nodeinfo.VERSIONS:
            return _refusal(404, _ANYBODY)
        facts = await self._objects.nodeinfo()
        return _json(nodeinfo.document(facts, version), nodeinfo.content_type(version))

    def _refuse(self, request: Request, status: int, error: FederationError) -> Response:
        self._authenticator.refuse("inbox", self._message(request, None), error, None)
        return _refusal(status)

    def _claimed_site(self, request: Request) -> str:
        key = claimed_key(self._message(request, None))
        return site_of(host_of(key)) if is_web_uri(key) else ""

    def _is_blocked(self, request: Request) -> bool:
        return self._reading.is_blocked(request.scope)

    def _message(self, request: Request, body: bytes | None) -> HttpMessage:
        return message_of(request.scope, self._origin, body)


async def _body(request: Request, taken: Taken) -> bytes | None:
    """The whole body; None as soon as it is over the limit."""
    length = request.headers.get("content-length")
    if length is not None and (not length.isascii() or not length.isdigit() or int(length[:20]) > MAX_DOCUMENT_BYTES):
        return None
    body = bytearray()
    async with asyncio.timeout(READ_SECONDS):
        async for part in request.stream():
            taken.more(len(part))
            body += part
            if len(body) > MAX_DOCUMENT_BYTES:
                return None
    return bytes(body)


def _is_inbox_type(content_type: str) -> bool:
    """What is delivered is signed, so JSON-LD without a profile will do here; for what is fetched it would not (S6)."""
    return is_activitypub_type(content_type) or content_type.partition(";")[0].strip().lower() == "application/ld+json"


def _is_resource(resource: str) -> bool:
    if resource.startswith(("http://", "https://")):
        return is_web_uri(resource)
    name, at, host = resource.removeprefix("acct:").removeprefix("@").rpartition("@")
    return bool(at and name and host and "@" not in name) and resource.isprintable() and " " not in resource


def _answer_to(error: FederationError) -> Response:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
    if status == 202:
        return Response(status_code=202)
    return _refusal(status, _LATER if status in {429, 503} else {}, str(error))


def _refusal(status: int, headers: Mapping[str, str] | None = None, reason: str = "") -> Response:
    return Response(reason, status, media_type="text/plain", headers={"Vary": "Accept, Signature", **(headers or {})})


def _json(document: dict[str, object], content_type: str) -> Response:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return Response(body, headers={"Content-Type": content_type, "Cache-Control": "public, max-age=60", **_ANYBODY})
