"""Threads and questions as a feature."""

from server.discussions.detail import AskDetail
from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.shelf import MadeFrom


def _install(here: Instance) -> None:
    details.register(here, "ask", AskDetail(), [MadeFrom("ask", "t.id = post.id")])


feature = Feature("discussions", models="server.discussions.models", install=_install)
