"""Chat rooms as a feature."""

from datetime import timedelta
from functools import partial

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.posts.events import PostPublished
from server.webhooks import actions

PAUSE = timedelta(minutes=10)


def _install(here: Instance) -> None:
    async def gone(event: ActorDeleted) -> None:
        await actions.on_community_gone(here, event.actor_id)

    here.events.on(PostPublished, partial(actions.on_post, here))
    here.events.on(ActorDeleted, gone)
    here.jobs.on(actions.SEND, partial(actions.send, here))
    here.jobs.every(actions.LOOK, PAUSE, partial(actions.look_ahead, here))


feature = Feature("webhooks", models="server.webhooks.models", install=_install)
"""Registered in `server.features`."""
