"""What people sign in with, as a feature."""

from datetime import timedelta
from functools import partial

from server.accounts.events import PasswordChanged
from server.accounts.models import Account
from server.factors import actions
from server.factors.letters import tell_owner
from server.feature import Feature
from server.instance import Instance


def _install(here: Instance) -> None:
    here.events.on(PasswordChanged, partial(_tell_of_password, here))
    here.jobs.every("factors.prune", timedelta(hours=6), partial(_prune, here))


async def _tell_of_password(here: Instance, event: PasswordChanged) -> None:
    await tell_owner(here, await Account.get(id=event.account_id), "password")


async def _prune(here: Instance, _: object) -> None:
    await actions.prune(here)


feature = Feature("factors", models="server.factors.models", install=_install)
