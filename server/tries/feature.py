"""Reports of people who tried a practice, as a feature."""

from functools import partial

from server.actors.events import ActorBlocked, ActorChanged, ActorUnblocked
from server.feature import Feature
from server.instance import Instance
from server.peers.events import PeerGradeChanged
from server.posts import details
from server.posts.details import Extras
from server.posts.events import PostEdited, PostHeld, PostPublished, PostRemoved, PostSaved
from server.shelf import MadeFrom
from server.tries import counting, replies, standing
from server.tries.counting import CountsDetail
from server.tries.detail import TriedDetail


def _install(here: Instance) -> None:
    details.register(here, "tried", TriedDetail(), [MadeFrom("tried_report", "t.id = post.id")])
    for kind in ("practice", "tip"):
        details.add(here, kind, CountsDetail(), [MadeFrom("tried_tally", "t.id = post.id")])
        details.register_extras(here, kind, Extras(tally=counting.tallied, collections={"trials": counting.collection}))
    here.events.on_all(PostPublished, partial(replies.on_published, here))
    here.events.on(PostHeld, partial(replies.on_held, here))
    here.events.on(PostEdited, partial(replies.on_edited, here))
    here.events.on(PostRemoved, partial(counting.on_removed, here))
    here.events.on(PostSaved, partial(standing.on_saved, here))
    here.events.on(PeerGradeChanged, partial(counting.on_grade, here))
    here.events.on(ActorChanged, partial(counting.on_actor, here))
    for happened in (ActorBlocked, ActorUnblocked):
        here.events.on(happened, partial(counting.on_block, here))
    here.jobs.on(counting.RECOUNT, partial(counting.recount, here))
    here.jobs.on(counting.TELL, partial(counting.tell, here))
    here.jobs.on(counting.HEAR, partial(counting.hear, here))
    here.jobs.on(replies.ACKNOWLEDGE, partial(replies.acknowledge, here))


feature = Feature("tries", models="server.tries.models", install=_install)
