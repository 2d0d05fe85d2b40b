"""What a member tells the host of its network in a quarter: numbers, none of which stands for fewer than five people.

They are suppressed and rounded here, before anything leaves; who asked to be left out is not counted at all. Each
quarter is counted once, after its end, so that no two reports can be compared to find out about a person.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from server.instance import Instance

LEAST_PEOPLE = 5
STEP = 5
MOST = 10_000_000
NAMES = ("people", "sharers", "practices", "triers", "tries", "received")
"""The numbers of a report, in the order of its table; what they mean is said on the page and in FEDERATION.md."""

_QUARTER = re.compile(r"(20[0-9]{2})-Q([1-4])", re.ASCII)
_SHARED = "post.state = 'visible' AND post.visibility IN ('public', 'unlisted', 'network')"
_WITHIN = "post.published_at >= :since AND post.published_at < :until"
_COUNTED = "NOT EXISTS (SELECT 1 FROM account AS away WHERE away.actor_id = post.author_id AND away.uncounted)"
# Each says how many there are, and how many people they are of.
_COUNTS = {
    "people": "SELECT count(*) AS number, count(*) AS people FROM account JOIN actor ON actor.id = account.actor_id"
    " WHERE actor.deleted_at IS NULL AND actor.suspended_at IS NULL AND NOT actor.hidden AND NOT account.uncounted",
    "practices": "SELECT count(*) AS number, count(DISTINCT post.author_id) AS people FROM post WHERE post.is_local"
    f" AND post.kind IN ('practice', 'tip') AND {_SHARED} AND {_WITHIN} AND {_COUNTED}",
    "tries": "SELECT count(*) AS number, count(DISTINCT post.author_id) AS people FROM tried_report"
    f" JOIN post ON post.id = tried_report.id WHERE post.is_local AND {_SHARED} AND {_WITHIN} AND {_COUNTED}",
    "received": "SELECT count(*) AS number, count(DISTINCT post.author_id) AS people FROM tried_report"
    " JOIN post ON post.id = tried_report.id JOIN post AS practice ON practice.id = tried_report.practice_id"
    f" WHERE practice.is_local AND practice.author_id <> post.author_id AND {_SHARED} AND {_WITHIN} AND {_COUNTED}",
}
_PEOPLE_OF = {"sharers": "practices", "triers": "tries"}


@dataclass(frozen=True, slots=True)
class Quarter:
    """Three months; in writing ``2026-Q3``."""

    year: int
    part: int

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.year}-Q{self.part}"

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, self.part * 3 - 2, 1, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return Quarter(self.year + self.part // 4, self.part % 4 + 1).since


def quarter_before(now: datetime) -> Quarter:
    """The latest one that is over."""
    last = datetime(now.year, (now.month - 1) // 3 * 3 + 1, 1, tzinfo=UTC) - timedelta(days=1)
    return Quarter(last.year, (last.month + 2) // 3)


def read_quarter(value: object) -> Quarter | None:
    """A quarter that somebody wrote."""
    found = _QUARTER.fullmatch(value) if isinstance(value, str) else None
    return Quarter(int(found[1]), int(found[2])) if found is not None else None


def suppressed(number: int, people: int) -> int | None:
    """What may be told of a number that so many people stand for: nothing below five, and else in steps of five."""
    if people < LEAST_PEOPLE or number < LEAST_PEOPLE:
        return None
    return max(STEP, (number + STEP // 2) // STEP * STEP)


async def counted(here: Instance, quarter: Quarter) -> dict[str, int]:
    """The numbers of this server, suppressed; those that may not be told are missing. Four queries."""
    told: dict[str, int] = {}
    for name, statement in _COUNTS.items():
        values = {} if name == "people" else {"since": quarter.since, "until": quarter.until}
        row = await here.db.row(statement, **values)
        number, people = (int(row["number"]), int(row["people"])) if row is not None else (0, 0)
        for key, value in ((name, number), *((key, people) for key, of in _PEOPLE_OF.items() if of == name)):
            may_be_told = suppressed(value, people)
            if may_be_told is not None:
                told[key] = may_be_told
    return told


def read_numbers(value: object) -> dict[str, int] | None:
    """The numbers of a report from elsewhere; None where one is smaller than any that may leave, or is no number."""
    if not isinstance(value, list) or len(value) > 50:
        return None
    told: dict[str, int] = {}
    for item in value:
        name, number = (item.get("name"), item.get("value")) if isinstance(item, dict) else (None, None)
        if not isinstance(number, int) or isinstance(number, bool) or not LEAST_PEOPLE <= number <= MOST:
            return None
        if name in NAMES:
            told[str(name)] = number
    return told
