"""What happened to somebody, in the types that apps know: rows, whether they may be shown, and as notifications.

Ours that no app has a word for stay in the browser: what stewards say, invitations, applications, events, helpful
answers, quotes (unless an app asks for them by name). They are never dressed up as something else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.actors.viewer import Viewer
from server.api import Parameters, texts_of
from server.db import Row, among
from server.instance import Instance
from server.mastodon.accounts import ACCOUNT_COLUMNS, account_of, moment, moment_or_none
from server.mastodon.answers import Notification, Report
from server.mastodon.entities import Account, Status
from server.mastodon.filtering import NOTIFICATIONS, is_hidden
from server.mastodon.ids import number_of, range_of
from server.mastodon.paging import Cut, ordered, part_by_id
from server.mastodon.statuses import STATUS_COLUMNS, statuses_of
from server.moderation.access import handled_by
from server.posts.readable import readable

KINDS = {
    "mention": ("mention", "reply", "tried", "remix", "round", "asked"),
    "status": ("published",),
    "favourite": ("like",),
    "reblog": ("boost",),
    "follow": ("follow",),
    "follow_request": ("follow_request",),
    "poll": ("poll_ended",),
    "quote": ("quote",),
    "admin.report": ("report",),
}
"""The types that apps know, and ours that mean the same."""

TYPES = {kind: type_ for type_, kinds in KINDS.items() for kind in kinds}
BY_NAME_ONLY = frozenset({"quote"})
"""Types that came with a later Mastodon than the one we say we are like: for apps that ask for them."""
SHOWN = tuple(kind for kind, type_ in TYPES.items() if type_ not in BY_NAME_ONLY)
"""Ours that an app can show."""
WITH_POST = frozenset({"mention", "status", "favourite", "reblog", "poll", "quote"})
UNREADABLE = 40
"""So many that may not be shown are passed over for one page; more than that, and the page is shorter."""

COLUMNS = "kind, at, id, actor_id, post_id, unique_key, read_at"
"""What `shown` needs of the table notification."""


@dataclass(slots=True)
class Happened:
    """Rows that may be shown, in their order, and what they speak of. `last_id` is where an older page begins."""

    rows: list[Row]
    accounts: dict[str, Account] = field(default_factory=dict)
    statuses: dict[str, Status] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    last_id: str | None = None

    def account(self, row: Row) -> Account | None:
        """Who did it: for a poll whoever asked, for a report this server, which says no names."""
        if row["kind"] == "poll_ended":
            return self.statuses[row["post_id"]].account
        return self.accounts.get(row["actor_id"] or "")


def kinds_of(found: Parameters) -> list[str]:
    """Ours of the types that a request is about: those it names, else all, without those it excludes."""
    wanted, without = texts_of(found, "types"), set(texts_of(found, "exclude_types"))
    types = [type_ for type_ in wanted if type_ in KINDS] if wanted else [t for t in KINDS if t not in BY_NAME_ONLY]
    return [kind for type_ in dict.fromkeys(types) if type_ not in without for kind in KINDS[type_]]


async def happened(
    here: Instance,
    viewer: Viewer,
    kinds: Sequence[str],
    cut: Cut,
    *,
    by_id: str | None = None,
    condition: str = "",
    **values: Any,
) -> Happened:
    """A page of what happened, of these kinds; five statements at most, each of bounded cost."""
    if not kinds:
        return Happened([])
    walked = cut.limit + UNREADABLE
    direction = "ASC" if cut.is_upwards else "DESC"
    part, bounds = part_by_id(cut, "id")
    wanted = {f"kind{number}": kind for number, kind in enumerate(dict.fromkeys(kinds))}
    if by_id is None:
        # Each kind is one range of an index, so that rare ones are found without reading the frequent ones.
        sources = " UNION ALL ".join(
            f"SELECT * FROM (SELECT {COLUMNS} FROM notification{here.db.by('idx_notification_kind')}"
            f" WHERE reader_id = :reader AND kind = :{name}{part}{condition}"
            f" ORDER BY id {direction} LIMIT :walked) AS {name}_part"
            for name in wanted
        )
    else:
        sources = (
            f"SELECT {COLUMNS} FROM notification{here.db.by('idx_notification_actor')} WHERE reader_id = :reader"
            f" AND actor_id = :by AND kind IN ({', '.join(f':{name}' for name in wanted)}){part}{condition}"
        )
        values["by"] = by_id
    rows = await here.db.rows(
        f"SELECT {COLUMNS} FROM ({sources}) AS news ORDER BY id {direction} LIMIT :walked",
        reader=viewer.actor_id,
        walked=walked,
        **wanted,
        **bounds,
        **values,
    )
    found = await shown(here, viewer, rows)
    is_all = len(rows) < walked and len(found.rows) <= cut.limit
    kept = found.rows[: cut.limit]
    if not is_all and rows:
        found.last_id = (kept if len(kept) == cut.limit else rows)[-1]["id"]
    found.rows = ordered(cut, kept)
    return found


async def shown(here: Instance, viewer: Viewer, rows: Sequence[Row]) -> Happened:
    """What of these rows may be shown now, with everything around it. What may no longer be read is left out (S15)."""
    post_ids = {row["post_id"] for row in rows if row["post_id"] and TYPES[row["kind"]] in WITH_POST}
    found = Happened([])
    if post_ids:
        named, which = among(sorted(post_ids), "post")
        may_read, rights = readable(viewer)
        posts = await here.db.rows(
            f"SELECT {STATUS_COLUMNS} FROM post WHERE post.id IN ({named}) AND post.state = 'visible' AND {may_read}",
            **which,
            **rights,
        )
        made = {status.id: status for status in await statuses_of(here, viewer, posts)}
        found.statuses = {post["id"]: made[number_of(post["id"])] for post in posts if number_of(post["id"]) in made}
    reports = [report_id_of(row) for row in rows if row["kind"] == "report"]
    if reports:
        await _add_reports(here, viewer, found, reports)
    people = {row["actor_id"] for row in rows if row["actor_id"]}
    if people:
        named, which = among(sorted(people), "actor")
        for actor in await here.db.rows(
            f"SELECT {ACCOUNT_COLUMNS} FROM actor WHERE actor.id IN ({named}) AND NOT actor.hidden"
            " AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL",
            **which,
        ):
            found.accounts[actor["id"]] = account_of(here, actor)
    found.rows = [row for row in rows if _may_show(found, row)]
    return found


def notification_of(found: Happened, row: Row) -> Notification:
    """One of these rows as apps read it."""
    type_ = TYPES[row["kind"]]
    account = found.account(row)
    assert account is not None  # `shown` has looked
    made = Notification(
        id=number_of(row["id"]),
        type=type_,
        created_at=moment(row["at"]),
        account=account,
        group_key=f"ungrouped-{number_of(row['id'])}",
    )
    if type_ in WITH_POST:
        made.status = found.statuses[row["post_id"]]
    if type_ == "admin.report":
        made.report = found.reports[report_id_of(row)]
    return made


def report_id_of(row: Row) -> str:
    """The report that a row of this kind is about: its key says so."""
    return str(row["unique_key"]).rpartition(":")[2]


async def row_of(here: Instance, viewer: Viewer, number: str, kinds: Iterable[str]) -> Row | None:
    """The row with these digits, if it is the viewer's, of these kinds."""
    bounds = range_of(number)
    if bounds is None:
        return None
    row = await here.db.row(
        f"SELECT {COLUMNS} FROM notification WHERE id BETWEEN :low AND :high AND reader_id = :reader"
        " ORDER BY id LIMIT 1",
        low=bounds[0],
        high=bounds[1],
        reader=viewer.actor_id,
    )
    return row if row is not None and row["kind"] in set(kinds) else None


def _may_show(found: Happened, row: Row) -> bool:
    type_ = TYPES[row["kind"]]
    if type_ in WITH_POST:
        status = found.statuses.get(row["post_id"])
        if status is None or is_hidden(status, NOTIFICATIONS):
            return False
    if type_ == "admin.report":
        return report_id_of(row) in found.reports
    return found.account(row) is not None


async def _add_reports(here: Instance, viewer: Viewer, found: Happened, ids: Sequence[str]) -> None:
    """Reports that the viewer looks at. Who wrote one is not said: this server stands in their place."""
    named, which = among(ids, "report")
    may_see, rights = handled_by(viewer)
    for row in await here.db.rows(
        "SELECT report.id AS report_id, report.state AS report_state, report.closed_at, report.category, report.text,"
        f" report.created_at AS reported_at, {ACCOUNT_COLUMNS} FROM report"
        " JOIN actor ON actor.id = report.about_id JOIN moderation_case ON moderation_case.id = report.case_id"
        f" WHERE report.id IN ({named}) AND {may_see}",
        **which,
        **rights,
    ):
        found.reports[row["report_id"]] = Report(
            id=number_of(row["report_id"]),
            action_taken=row["report_state"] != "open",
            action_taken_at=moment_or_none(row["closed_at"]),
            category={"spam": "spam", "guidelines": "violation"}.get(row["category"], "other"),
            comment=row["text"],
            forwarded=False,
            created_at=moment(row["reported_at"]),
            status_ids=None,
            rule_ids=None,
            target_account=account_of(here, row),
        )
    if found.reports:
        server = await here.db.row(
            f"SELECT {ACCOUNT_COLUMNS} FROM actor WHERE actor.uri = :uri", uri=here.url("/ap/actor")
        )
        if server is not None:
            found.accounts[""] = account_of(here, server)
