"""Lists of servers ready to show: what they say, what is new, what would change, and what has to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.db import Row, from_milliseconds
from server.errors import NotFound
from server.instance import Instance
from server.serverlists import models, policy
from server.serverlists.taking import Standing, standing, why_not

PAGE = 50
MOST_LISTS = 100


@dataclass(frozen=True, slots=True)
class ListView:
    """A list, and how many of what it says are new, in effect, left out, or gone from it."""

    id: str
    kind: str
    name: str
    host: str
    address: str
    applies: bool
    trouble: str
    left_out: int
    fetched_at: datetime | None
    new: int
    taken: int
    skipped: int
    gone: int


@dataclass(frozen=True, slots=True)
class ItemView:
    """What a list says of one server. `asks`: why an admin is asked, in one word; `own`: what they decided themselves.

    `ties` is what people here have there: memberships both ways, whom they follow, who follows them.
    """

    id: str
    host: str
    grade: str
    before: str
    reason: str
    state: str
    asks: str
    own: str
    ties: Mapping[str, int]

    @property
    def can_take(self) -> bool:
        """Whether it can be done from the page of the list."""
        return self.asks not in policy.NEVER


_LISTS = """
SELECT server_list.id, server_list.kind, server_list.name, server_list.host, server_list.address, server_list.applies,
 server_list.trouble, server_list.left_out, server_list.fetched_at,
 SUM(CASE WHEN item.state = 'new' THEN 1 ELSE 0 END) AS new,
 SUM(CASE WHEN item.state = 'taken' THEN 1 ELSE 0 END) AS taken,
 SUM(CASE WHEN item.state = 'skipped' THEN 1 ELSE 0 END) AS skipped,
 SUM(CASE WHEN item.state = 'gone' THEN 1 ELSE 0 END) AS gone
FROM server_list LEFT JOIN server_list_item AS item ON item.list_id = server_list.id
"""
_GROUPED = (
    " GROUP BY server_list.id, server_list.kind, server_list.name, server_list.host, server_list.address,"
    " server_list.applies, server_list.trouble, server_list.left_out, server_list.fetched_at"
)


async def lists(here: Instance) -> list[ListView]:
    """All lists, the newest first; one query."""
    rows = await here.db.rows(f"{_LISTS}{_GROUPED} ORDER BY server_list.id DESC LIMIT :limit", limit=MOST_LISTS)
    return [_view(row) for row in rows]


async def one(here: Instance, list_id: str) -> ListView:
    """One list. Raises NotFound."""
    row = await here.db.row(f"{_LISTS} WHERE server_list.id = :id{_GROUPED}", id=list_id)
    if row is None:
        raise NotFound("There is no such list.")
    return _view(row)


async def items(here: Instance, list_id: str, *, state: str, after: str = "", limit: int = PAGE) -> list[ItemView]:
    """What a list says, in one state (`new` with what is gone), by host; three queries."""
    states = [policy.NEW, policy.GONE] if state == policy.NEW else [state]
    found = (
        await models.ServerListItem.filter(list_id=list_id, state__in=states, host__gt=after)
        .order_by("host")
        .limit(limit)
    )
    now = await standing(here)
    return [_item(here, now, item) for item in found]


async def waiting_count(here: Instance) -> int:
    """How much of all subscriptions waits for an admin."""
    return int(
        await here.db.value(
            "SELECT count(*) FROM server_list_item JOIN server_list ON server_list.id = server_list_item.list_id"
            " WHERE server_list.address IS NOT NULL AND server_list_item.state IN ('new', 'gone')"
        )
        or 0
    )


def _item(here: Instance, now: Standing, item: models.ServerListItem) -> ItemView:
    own = now.own.get(item.host, "")
    return ItemView(
        id=item.id,
        host=item.host,
        grade=item.grade,
        before=item.before,
        reason=item.reason,
        state=item.state,
        asks=why_not(here, now, item) if item.state in {policy.NEW, policy.GONE} else "",
        own=own,
        ties=now.ties_of(item.host),
    )


def _view(row: Row) -> ListView:
    return ListView(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        host=row["host"],
        address=row["address"] or "",
        applies=bool(row["applies"]),
        trouble=row["trouble"],
        left_out=row["left_out"],
        fetched_at=from_milliseconds(row["fetched_at"]) if row["fetched_at"] else None,
        **{name: int(row[name] or 0) for name in policy.STATES},
    )
