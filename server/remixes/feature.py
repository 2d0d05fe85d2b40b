"""Remixes as a feature: what they are based on travels with them, and whoever is concerned hears of it."""

from functools import partial

from server.actors.activities.by_reference import on_reference
from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.posts.events import PostPublished
from server.practices import bonds
from server.remixes import actions, ties
from server.remixes.activities import offer
from server.remixes.detail import MADE_FROM, RemixDetail
from server.remixes.events import ChangeOffered, OfferAnswered, OfferWithdrawn


def _install(here: Instance) -> None:
    details.add(here, "practice", RemixDetail(), MADE_FROM)
    bonds.register(here, actions.bind)
    here.events.on_all(PostPublished, partial(ties.on_published, here))
    here.events.on(ChangeOffered, partial(offer.send_offer, here))
    here.events.on(OfferAnswered, partial(offer.send_answer, here))
    here.events.on(OfferWithdrawn, partial(offer.send_withdrawal, here))
    here.engine.on("Offer", None, partial(offer.on_offer, here))
    on_reference(here, "Undo", partial(offer.on_undo, here), object_type="Offer")
    on_reference(here, "Undo", partial(offer.on_undo, here))
    for verb in ("Accept", "Reject"):
        on_reference(here, verb, partial(offer.on_answer, here))
    here.jobs.on(ties.LOOK_UP, partial(ties.look_up, here))


feature = Feature("remixes", models="server.remixes.models", install=_install)
