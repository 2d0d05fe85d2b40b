"""Grouped notifications: what happened to one status within half a day is one group, and so are new followers.

A group needs no table: its key says what is in it, and is the same whenever it is asked for.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from msgspec import UNSET
from starlette.responses import Response
from starlette.routing import Route

from server.api import ApiError, Parameters, flag_of, text_of, texts_of
from server.db import Row
from server.mastodon.accounts import moment
from server.mastodon.answers import GroupedNotifications, NotificationGroup
from server.mastodon.entities import Account, Status
from server.mastodon.happened import KINDS, TYPES, WITH_POST, Happened, happened, kinds_of, report_id_of, row_of, shown
from server.mastodon.ids import number_of, range_of
from server.mastodon.news import MAX_COUNTED, USUAL_COUNTED, actor_asked_for, link_to, unread
from server.mastodon.paging import Cut, cut_of
from server.mastodon.serving import Call, answer, missing, route
from server.notifications import reading

GROUPED = ("favourite", "reblog", "follow")
SPAN_MILLISECONDS = 12 * 3_600_000
SAMPLE = 8
ROWS_FOR_EACH = 3
"""So many notifications are read for each group of a page: more of one sort go on on the next page."""
MAX_OF_GROUP = 500
ALONE = "ungrouped"


def key_of(row: Row, grouped: Sequence[str]) -> str:
    """The key of the group that a notification belongs to."""
    type_ = TYPES[row["kind"]]
    if type_ not in grouped:
        return f"{ALONE}-{number_of(row['id'])}"
    span = row["at"] // SPAN_MILLISECONDS
    return f"{type_}-{number_of(row['post_id'])}-{span}" if type_ in WITH_POST else f"{type_}-{span}"


async def notifications(call: Call) -> Response:
    """GET /api/v2/notifications."""
    here, cut, grouped = call.here, cut_of(call.found, usual=40, most=80), _grouped(call.found)
    by_id = await actor_asked_for(here, call.found)
    wide = replace(cut, limit=cut.limit * ROWS_FOR_EACH)
    found = await happened(here, call.viewer, kinds_of(call.found), wide, by_id=by_id)
    rows, is_cut = _cut(found.rows, cut, grouped)
    last = rows[-1]["id"] if is_cut and rows and not cut.is_upwards else found.last_id
    if cut.is_upwards and rows:
        last = rows[-1]["id"]  # what is older is known to be there
    groups = _groups(found, rows, grouped)
    counts = await _counts(call, [group for group in groups if not group.group_key.startswith(ALONE)])
    for group in groups:
        group.notifications_count = max(group.notifications_count, counts.get(group.group_key, 0))
    return answer(_results(call, found, groups), link_to(call, [row["id"] for row in rows], last))


async def unread_count(call: Call) -> Response:
    """GET /api/v2/notifications/unread_count: how many groups."""
    grouped, wanted = _grouped(call.found), text_of(call.found, "limit", 10)
    limit = int(wanted) if wanted.isascii() and wanted.isdigit() else USUAL_COUNTED
    rows = await unread(call, MAX_COUNTED)
    keys = {key_of(row, grouped) for row in rows}
    return answer({"count": min(len(keys), max(1, min(limit or USUAL_COUNTED, MAX_COUNTED)))})


async def group(call: Call) -> Response:
    """GET /api/v2/notifications/KEY."""
    found = await _of_key(call)
    grouped = () if call.path().startswith(ALONE) else GROUPED
    return answer(_results(call, found, _groups(found, found.rows, grouped, page=False)))


async def accounts(call: Call) -> Response:
    """GET /api/v2/notifications/KEY/accounts."""
    return answer(_people(await _of_key(call)))


async def dismiss(call: Call) -> Response:
    """POST /api/v2/notifications/KEY/dismiss."""
    found = await _of_key(call)
    await reading.forget_some(call.here, call.viewer, [row["id"] for row in found.rows])
    return answer({})


async def policy(call: Call) -> Response:
    """GET and PATCH /api/v2/notifications/policy: everything is accepted, but strangers of limited servers."""
    names = ("for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions")
    if any(text_of(call.found, name, 20) not in {"", "accept"} for name in names):
        raise _only_accepting()
    return answer({**dict.fromkeys(names, "accept"), "for_limited_accounts": "drop", "summary": _NOTHING_WAITS})


async def old_policy(call: Call) -> Response:
    """GET and PATCH /api/v1/notifications/policy."""
    names = ("filter_not_following", "filter_not_followers", "filter_new_accounts", "filter_private_mentions")
    if any(flag_of(call.found, name) for name in names):
        raise _only_accepting()
    return answer({**dict.fromkeys(names, False), "summary": _NOTHING_WAITS})


async def requests(call: Call) -> Response:
    """GET /api/v1/notifications/requests: nothing is kept back, so that nothing waits."""
    return answer([])


async def merged(call: Call) -> Response:
    """GET /api/v1/notifications/requests/merged."""
    return answer({"merged": True})


async def no_request(call: Call) -> Response:
    """What is asked of a request that there is not."""
    raise missing()


_NOTHING_WAITS = {"pending_requests_count": 0, "pending_notifications_count": 0}


def _only_accepting() -> Exception:
    return ApiError(422, "This server keeps no notifications back. Mute or block whom you do not want to hear.")


def _grouped(found: Parameters) -> tuple[str, ...]:
    wanted = texts_of(found, "grouped_types") if "grouped_types" in found else GROUPED
    return tuple(type_ for type_ in GROUPED if type_ in wanted)


def _cut(rows: list[Row], cut: Cut, grouped: Sequence[str]) -> tuple[list[Row], bool]:
    """As many rows from the wanted end as fit into so many groups."""
    kept: list[Row] = []
    keys: set[str] = set()
    for row in reversed(rows) if cut.is_upwards else rows:
        key = key_of(row, grouped)
        if key not in keys and len(keys) == cut.limit:
            return (kept[::-1] if cut.is_upwards else kept), True
        keys.add(key)
        kept.append(row)
    return rows, False


def _groups(
    found: Happened, rows: Sequence[Row], grouped: Sequence[str], *, page: bool = True
) -> list[NotificationGroup]:
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        by_key.setdefault(key_of(row, grouped), []).append(row)
    made = []
    for key, inside in by_key.items():
        first, type_ = inside[0], TYPES[inside[0]["kind"]]
        who = [found.account(row) for row in inside]
        new = NotificationGroup(
            group_key=key,
            notifications_count=len(inside),
            type=type_,
            most_recent_notification_id=int(number_of(first["id"])),
            sample_account_ids=list(dict.fromkeys(account.id for account in who if account is not None))[:SAMPLE],
        )
        if page:
            new.page_min_id, new.page_max_id = number_of(inside[-1]["id"]), number_of(first["id"])
        new.latest_page_notification_at = moment(first["at"])
        if type_ in WITH_POST:
            new.status_id = found.statuses[first["post_id"]].id
        if type_ == "admin.report":
            new.report = found.reports[report_id_of(first)]
        made.append(new)
    return made


def _results(call: Call, found: Happened, groups: Sequence[NotificationGroup]) -> GroupedNotifications:
    wanted = dict.fromkeys(number for each in groups for number in each.sample_account_ids)
    people = {account.id: account for account in _people(found)}
    whole = list(wanted)
    partial: list[dict[str, Any]] = []
    if text_of(call.found, "expand_accounts", 20) == "partial_avatars":
        whole = list(dict.fromkeys(each.sample_account_ids[0] for each in groups if each.sample_account_ids))
        partial = [_partial(people[number]) for number in wanted if number not in set(whole)]
    statuses: dict[str, Status] = {status.id: status for status in found.statuses.values()}
    shown_ids = dict.fromkeys(each.status_id for each in groups if each.status_id is not UNSET)
    return GroupedNotifications(
        accounts=[people[number] for number in whole],
        statuses=[statuses[number] for number in shown_ids if number],
        notification_groups=list(groups),
        partial_accounts=partial or UNSET,
    )


def _people(found: Happened) -> list[Account]:
    who = (found.account(row) for row in found.rows)
    return list({account.id: account for account in who if account is not None}.values())


def _partial(account: Account) -> dict[str, Any]:
    names = ("id", "acct", "locked", "bot", "url", "avatar", "avatar_static")
    return {name: getattr(account, name) for name in names}


async def _counts(call: Call, groups: Sequence[NotificationGroup]) -> dict[str, int]:
    """How many there are in groups that may go on beyond a page, up to a bound; one statement."""
    parts, values = [], dict[str, Any]()
    for number, each in enumerate(groups):
        condition, bounds = _inside(each.group_key, f"_{number}")
        if condition:
            values |= bounds
            parts.append(
                f"SELECT {number} AS place, count(*) AS many FROM (SELECT 1 FROM notification"
                f"{call.here.db.by('idx_notification_kind')} WHERE reader_id = :reader{condition}"
                f" LIMIT {MAX_OF_GROUP}) AS some_{number}"
            )
    if not parts:
        return {}
    rows = await call.here.db.rows(" UNION ALL ".join(parts), reader=call.me, **values)
    return {groups[row["place"]].group_key: row["many"] for row in rows}


def _inside(key: str, suffix: str = "") -> tuple[str, dict[str, Any]]:
    """A condition for what is in a group, and its parameters; empty for what is no key of one."""
    type_, _, rest = key.partition("-")
    number, _, span = rest.rpartition("-")
    if type_ not in GROUPED or not (span.isascii() and span.isdigit() and len(span) <= 9):
        return "", {}
    kinds = KINDS[type_]
    low = int(span) * SPAN_MILLISECONDS
    first, last = range_of(str(low << 16)), range_of(str((low + SPAN_MILLISECONDS) << 16))
    if first is None or last is None:
        return "", {}
    # A notification is made when it happens: its id says when, and is in the index.
    condition = f" AND kind = :kind{suffix} AND id >= :first{suffix} AND id < :last{suffix}"
    values: dict[str, Any] = {f"kind{suffix}": kinds[0], f"first{suffix}": first[0], f"last{suffix}": last[0]}
    if type_ in WITH_POST:
        bounds = range_of(number)
        if bounds is None:
            return "", {}
        condition += f" AND post_id BETWEEN :low{suffix} AND :high{suffix}"
        values |= {f"low{suffix}": bounds[0], f"high{suffix}": bounds[1]}
    return condition, values


async def _of_key(call: Call) -> Happened:
    """What is in the group with this key. Raises ApiError 404 where there is nothing."""
    key = call.path()
    if key.startswith(f"{ALONE}-"):
        row = await row_of(call.here, call.viewer, key.removeprefix(f"{ALONE}-"), TYPES)
        found = await shown(call.here, call.viewer, [row] if row is not None else [])
    else:
        condition, values = _inside(key)
        if not condition:
            raise missing()
        kinds = KINDS[key.partition("-")[0]]
        found = await happened(call.here, call.viewer, kinds, Cut(limit=MAX_OF_GROUP), condition=condition, **values)
    if not found.rows:
        raise missing()
    return found


def routes() -> list[Route]:
    """All of them."""
    read, write, asked = "read:notifications", "write:notifications", "/api/v1/notifications/requests"
    return [
        route("/api/v2/notifications", notifications, scope=read),
        route("/api/v2/notifications/unread_count", unread_count, scope=read),
        route("/api/v2/notifications/policy", policy, scope=read),
        route("/api/v2/notifications/policy", policy, "PATCH", scope=write),
        route("/api/v1/notifications/policy", old_policy, scope=read),
        route("/api/v1/notifications/policy", old_policy, "PATCH", scope=write),
        route("/api/v1/notifications/policy", old_policy, "PUT", scope=write),
        route(asked, requests, scope=read),
        route(f"{asked}/merged", merged, scope=read),
        *(route(f"{asked}/{name}", no_request, "POST", scope=write) for name in ("accept", "dismiss")),
        route(f"{asked}/{{id}}", no_request, scope=read),
        *(route(f"{asked}/{{id}}/{name}", no_request, "POST", scope=write) for name in ("accept", "dismiss")),
        route("/api/v2/notifications/{id}", group, scope=read),
        route("/api/v2/notifications/{id}/accounts", accounts, scope=read),
        route("/api/v2/notifications/{id}/dismiss", dismiss, "POST", scope=write),
    ]
