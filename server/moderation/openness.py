"""What was decided, without names: for members of a community line by line, for everybody in numbers by quarter.

Nothing sealed is in either. Small numbers are not told, for in a small school they would be names.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.db import from_milliseconds
from server.instance import Instance
from server.moderation import policy

FEWEST = 5
WORDS = frozenset({policy.NOTE, policy.EDIT})
"""What only somebody was told, which is theirs."""
QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One decision: when, by which rule, what was done, and what became of an objection; not about whom."""

    at: datetime
    clause: str
    measures: tuple[str, ...]
    appeal: str


@dataclass(frozen=True, slots=True)
class Quarter:
    """One quarter of a year. Numbers below five are None; `hours` is the usual time until somebody looked."""

    year: int
    number: int
    reports: int | None
    cases: int | None
    acted: int | None
    settled: int | None
    objections: int | None
    undone: int | None
    hours: int | None


async def decided_in(here: Instance, community_id: str, *, before: str | None = None, limit: int = 30) -> list[Line]:
    """What was decided in a community, the newest first; without what only concerned one person, such as a note.

    The caller has made sure that the reader is inside.
    """
    rows = await here.db.rows(
        "SELECT ruling.at, ruling.clause, ruling.measures, ruling.appeal_state FROM moderation_ruling AS ruling"
        " JOIN moderation_case ON moderation_case.id = ruling.case_id"
        " WHERE moderation_case.community_id = :id AND moderation_case.desk <> 'sealed' AND ruling.id < :before"
        " ORDER BY ruling.id DESC LIMIT :limit",
        id=community_id,
        before=before or "~",
        limit=limit,
    )
    lines = [
        Line(
            at=from_milliseconds(row["at"]),
            clause=row["clause"],
            measures=tuple(measure["kind"] for measure in json.loads(row["measures"] or "[]")),
            appeal=row["appeal_state"],
        )
        for row in rows
    ]
    return [line for line in lines if set(line.measures) - WORDS]


async def quarters(here: Instance) -> list[Quarter]:
    """The last four quarters that are over, and this one, the newest first."""
    now = here.clock.now()
    found, start = [], now.replace(month=(now.month - 1) // 3 * 3 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    end = now + timedelta(days=1)
    for _ in range(QUARTERS + 1):
        found.append(await _quarter(here, start, end))
        end, start = start, (start - timedelta(days=1)).replace(month=(start.month - 4) % 12 // 3 * 3 + 1, day=1)
    return found


async def _quarter(here: Instance, start: datetime, end: datetime) -> Quarter:
    row = await here.db.row(
        "SELECT COUNT(*) AS cases, SUM(CASE WHEN outcome = 'acted' THEN 1 ELSE 0 END) AS acted,"
        " SUM(CASE WHEN outcome = 'none' THEN 1 ELSE 0 END) AS settled,"
        " AVG(CASE WHEN looked_at IS NOT NULL AND category <> 'met' THEN looked_at - created_at END) AS waited,"
        " (SELECT COUNT(*) FROM report JOIN moderation_case AS whole ON whole.id = report.case_id"
        " WHERE whole.desk <> 'sealed' AND report.created_at >= :start AND report.created_at < :end) AS reports,"
        " (SELECT COUNT(*) FROM moderation_ruling JOIN moderation_case AS whole"
        " ON whole.id = moderation_ruling.case_id WHERE whole.desk <> 'sealed'"
        " AND moderation_ruling.appealed_at >= :start AND moderation_ruling.appealed_at < :end) AS objections,"
        " (SELECT COUNT(*) FROM moderation_ruling JOIN moderation_case AS whole"
        " ON whole.id = moderation_ruling.case_id WHERE whole.desk <> 'sealed'"
        " AND moderation_ruling.appeal_state = 'undone' AND moderation_ruling.appealed_at >= :start"
        " AND moderation_ruling.appealed_at < :end) AS undone"
        " FROM moderation_case WHERE desk <> 'sealed' AND created_at >= :start AND created_at < :end",
        start=start,
        end=end,
    )
    assert row is not None, "a count always answers"
    counts = {name: int(row[name] or 0) for name in ("reports", "cases", "acted", "settled", "objections", "undone")}
    told = {name: number if number == 0 or number >= FEWEST else None for name, number in counts.items()}
    waited = row["waited"] if counts["cases"] >= FEWEST else None
    return Quarter(
        year=start.year,
        number=(start.month - 1) // 3 + 1,
        hours=None if waited is None else round(float(waited) / 3_600_000),
        **told,
    )
