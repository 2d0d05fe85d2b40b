"""Files for statuses: taken, described, and given back, to their owners alone."""

from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.routing import Route

from server.api import ApiError, Parameters, text_of
from server.instance import Instance
from server.mastodon.entities import MediaAttachment
from server.mastodon.ids import number_of, range_of
from server.mastodon.serving import Call, answer, missing, route
from server.mastodon.statuses import meta_of
from server.media import actions as media
from server.media.actions import ALT_LIMIT
from server.media.documents import MAX_DOCUMENT_BYTES
from server.media.queries import MediaFile, media_file

MAX_BODY_BYTES = MAX_DOCUMENT_BYTES + 1024 * 1024
MAX_PARTS = 2
"""Also a `thumbnail`, which we make ourselves."""


async def create(call: Call) -> Response:
    """POST /api/v2/media and POST /api/v1/media: ready at once, so always 200."""
    here, found = call.here, call.found
    file = found.get("file")
    if not isinstance(file, UploadFile):
        raise ApiError(422, "Validation failed: send a file in the part called file")
    focus = focus_of(found)
    data = await file.read()
    taken = await media.upload(here, call.me, data, file.filename or "", text_of(found, "description", ALT_LIMIT))
    if focus:
        await media.amend(here, call.me, taken.id, focus=focus)
    return answer(await _mine(call, taken.id))


async def show(call: Call) -> Response:
    """GET /api/v1/media/ID."""
    return answer(await _mine(call, await own_media_id(call)))


async def change(call: Call) -> Response:
    """PUT /api/v1/media/ID: what a picture shows, and what of it matters, as long as it belongs to nothing."""
    media_id = await own_media_id(call, only_free=True)
    alt = text_of(call.found, "description", ALT_LIMIT) if "description" in call.found else None
    await media.amend(call.here, call.me, media_id, alt=alt, focus=focus_of(call.found))
    return answer(await _mine(call, media_id))


async def discard(call: Call) -> Response:
    """DELETE /api/v1/media/ID: take back what belongs to nothing yet."""
    await media.discard_own(call.here, call.me, await own_media_id(call, only_free=True))
    return answer({})


async def own_media_id(call: Call, *, only_free: bool = False) -> str:
    """Our id of an upload of whoever asks; ApiError 404 for those of others."""
    found = await media_id_of(call.here, call.me, call.path(), only_free=only_free)
    if found is None:
        raise missing()
    return found


async def media_id_of(here: Instance, owner_id: str, number: str, *, only_free: bool = False) -> str | None:
    """Our id of somebody's upload with these digits; `only_free`: that belongs to nothing yet."""
    bounds = range_of(number)
    if bounds is None:
        return None
    found = await here.db.value(
        "SELECT id FROM media WHERE id BETWEEN :low AND :high AND owner_id = :owner"
        f"{' AND NOT attached' if only_free else ''} ORDER BY id LIMIT 1",
        low=bounds[0],
        high=bounds[1],
        owner=owner_id,
    )
    return None if found is None else str(found)


def focus_of(found: Parameters) -> str | None:
    """What of a picture matters, as it is stored; None where nothing is said, ApiError for nonsense."""
    text = text_of(found, "focus", 100)
    if not text:
        return None
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise ApiError(422, "Validation failed: focus is two numbers with a comma between them") from None
    if not (-1 <= x <= 1 and -1 <= y <= 1):
        raise ApiError(422, "Validation failed: focus is two numbers from -1 to 1")
    return f"{round(x, 4):g},{round(y, 4):g}"


def upload_of(here: Instance, file: MediaFile) -> MediaAttachment:
    """An upload as apps know it."""
    url = here.url(file.url)
    is_picture = file.kind == "image"
    return MediaAttachment(
        id=number_of(file.id),
        type="image" if is_picture else "unknown",
        url=url,
        preview_url=here.url(file.preview_url) if is_picture else None,
        remote_url=None,
        meta=meta_of(file.width, file.height, file.focus),
        description=file.alt or (None if is_picture else file.name or None),
        blurhash=None,
    )


async def _mine(call: Call, media_id: str) -> MediaAttachment:
    file = await media_file(call.here, media_id, owner_id=call.me)
    if file is None:
        raise missing()
    return upload_of(call.here, file)


def routes() -> list[Route]:
    """All of them."""
    scope = "write:media"
    return [
        route("/api/v2/media", create, "POST", scope=scope, max_bytes=MAX_BODY_BYTES, max_files=MAX_PARTS),
        route("/api/v1/media", create, "POST", scope=scope, max_bytes=MAX_BODY_BYTES, max_files=MAX_PARTS),
        route("/api/v1/media/{id}", show, scope="write:media"),
        route("/api/v1/media/{id}", change, "PUT", scope=scope, max_bytes=MAX_BODY_BYTES, max_files=MAX_PARTS),
        route("/api/v1/media/{id}", discard, "DELETE", scope="write:media"),
    ]
