"""Inviting many people as a feature."""

from datetime import timedelta
from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.invitations import actions


def _install(here: Instance) -> None:
    here.jobs.on(actions.SEND, partial(actions.send, here))
    here.jobs.every("invitations.tidy", timedelta(hours=6), partial(_tidy, here))


async def _tidy(here: Instance, _: object) -> None:
    await actions.tidy(here)


feature = Feature("invitations", models="server.invitations.models", install=_install)
