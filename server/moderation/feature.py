"""Moderation as a feature: reports from here and from elsewhere, what becomes of them, and who is told."""

from functools import partial

from server.actors.activities.by_reference import on_reference
from server.communities.events import PersonBanned
from server.feature import Feature
from server.instance import Instance
from server.moderation import cases, notices, telling
from server.moderation.activities import flag, resolve, warn
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
from server.moderation.models import Report


async def _closed(here: Instance, event: ReportClosed) -> None:
    await resolve.send_resolve(here, await Report.get(id=event.report_id))


def _install(here: Instance) -> None:
    here.engine.on("Flag", None, partial(flag.on_flag, here))
    here.engine.on("Undo", "Flag", partial(flag.on_undo_flag, here))
    on_reference(here, "Undo", partial(flag.undo_by_id, here))
    here.engine.on("Resolve", None, partial(resolve.on_resolve, here))
    here.engine.on("Warn", None, partial(warn.on_warn, here))
    here.events.on(ReportFiled, partial(telling.on_filed, here))
    here.events.on(ReportClosed, partial(telling.on_closed, here))
    here.events.on(ReportClosed, partial(_closed, here))
    here.events.on(ReportAnswered, partial(telling.on_answered, here))
    here.events.on(NoticeGiven, partial(telling.on_notice, here))
    here.events.on(CaseLate, partial(telling.on_late, here))
    here.events.on(CaseRuled, partial(telling.on_ruled, here))
    here.events.on(Objected, partial(telling.on_objected, here))
    here.events.on(ObjectionAnswered, partial(telling.on_objection_answered, here))
    here.jobs.on(cases.CLOCK_JOB, partial(cases.on_clock, here))
    here.events.on(PersonBanned, partial(notices.on_banned, here))


feature = Feature("moderation", models="server.moderation.models", install=_install)
