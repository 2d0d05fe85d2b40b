"""Other servers as a feature."""

from server.feature import Feature
from server.instance import Instance


def _install(here: Instance) -> None:
    """Nothing to register: grades are read at start by `peers.queries.load_grades`."""


feature = Feature("peers", models="server.peers.models", install=_install)
