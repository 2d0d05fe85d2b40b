"""Networks of organisations as a feature: their lists, what servers say to each other, and the hourly look."""

from datetime import timedelta
from functools import partial

from server.actors.activities.by_reference import on_reference
from server.consortium import joining as joined
from server.consortium import lists, policy, reporting, standing
from server.consortium.activities import joining, news, reports
from server.feature import Feature
from server.instance import Instance
from server.peers.events import ModeChanged


def _install(here: Instance) -> None:
    here.documents["networks"] = partial(lists.provide, here)
    on_reference(here, "Join", partial(joining.on_join, here))
    on_reference(here, "Leave", partial(joining.on_leave, here))
    for verb in ("Accept", "Reject"):
        on_reference(here, verb, partial(joining.on_answer, here), object_type="Join")
        on_reference(here, verb, partial(joining.answer_by_id, here))
    here.engine.on("Update", "Collection", partial(news.on_news, here))
    on_reference(here, "Add", partial(reports.on_add, here))
    here.jobs.on(reporting.JOB, partial(reporting.tell, here))
    here.jobs.every("consortium.tell_all", timedelta(days=1), partial(reporting.tell_all, here))
    here.jobs.on(lists.FETCH, partial(joined.fetch, here))
    here.jobs.on(standing.SETTLE, partial(standing.settle, here))
    here.jobs.on(standing.PART, partial(standing.part, here))
    here.jobs.on(standing.MET, partial(standing.met, here))
    here.events.on(ModeChanged, partial(standing.on_mode, here))
    here.jobs.every("consortium.settle", timedelta(hours=6), partial(standing.settle, here))
    here.jobs.every("consortium.fetch_all", policy.FETCH_EVERY, partial(joined.fetch_all, here))


feature = Feature("consortium", models="server.consortium.models", install=_install)
