"""What every JSON endpoint of the client API shares: parameters in any form, errors in one shape, and CORS.

Apps send JSON, forms and multipart, with lists and nested names in brackets; they choke on any answer that is not JSON.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.errors import NotAllowed, NotFound, Refused, Unavailable

Handler = Callable[[Request], Awaitable[Response]]
Parameters = dict[str, Any]

MAX_BYTES = 1024 * 1024
MAX_FIELDS = 1000
MAX_DEPTH = 4
TRUE = frozenset({"true", "1", "on", "t", "yes"})
FALSE = frozenset({"false", "0", "off", "f", "no", ""})
JSON_ROOTS = ("/api", "/oauth/token", "/oauth/revoke", "/nodeinfo", "/.well-known")
SLASHED_ROOTS = ("/api", "/oauth")
EXPOSED = "Link, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id, Idempotency-Key"
_PREFLIGHT = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    # A star does not stand for Authorization.
    "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key",
    "access-control-max-age": "86400",
}
_OPEN = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", EXPOSED.encode()))
_OPEN_NAMES = frozenset(name for name, _ in _OPEN)
_BRACKETED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")


class ApiError(Exception):
    """An error as apps get it: a status, a word or sentence, and more words."""

    def __init__(
        self, status: int, error: str, description: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """`error` is what clients compare, `description` what people read."""
        super().__init__(error)
        self.status = status
        self.error = error
        self.description = description
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer."""
        body = {"error": self.error} | ({"error_description": self.description} if self.description else {})
        return answer(body, self.status, self.headers)


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer that no cache keeps."""
    return JSONResponse(body, status, {"Cache-Control": "private, no-store", **(headers or {})})


def endpoint(handler: Handler) -> Handler:
    """A handler whose refusals are JSON."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as error:
            return error.response()
        except HTTPException as error:
            return ApiError(error.status_code, str(error.detail)).response()
        except Refused as refusal:
            return _refused(refusal)

    return answered


async def unknown(request: Request) -> Response:
    """What there is not, in JSON: a page in its place breaks apps."""
    return ApiError(404, "Record not found").response()


def _refused(refusal: Refused) -> Response:
    seconds = getattr(refusal, "retry_after", None) or getattr(refusal, "retry_after_seconds", None)
    if isinstance(refusal, Unavailable):
        return ApiError(503, refusal.message, headers={"Retry-After": str(seconds)}).response()
    if seconds:
        return ApiError(429, "Too many requests", refusal.message, {"Retry-After": str(seconds)}).response()
    if isinstance(refusal, NotFound):
        return ApiError(
            404, "Record not found"
        ).response()  # without words: what is not for them is as what is not (S30)
    if isinstance(refusal, NotAllowed):
        return ApiError(403, "This action is not allowed", refusal.message).response()
    return ApiError(422, refusal.message).response()


async def parameters(request: Request, *, max_bytes: int = MAX_BYTES, max_files: int = 0) -> Parameters:
    """Everything that was sent, in the address and in the body, which counts where both name the same."""
    found = _nested(list(request.query_params.multi_items()))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind or (request.method in {"GET", "HEAD"} and kind != "application/json"):
        return found  # Mastodon.py asks with a body of JSON, as Rails takes it
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form: FormData = await limited(request, max_bytes).form(max_files=max_files, max_fields=MAX_FIELDS)
        return found | _nested(list(form.multi_items()))
    if kind == "application/json" or kind.endswith("+json"):
        body = await limited(request, max_bytes).body()
        if not body.strip():
            return found
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            raise ApiError(400, "invalid_request", "The body is not JSON.") from None
        if not isinstance(document, dict):
            raise ApiError(400, "invalid_request", "The body is not a JSON object.")
        return found | document
    raise ApiError(415, "unsupported_media_type", "Send a form or JSON.")


def text_of(found: Parameters, name: str, limit: int = 20_000) -> str:
    """One text; empty where it is missing, null or something else. Of a repeated one the last counts."""
    value = found.get(name)
    if isinstance(value, list) and value:
        value = value[-1]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _plain(value)[:limit]


def texts_of(found: Parameters, name: str, limit: int = 100) -> list[str]:
    """A list of texts, also where one was sent alone."""
    value = found.get(name)
    items = value if isinstance(value, list) else [value]
    return [_plain(item) for item in items if isinstance(item, str | int) and not isinstance(item, bool)][:limit]


def _plain(value: str | int | float) -> str:
    """Without what no database takes: NUL, and halves of pairs, which JSON can spell."""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode()


def flag_of(found: Parameters, name: str, default: bool = False) -> bool:
    """A yes or no in any of the spellings that apps have. Raises ApiError for what is neither."""
    value = found.get(name)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    word = str(value[-1] if isinstance(value, list) and value else value).strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ApiError(422, f"Validation failed: {name} is neither yes nor no")


def _nested(pairs: list[tuple[str, Any]]) -> Parameters:
    """``a[]``, ``a[0]`` and ``a[b][c]`` as lists and objects, as Rails reads them. What is no such name is left out."""
    found: Parameters = {}
    for name, value in pairs[:MAX_FIELDS]:
        match = _BRACKETED.match(name)
        if match is None:
            continue
        path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        if len(path) <= MAX_DEPTH:
            _put(found, path, value)
    return {name: _with_lists(value) for name, value in found.items()}


def _put(found: Parameters, path: list[str], value: Any) -> None:
    name, *rest = path
    if not rest:
        if name in found and not isinstance(value, UploadFile):
            before = found[name]
            found[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[name] = value
        return
    if rest == [""]:
        before = found.get(name)
        found[name] = [*before, value] if isinstance(before, list) else [value]
        return
    inner = found.get(name)
    if rest[0] == "":
        # A list of objects: a name that comes again begins the next one.
        items = inner if isinstance(inner, list) else []
        if not items or not isinstance(items[-1], dict) or rest[1] in items[-1]:
            items = [*items, {}]
        _put(items[-1], rest[1:], value)
        found[name] = items
        return
    if not isinstance(inner, dict):
        inner = found[name] = {}
    _put(inner, rest, value)


def _with_lists(value: Any) -> Any:
    """Objects whose names are all numbers are lists."""
    if isinstance(value, list):
        return [_with_lists(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(item) for name, item in value.items()}
    if inner and all(name.isascii() and name.isdigit() and len(name) < 6 for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def limited(request: Request, limit: int) -> Request:
    """The request, cut off with 413 when its body grows over so many bytes, whatever length it declared (S18)."""
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise HTTPException(413)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413)
        return message

    return Request(request.scope, receive)


class ForApps:
    """Lets scripts of other sites read what has no cookies, and takes addresses with a slash at their end."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path.endswith("/") and _under(path[:-1], SLASHED_ROOTS):
            path = path.rstrip("/")
            scope = {**scope, "path": path, "raw_path": path.encode()}
        if scope["type"] == "websocket" or not _under(path, JSON_ROOTS):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send)
            return

        async def opened(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [header for header in message["headers"] if header[0].lower() not in _OPEN_NAMES]
                message["headers"] = [*others, *_OPEN]
            await send(message)

        await self._app(scope, receive, opened)


def _under(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(root + "/") for root in roots)
