"""Reading how it went: the counts of a practice, and what somebody said themselves."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.accounts import queries as accounts
from server.actors.viewer import Viewer
from server.db import Row, among, from_milliseconds
from server.instance import Instance
from server.peers.policy import in_sql
from server.posts.queries import PostView
from server.tries.bands import FIELDS, LEVELS, SIZES, Bands, bands_of
from server.tries.counting import ENOUGH, HEAR_EVERY, TELL_EVERY
from server.tries.detail import CHANGEABLE, context_of
from server.tries.form import TryForm
from server.tries.models import TriedReport, TriedTally
from server.tries.reports import told
from server.tries.standing import WELL
from server.tries.wire import Counts, counts_of


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the grid: a level, and the reports of every size band."""

    level: str
    cells: tuple[dict[str, int], ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """One report. `is_thanked`: the practice's author said thanks. `by_words`: the text of its post says more."""

    outcome: str
    context: Bands
    version: int
    steps: tuple[int, ...]
    changed: str
    saw: str
    may_contact: bool
    by_words: bool
    is_thanked: bool


@dataclass(frozen=True, slots=True)
class MyReport:
    """What the viewer said: the post, the version of the practice, and whether it can still be changed."""

    post_id: str
    version: int
    outcome: str
    can_change: bool

    @property
    def short(self) -> str:
        """The short id of the post."""
        return self.post_id[-8:]


@dataclass(frozen=True, slots=True)
class Kept:
    """A report of the viewer's as its form."""

    practice_id: str
    form: TryForm
    can_change: bool


@dataclass(frozen=True, slots=True)
class WhereItWorked:
    """How a practice went with those who tried it. `sizes` are the columns of the grid, ``""`` is "not said".

    `reports` are those that are shown, by the ids of their posts; `are_more`: there are others. `mine` is the viewer's
    own on the present version, `earlier` are their own on others, the newest first. `heard_at`: when the practice's own
    server said so, None for a practice here; `is_old`: it should be asked again. `asks_author`: enough people tried
    this version for its author to look at it again.
    """

    counts: Counts
    sizes: tuple[str, ...]
    rows: tuple[Line, ...]
    version: int
    reports: dict[str, ReportView]
    mine: MyReport | None
    earlier: tuple[MyReport, ...]
    can_report: bool
    heard_at: datetime | None
    is_old: bool
    asks_author: bool
    are_more: bool


async def where_it_worked(here: Instance, viewer: Viewer, post: PostView, shown: Sequence[str] = ()) -> WhereItWorked:
    """The counts of a practice that the viewer was shown; one query, two for one from elsewhere.

    `shown` are the ids of the reports that are shown one by one.
    """
    tally = None if post.is_local else await TriedTally.get_or_none(id=post.id)
    version = post.version if post.is_local else tally.version if tally is not None else 1
    heard_at = tally.at if tally is not None else None
    seen = await told(here, viewer, post.id, version, shown)
    counts = counts_of(tally.counts) if tally is not None and heard_at is not None else seen.counts
    rows = seen.rows
    now = here.clock.now()
    own = [row for row in rows if viewer.actor_id is not None and row["author_id"] == viewer.actor_id]
    own.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
    mine = next((row for row in own if row["version"] == version), None)
    if heard_at is not None:
        counts = _with_latest(counts, own, heard_at, now)
    sizes, lines = grid(counts)
    asked_at = tally.asked_at if tally is not None else None
    return WhereItWorked(
        counts=counts,
        sizes=sizes,
        rows=lines,
        version=version,
        reports={row["id"]: _view(row) for row in rows},
        mine=_mine(mine, now) if mine is not None else None,
        earlier=tuple(_mine(row, now) for row in own if row is not mine),
        can_report=viewer.is_signed_in and not post.is_mine and post.can_reply and mine is None,
        heard_at=heard_at,
        is_old=not post.is_local and (asked_at is None or now - asked_at >= HEAR_EVERY),
        asks_author=post.is_mine and seen.of_version >= ENOUGH,
        are_more=seen.known > len(shown),
    )


def _with_latest(counts: Counts, own: Sequence[Row], heard_at: datetime, now: datetime) -> Counts:
    """Counts that the practice's own server said, and what the viewer said after that: it is on its way there.

    For an hour: in that time it is counted there, or it is not going to be.
    """
    # Servers say times in whole seconds.
    since, hour_ago = heard_at + timedelta(seconds=1), now - TELL_EVERY
    new = [row for row in own if from_milliseconds(row["created_at"]) > max(since, hour_ago)]
    if not new:
        return counts
    groups = dict(counts.groups)
    for row in new:
        group = row["outcome"], Bands(**{name: row[name] for name in FIELDS})
        groups[group] = groups.get(group, 0) + 1
    return Counts(groups, max(counts.organisations, 1))


def grid(counts: Counts) -> tuple[tuple[str, ...], tuple[Line, ...]]:
    """Columns and lines of the grid: the bands that somebody reported from, in their order, "not said" last."""
    contexts = [context for _, context in counts.groups]
    sizes = tuple(size for size in (*SIZES, "") if any(context.size == size for context in contexts))
    levels = [level for level in (*LEVELS, "") if any(context.level == level for context in contexts)]
    cells: dict[tuple[str, str], dict[str, int]] = {}
    for (outcome, context), number in counts.groups.items():
        cell = cells.setdefault((context.level, context.size), {})
        cell[outcome] = cell.get(outcome, 0) + number
    return sizes, tuple(Line(level, tuple(cells.get((level, size), {}) for size in sizes)) for level in levels)


async def worked(here: Instance, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How often each of these practices was tried, and how often it worked; one query, and none for no ids."""
    if not ids:
        return {}
    wanted, values = among(ids)
    rows = await here.db.rows(
        f"SELECT practice_id, sum(number) AS tried, sum(CASE WHEN outcome IN {in_sql(WELL)} THEN number ELSE 0 END)"
        f" AS worked FROM tried_place WHERE practice_id IN ({wanted}) GROUP BY practice_id",
        **values,
    )
    return {row["practice_id"]: (int(row["tried"]), int(row["worked"])) for row in rows}


async def contexts_of(here: Instance, viewer: Viewer) -> list[Bands]:
    """The viewer's saved contexts as bands, for themselves alone; one query."""
    if not viewer.is_signed_in:
        return []
    saved = await accounts.contexts(here, viewer)
    found = [bands_of(one.subject, one.level, one.group_size, one.minutes, one.setting) for one in saved]
    return [context for context in found if not context.is_empty]


async def last_context(here: Instance, viewer: Viewer) -> Bands | None:
    """Where the viewer tried something last."""
    rows = await here.db.rows(
        f"SELECT {', '.join(FIELDS)} FROM tried_report WHERE author_id = :me AND NOT by_words"
        " ORDER BY created_at DESC LIMIT 1",
        me=viewer.actor_id,
    )
    return Bands(**rows[0]) if rows else None


async def my_form(here: Instance, viewer: Viewer, post: PostView) -> Kept | None:
    """One of the viewer's own reports as its form; None for everything else."""
    report = await TriedReport.get_or_none(id=post.id) if post.is_mine else None
    if report is None:
        return None
    form = TryForm(
        outcome=report.outcome,
        context=context_of(report),
        steps=tuple(report.steps or ()),
        changed=report.changed,
        saw=report.saw,
        may_contact=report.may_contact,
        language=post.language,
    )
    return Kept(report.practice_id, form, here.clock.now() - report.created_at <= CHANGEABLE)


def _view(row: Row) -> ReportView:
    return ReportView(
        outcome=row["outcome"],
        context=Bands(**{name: row[name] for name in FIELDS}),
        version=row["version"],
        steps=tuple(json.loads(row["steps"]) if row["steps"] else ()),
        changed=row["changed"],
        saw=row["saw"],
        may_contact=bool(row["may_contact"]),
        by_words=bool(row["by_words"]),
        is_thanked=bool(row["glad"]),
    )


def _mine(row: Row, now: datetime) -> MyReport:
    can_change = now - from_milliseconds(row["created_at"]) <= CHANGEABLE
    return MyReport(row["id"], row["version"], row["outcome"], can_change)
