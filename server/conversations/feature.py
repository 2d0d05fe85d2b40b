"""Conversations as a feature: they follow direct posts."""

from collections.abc import Sequence
from functools import partial

from server.actors.events import ActorDeleted
from server.conversations import actions
from server.feature import Feature
from server.instance import Instance
from server.posts.events import PostDeleted, PostPublished, PostRemoved


async def _published(here: Instance, events: Sequence[PostPublished]) -> None:
    direct = [event.post_id for event in events if event.is_direct]
    if direct:
        await actions.add_posts(here, direct)


async def _gone(here: Instance, event: PostDeleted | PostRemoved) -> None:
    await actions.remove_post(here, event.post_id)


async def _left(here: Instance, event: ActorDeleted) -> None:
    await actions.forget_owner(here, event.actor_id)


def _install(here: Instance) -> None:
    here.events.on_all(PostPublished, partial(_published, here))
    here.events.on(PostDeleted, partial(_gone, here))
    here.events.on(PostRemoved, partial(_gone, here))
    here.events.on(ActorDeleted, partial(_left, here))


feature = Feature("conversations", models="server.conversations.models", install=_install)
