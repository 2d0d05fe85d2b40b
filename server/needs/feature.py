"""Needs as a feature."""

from functools import partial

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.needs import actions, asking
from server.posts.events import PostDeleted


def _install(here: Instance) -> None:
    here.jobs.on(asking.ROUTE, partial(asking.route, here))
    here.events.on(ActorDeleted, partial(actions.on_actor_deleted, here))
    here.events.on(PostDeleted, partial(actions.on_post_deleted, here))


feature = Feature("needs", models="server.needs.models", install=_install)
