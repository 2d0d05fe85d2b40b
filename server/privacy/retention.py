"""How long things are kept: for each kind a number of days that admins choose, and a job that deletes what is older.

What ends by itself in a fixed time, such as sign-ins, links in mails and read notifications, is not here: each feature
sees to that. Logs of the server are written to standard output, and kept by whatever runs it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.db import from_milliseconds
from server.errors import Invalid, NotAllowed
from server.ids import new_id
from server.instance import Instance
from server.posts.models import Post, Tombstone
from server.posts.removal import erase
from server.privacy.models import RetentionRule, RetentionRun

JOB = "privacy.retention"
FOR_GOOD, MOST_DAYS = 0, 3650
AT_ONCE, ROUND = 100, 1000
"""So many rows go in one transaction, and of one kind in one round of the job; the rest waits for the next."""
RUNS_SHOWN = 30
RUNS_KEPT = timedelta(days=365)

_IN_USE = (
    "EXISTS (SELECT 1 FROM {table} AS used JOIN actor AS who ON who.id = used.actor_id"
    " WHERE used.post_id = post.id AND who.is_local)"
)
_CACHED = (
    "NOT post.is_local AND post.kind IN ('note', 'reply') AND post.state <> 'deleted'"
    " AND post.published_at < :before AND post.created_at < :before"
    " AND NOT EXISTS (SELECT 1 FROM post AS answer WHERE answer.parent_id = post.id)"
    " AND NOT EXISTS (SELECT 1 FROM post AS ours WHERE ours.is_local"
    " AND (ours.id = post.root_id OR ours.root_id = COALESCE(post.root_id, post.id)))"
    " AND NOT EXISTS (SELECT 1 FROM actor AS place WHERE place.id = post.community_id AND place.is_local)"
    f" AND NOT {_IN_USE.format(table='post_like')} AND NOT {_IN_USE.format(table='bookmark')}"
    f" AND NOT {_IN_USE.format(table='boost')} AND NOT {_IN_USE.format(table='post_mention')}"
    " AND NOT EXISTS (SELECT 1 FROM post AS quoting WHERE quoting.quote_uri = post.uri AND quoting.is_local)"
)
_OVER = (
    "event_id IN (SELECT event_facts.id FROM event_facts"
    " WHERE COALESCE(event_facts.ends_at, event_facts.starts_at) < :before)"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of thing: how long it is kept, within which bounds, and which rows are older.

    `at` is the column that says how old a row is; `which` a condition on the table with `:before`. `least` keeps admins
    from deleting by mistake what people still work with.
    """

    key: str
    usual: int
    least: int
    table: str
    at: str
    which: str
    also: tuple[tuple[str, str], ...] = ()


# Of a case, its course and what was decided go with it.
_CLOSED = "state = 'closed' AND closed_at < :before"

RULES: tuple[Rule, ...] = (
    Rule("events", 90, 7, "event_participation", "at", _OVER, (("event_pack_read", _OVER),)),
    Rule(
        "applications",
        90,
        7,
        "membership",
        "updated_at",
        "state IN ('declined', 'left') AND updated_at < :before",
    ),
    Rule("reports", 730, 90, "report", "closed_at", _CLOSED, (("moderation_case", _CLOSED),)),
    Rule("notices", 730, 90, "moderation_notice", "created_at", "created_at < :before"),
    Rule("requests", 1095, 365, "data_request", "closed_at", "state = 'closed' AND closed_at < :before"),
    Rule("cached", 90, 30, "post", "published_at", _CACHED),
)
BY_KEY = {rule.key: rule for rule in RULES}
ACCOUNTS, ACCOUNTS_USUAL, ACCOUNTS_LEAST = "accounts", 730, 365
"""Accounts that nobody uses: they end in their own way (`inactive`)."""
USUAL = {rule.key: rule.usual for rule in RULES} | {ACCOUNTS: ACCOUNTS_USUAL}
LEAST = {rule.key: rule.least for rule in RULES} | {ACCOUNTS: ACCOUNTS_LEAST}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a choice would delete now: how many, and since when the oldest is there."""

    key: str
    days: int
    number: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class RunView:
    """What was deleted in one round."""

    key: str
    days: int
    removed: int
    at: datetime


async def days_kept(here: Instance) -> dict[str, int]:
    """For each kind how many days it is kept; 0 for good."""
    rows = await here.db.rows("SELECT key, days FROM retention_rule ORDER BY key LIMIT 100")
    return USUAL | {row["key"]: int(row["days"]) for row in rows if row["key"] in USUAL}


async def preview(here: Instance, wanted: Mapping[str, int]) -> list[Preview]:
    """What these choices would delete now, kind by kind; for accounts, how many would be told first."""
    _check(wanted)
    found = []
    for rule in RULES:
        days = wanted.get(rule.key, rule.usual)
        if days == FOR_GOOD:
            found.append(Preview(rule.key, days, 0, None))
            continue
        row = await here.db.row(
            f"SELECT count(*) AS number, min({rule.at}) AS oldest FROM {rule.table} WHERE {rule.which}",
            before=here.clock.now() - timedelta(days=days),
        )
        oldest = row["oldest"] if row is not None else None
        number = int(row["number"]) if row is not None else 0
        found.append(Preview(rule.key, days, number, None if oldest is None else from_milliseconds(oldest)))
    return found


async def choose(here: Instance, acting: Viewer, wanted: Mapping[str, int]) -> None:
    """Keep things for so many days from now on. Raises Invalid with the kind as its field."""
    if not acting.is_admin:
        raise NotAllowed("Only admins do this.")
    _check(wanted)
    before = await days_kept(here)
    changed = {key: days for key, days in wanted.items() if before[key] != days}
    if not changed:
        return
    async with here.db.transaction():
        for key, days in changed.items():
            await RetentionRule.update_or_create(defaults={"days": days, "changed_at": here.clock.now()}, key=key)
        detail: dict[str, object] = {"before": {key: before[key] for key in changed}, "after": changed}
        await audit.record(
            here, by=acting.handle, action="retention.change", subject=here.settings.domain, detail=detail
        )


async def run(here: Instance, _: object = None) -> None:
    """The job: delete what is older than it may be, in small transactions, and write down how much that was."""
    kept, now = await days_kept(here), here.clock.now()
    for rule in RULES:
        days = kept[rule.key]
        if days == FOR_GOOD:
            continue
        remove = _REMOVERS.get(rule.key, _remove_rows)
        removed = await remove(here, rule, now - timedelta(days=days))
        if removed:
            await RetentionRun.create(id=new_id(now), key=rule.key, days=days, removed=removed, at=now)
    await here.db.execute("DELETE FROM retention_run WHERE at < :before", before=now - RUNS_KEPT)


async def runs(here: Instance) -> list[RunView]:
    """What was deleted lately, the latest first."""
    found = await RetentionRun.all().order_by("-at", "-id").limit(RUNS_SHOWN)
    return [RunView(item.key, item.days, item.removed, item.at) for item in found]


async def note_run(here: Instance, key: str, days: int, removed: int) -> None:
    """Write down what another job deleted, in its transaction."""
    now = here.clock.now()
    await RetentionRun.create(id=new_id(now), key=key, days=days, removed=removed, at=now)


async def _remove_rows(here: Instance, rule: Rule, before: datetime) -> int:
    removed = 0
    for table, which in ((rule.table, rule.which), *rule.also):
        for _ in range(ROUND // AT_ONCE):
            gone = await here.db.execute(
                f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {which} ORDER BY id LIMIT :limit)",
                before=before,
                limit=AT_ONCE,
            )
            removed += gone if table == rule.table else 0
            if gone < AT_ONCE:
                break
    return removed


async def _remove_posts(here: Instance, rule: Rule, before: datetime) -> int:
    """Copies of posts from elsewhere: they may come again, so nothing says that they ended."""
    rows = await here.db.rows(
        f"SELECT post.id FROM post WHERE {rule.which} ORDER BY post.published_at, post.id LIMIT :limit",
        before=before,
        limit=ROUND,
    )
    removed = 0
    for row in rows:
        async with here.db.transaction():
            post = await Post.get_or_none(id=row["id"])
            if post is None or await Post.exists(parent_id=post.id):
                continue
            await erase(here, post, by=JOB)
            await Tombstone.filter(uri=post.uri, by=JOB).delete()
            await post.delete()
            removed += 1
    return removed


_REMOVERS: dict[str, Callable[[Instance, Rule, datetime], Awaitable[int]]] = {"cached": _remove_posts}


def _check(wanted: Mapping[str, int]) -> None:
    errors = []
    for key, days in wanted.items():
        if key not in USUAL:
            raise Invalid("There is no such kind.")
        if days != FOR_GOOD and not LEAST[key] <= days <= MOST_DAYS:
            errors.append(Invalid(f"Write at least {LEAST[key]} days, or 0 to keep it for good.", field=key))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
