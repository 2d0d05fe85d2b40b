"""Writing reports down: whom they go to, and that nobody is drowned in them."""

from collections.abc import Sequence
from datetime import timedelta

from server.actors.models import Actor
from server.ids import new_id
from server.instance import Instance
from server.moderation import policy
from server.moderation.events import ReportClosed, ReportFiled
from server.moderation.models import Report
from server.moderation.policy import Scope
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
) -> Report:
    """Write a report down and tell who looks at it, in the caller's transaction."""
    now = here.clock.now()
    report_id = new_id(now)
    report = await Report.create(
        id=report_id,
        uri=uri or here.url(f"/ap/a/flag/{report_id}"),
        category=category,
        text=text,
        about_id=about.id,
        community_id=await _scope(here, category, about.id, posts),
        reporter_id=reporter.id,
        reporter_host="" if reporter.is_local else reporter.host,
        posts=[snapshot(post) for post in posts] or None,
        received=received,
        created_at=now,
    )
    await here.events.emit(ReportFiled(report.id))
    return report


async def end_report(here: Instance, report: Report, outcome: str, *, by_id: str | None = None, note: str = "") -> None:
    """Close a report, in the caller's transaction."""
    report.state, report.outcome = policy.CLOSED, outcome
    report.closed_by_id, report.note, report.closed_at = by_id, note, here.clock.now()
    await report.save()
    await here.events.emit(ReportClosed(report.id))


async def is_flooding(here: Instance, host: str) -> bool:
    """Whether a server has sent as many reports today as we take."""
    count = await here.db.value(
        "SELECT count(*) AS n FROM report WHERE reporter_host = :host AND created_at > :since",
        host=host,
        since=here.clock.now() - timedelta(days=1),
    )
    return int(count or 0) >= MOST_PER_HOST


async def _scope(here: Instance, category: str, about_id: str, posts: Sequence[Post]) -> str | None:
    community_id = next((post.community_id for post in posts if post.community_id is not None), None)
    others = 0
    if community_id is not None:
        # Only of a community here do we know who looks after it, and only they have a page to do it on.
        others = int(
            await here.db.value(
                "SELECT count(*) AS n FROM membership JOIN actor AS person ON person.id = membership.person_id"
                " JOIN actor AS community ON community.id = membership.community_id AND community.is_local"
                " WHERE membership.community_id = :id AND membership.state = 'active' AND person.is_local"
                " AND membership.role IN ('steward', 'facilitator') AND membership.person_id <> :about"
                " AND person.suspended_at IS NULL AND person.deleted_at IS NULL",
                id=community_id,
                about=about_id,
            )
            or 0
        )
    return policy.goes_to(Scope(category, community_id, others))
