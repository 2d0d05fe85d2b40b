"""Showing a draft to one person first, as a feature. Without activities: it never leaves this server."""

from functools import partial

from server.actors.events import ActorBlocked, ActorDeleted
from server.beforehand import actions
from server.feature import Feature
from server.instance import Instance
from server.posts.events import PostDeleted, PostPublished


def _install(here: Instance) -> None:
    here.events.on_all(PostPublished, partial(actions.on_published, here))
    here.events.on(PostDeleted, partial(actions.on_deleted, here))
    here.events.on(ActorDeleted, partial(actions.on_actor_deleted, here))
    here.events.on(ActorBlocked, partial(actions.on_blocked, here))


feature = Feature("beforehand", models="server.beforehand.models", install=_install)
