"""Push messages as a feature: apps that are not open are woken when their owner is told something."""

from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.notifications.events import Told
from server.push import actions


def _install(here: Instance) -> None:
    here.events.on(Told, partial(actions.on_told, here))
    here.jobs.on(actions.JOB, partial(actions.send, here))


feature = Feature("push", models="server.push.models", install=_install)
