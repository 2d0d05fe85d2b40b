"""Filters as a feature: they go with their owners, and with the posts that they are about."""

from functools import partial

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.filters import actions
from server.instance import Instance
from server.posts.events import PostDeleted


async def _gone(here: Instance, event: ActorDeleted) -> None:
    await actions.forget_owner(here, event.actor_id)


async def _deleted(here: Instance, event: PostDeleted) -> None:
    await actions.forget_post(here, event.post_id)


def _install(here: Instance) -> None:
    here.events.on(ActorDeleted, partial(_gone, here))
    here.events.on(PostDeleted, partial(_deleted, here))


feature = Feature("filters", models="server.filters.models", install=_install)
