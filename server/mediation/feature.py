"""Mediation as a feature: tables, and news for three people."""

from functools import partial

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.mediation import telling
from server.mediation.events import MediationMoved


def _install(here: Instance) -> None:
    here.events.on(ActorDeleted, partial(telling.on_actor_deleted, here))
    here.events.on(MediationMoved, partial(telling.on_moved, here))


feature = Feature("mediation", models="server.mediation.models", install=_install)
