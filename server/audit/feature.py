"""The audit log as a feature: a table, and nothing that runs by itself."""

from server.feature import Feature
from server.instance import Instance


def _install(here: Instance) -> None:
    """Nothing to register."""


feature = Feature("audit", models="server.audit.models", install=_install)
