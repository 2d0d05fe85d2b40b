"""The fediverse as a feature: the durable inbox and outbox as sources of the worker, and the ids of our activities."""

from datetime import timedelta
from functools import partial

from server.accounts.events import AccountDeleted
from server.actors.events import ActorDeleted
from server.feature import Feature
from server.fediverse import erasure, inbox, outbox, refusals, sending, sent
from server.instance import Instance
from server.peers.events import PeerGradeChanged


def _install(here: Instance) -> None:
    here.worker.add("inbox", partial(inbox.step, here))
    here.worker.add("refusals", partial(refusals.step, here))
    here.worker.add("spread", partial(outbox.spread, here))
    here.worker.add("outbox", partial(sending.step, here))
    here.events.on(PeerGradeChanged, partial(outbox.on_peer_grade, here))
    here.documents["a"] = partial(sent.provide, here)
    here.events.on(ActorDeleted, partial(sent.forget_actor, here))
    here.events.on(AccountDeleted, partial(erasure.on_account_deleted, here))

    async def prune(_: object) -> None:
        await inbox.prune(here)
        await outbox.prune(here)
        await refusals.prune(here)

    here.jobs.every("fediverse.prune", timedelta(hours=6), prune)
    here.jobs.every("fediverse.report", timedelta(hours=1), partial(erasure.report, here))


feature = Feature("fediverse", models="server.fediverse.models", install=_install)
