"""Thanks and celebrations as a feature."""

from functools import partial

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.shelf import MadeFrom
from server.thanks.actions import on_actor_deleted
from server.thanks.detail import ThanksDetail
from server.thanks.form import KINDS


def _install(here: Instance) -> None:
    for kind in KINDS:
        details.register(here, kind, ThanksDetail(), [MadeFrom("thanks", "t.id = post.id", ("id", "act_uri"))])
    here.events.on(ActorDeleted, partial(on_actor_deleted, here))


feature = Feature("thanks", models="server.thanks.models", install=_install)
