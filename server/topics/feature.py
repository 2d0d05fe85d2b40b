"""Topics as a feature: what a community says of its own, and what is forgotten with people."""

from functools import partial
from typing import Any

from server.actors.events import ActorDeleted, GroupRead
from server.communities.events import MemberLeft
from server.feature import Feature
from server.instance import Instance
from server.topics import actions, wire


async def _left(here: Instance, event: MemberLeft) -> None:
    await actions.forget(here, event.person_id, event.community_id)


async def _gone(here: Instance, event: ActorDeleted) -> None:
    await actions.forget_person(here, event.actor_id)


async def _tell(here: Instance, payload: Any) -> None:
    await wire.tell(here, str(payload))


def _install(here: Instance) -> None:
    wire.register(here)
    here.events.on(GroupRead, partial(wire.on_read, here))
    here.events.on(MemberLeft, partial(_left, here))
    here.events.on(ActorDeleted, partial(_gone, here))
    here.jobs.on(actions.TELL, partial(_tell, here))


feature = Feature("topics", models="server.topics.models", install=_install)
