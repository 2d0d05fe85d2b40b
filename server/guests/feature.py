"""The guest pass as a feature."""

from datetime import timedelta
from functools import partial

from server.feature import Feature
from server.guests import actions
from server.instance import Instance


def _install(here: Instance) -> None:
    here.jobs.every("guests.prune", timedelta(hours=1), partial(_prune, here))


async def _prune(here: Instance, _: object) -> None:
    await actions.prune(here)


feature = Feature("guests", models="server.guests.models", install=_install)
