"""Collections as a feature: what they say beyond a post, and what follows what is in them."""

from functools import partial

from server.actors.events import ActorBlocked, ActorDeleted, ActorUnblocked, SuspensionChanged
from server.collections import keeping, queries
from server.collections.detail import MADE_FROM, CollectionDetail, gathered
from server.feature import Feature
from server.instance import Instance
from server.peers.events import PeerGradeChanged
from server.posts import details
from server.posts.events import PostDeleted, PostEdited, PostNarrowed, PostRemoved, PostRestored


def _install(here: Instance) -> None:
    details.register(here, "collection", CollectionDetail(), MADE_FROM)
    details.register_extras(here, "collection", details.Extras(facts=queries.facts, collections={"items": gathered}))
    for happened in (PostEdited, PostNarrowed, PostRemoved, PostRestored, PostDeleted):
        here.events.on(happened, partial(keeping.on_post, here))
    here.jobs.on(keeping.FOLLOW, partial(keeping.follow, here))
    here.events.on(SuspensionChanged, partial(keeping.on_suspension, here))
    for of_two in (ActorBlocked, ActorUnblocked):
        here.events.on(of_two, partial(keeping.on_block, here))
    here.events.on(PeerGradeChanged, partial(keeping.on_grade, here))
    here.jobs.on(keeping.FOLLOW_WRITERS, partial(keeping.follow_writers, here))
    here.events.on(ActorDeleted, partial(keeping.on_actor_deleted, here))


feature = Feature("collections", models="server.collections.models", install=_install)
