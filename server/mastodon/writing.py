"""Writing statuses: new ones, once each."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.api import ApiError, Parameters, flag_of, text_of, texts_of
from server.mastodon import reading
from server.mastodon.ids import range_of
from server.mastodon.serving import Call, answer, missing, route
from server.notes import actions as notes
from server.notes.form import NoteForm, NotePoll
from server.posts import actions as posts
from server.posts.form import MAX_SOURCE

MAX_KEY = 200
MAX_MEDIA = 50


async def create(call: Call) -> Response:
    """POST /api/v1/statuses."""
    once = call.request.headers.get("idempotency-key", "")[:MAX_KEY]
    post_id = await notes.write(call.here, call.viewer, await form_of(call), once=once)
    return answer(await reading.status_by_id(call.here, call.viewer, post_id))


async def delete(call: Call) -> Response:
    """DELETE /api/v1/statuses/ID: what it was, with what its author typed, so that they can write it anew."""
    here, viewer = call.here, call.viewer
    post_id = await own_post_id(call)
    status = await reading.status_by_id(here, viewer, post_id)
    status.text = (await notes.source(here, viewer, post_id)).text
    keep = not flag_of(call.found, "delete_media")
    await posts.delete_post(here, viewer, post_id, keep_files=keep)
    return answer(status)


async def form_of(call: Call) -> NoteForm:
    """What an app sends for a new status. Raises ApiError: 404 for what it answers, 422 for the rest."""
    found = call.found
    parent_id, number = None, text_of(found, "in_reply_to_id", 40)
    if number:
        parent_id = await reading.post_id_of(call.here, number)
        if parent_id is None:
            raise missing()
    return NoteForm(
        text=words_of(found, "status"),
        visibility=text_of(found, "visibility", 40) or "public",
        content_warning=words_of(found, "spoiler_text"),
        sensitive=flag_of(found, "sensitive"),
        language=text_of(found, "language", 40),
        parent_id=parent_id,
        media_ids=await media_ids_of(call, texts_of(found, "media_ids"), only_free=True),
        poll=poll_of(found),
    )


def words_of(found: Parameters, name: str) -> str:
    """A text that somebody typed, one letter longer than any may be where it is too long."""
    return text_of(found, name, MAX_SOURCE + 1)


def poll_of(found: Parameters) -> NotePoll | None:
    """The poll of a new status; None without options."""
    poll: Any = found.get("poll")
    if not isinstance(poll, dict):
        return None
    options = texts_of(poll, "options")
    if not options:
        return None
    seconds = text_of(poll, "expires_in", 20)
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 12):
        raise ApiError(422, "Validation failed: say for how many seconds the poll is open (expires_in)")
    return NotePoll(
        options=tuple(options),
        seconds=int(seconds),
        is_multiple=flag_of(poll, "multiple"),
        hides_totals=flag_of(poll, "hide_totals"),
    )


async def media_ids_of(call: Call, numbers: list[str], *, only_free: bool) -> tuple[str, ...]:
    """Our ids of uploads of whoever asks, in the order asked for; ApiError 422 for any that they do not have."""
    ids = []
    for number in list(dict.fromkeys(numbers))[:MAX_MEDIA]:
        bounds = range_of(number)
        found = bounds and await call.here.db.value(
            "SELECT id FROM media WHERE id BETWEEN :low AND :high AND owner_id = :me"
            + (" AND NOT attached" if only_free else "")
            + " ORDER BY id LIMIT 1",
            low=bounds[0],
            high=bounds[1],
            me=call.me,
        )
        if not found:
            raise ApiError(422, "Validation failed: one of the files is gone. Add it again.")
        ids.append(str(found))
    return tuple(ids)


async def own_post_id(call: Call) -> str:
    """Our id of a post of whoever asks; ApiError 404 for those of others."""
    post_id = await reading.post_id_of(call.here, call.path())
    if post_id is None:
        raise missing()
    return post_id


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/statuses", create, "POST", scope="write:statuses"),
        route("/api/v1/statuses/{id}", delete, "DELETE", scope="write:statuses"),
    ]
