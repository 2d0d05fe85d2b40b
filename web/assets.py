"""Our own static files: one combined style sheet, the script, the mark; served under names that carry their hash."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

STATIC = Path(__file__).parent / "static"
STYLE_SHEET = "css/peerhall.css"
LAYERS = ("tokens", "base", "components", "pages")

_FOREVER = "public, max-age=31536000, immutable"
_REVALIDATE = "public, max-age=300"
_WORTH_COMPRESSING_BYTES = 1000
_COMPRESSIBLE = ("text/", "application/javascript", "image/svg+xml", "application/manifest+json")


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file, ready to send."""

    name: str
    hashed_name: str
    body: bytes
    gzipped: bytes | None
    media_type: str
    etag: str


def asset(name: str) -> str:
    """The address of a static file; it changes when the file does."""
    return f"/static/{_assets()[name].hashed_name}"


def body_of(name: str) -> bytes:
    """What a static file says, for an address of its own."""
    return _assets()[name].body


def style_sheet() -> str:
    """Every style sheet in layer order: the four layers, then one file per feature (`css/<feature>.css`)."""
    folder = STATIC / "css"
    names = [*LAYERS, *sorted(path.stem for path in folder.glob("*.css") if path.stem not in LAYERS)]
    joined = "\n".join((folder / f"{name}.css").read_text("utf-8") for name in names)
    return f"@layer {', '.join(LAYERS)};\n{_packed(joined)}"


def static_app() -> ASGIApp:
    """The ASGI application to mount at `/static`: hashed names are kept for a year, plain names for five minutes."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await _answer(Request(scope))(scope, receive, send)

    return serve


def _answer(request: Request) -> Response:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", "")).lstrip("/")
    found = _by_address().get(path)
    if found is None:
        return PlainTextResponse("Not found", status_code=404, headers={"X-Content-Type-Options": "nosniff"})
    if request.method not in {"GET", "HEAD"}:
        return PlainTextResponse("Method not allowed", status_code=405, headers={"Allow": "GET, HEAD"})
    # Apps on other sites show the pictures of those who chose none, and some look at their colours.
    is_for_apps = found.media_type == "image/png"
    headers = {
        "Cache-Control": _FOREVER if path == found.hashed_name else _REVALIDATE,
        "ETag": found.etag,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin" if is_for_apps else "same-origin",
        "Vary": "Accept-Encoding",
        **({"Access-Control-Allow-Origin": "*"} if is_for_apps else {}),
    }
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = found.body
    if found.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = found.gzipped
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=found.media_type, headers=headers)


@lru_cache(maxsize=1)
def _assets() -> dict[str, Asset]:
    bodies = {STYLE_SHEET: style_sheet().encode()}
    for path in sorted(STATIC.rglob("*")):
        if path.is_file() and path.suffix != ".css":
            bodies[path.relative_to(STATIC).as_posix()] = path.read_bytes()
    return {name: _asset(name, body) for name, body in bodies.items()}


@lru_cache(maxsize=1)
def _by_address() -> dict[str, Asset]:
    addresses: dict[str, Asset] = {}
    for found in _assets().values():
        addresses[found.name] = found
        addresses[found.hashed_name] = found
    return addresses


def _asset(name: str, body: bytes) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:12]
    stem, _, suffix = name.rpartition(".")
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if suffix == "js":
        media_type = "text/javascript"
    if suffix == "webmanifest":
        media_type = "application/manifest+json"
    compressible = media_type.startswith(_COMPRESSIBLE) and len(body) > _WORTH_COMPRESSING_BYTES
    return Asset(
        name=name,
        hashed_name=f"{stem}.{digest}.{suffix}",
        body=body,
        gzipped=gzip.compress(body, 9, mtime=0) if compressible else None,
        media_type=media_type,
        etag=f'"{digest}"',
    )


def _packed(css: str) -> str:
    """Without comments, and without blanks that say nothing; what stands in quotes stays as it is."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    parts = re.split(r"""("[^"]*"|'[^']*')""", css)
    for place in range(0, len(parts), 2):
        part = re.sub(r"\s+", " ", parts[place])
        part = re.sub(r" ?([{};]) ?", r"\1", part)
        parts[place] = re.sub(r"([,:]) ", r"\1", part).replace(";}", "}")
    return "".join(parts).strip() + "\n"
