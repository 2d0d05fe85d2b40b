"""Beginnings of networks as a feature: a table, and nothing that happens by itself."""

from server.feature import Feature
from server.instance import Instance


def _install(here: Instance) -> None:
    """Nothing is asked of the instance."""


feature = Feature("blueprints", models="server.blueprints.models", install=_install)
