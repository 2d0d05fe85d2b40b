"""Writing statuses: new ones, once each; changed ones, with what they said before; and their ends."""

from typing import Any

from msgspec import UNSET, UnsetType
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import queries as accounts
from server.api import ApiError, Parameters, flag_of, text_of, texts_of
from server.db import to_milliseconds
from server.mastodon import reading
from server.mastodon.accounts import moment
from server.mastodon.answers import StatusEdit, StatusSource
from server.mastodon.ids import number_of
from server.mastodon.paging import in_order
from server.mastodon.scheduled import scheduled_by_id, time_of
from server.mastodon.serving import Call, answer, missing, route
from server.mastodon.statuses import statuses_of
from server.mastodon.uploads import focus_of, media_id_of
from server.mastodon.wording import body, heading
from server.notes import actions as notes
from server.notes import editing
from server.notes.editing import FileWords, NoteChange
from server.notes.form import NoteForm, NotePoll
from server.notes.scheduling import schedule
from server.posts import actions as posts
from server.posts import queries as posts_read
from server.posts.form import MAX_SOURCE
from server.text import clean_text

MAX_KEY = 200
MAX_MEDIA = 50
MAX_BATCH = 20


async def create(call: Call) -> Response:
    """POST /api/v1/statuses. What was sent before is answered again, whatever has become of its files since."""
    once = call.request.headers.get("idempotency-key", "")[:MAX_KEY]
    before = await _sent_before(call, once)
    if before is not None:
        return before
    try:
        form, at = await form_of(call), time_of(call.found)
    except ApiError:
        before = await _sent_before(call, once)
        if before is None:
            raise
        return before
    if at is not None:
        return answer(await scheduled_by_id(call, await schedule(call.here, call.viewer, form, at, once=once)))
    post_id = await notes.write(call.here, call.viewer, form, once=once)
    return answer(await reading.status_by_id(call.here, call.viewer, post_id))


async def _sent_before(call: Call, once: str) -> Response | None:
    before = await notes.sent_before(call.here, call.viewer, once)
    if before is None:
        return None
    post_id, scheduled_id = before
    if post_id is not None:
        return answer(await reading.status_by_id(call.here, call.viewer, post_id))
    return answer(await scheduled_by_id(call, str(scheduled_id)))


async def delete(call: Call) -> Response:
    """DELETE /api/v1/statuses/ID: what it was, with what its author typed, so that they can write it anew."""
    here, viewer = call.here, call.viewer
    post_id = await _post_id(call)
    wrapper = await reading.status(here, viewer, call.path())
    if wrapper.reblog is not None:
        # A boost, of one's own or of others' posts: what was passed on stays.
        if wrapper.account.id != number_of(call.me):
            raise missing()
        await posts.unboost_post(here, viewer, post_id)
        return answer(wrapper)
    status = wrapper
    status.text = (await editing.source(post_id)).text
    keep = not flag_of(call.found, "delete_media")
    await posts.delete_post(here, viewer, post_id, keep_files=keep)
    return answer(status)


async def edit(call: Call) -> Response:
    """PUT /api/v1/statuses/ID. What is not sent stays as it is."""
    found, here = call.found, call.here
    post_id = await _post_id(call)
    await editing.check_own(call.viewer, post_id)  # for others there is no such thing, whatever they send
    media_ids = None
    if found.get("media_ids") is not None:
        media_ids = await media_ids_of(call, [item for item in texts_of(found, "media_ids") if item], only_free=False)
    sent = {name: found.get(name) is not None for name in ("status", "spoiler_text", "sensitive", "language")}
    change = NoteChange(
        text=words_of(found, "status") if sent["status"] else None,
        content_warning=words_of(found, "spoiler_text") if sent["spoiler_text"] else None,
        sensitive=flag_of(found, "sensitive") if sent["sensitive"] else None,
        language=(text_of(found, "language", 40) or None) if sent["language"] else None,
        media_ids=media_ids,
        words=await _file_words(call),
        poll=poll_of(found),
    )
    await editing.edit(here, call.viewer, post_id, change)
    return answer(await reading.status_by_id(here, call.viewer, post_id))


async def source(call: Call) -> Response:
    """GET /api/v1/statuses/ID/source: what its author typed, for whoever may read it, as servers get it too."""
    post_id = await _post_id(call)
    status = await reading.status_by_id(call.here, call.viewer, post_id)
    found = await editing.source(post_id)
    return answer(StatusSource(id=status.id, text=found.text, spoiler_text=found.content_warning))


async def history(call: Call) -> Response:
    """GET /api/v1/statuses/ID/history: every version, the oldest first and the present one last."""
    here = call.here
    status = await reading.status(here, call.viewer, call.path())
    status = status.reblog or status
    post_id = await reading.post_id_of(here, status.id)
    found = [
        StatusEdit(
            content=heading(version.title) + body(here, version.content_html, {}),
            spoiler_text=version.content_warning,
            sensitive=version.sensitive,
            created_at=moment(to_milliseconds(version.created_at)),
            account=status.account,
            media_attachments=[],
            emojis=[],
            poll=_options_then(version.detail),
        )
        for version in reversed(await posts_read.versions(here, call.viewer, str(post_id)))
    ]
    options = UNSET if status.poll is None else {"options": [{"title": one.title} for one in status.poll.options]}
    present = StatusEdit(
        content=status.content,
        spoiler_text=status.spoiler_text,
        sensitive=status.sensitive,
        created_at=status.edited_at or status.created_at,
        account=status.account,
        media_attachments=status.media_attachments,
        emojis=status.emojis,
        poll=options,
    )
    return answer([*found, present])


async def batch(call: Call) -> Response:
    """GET /api/v1/statuses: several by their ids, those that can be read, in the order asked for."""
    numbers = list(dict.fromkeys(texts_of(call.found, "id", MAX_BATCH)))
    rows = await reading.batch(call.here, call.viewer, numbers)
    found = {status.id: status for status in await statuses_of(call.here, call.viewer, rows)}
    return answer(in_order(numbers, found))


def _options_then(detail: Any) -> dict[str, Any] | UnsetType:
    options = detail.get("options") if isinstance(detail, dict) else None
    if not isinstance(options, list):
        return UNSET
    return {"options": [{"title": clean_text(option)} for option in options if isinstance(option, str)]}


async def _file_words(call: Call) -> dict[str, FileWords] | None:
    sent: Any = call.found.get("media_attributes")
    if not isinstance(sent, list):
        return None
    found = {}
    for item in sent[:MAX_MEDIA]:
        if not isinstance(item, dict):
            continue
        (media_id,) = await media_ids_of(call, [text_of(item, "id", 40)], only_free=False)
        alt = text_of(item, "description") if item.get("description") is not None else None
        found[media_id] = FileWords(alt=alt, focus=focus_of(item))
    return found


async def form_of(call: Call) -> NoteForm:
    """What an app sends for a new status. Raises ApiError: 404 for what it answers, 422 for the rest."""
    found = call.found
    parent_id, number = None, text_of(found, "in_reply_to_id", 40)
    if number:
        parent_id = await reading.post_id_of(call.here, number)
        if parent_id is None:
            raise missing()
    usual = await accounts.post_defaults(call.here, call.viewer)
    return NoteForm(
        text=words_of(found, "status"),
        visibility=text_of(found, "visibility", 40) or usual.visibility,
        content_warning=words_of(found, "spoiler_text"),
        sensitive=flag_of(found, "sensitive", default=usual.is_sensitive),
        language=text_of(found, "language", 40) or usual.language,
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
        found = await media_id_of(call.here, call.me, number, only_free=only_free)
        if found is None:
            raise ApiError(422, "Validation failed: one of the files is gone. Add it again.")
        ids.append(found)
    return tuple(ids)


async def _post_id(call: Call) -> str:
    post_id = await reading.post_id_of(call.here, call.path())
    if post_id is None:
        raise missing()
    return post_id


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/statuses", create, "POST", scope="write:statuses"),
        route("/api/v1/statuses", batch, scope="read:statuses", anybody=True),
        route("/api/v1/statuses/{id}", edit, "PUT", scope="write:statuses"),
        route("/api/v1/statuses/{id}/source", source, scope="read:statuses"),
        route("/api/v1/statuses/{id}/history", history, scope="read:statuses", anybody=True),
        route("/api/v1/statuses/{id}", delete, "DELETE", scope="write:statuses"),
    ]
