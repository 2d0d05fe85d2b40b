"""Hosting as a feature: newcomers, meetings whose roles go round by themselves, and a look after two days."""

from functools import partial

from server.actors.events import ActorDeleted
from server.communities.events import MemberJoined
from server.feature import Feature
from server.hosting import actions, newcomers
from server.instance import Instance
from server.posts.events import PostPublished


async def _gone(here: Instance, event: ActorDeleted) -> None:
    await newcomers.forget(here, event.actor_id)


def _install(here: Instance) -> None:
    here.events.on(MemberJoined, partial(newcomers.on_joined, here))
    here.events.on_all(PostPublished, partial(actions.on_published, here))
    here.events.on(ActorDeleted, partial(_gone, here))
    here.jobs.on(newcomers.LOOK, partial(newcomers.look, here))


feature = Feature("hosting", models="server.hosting.models", install=_install)
