"""Needs as a feature."""

from functools import partial

from server.actors.activities.by_reference import on_reference
from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.needs import actions, asking, seats
from server.needs.activities import invite
from server.posts.events import PostDeleted


def _install(here: Instance) -> None:
    here.jobs.on(asking.ROUTE, partial(asking.route, here))
    here.jobs.on(asking.OFFER, partial(seats.offer, here))
    here.jobs.on(seats.TAKE, partial(seats.take, here))
    on_reference(here, "Invite", partial(invite.on_invite, here))
    on_reference(here, "Accept", partial(invite.on_answer, here))
    here.events.on(ActorDeleted, partial(actions.on_actor_deleted, here))
    here.events.on(PostDeleted, partial(actions.on_post_deleted, here))


feature = Feature("needs", models="server.needs.models", install=_install)
