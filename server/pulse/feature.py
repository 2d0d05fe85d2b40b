"""How safe it feels, as a feature. Without activities: nothing of it ever leaves."""

from datetime import timedelta
from functools import partial

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.pulse import actions


def _install(here: Instance) -> None:
    async def forget_person(event: ActorDeleted) -> None:
        await actions.forget_person(here, event.actor_id)

    here.events.on(ActorDeleted, forget_person)
    here.jobs.every("pulse.forget", timedelta(hours=1), partial(actions.forget, here))


feature = Feature("pulse", models="server.pulse.models", install=_install)
