"""Resources of libraries as a feature."""

from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.resources.detail import ResourceDetail
from server.shelf import MadeFrom


def _install(here: Instance) -> None:
    details.register(here, "resource", ResourceDetail(), [MadeFrom("resource", "t.id = post.id")])


feature = Feature("resources", models="server.resources.models", install=_install)
