"""Background work as a feature: one source of the worker."""

from server.feature import Feature
from server.instance import Instance


def _install(here: Instance) -> None:
    here.worker.add("jobs", here.jobs.step, concurrency=2)


feature = Feature("jobs", models="server.jobs.models", install=_install)
