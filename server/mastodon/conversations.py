"""Conversations of direct posts: what each says last, with whom, and whether it was read."""

from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.conversations import actions
from server.db import Row, among
from server.instance import Instance
from server.mastodon.accounts import accounts_by_id
from server.mastodon.answers import Conversation
from server.mastodon.ids import number_of, range_of
from server.mastodon.paging import cut_of, link_header, ordered, part_by_id
from server.mastodon.serving import Call, answer, missing, route
from server.mastodon.statuses import STATUS_COLUMNS, statuses_of
from server.posts.readable import readable

MAX_PEOPLE = 30


async def conversations(call: Call) -> Response:
    """GET /api/v1/conversations, the one with the newest post first."""
    cut = cut_of(call.found)
    part, values = part_by_id(cut, "talk.last_id")
    rows = await _rows(call.here, call.viewer, part, values, is_upwards=cut.is_upwards, limit=cut.limit)
    rows = ordered(cut, rows)
    numbers = [number_of(row["id"]) for row in rows]
    links = link_header(call.here, call.request, numbers, more=len(rows) >= cut.limit)
    return answer(await conversations_of(call.here, call.viewer, rows), links)


async def read(call: Call) -> Response:
    """POST /api/v1/conversations/ID/read."""
    (row,) = await _own(call)
    await actions.mark_read(call.here, call.viewer, row["talk_id"])
    (found,) = await conversations_of(call.here, call.viewer, [{**row, "is_unread": False}])
    return answer(found)


async def delete(call: Call) -> Response:
    """DELETE /api/v1/conversations/ID."""
    (row,) = await _own(call)
    await actions.delete(call.here, call.viewer, row["talk_id"])
    return answer({})


async def conversation_with(here: Instance, viewer: Viewer, root_ids: list[str]) -> list[Conversation]:
    """The viewer's conversations that begin with these posts, as far as they may be read."""
    named, which = among(root_ids, "root")
    rows = await _rows(here, viewer, f" AND talk.root_id IN ({named})", which, limit=len(root_ids))
    return await conversations_of(here, viewer, rows)


async def conversations_of(here: Instance, viewer: Viewer, rows: list[Row]) -> list[Conversation]:
    """Conversations of rows of their newest posts; four statements."""
    if not rows:
        return []
    named, which = among([row["id"] for row in rows], "post")
    people: dict[str, list[str]] = {row["id"]: [row["author_id"]] for row in rows}
    for row in await here.db.rows(
        f"SELECT post_id, actor_id FROM post_mention WHERE post_id IN ({named}) ORDER BY id LIMIT :limit",
        limit=MAX_PEOPLE * len(rows),
        **which,
    ):
        people[row["post_id"]].append(row["actor_id"])
    accounts = await accounts_by_id(here, {actor_id for each in people.values() for actor_id in each})
    statuses = {status.id: status for status in await statuses_of(here, viewer, rows)}
    return [
        Conversation(
            id=number_of(row["talk_id"]),
            unread=bool(row["is_unread"]),
            accounts=[
                accounts[actor_id]
                for actor_id in dict.fromkeys(people[row["id"]])
                if actor_id in accounts and actor_id != viewer.actor_id
            ],
            last_status=statuses.get(number_of(row["id"])),
        )
        for row in rows
    ]


async def _rows(
    here: Instance, viewer: Viewer, part: str, values: dict[str, str], *, is_upwards: bool = False, limit: int
) -> list[Row]:
    may_read, rights = readable(viewer)
    direction = "ASC" if is_upwards else "DESC"
    return await here.db.rows(
        f"SELECT {STATUS_COLUMNS}, talk.root_id AS talk_id, talk.is_unread FROM conversation AS talk"
        f" JOIN post ON post.id = talk.last_id WHERE talk.owner_id = :owner{part} AND post.state = 'visible'"
        f" AND {may_read} ORDER BY talk.last_id {direction} LIMIT :limit",
        owner=viewer.actor_id,
        limit=limit,
        **values,
        **rights,
    )


async def _own(call: Call) -> list[Row]:
    bounds = range_of(call.path())
    condition = " AND talk.root_id BETWEEN :first AND :last"
    rows = bounds and await _rows(call.here, call.viewer, condition, {"first": bounds[0], "last": bounds[1]}, limit=1)
    if not rows:
        raise missing()
    return rows


def routes() -> list[Route]:
    """All of them."""
    path, write = "/api/v1/conversations", "write:conversations"
    return [
        route(path, conversations, scope="read:statuses"),
        route(f"{path}/{{id}}", delete, "DELETE", scope=write),
        route(f"{path}/{{id}}/read", read, "POST", scope=write),
    ]
