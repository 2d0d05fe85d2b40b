"""Search as a feature: it follows what happens to posts, people and communities."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from server.actors.events import ActorChanged, ActorDeleted
from server.communities.events import CommunityChanged, CommunityCreated
from server.feature import Feature
from server.instance import Instance
from server.posts.events import PostDeleted, PostEdited, PostHeld, PostPublished, PostRemoved
from server.search import actions

REBUILD = "search.rebuild"


async def _published(here: Instance, events: Sequence[PostPublished]) -> None:
    await actions.index_posts(here, [event.post_id for event in events])
    for event in events:
        if event.is_local and event.kind == "practice":
            await actions.index_author(here, event.post_id)


async def _changed(here: Instance, event: PostEdited | PostHeld | PostRemoved) -> None:
    await actions.index_post(here, event.post_id)
    await actions.index_author(here, event.post_id)


async def _deleted(here: Instance, event: PostDeleted) -> None:
    await actions.forget_post(here, event.post_id)
    await actions.index_author(here, event.post_id, ends=True)


async def _actor_changed(here: Instance, event: ActorChanged) -> None:
    await actions.index_actor(here, event.actor_id)


async def _actor_deleted(here: Instance, event: ActorDeleted) -> None:
    await actions.forget_actor(here, event.actor_id)


async def _community_changed(here: Instance, event: CommunityCreated | CommunityChanged) -> None:
    await actions.index_actor(here, event.community_id)


async def _rebuild(here: Instance, payload: Any) -> None:
    await actions.rebuild(here)


def _install(here: Instance) -> None:
    here.events.on_all(PostPublished, partial(_published, here))
    here.events.on(PostEdited, partial(_changed, here))
    here.events.on(PostHeld, partial(_changed, here))
    here.events.on(PostRemoved, partial(_changed, here))
    here.events.on(PostDeleted, partial(_deleted, here))
    here.events.on(ActorChanged, partial(_actor_changed, here))
    here.events.on(ActorDeleted, partial(_actor_deleted, here))
    here.events.on(CommunityCreated, partial(_community_changed, here))
    here.events.on(CommunityChanged, partial(_community_changed, here))
    here.jobs.on(REBUILD, partial(_rebuild, here))


feature = Feature("search", models=None, install=_install)
