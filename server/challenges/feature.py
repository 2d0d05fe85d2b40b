"""Challenges as a feature: their own part, what practices and resources say of them, and how many answer them."""

from functools import partial

from server.actors.events import ActorChanged
from server.challenges import counting, detail, queries
from server.challenges.detail import AnswerDetail, ChallengeDetail
from server.challenges.policy import ANSWERING
from server.feature import Feature
from server.instance import Instance
from server.peers.events import PeerGradeChanged
from server.posts import details
from server.posts.events import (
    PostDeleted,
    PostEdited,
    PostNarrowed,
    PostPublished,
    PostRemoved,
    PostRestored,
    ThreadLocked,
)
from server.shelf import MadeFrom


def _install(here: Instance) -> None:
    details.register(here, "challenge", ChallengeDetail(), [MadeFrom("challenge", "t.id = post.id")])
    details.register_extras(here, "challenge", details.Extras(facts=queries.facts))
    for kind in ANSWERING:
        details.add(here, kind, AnswerDetail(), detail.ANSWERED)
    for happened in (PostPublished, PostEdited, PostNarrowed, PostRemoved, PostRestored, PostDeleted):
        here.events.on(happened, partial(counting.on_post, here))
    here.events.on(ActorChanged, partial(counting.on_actor, here))
    here.events.on(PeerGradeChanged, partial(counting.on_grade, here))
    here.events.on(ThreadLocked, partial(counting.on_locked, here))


feature = Feature("challenges", models="server.challenges.models", install=_install)
