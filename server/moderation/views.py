"""Cases and reports ready to show, in a number of queries that does not depend on how many they are."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel
from server.communities.queries import labels as community_labels
from server.db import Row, among, from_milliseconds
from server.instance import Instance
from server.moderation import policy

MOST_REPORTS = 200


@dataclass(frozen=True, slots=True)
class ReportedPost:
    """What a reported post said. `state` is what became of it since; `url` its page here while there is one."""

    id: str
    url: str
    title: str
    text: str
    warning: str
    kind: str
    is_local: bool
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class CopyView:
    """Another server that was told, and what it answered, if anything."""

    host: str
    outcome: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report. `reporter` is None for those who may not know who wrote it, `host` where it came from if elsewhere."""

    id: str
    case_id: str
    state: str
    outcome: str
    category: str
    clause: str
    text: str
    about: PersonLabel
    reporter: PersonLabel | None
    host: str
    copies: tuple[CopyView, ...]
    created_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.state == policy.OPEN


@dataclass(frozen=True, slots=True)
class EntryView:
    """One line in the course of a case."""

    kind: str
    by: PersonLabel | None
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RulingView:
    """What was decided, as who it is about and who looks at the case read it. `by` is for the latter alone."""

    id: str
    case_id: str
    place: str
    clause: str
    reason: str
    measures: tuple[dict[str, Any], ...]
    posts: tuple[ReportedPost, ...]
    at: datetime
    appeal_until: datetime
    appeal_state: str
    appeal_text: str
    answer: str
    answered_at: datetime | None
    by: PersonLabel | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case, for those who look at it. `taken_by` has it, if anybody; `entries` and `rulings` only of one case."""

    id: str
    desk: str
    state: str
    outcome: str
    category: str
    clause: str
    about: PersonLabel
    community: CommunityLabel | None
    posts: tuple[ReportedPost, ...]
    reports: tuple[ReportView, ...]
    taken_by: PersonLabel | None
    taken_at: datetime | None
    due_at: datetime
    is_late: bool
    created_at: datetime
    closed_at: datetime | None
    entries: tuple[EntryView, ...] = ()
    rulings: tuple[RulingView, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.state in policy.WAITING

    @property
    def text(self) -> str:
        """What the first report says."""
        return self.reports[0].text if self.reports else ""

    @property
    def host(self) -> str:
        """Where the first report came from, if elsewhere."""
        return self.reports[0].host if self.reports else ""

    @property
    def reporter(self) -> PersonLabel | None:
        """Who wrote the first report, for those who may know."""
        return self.reports[0].reporter if self.reports else None

    @property
    def copies(self) -> tuple[CopyView, ...]:
        """Other servers that were told."""
        return tuple(copy for report in self.reports for copy in report.copies)


CASE = (
    "moderation_case.id, moderation_case.desk, moderation_case.state, moderation_case.outcome,"
    " moderation_case.category, moderation_case.clause, moderation_case.about_id, moderation_case.community_id,"
    " moderation_case.posts, moderation_case.taken_by_id, moderation_case.taken_at, moderation_case.looked_at,"
    " moderation_case.due_at, moderation_case.created_at, moderation_case.closed_at"
)
REPORT = (
    "report.id, report.case_id, report.state, report.outcome, report.category, report.clause, report.text,"
    " report.about_id, report.reporter_id, report.reporter_host, report.created_at"
)


async def case_views(here: Instance, viewer: Viewer, rows: Sequence[Row]) -> list[CaseView]:
    """Cases, each with its reports."""
    if not rows:
        return []
    now = here.clock.now()
    named, which = among([row["id"] for row in rows], "case")
    reported = await here.db.rows(
        f"SELECT {REPORT} FROM report WHERE report.case_id IN ({named}) ORDER BY report.id LIMIT :most",
        most=MOST_REPORTS,
        **which,
    )
    contents = {row["id"]: json.loads(row["posts"] or "[]") for row in rows}
    wanted = {row[key] for row in rows for key in ("about_id", "taken_by_id") if row[key]}
    people = await labels(here, sorted(wanted | {row["reporter_id"] for row in reported}))
    communities = await community_labels(here, {row["community_id"] for row in rows if row["community_id"]})
    states = await states_of(here, (str(post["id"]) for posts in contents.values() for post in posts))
    copies = await copies_of(here, [row["id"] for row in reported])
    reports: dict[str, list[ReportView]] = {}
    for row in reported:
        if row["about_id"] in people:
            reports.setdefault(row["case_id"], []).append(report_view(viewer, row, people, copies))
    return [
        CaseView(
            id=row["id"],
            desk=row["desk"],
            state=row["state"],
            outcome=row["outcome"],
            category=row["category"],
            clause=row["clause"],
            about=people[row["about_id"]],
            community=communities.get(row["community_id"] or ""),
            posts=tuple(post_view(post, states) for post in contents[row["id"]]),
            reports=tuple(reports.get(row["id"], ())),
            taken_by=people.get(row["taken_by_id"] or ""),
            taken_at=_moment(row["taken_at"]),
            due_at=from_milliseconds(row["due_at"]),
            is_late=row["looked_at"] is None and from_milliseconds(row["due_at"]) < now and row["state"] == policy.OPEN,
            created_at=from_milliseconds(row["created_at"]),
            closed_at=_moment(row["closed_at"]),
        )
        for row in rows
        if row["about_id"] in people
    ]


async def entries_of(here: Instance, case_id: str) -> tuple[EntryView, ...]:
    """The course of a case, the first line first."""
    rows = await here.db.rows(
        "SELECT kind, by_id, text, at FROM moderation_entry WHERE case_id = :id ORDER BY id LIMIT 300", id=case_id
    )
    people = await labels(here, sorted({row["by_id"] for row in rows if row["by_id"]}))
    return tuple(
        EntryView(row["kind"], people.get(row["by_id"] or ""), row["text"], from_milliseconds(row["at"]))
        for row in rows
    )


async def ruling_views(
    here: Instance, condition: str, values: dict[str, Any], *, limit: int = 20, names: bool = False
) -> list[RulingView]:
    """What was decided, the newest first; with `names`, also by whom."""
    rows = await here.db.rows(
        "SELECT ruling.id, ruling.case_id, ruling.place, ruling.clause, ruling.reason, ruling.measures, ruling.at,"
        " ruling.by_id, ruling.appeal_until, ruling.appeal_state, ruling.appeal_text, ruling.answer,"
        " ruling.answered_at, moderation_case.posts FROM moderation_ruling AS ruling"
        f" JOIN moderation_case ON moderation_case.id = ruling.case_id WHERE {condition}"
        " ORDER BY ruling.id DESC LIMIT :limit",
        limit=limit,
        **values,
    )
    contents = {row["id"]: json.loads(row["posts"] or "[]") for row in rows}
    states = await states_of(here, (str(post["id"]) for posts in contents.values() for post in posts))
    people = await labels(here, sorted({row["by_id"] for row in rows})) if names else {}
    return [
        RulingView(
            id=row["id"],
            case_id=row["case_id"],
            place=row["place"],
            clause=row["clause"],
            reason=row["reason"],
            measures=tuple(json.loads(row["measures"] or "[]")),
            posts=tuple(post_view(post, states) for post in contents[row["id"]]),
            at=from_milliseconds(row["at"]),
            appeal_until=from_milliseconds(row["appeal_until"]),
            appeal_state=row["appeal_state"],
            appeal_text=row["appeal_text"],
            answer=row["answer"],
            answered_at=_moment(row["answered_at"]),
            by=people.get(row["by_id"]),
        )
        for row in rows
    ]


def report_view(
    viewer: Viewer, row: Row, people: dict[str, PersonLabel], copies: dict[str, list[CopyView]]
) -> ReportView:
    """One report, with who wrote it for those who may know."""
    return ReportView(
        id=row["id"],
        case_id=row["case_id"],
        state=row["state"],
        outcome=row["outcome"],
        category=row["category"],
        clause=row["clause"],
        text=row["text"],
        about=people[row["about_id"]],
        reporter=_reporter(viewer, row, people),
        host=row["reporter_host"],
        copies=tuple(copies.get(row["id"], ())),
        created_at=from_milliseconds(row["created_at"]),
    )


def _reporter(viewer: Viewer, row: Row, people: dict[str, PersonLabel]) -> PersonLabel | None:
    """Who wrote it is for those who look after the server, and of another server for everybody who decides.

    Who is responsible for safeguarding has to be able to talk to them.
    """
    if viewer.is_steward or row["reporter_host"] or row["reporter_id"] == viewer.actor_id:
        return people.get(row["reporter_id"])
    return people.get(row["reporter_id"]) if row["category"] == policy.UNSAFE else None


def post_view(post: dict[str, Any], states: dict[str, str]) -> ReportedPost:
    """A post as it was when it was reported."""
    state = states.get(str(post["id"]), "deleted")
    return ReportedPost(
        id=str(post["id"]),
        url=f"/p/{post['short']}" if state != "deleted" else "",
        title=str(post["title"]),
        text=str(post["text"]),
        warning=str(post.get("warning") or ""),
        kind=str(post.get("kind") or ""),
        is_local=bool(post.get("is_local")),
        at=from_milliseconds(int(post["at"])),
        state=state,
    )


async def states_of(here: Instance, ids: Iterable[str]) -> dict[str, str]:
    """What became of posts."""
    wanted = list(dict.fromkeys(ids))[:500]
    if not wanted:
        return {}
    named, which = among(wanted)
    rows = await here.db.rows(f"SELECT id, state FROM post WHERE id IN ({named}) ORDER BY id", **which)
    return {row["id"]: row["state"] for row in rows}


async def copies_of(here: Instance, ids: Sequence[str]) -> dict[str, list[CopyView]]:
    """The servers that were told of reports, and what they answered."""
    if not ids:
        return {}
    named, which = among(ids, "report")
    rows = await here.db.rows(
        "SELECT report_id, host, outcome, answered_at FROM report_copy"
        f" WHERE report_id IN ({named}) ORDER BY report_id, host LIMIT 1000",
        **which,
    )
    found: dict[str, list[CopyView]] = {}
    for row in rows:
        found.setdefault(row["report_id"], []).append(
            CopyView(row["host"], row["outcome"], _moment(row["answered_at"]))
        )
    return found


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_milliseconds(value)
