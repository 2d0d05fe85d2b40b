"""Ideas as a feature: what is said of one beyond its text, and on its card."""

from server.feature import Feature
from server.ideas import queries
from server.ideas.detail import MADE_FROM, IdeaDetail
from server.instance import Instance
from server.posts import details


def _install(here: Instance) -> None:
    details.register(here, "idea", IdeaDetail(), MADE_FROM)
    details.register_extras(here, "idea", details.Extras(facts=queries.facts))


feature = Feature("ideas", models="server.ideas.models", install=_install)
