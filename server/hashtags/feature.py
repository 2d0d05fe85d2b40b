"""Hashtags as a feature."""

from functools import partial

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.hashtags import actions
from server.instance import Instance


async def _gone(here: Instance, event: ActorDeleted) -> None:
    await actions.forget_actor(here, event.actor_id)


def _install(here: Instance) -> None:
    here.events.on(ActorDeleted, partial(_gone, here))


feature = Feature("hashtags", models="server.hashtags.models", install=_install)
