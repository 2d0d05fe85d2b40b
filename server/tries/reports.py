"""Reports of those who tried a practice, as rows: some of them, a page of them, and what all of them come to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.actors.viewer import Viewer
from server.db import Row, among
from server.instance import Instance
from server.posts.documents import shown_rule
from server.posts.models import Post
from server.posts.queries import parse_cursor
from server.posts.readable import AUTHOR_IS_THERE, apart, findable, readable
from server.tries.bands import FIELDS, Bands
from server.tries.wire import Counts, total_of

MOST = 5_000
"""So many reports of one practice are counted."""
SHOWN = 20
"""So many reports stand on one page."""
_INDEX = "idx_tried_repor_practic_1a0f5f"

KEPT_OUT = apart("whole.author_id", "report.author_id")
"""One of both, who wrote the practice `whole` and who wrote the `report`, wants nothing from the other (S17)."""
_IS_KEPT_OUT = f"CASE WHEN {KEPT_OUT} THEN 1 ELSE 0 END AS kept_out"
_GLAD = (
    "CASE WHEN EXISTS (SELECT 1 FROM post_like WHERE post_like.post_id = report.id AND post_like.kind = 'like'"
    " AND post_like.actor_id = (SELECT author_id FROM post WHERE id = :practice)) THEN 1 ELSE 0 END AS glad"
)
_SOURCE = (
    "tried_report AS report{by} JOIN post ON post.id = report.id JOIN actor ON actor.id = post.author_id"
    " JOIN post AS whole ON whole.id = report.practice_id"
)
_COLUMNS = ", ".join(f"report.{name}" for name in ("outcome", *FIELDS))


async def reports(here: Instance, viewer: Viewer, practice_id: str) -> list[Row]:
    """The reports that somebody may read, and for whom else they are, the newest first; one query.

    Whether who wrote it is `kept_out` by the practice's author, so that it does not count.
    """
    may_read, parameters = readable(viewer)
    return await here.db.rows(
        f"SELECT report.id, report.author_id, report.version, report.created_at, {_COLUMNS}, report.changed,"
        f" report.saw, actor.host, post.visibility, post.community_id, {_IS_KEPT_OUT}"
        f" FROM {_SOURCE.format(by=here.db.by(_INDEX))}"
        f" WHERE report.practice_id = :practice AND post.state = 'visible' AND {may_read}"
        " ORDER BY report.created_at DESC, report.id DESC LIMIT :most",
        practice=practice_id,
        most=MOST,
        **parameters,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """The counts of some reports, how many are on one version, and how many there are, also such as do not count.

    `rows` are those that were asked for one by one, and whether the practice's author is `glad`.
    """

    counts: Counts
    of_version: int
    known: int
    rows: list[Row]


async def told(here: Instance, viewer: Viewer, practice_id: str, version: int, shown: Sequence[str] = ()) -> Told:
    """What the reports that somebody may read come to, and of them those that are shown and their own.

    One query, with a row for each kind of place and each of these.
    """
    may_read, parameters = readable(viewer)
    named, values = among(shown) if shown else ("''", dict[str, str]())
    one_by_one = (
        " UNION ALL SELECT report.id, report.author_id, report.version, report.created_at, report.steps,"
        f" report.changed, report.saw, report.may_contact, report.by_words, {_GLAD}, {_COLUMNS}, 0, 0, 0, 0"
        f" FROM told JOIN tried_report AS report ON report.id = told.id WHERE told.id IN ({named})"
        " OR told.author_id = :me"
    )
    which = f"post.state = 'visible' AND {may_read}"
    parameters |= {**values, "me": viewer.actor_id or ""}
    return await _told(here, practice_id, version, which, one_by_one, parameters)


async def count_for_others(here: Instance, post: Post) -> Counts:
    """The reports that may be told to whoever may have the practice; one query."""
    which = f"{shown_rule(post)} AND {AUTHOR_IS_THERE}"
    return (await _told(here, post.id, post.version, which, "", {})).counts


async def page_of_reports(
    here: Instance, viewer: Viewer, practice_id: str, before: str | None
) -> tuple[list[str], str | None]:
    """The ids of one page of the reports that somebody may read, the newest first, and the cursor of the next."""
    may_read, parameters = readable(viewer)
    cursor, behind = parse_cursor(before), ""
    if cursor is not None:
        behind = (
            " AND (report.created_at < CAST(:before_at AS BIGINT)"
            " OR (report.created_at = CAST(:before_at AS BIGINT) AND report.id < :before_id))"
        )
        parameters["before_at"], parameters["before_id"] = cursor
    rows = await here.db.rows(
        f"SELECT report.id, report.created_at FROM tried_report AS report{here.db.by(_INDEX)}"
        f" JOIN post ON post.id = report.id WHERE report.practice_id = :practice{behind} AND post.state = 'visible'"
        f" AND {may_read} AND {findable(viewer, in_community=True)}"
        " ORDER BY report.created_at DESC, report.id DESC LIMIT :limit",
        practice=practice_id,
        limit=SHOWN + 1,
        **parameters,
    )
    last = rows[SHOWN - 1] if len(rows) > SHOWN else None
    return [row["id"] for row in rows[:SHOWN]], f"{last['created_at']}.{last['id']}" if last is not None else None


async def _told(
    here: Instance, practice_id: str, version: int, which: str, one_by_one: str, parameters: dict[str, Any]
) -> Told:
    places = ", ".join(("outcome", *FIELDS))
    found = await here.db.rows(
        f"WITH told AS (SELECT report.id, report.author_id, report.version, {_COLUMNS}, actor.host, {_IS_KEPT_OUT}"
        f" FROM {_SOURCE.format(by=here.db.by(_INDEX))} WHERE report.practice_id = :practice AND {which}"
        " ORDER BY report.created_at DESC, report.id DESC LIMIT :most)"
        " SELECT NULL AS id, NULL AS author_id, NULL AS version, NULL AS created_at, NULL AS steps, NULL AS changed,"
        f" NULL AS saw, NULL AS may_contact, NULL AS by_words, 0 AS glad, {places}, count(*) AS number,"
        " sum(CASE WHEN kept_out = 0 THEN 1 ELSE 0 END) AS counted,"
        " sum(CASE WHEN kept_out = 0 AND version = :version THEN 1 ELSE 0 END) AS of_version,"
        " (SELECT count(DISTINCT host) FROM told WHERE kept_out = 0) AS organisations"
        f" FROM told GROUP BY {places}{one_by_one}",
        practice=practice_id,
        version=version,
        most=MOST,
        **parameters,
    )
    rows = [row for row in found if row["id"] is None]
    groups = Counter(
        {
            (row["outcome"], Bands(**{name: row[name] for name in FIELDS})): int(row["counted"])
            for row in rows
            if row["counted"]
        }
    )
    return Told(
        Counts(groups, int(rows[0]["organisations"]) if groups else 0),
        sum(int(row["of_version"]) for row in rows),
        sum(int(row["number"]) for row in rows),
        [row for row in found if row["id"] is not None],
    )


def added_up(rows: Sequence[Row]) -> Counts:
    """The counts of some reports."""
    counted = [row for row in rows if not row["kept_out"]]
    return total_of(
        ((row["outcome"], Bands(**{name: row[name] for name in FIELDS})) for row in counted),
        (row["host"] for row in counted),
    )
