"""One status, and what stands above and below it."""

from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.db import Row
from server.instance import Instance
from server.mastodon import reading
from server.mastodon.answers import Context
from server.mastodon.filtering import THREAD, shown_in
from server.mastodon.serving import Call, answer, missing, route
from server.mastodon.statuses import STATUS_COLUMNS, statuses_of
from server.posts.queries import THREAD_LIMIT
from server.posts.readable import findable, readable

MAX_ABOVE = 60


async def show(call: Call) -> Response:
    """GET /api/v1/statuses/ID."""
    return answer(await reading.status(call.here, call.viewer, call.path()))


async def context(call: Call) -> Response:
    """GET /api/v1/statuses/ID/context."""
    here, viewer = call.here, call.viewer
    rows = await reading.rows_of(here, viewer, [call.path()])
    if not rows:
        raise missing()
    about = await _thread(here, viewer, rows[0]["id"])
    above = _above(about, rows[0])
    below = _below(about, rows[0]["id"])
    found = await statuses_of(here, viewer, [*above, *below])
    ids = {row["id"] for row in above}
    ancestors = [status for status, row in zip(found, [*above, *below], strict=False) if row["id"] in ids]
    descendants = shown_in(THREAD, found[len(ancestors) :])
    return answer(Context(ancestors=shown_in(THREAD, ancestors), descendants=descendants))


async def _thread(here: Instance, viewer: Viewer, post_id: str) -> dict[str, Row]:
    """Every post of a conversation that the viewer may read, the oldest first."""
    may_read, parameters = readable(viewer)
    root = await here.db.value("SELECT COALESCE(root_id, id) AS root FROM post WHERE id = :id", id=post_id)
    rights = f"post.state = 'visible' AND {may_read} AND {findable(viewer, in_community=True)}"
    rows = await here.db.rows(
        f"SELECT {STATUS_COLUMNS} FROM post WHERE post.id = :root AND {rights}", root=root, **parameters
    )
    rows += await here.db.rows(
        f"SELECT {STATUS_COLUMNS} FROM post WHERE post.root_id = :root AND post.id <> :root AND {rights}"
        " ORDER BY post.published_at, post.id LIMIT :limit",
        root=root,
        limit=THREAD_LIMIT,
        **parameters,
    )
    return {row["id"]: row for row in rows}


def _above(about: dict[str, Row], row: Row) -> list[Row]:
    """What it answers, from the beginning; as far as it can be read."""
    found: list[Row] = []
    parent = row["parent_id"]
    while parent in about and len(found) < MAX_ABOVE:
        found.append(about[parent])
        parent = about[parent]["parent_id"]
    return found[::-1]


def _below(about: dict[str, Row], post_id: str) -> list[Row]:
    """Answers, each before what answers it, the oldest first."""
    answers: dict[str, list[Row]] = {}
    for row in about.values():
        if row["parent_id"] is not None:
            answers.setdefault(row["parent_id"], []).append(row)
    found: list[Row] = []
    waiting = list(reversed(answers.get(post_id, [])))
    while waiting:
        row = waiting.pop()
        found.append(row)
        waiting.extend(reversed(answers.pop(row["id"], [])))
    return found


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/statuses/{id}", show, scope="read:statuses", anybody=True),
        route("/api/v1/statuses/{id}/context", context, scope="read:statuses", anybody=True),
    ]
