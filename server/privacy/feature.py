"""Privacy as a feature: archives, and what ends by itself."""

from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any

from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.privacy import actions, inactive, retention


async def _bring(here: Instance, payload: Any) -> None:
    # Loaded when somebody brings something: an idle server has none of it in memory (P9).
    await import_module("server.privacy.bringing").bring_some(here, payload)


def _install(here: Instance) -> None:
    here.jobs.on(actions.JOB, partial(actions.make, here))
    here.jobs.on(actions.FORGET_JOB, partial(actions.forget, here))
    here.jobs.every("privacy.sweep", timedelta(hours=1), partial(actions.sweep, here))
    here.jobs.every(retention.JOB, timedelta(days=1), partial(retention.run, here))
    here.jobs.every("privacy.inactive", timedelta(days=1), partial(inactive.run, here))
    here.jobs.on(actions.BRING_JOB, partial(_bring, here))
    here.jobs.on(inactive.JOB, partial(inactive.end_account, here))
    here.events.on(ActorDeleted, partial(actions.on_actor_deleted, here))


feature = Feature("privacy", models="server.privacy.models", install=_install)
