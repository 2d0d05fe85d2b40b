"""Accounts as a feature."""

from datetime import timedelta
from functools import partial

from server.accounts import actions, site, throttle
from server.feature import Feature
from server.instance import Instance


def _install(here: Instance) -> None:
    here.keep(site.CHANNEL, partial(site.load, here))
    here.bus.on(throttle.CACHE, partial(throttle.heard, here))
    here.jobs.every("accounts.prune", timedelta(hours=6), partial(_prune, here))


async def _prune(here: Instance, _: object) -> None:
    await actions.prune(here)


feature = Feature("accounts", models="server.accounts.models", install=_install)
