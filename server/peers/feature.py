"""Other servers as a feature."""

from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.peers import queries


def _install(here: Instance) -> None:
    here.keep(queries.CACHE, partial(queries.load_grades, here))


feature = Feature("peers", models="server.peers.models", install=_install)
