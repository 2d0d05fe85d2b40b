"""Threads and questions as a feature."""

from server.discussions.detail import AskDetail
from server.feature import Feature
from server.instance import Instance
from server.posts import details


def _install(here: Instance) -> None:
    details.register(here, "ask", AskDetail())


feature = Feature("discussions", models="server.discussions.models", install=_install)
