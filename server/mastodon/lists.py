"""Lists of people for apps, and their timelines."""

from starlette.responses import Response
from starlette.routing import Route

from server.api import flag_of, text_of, texts_of
from server.db import Row
from server.instance import Instance
from server.mastodon.answers import UserList
from server.mastodon.ids import number_of, range_of
from server.mastodon.people import actor_id_of, actor_ids_of, people_page
from server.mastodon.serving import Call, answer, missing, route
from server.mastodon.timelines import entries
from server.timelines import lists

READ, WRITE = "read:lists", "write:lists"
MOST = 100
_COLUMNS = "people_list.id, people_list.title, people_list.replies_policy, people_list.is_exclusive"


async def index(call: Call) -> Response:
    """GET /api/v1/lists."""
    rows = await call.here.db.rows(
        f"SELECT {_COLUMNS} FROM people_list WHERE owner_id = :me ORDER BY id LIMIT :limit",
        me=call.me,
        limit=lists.MAX_LISTS,
    )
    return answer([_list(row) for row in rows])


async def create(call: Call) -> Response:
    """POST /api/v1/lists."""
    made = await lists.create(
        call.here,
        call.me,
        text_of(call.found, "title", 300),
        replies_policy=text_of(call.found, "replies_policy", 20) or "list",
        is_exclusive=flag_of(call.found, "exclusive"),
    )
    return answer(_list(await _row(call, number_of(made.id))))


async def show(call: Call) -> Response:
    """GET /api/v1/lists/ID."""
    return answer(_list(await _row(call)))


async def change(call: Call) -> Response:
    """PUT /api/v1/lists/ID."""
    row, found = await _row(call), call.found
    await lists.change(
        call.here,
        call.me,
        row["id"],
        title=text_of(found, "title", 300) if "title" in found else None,
        replies_policy=text_of(found, "replies_policy", 20) or None,
        is_exclusive=flag_of(found, "exclusive") if "exclusive" in found else None,
    )
    return answer(_list(await _row(call)))


async def delete(call: Call) -> Response:
    """DELETE /api/v1/lists/ID."""
    await lists.delete(call.here, call.me, (await _row(call))["id"])
    return answer({})


async def members(call: Call) -> Response:
    """GET /api/v1/lists/ID/accounts; `limit=0` asks for all of them."""
    row = await _row(call)
    everybody = lists.MAX_MEMBERS if text_of(call.found, "limit", 10) == "0" else 40
    most = max(80, everybody)
    return await people_page(call, "list_member", "list_id", "member_id", of=row["id"], usual=everybody, most=most)


async def add(call: Call) -> Response:
    """POST /api/v1/lists/ID/accounts."""
    row = await _row(call)
    await lists.add(call.here, call.me, row["id"], await _accounts(call))
    return answer({})


async def remove(call: Call) -> Response:
    """DELETE /api/v1/lists/ID/accounts, with a body."""
    row = await _row(call)
    numbers = texts_of(call.found, "account_ids", MOST)
    found = await actor_ids_of(call.here, numbers)
    await lists.remove(call.here, call.me, row["id"], list(found.values()))
    return answer({})


async def lists_with(call: Call) -> Response:
    """GET /api/v1/accounts/ID/lists: in which of one's own lists somebody is."""
    rows = await call.here.db.rows(
        f"SELECT {_COLUMNS} FROM list_member JOIN people_list ON people_list.id = list_member.list_id"
        " WHERE list_member.member_id = :member AND people_list.owner_id = :me ORDER BY people_list.id LIMIT :limit",
        member=await actor_id_of(call.here, call.path()),
        me=call.me,
        limit=lists.MAX_LISTS,
    )
    return answer([_list(row) for row in rows])


async def timeline(call: Call) -> Response:
    """GET /api/v1/timelines/list/ID."""
    return await entries(call, "list_entry", "list_id", (await _row(call))["id"])


async def _accounts(call: Call) -> list[str]:
    """Our ids of the accounts that were named. Raises ApiError 404 where there is one that nobody can look at."""
    numbers = list(dict.fromkeys(texts_of(call.found, "account_ids", MOST)))
    found = await actor_ids_of(call.here, numbers)
    if len(found) < len(numbers):
        raise missing()
    return list(found.values())


async def list_id_of(here: Instance, owner_id: str, number: str) -> str | None:
    """Our id of the list with these digits, where it is theirs."""
    bounds = range_of(number)
    if bounds is None:
        return None
    found = await here.db.value(
        "SELECT id FROM people_list WHERE id BETWEEN :low AND :high AND owner_id = :owner",
        low=bounds[0],
        high=bounds[1],
        owner=owner_id,
    )
    return None if found is None else str(found)


async def _row(call: Call, number: str | None = None) -> Row:
    list_id = await list_id_of(call.here, call.me, number or call.path())
    row = list_id and await call.here.db.row(f"SELECT {_COLUMNS} FROM people_list WHERE id = :id", id=list_id)
    if not row:
        raise missing()
    return row


def _list(row: Row) -> UserList:
    return UserList(number_of(row["id"]), row["title"], row["replies_policy"], bool(row["is_exclusive"]))


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/lists", index, scope=READ),
        route("/api/v1/lists", create, "POST", scope=WRITE),
        route("/api/v1/lists/{id}", show, scope=READ),
        route("/api/v1/lists/{id}", change, "PUT", scope=WRITE),
        route("/api/v1/lists/{id}", delete, "DELETE", scope=WRITE),
        route("/api/v1/lists/{id}/accounts", members, scope=READ),
        route("/api/v1/lists/{id}/accounts", add, "POST", scope=WRITE),
        route("/api/v1/lists/{id}/accounts", remove, "DELETE", scope=WRITE),
        route("/api/v1/accounts/{id}/lists", lists_with, scope=READ),
        route("/api/v1/timelines/list/{id}", timeline, scope=READ),
    ]
