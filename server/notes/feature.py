"""Short posts of apps as a feature."""

from datetime import timedelta
from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.notes import actions


def _install(here: Instance) -> None:
    here.jobs.every("notes.prune", timedelta(hours=1), partial(actions.prune, here))


feature = Feature("notes", models="server.notes.models", install=_install)
