"""Cards as a feature. Without activities: nothing of them ever leaves."""

from functools import partial

from server.actors.events import ActorDeleted
from server.communities.events import MemberJoined, RoleChanged
from server.feature import Feature
from server.instance import Instance
from server.workcards import actions


def _install(here: Instance) -> None:
    here.events.on(RoleChanged, partial(actions.on_role, here))
    here.events.on(MemberJoined, partial(actions.on_joined, here))
    here.events.on(ActorDeleted, partial(actions.on_actor_deleted, here))


feature = Feature("workcards", models="server.workcards.models", install=_install)
