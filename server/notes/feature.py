"""Short posts of apps as a feature."""

from datetime import timedelta
from functools import partial

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.notes import actions, scheduling


def _install(here: Instance) -> None:
    here.jobs.on(scheduling.PUBLISH, partial(scheduling.publish, here))
    here.events.on(ActorDeleted, partial(scheduling.forget_scheduled, here))
    here.jobs.every("notes.prune", timedelta(hours=1), partial(actions.prune, here))


feature = Feature("notes", models="server.notes.models", install=_install)
