"""Signing in with a provider as a feature."""

from datetime import timedelta
from functools import partial

from server.accounts.events import AccountActivated, AccountSuspended
from server.feature import Feature
from server.instance import Instance
from server.oidc import actions, ending
from server.oidc.models import OidcIdentity


def _install(here: Instance) -> None:
    here.events.on(AccountActivated, partial(_admin_decided, here))
    here.events.on(AccountSuspended, partial(_admin_decided, here))
    here.jobs.on(ending.ASK, partial(ending.ask_about_some, here))
    here.jobs.every("oidc.nightly", timedelta(days=1), partial(ending.nightly, here))
    here.jobs.every("oidc.prune", timedelta(hours=1), partial(_prune, here))


async def _admin_decided(here: Instance, event: AccountActivated | AccountSuspended) -> None:
    """What an admin decides counts, until the provider says something again; `ending.end` notes its own word later."""
    if here.settings.oidc_issuer:
        await OidcIdentity.filter(account_id=event.account_id).update(ended_at=None, ended_why="")


async def _prune(here: Instance, _: object) -> None:
    await actions.prune(here)


feature = Feature("oidc", models="server.oidc.models", install=_install)
