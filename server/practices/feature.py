"""Practices and tips as a feature."""

from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.practices.detail import MADE_FROM, PracticeDetail


def _install(here: Instance) -> None:
    detail = PracticeDetail()
    for kind in ("practice", "tip"):
        details.register(here, kind, detail, MADE_FROM)


feature = Feature("practices", models="server.practices.models", install=_install)
