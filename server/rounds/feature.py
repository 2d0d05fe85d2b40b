"""Rounds as a feature: their structured part, turns from elsewhere, and what waits until everybody was heard."""

from functools import partial

from server.actors.events import ActorDeleted, SuspensionChanged
from server.actors.models import Actor
from server.communities.events import MemberInvited, PersonUnbanned
from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.posts.events import AnswerEarly, PostDeleted, PostPublished, PostRestored
from server.posts.models import Post
from server.rounds import detail, turning
from server.rounds.activities import turn
from server.rounds.detail import MADE_FROM, RoundDetail
from server.rounds.events import TurnTaken


async def _taken(here: Instance, event: TurnTaken) -> None:
    post, person = await Post.get(id=event.post_id), await Actor.get(id=event.person_id)
    await turning.take(here, post, person, event.state, event.at)


def _install(here: Instance) -> None:
    details.register(here, "round", RoundDetail(), MADE_FROM)
    details.register_extras(here, "round", details.Extras(facts=detail.facts, tally=detail.tally, hides=turning.hides))
    here.engine.on("TakeTurn", None, partial(turn.on_turn, here))
    here.events.on(TurnTaken, partial(_taken, here))
    here.events.on(AnswerEarly, partial(turning.on_early, here))
    here.events.on_all(PostPublished, partial(turning.on_published, here))
    here.events.on(PostDeleted, partial(turning.on_deleted, here))
    here.events.on(PostRestored, partial(turning.on_restored, here))
    here.events.on(ActorDeleted, partial(turning.forget_person, here))
    for let_back in (PersonUnbanned, MemberInvited, SuspensionChanged):
        here.events.on(let_back, partial(turning.on_let_back, here))
    here.jobs.on(turning.TELL, partial(turning.tell, here))
    here.jobs.on(turning.RELEASE, partial(turning.release, here))


feature = Feature("rounds", models="server.rounds.models", install=_install)
