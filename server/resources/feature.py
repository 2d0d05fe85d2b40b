"""Resources of libraries as a feature."""

from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.resources.detail import ResourceDetail


def _install(here: Instance) -> None:
    details.register(here, "resource", ResourceDetail())


feature = Feature("resources", models="server.resources.models", install=_install)
