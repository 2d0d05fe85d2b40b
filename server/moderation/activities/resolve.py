"""Resolve, both directions (Lemmy 1.0): a report was decided upon.

Ours say in `outcome` whether something was done, and nothing else: no names, no reasons. They are sent as the Service
``reports``, which lives where the community does, so that the threadiverse takes its word.

Authority: the server that was told answers; of a community here, who looks after it (S5).
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import host_of
from server.actors.models import Actor
from server.actors.policy import REPORTS
from server.actors.sending import send
from server.communities.activities.authority import looks_after
from server.ids import new_id
from server.instance import Instance
from server.moderation import policy
from server.moderation.events import ReportAnswered
from server.moderation.filing import end_report
from server.moderation.models import Report, ReportCopy


async def on_resolve(here: Instance, received: VerifiedActivity) -> None:
    """Another server answers a report of ours, or a moderator elsewhere closes one about a community here."""
    activity = received.activity
    uri = activity.object_id
    copy = await ReportCopy.get_or_none(uri=uri) if uri else None
    if copy is not None:
        await _answer(here, received, copy)
        return
    report = await Report.get_or_none(uri=uri) if uri else None
    if report is None:
        raise Ignored("this report is not known here")
    moderator = await Actor.get_or_none(uri=activity.actor)
    if moderator is None or not await looks_after(here, moderator.id, report.community_id):
        raise Forbidden("only who looks after the community closes its reports")
    if moderator.id == report.about_id:
        raise Forbidden("nobody closes a report about themselves")
    if report.state == policy.OPEN:
        async with here.db.transaction():
            await end_report(here, report, _outcome(received), by_id=moderator.id)


async def send_resolve(here: Instance, report: Report) -> None:
    """Tell the server that a report came from what became of it; microblogs do not know Resolve and are not told."""
    if not report.reporter_host or report.outcome not in {policy.ACTED, policy.NONE} or report.received is None:
        return
    dialect = await here.db.value("SELECT dialect FROM peer WHERE host = :host", host=report.reporter_host)
    reporter = await Actor.get(id=report.reporter_id)
    if dialect != "threadiverse" or reporter.deleted_at is not None:
        return
    sender = await Actor.get(handle_key=f"{REPORTS}@{here.settings.domain}")
    community = await Actor.get(id=report.community_id) if report.community_id else None
    document = activities.resolve(
        id=here.url(f"/ap/a/resolve/{new_id(here.clock.now())}"),
        actor=sender.uri,
        object=report.received,
        to=[community.uri if community else reporter.uri],
        audience=community.uri if community else None,
        extra={"outcome": report.outcome},
    )
    await send(here, sender.uri, document, inboxes=[reporter.shared_inbox_url or reporter.inbox_url])


async def _answer(here: Instance, received: VerifiedActivity, copy: ReportCopy) -> None:
    if host_of(received.activity.actor) != copy.host:
        raise Forbidden("only the server that was told answers")
    if copy.answered_at is not None:
        return
    async with here.db.transaction():
        copy.outcome, copy.answered_at = _outcome(received), here.clock.now()
        await copy.save()
        await here.events.emit(ReportAnswered(copy.report_id, copy.uri))


def _outcome(received: VerifiedActivity) -> str:
    """What they say was done; Lemmy says only that it is settled."""
    said = received.raw.get("outcome")
    return said if said in {policy.ACTED, policy.NONE} else policy.ANSWERED
