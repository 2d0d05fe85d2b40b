"""Telling people here about reports: who looks at them, who wrote them; and who was told something."""

from server.instance import Instance
from server.moderation import policy
from server.moderation.events import NoticeGiven, ReportAnswered, ReportClosed, ReportFiled
from server.moderation.models import Notice, Report
from server.notifications.actions import CARE, News, notify, withdraw
from server.notifications.posts import stewards_here, stewards_of


async def on_filed(here: Instance, event: ReportFiled) -> None:
    """Tell those who look at it, and never the one it is about or the one who wrote it."""
    report = await Report.get(id=event.report_id)
    readers = [reader for reader in await _readers(here, report) if reader not in {report.about_id, report.reporter_id}]
    # No actor: who reported is not for everybody who is told.
    await notify(here, readers, News(kind="report", thing=CARE, key=report.id, community_id=report.community_id))


async def on_closed(here: Instance, event: ReportClosed) -> None:
    """Nobody has to look at it any more; who wrote it hears that it was decided, and how far."""
    report = await Report.get(id=event.report_id)
    for reader in await _readers(here, report):
        await withdraw(here, reader, "report", report.id)
    if report.outcome in {policy.ACTED, policy.NONE} and not report.reporter_host:
        await notify(here, [report.reporter_id], News(kind="report_done", thing=CARE, key=report.id))


async def on_answered(here: Instance, event: ReportAnswered) -> None:
    """Who wrote it hears that another server decided."""
    report = await Report.get(id=event.report_id)
    await notify(here, [report.reporter_id], News(kind="report_done", thing=CARE, key=event.uri[-60:]))


async def on_notice(here: Instance, event: NoticeGiven) -> None:
    """Tell the person."""
    notice = await Notice.get(id=event.notice_id)
    await notify(here, [notice.person_id], News(kind=notice.kind, thing=CARE, key=notice.id))


async def _readers(here: Instance, report: Report) -> list[str]:
    return await (stewards_of(here, report.community_id) if report.community_id else stewards_here(here))
