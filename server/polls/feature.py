"""Polls as a feature: their structured part, votes from elsewhere, and what happens with time."""

from functools import partial

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.polls import actions, detail, voting
from server.polls.activities import vote
from server.polls.detail import PollDetail
from server.posts import details
from server.shelf import MadeFrom


def _install(here: Instance) -> None:
    poll, options = MadeFrom("poll", "t.id = post.id"), MadeFrom("poll_option", "t.poll_id = post.id")
    details.register(here, "poll", PollDetail(), [poll, options])
    details.register_extras(
        here, "poll", details.Extras(facts=detail.facts, words=detail.words, tally=detail.tally, vote=vote.on_vote)
    )
    here.engine.on("PollVote", None, partial(vote.on_poll_vote, here))
    here.jobs.on(voting.TELL, partial(actions.tell, here))
    here.jobs.on(actions.END, partial(actions.end, here))
    here.jobs.every(actions.REFRESH, actions.REFRESH_EVERY, partial(actions.refresh, here))
    here.events.on(ActorDeleted, partial(voting.forget_voter, here))


feature = Feature("polls", models="server.polls.models", install=_install)
