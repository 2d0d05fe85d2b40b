"""Telling people here about cases: who looks at them, who reported, and whom a decision is about."""

from server.actors.models import Actor
from server.instance import Instance
from server.moderation import access, policy
from server.moderation.events import (
    CaseLate,
    CaseRuled,
    NoticeGiven,
    Objected,
    ObjectionAnswered,
    ReportAnswered,
    ReportClosed,
    ReportFiled,
)
from server.moderation.models import Case, Notice, Report, Ruling
from server.notifications.actions import CARE, News, notify, withdraw
from server.notifications.posts import stewards_here, stewards_of

ENOUGH = 2
"""What may be unsafe for a child is told to so many people at least."""


async def on_filed(here: Instance, event: ReportFiled) -> None:
    """Tell those who look at it, and never the one it is about or those who reported it."""
    case = await Case.get(id=event.case_id)
    kind = "unsafe" if case.desk == policy.SEALED else "report"
    # No actor: who reported is not for everybody who is told.
    news = News(kind=kind, thing=CARE, key=case.id, community_id=_community(case))
    await notify(here, await _readers(here, case), news)


async def on_late(here: Instance, event: CaseLate) -> None:
    """Nobody has looked yet."""
    case = await Case.get(id=event.case_id)
    kind = "unsafe" if case.desk == policy.SEALED else "late"
    news = News(kind=kind, thing=CARE, key=f"{case.id}:{event.reminders}", community_id=_community(case))
    await notify(here, await _readers(here, case), news)


async def on_closed(here: Instance, event: ReportClosed) -> None:
    """Nobody has to look at it any more; who wrote it hears that it was decided, and how far."""
    report = await Report.get(id=event.report_id)
    if not await Report.exists(case_id=report.case_id, state=policy.OPEN):
        await _untell(here, await Case.get(id=report.case_id))
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


async def on_ruled(here: Instance, event: CaseRuled) -> None:
    """Whom it is about reads what was decided and why, and how to object."""
    ruling = await Ruling.get(id=event.ruling_id)
    if await Actor.exists(id=ruling.person_id, is_local=True):
        await notify(here, [ruling.person_id], News(kind="ruling", thing=CARE, key=ruling.id))


async def on_objected(here: Instance, event: Objected) -> None:
    """Those who look at it hear of the objection, but not who decided first."""
    ruling = await Ruling.get(id=event.ruling_id)
    case = await Case.get(id=ruling.case_id)
    readers = [reader for reader in await _readers(here, case) if reader != ruling.by_id]
    await notify(here, readers, News(kind="appeal", thing=CARE, key=case.id, community_id=_community(case)))


async def on_objection_answered(here: Instance, event: ObjectionAnswered) -> None:
    """Whom it is about hears what became of it."""
    ruling = await Ruling.get(id=event.ruling_id)
    case = await Case.get(id=ruling.case_id)
    for reader in await _readers(here, case):
        await withdraw(here, reader, "appeal", case.id)
    await notify(here, [ruling.person_id], News(kind="appeal_done", thing=CARE, key=ruling.id))


async def _untell(here: Instance, case: Case) -> None:
    for reader in {*await _readers(here, case), *await stewards_here(here)}:
        await withdraw(here, reader, "report", case.id)


async def _readers(here: Instance, case: Case) -> list[str]:
    """Who is told of a case. Of what is sealed, admins hear as well where too few are responsible: that it is there."""
    rows = await here.db.rows(
        "SELECT reporter_id FROM report WHERE case_id = :id AND state = 'open' ORDER BY id LIMIT 500", id=case.id
    )
    left_out = {case.about_id, *(row["reporter_id"] for row in rows)}
    if case.desk == policy.SEALED:
        told = await access.leads(here, but=case.about_id)
        return told if len(told) >= ENOUGH else list(dict.fromkeys([*told, *await _admins(here, case.about_id)]))
    if case.desk == policy.COMMUNITY and case.community_id is not None:
        readers = await stewards_of(here, case.community_id)
    else:
        readers = await stewards_here(here)
    return [reader for reader in readers if reader not in left_out]


async def _admins(here: Instance, but: str) -> list[str]:
    rows = await here.db.rows(
        "SELECT actor_id FROM account WHERE role = 'admin' AND state = 'active' AND actor_id <> :but"
        " ORDER BY id LIMIT 20",
        but=but,
    )
    return [row["actor_id"] for row in rows]


def _community(case: Case) -> str | None:
    return case.community_id if case.desk == policy.COMMUNITY else None
