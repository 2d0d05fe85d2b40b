"""Files that people added, pictures from other servers, and uploads while somebody writes."""

import re
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from server.api import limited
from server.errors import Full, Refused, Unavailable
from server.media import actions, queries, remote
from server.media.queries import MediaFile, ServedFile
from web.request import here_of, signed_in, text

MAX_BODY_BYTES = 26 * 1024 * 1024
FOREVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=300"

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_NOT_ASCII = re.compile(r"[^A-Za-z0-9._ -]")


async def uploaded(request: Request) -> Response:
    """`/media/<key>`: a file that somebody here added."""
    key = f"{request.path_params['folder']}/{request.path_params['name']}"
    file = await queries.served(here_of(request), key)
    if file is None:
        return _absent()
    headers = _headers(file)
    # Other servers and apps show our pictures on their pages.
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["Access-Control-Allow-Origin"] = "*"
    return _answer(request, file, headers)


async def from_elsewhere(request: Request) -> Response:
    """`/media/remote/<signed>`: a picture from another server, for our pages."""
    here = here_of(request)
    try:
        key = await remote.remote_picture(here, request.path_params["signed"])
    except remote.Busy:
        return Response(status_code=503, headers={"Retry-After": "5", "Cache-Control": "no-store", **_ALWAYS})
    file = await queries.remote_file(here, key) if key else None
    if file is None:
        return _absent()
    headers = _headers(file)
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return _answer(request, file, headers)


async def upload(request: Request) -> Response:
    """`POST /media`: take one file while somebody writes; answers with JSON for the composer's script."""
    viewer = signed_in(request)
    here = here_of(request)
    async with limited(request, MAX_BODY_BYTES).form(max_files=1, max_fields=4) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or viewer.actor_id is None:
            return _refused("Choose a file.", 422)
        data = await file.read()
        alt, decorative = text(form, "alt", actions.ALT_LIMIT), text(form, "decorative") == "yes"
        name = file.filename or ""
    try:
        taken = await actions.upload(here, viewer.actor_id, data, name, alt, decorative=decorative)
    except Unavailable as trouble:
        answer = _refused(trouble.message, 507 if isinstance(trouble, Full) else 503)
        answer.headers["Retry-After"] = str(trouble.retry_after_seconds)
        return answer
    except Refused as refusal:
        return _refused(refusal.message, 422)
    return JSONResponse(_as_json(taken), status_code=201, headers={"Cache-Control": "no-store", **_ALWAYS})


async def describe(request: Request) -> Response:
    """`POST /media/<id>/alt`: say what a picture shows, or that it is decoration."""
    viewer = signed_in(request)
    async with limited(request, MAX_BODY_BYTES).form(max_files=0, max_fields=4) as form:
        alt, decorative = text(form, "alt", actions.ALT_LIMIT), text(form, "decorative") == "yes"
    if viewer.actor_id is not None:
        await actions.describe(
            here_of(request), viewer.actor_id, request.path_params["media_id"], alt, decorative=decorative
        )
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


async def remove(request: Request) -> Response:
    """`POST /media/<id>/remove`: take back an upload that belongs to nothing yet."""
    viewer = signed_in(request)
    if viewer.actor_id is not None:
        await actions.discard_own(here_of(request), viewer.actor_id, request.path_params["media_id"])
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


def _headers(file: ServedFile) -> dict[str, str]:
    headers = {
        "Content-Type": file.media_type,
        "Cache-Control": FOREVER,
        "ETag": f'"{file.key}"',
        "Accept-Ranges": "bytes",
        **_ALWAYS,
    }
    if file.download_name is not None:
        plain = _NOT_ASCII.sub("_", file.download_name)
        encoded = quote(file.download_name, safe="")
        headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    return headers


def _answer(request: Request, file: ServedFile, headers: dict[str, str]) -> Response:
    etag = headers["ETag"]
    if _names(request.headers.get("if-none-match", ""), etag):
        return Response(
            status_code=304, headers={name: value for name, value in headers.items() if name != "Content-Type"}
        )
    start, end, status = 0, file.size_bytes, 200
    wanted = request.headers.get("range", "")
    if wanted and request.headers.get("if-range", etag) == etag:
        part = _part(wanted, file.size_bytes)
        if part == (0, 0):
            return Response(status_code=416, headers={"Content-Range": f"bytes */{file.size_bytes}", **_ALWAYS})
        if part is not None:
            (start, end), status = part, 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(
        queries.read(here_of(request), file, start, end - start), status_code=status, headers=headers
    )


def _part(wanted: str, size: int) -> tuple[int, int] | None:
    """Start and end of the wanted part; None for what we do not serve in parts, (0, 0) for a part that is not there."""
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        length = min(int(match[2]), size)
        return (size - length, size) if length else (0, 0)
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if start >= size:
        return (0, 0)
    return (start, end) if start < end else None


def _names(header: str, etag: str) -> bool:
    return any(item.strip().removeprefix("W/") in {etag, "*"} for item in header.split(",") if item.strip())


def _absent() -> Response:
    return Response(
        "Not found", status_code=404, media_type="text/plain", headers={"Cache-Control": A_WHILE, **_ALWAYS}
    )


def _refused(message: str, status: int) -> Response:
    return JSONResponse({"error": message}, status_code=status, headers={"Cache-Control": "no-store", **_ALWAYS})


def _as_json(file: MediaFile) -> dict[str, object]:
    return {
        "id": file.id,
        "kind": file.kind,
        "url": file.url,
        "preview_url": file.preview_url,
        "media_type": file.media_type,
        "name": file.name,
        "size_bytes": file.size_bytes,
        "width": file.width,
        "height": file.height,
        "alt": file.alt,
        "needs_alt": file.needs_alt,
    }


routes = [
    Route("/media", upload, methods=["POST"]),
    Route("/media/remote/{signed}", from_elsewhere, methods=["GET"]),
    Route("/media/{media_id}/alt", describe, methods=["POST"]),
    Route("/media/{media_id}/remove", remove, methods=["POST"]),
    Route("/media/{folder}/{name}", uploaded, methods=["GET"]),
]
