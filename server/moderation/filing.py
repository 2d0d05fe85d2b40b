"""Writing reports down: whom they go to, and that nobody is drowned in them."""

from collections.abc import Sequence
from datetime import timedelta

from server.actors.models import Actor
from server.ids import new_id
from server.instance import Instance
from server.moderation import cases, policy
from server.moderation.events import ReportClosed, ReportFiled
from server.moderation.models import Case, Report
from server.moderation.snapshots import snapshot
from server.posts.models import Post

MOST_PER_HOST = 200
"""Reports that we take from one server in a day: no queue is flooded by one of them."""


async def file_report(
    here: Instance,
    *,
    reporter: Actor,
    about: Actor,
    posts: Sequence[Post],
    category: str,
    text: str,
    uri: str | None = None,
    received: dict[str, object] | None = None,
    clause: str = "",
) -> Report:
    """Write a report down, put it to its case, and tell who looks at it, in the caller's transaction."""
    now = here.clock.now()
    report_id = new_id(now)
    community_id, others = await _place(here, about.id, reporter.id, posts)
    report = Report(
        id=report_id,
        uri=uri or here.url(f"/ap/a/flag/{report_id}"),
        category=category,
        text=text,
        clause=clause,
        about_id=about.id,
        reporter_id=reporter.id,
        reporter_host="" if reporter.is_local else reporter.host,
        posts=[snapshot(post) for post in posts] or None,
        received=received,
        created_at=now,
    )
    case = await cases.put_to(here, report, posts, community_id, others, clause=clause)
    report.case_id = case.id
    report.community_id = case.community_id if case.desk == policy.COMMUNITY else None
    await report.save(force_create=True)
    if case.desk == policy.COMMUNITY and case.id != report.id and not others:
        # The last who could decide about it has reported it, too.
        await cases.raise_to(here, case, policy.SERVER)
    await here.events.emit(ReportFiled(case.id))
    return report


async def end_report(here: Instance, report: Report, outcome: str, *, by_id: str | None = None, note: str = "") -> None:
    """Close a report, in the caller's transaction; a case without an open report is closed with it."""
    report.state, report.outcome = policy.CLOSED, outcome
    report.closed_by_id, report.note, report.closed_at = by_id, note, here.clock.now()
    await report.save()
    await here.events.emit(ReportClosed(report.id))
    case = await Case.get_or_none(id=report.case_id, state=policy.OPEN)
    if case is not None and not await Report.exists(case_id=case.id, state=policy.OPEN):
        case.state, case.outcome, case.closed_at = policy.CLOSED, outcome, here.clock.now()
        await case.save()
        await cases.note(here, case, "withdrawn" if outcome == policy.WITHDRAWN else "decided", by_id=by_id, text=note)


async def end_case(here: Instance, case: Case, outcome: str, *, by_id: str, note: str) -> None:
    """Close a case with all its reports, in the caller's transaction."""
    case.state, case.outcome, case.closed_at = policy.CLOSED, outcome, here.clock.now()
    await case.save()
    for report in await Report.filter(case_id=case.id, state=policy.OPEN).order_by("id").limit(500):
        await end_report(here, report, outcome, by_id=by_id, note=note)


async def is_flooding(here: Instance, host: str) -> bool:
    """Whether a server has sent as many reports today as we take."""
    count = await here.db.value(
        "SELECT count(*) AS n FROM report WHERE reporter_host = :host AND created_at > :since",
        host=host,
        since=here.clock.now() - timedelta(days=1),
    )
    return int(count or 0) >= MOST_PER_HOST


async def _place(here: Instance, about_id: str, reporter_id: str, posts: Sequence[Post]) -> tuple[str | None, int]:
    """The community here that posts are in, and how many there could decide: not who it is about, nor who reports it.

    Only of a community here do we know who looks after it, and only they have a page to do it on.
    """
    community_id = next((post.community_id for post in posts if post.community_id is not None), None)
    if community_id is None or not await Actor.exists(id=community_id, is_local=True):
        return None, 0
    others = await here.db.value(
        "SELECT count(*) AS n FROM membership JOIN actor AS person ON person.id = membership.person_id"
        " WHERE membership.community_id = :id AND membership.state = 'active' AND person.is_local"
        " AND membership.role IN ('steward', 'facilitator') AND membership.person_id NOT IN (:about, :reporter)"
        " AND person.suspended_at IS NULL AND person.deleted_at IS NULL",
        id=community_id,
        about=about_id,
        reporter=reporter_id,
    )
    return community_id, int(others or 0)
