"""Polls: how they stand, and choosing."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.api import ApiError, texts_of
from server.errors import NotAllowed
from server.mastodon import reading
from server.mastodon.entities import Poll
from server.mastodon.ids import number_of
from server.mastodon.serving import Call, answer, missing, route
from server.polls import actions as polls


async def show(call: Call) -> Response:
    """GET /api/v1/polls/ID."""
    return answer(await _poll(call))


async def vote(call: Call) -> Response:
    """POST /api/v1/polls/ID/votes: once, and for good."""
    status = await reading.status(call.here, call.viewer, call.path())
    if status.poll is None:
        raise missing()
    if status.account.id == number_of(call.me):
        raise ApiError(422, "Validation failed: this is your own poll")
    post_id = await reading.post_id_of(call.here, call.path())
    choices: Any = texts_of(call.found, "choices")
    if not choices or not all(choice.isascii() and choice.isdigit() and len(choice) < 4 for choice in choices):
        raise ApiError(422, "Validation failed: choices are the numbers of answers, from 0")
    try:
        await polls.vote(call.here, call.viewer, str(post_id), {int(choice) for choice in choices})
    except NotAllowed as refusal:
        raise ApiError(422, f"Validation failed: {refusal.message}") from None
    return answer(await _poll(call))


async def _poll(call: Call) -> Poll:
    status = await reading.status(call.here, call.viewer, call.path())
    if status.poll is None:
        raise missing()
    return status.poll


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/polls/{id}", show, scope="read:statuses", anybody=True),
        route("/api/v1/polls/{id}/votes", vote, "POST", scope="write:statuses"),
    ]
