"""OAuth as a feature."""

from datetime import timedelta
from functools import partial

from server.accounts.events import PasswordChanged
from server.feature import Feature
from server.instance import Instance
from server.oauth import actions


def _install(here: Instance) -> None:
    here.events.on(PasswordChanged, partial(_password_changed, here))
    here.jobs.every("oauth.prune", timedelta(hours=1), partial(_prune, here))


async def _password_changed(here: Instance, event: PasswordChanged) -> None:
    """Whoever got in with the old password may have let an app in, too."""
    await actions.disconnect_all(here, event.account_id)


async def _prune(here: Instance, _: object) -> None:
    await actions.prune(here)


feature = Feature("oauth", models="server.oauth.models", install=_install)
