"""The page of sums as a feature."""

from server.feature import Feature
from server.instance import Instance


def _install(_: Instance) -> None:
    """Nothing happens by itself."""


feature = Feature("leading", models="server.leading.models", install=_install)
"""Registered in `server.features`."""
