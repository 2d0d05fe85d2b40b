"""Proposals as a feature: their structured part, and what answers from everywhere say."""

from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.posts.events import PostPublished
from server.proposals import actions, queries
from server.proposals.detail import MADE_FROM, ProposalDetail


def _install(here: Instance) -> None:
    details.register(here, "proposal", ProposalDetail(), MADE_FROM)
    details.register_extras(here, "proposal", details.Extras(facts=queries.facts))
    here.events.on_all(PostPublished, partial(actions.on_published, here))


feature = Feature("proposals", models="server.proposals.models", install=_install)
