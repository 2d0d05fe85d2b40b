"""Lists of servers as a feature: the one that we publish, and those that others publish."""

from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.serverlists import policy, publishing, reading, taking


def _install(here: Instance) -> None:
    here.documents["servers"] = partial(publishing.provide, here)
    here.jobs.on(reading.FETCH, partial(reading.fetch, here))
    here.jobs.on(taking.TAKE_ALL, partial(taking.take_all, here))
    here.jobs.every("serverlists.fetch_all", policy.FETCH_EVERY, partial(reading.fetch_all, here))


feature = Feature("serverlists", models="server.serverlists.models", install=_install)
