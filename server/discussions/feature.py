"""Threads and questions as a feature."""

from functools import partial

from server.discussions import peers_first
from server.discussions.detail import AskDetail
from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.posts.events import AnswerEarly, PostPublished
from server.shelf import MadeFrom


def _install(here: Instance) -> None:
    details.register(here, "ask", AskDetail(), [MadeFrom("ask", "t.id = post.id")])
    details.register_extras(here, "ask", details.Extras(waits=peers_first.waits))
    here.events.on(AnswerEarly, partial(peers_first.on_early, here))
    here.events.on_all(PostPublished, partial(peers_first.on_published, here))
    here.jobs.on(peers_first.RELEASE, partial(peers_first.release, here))


feature = Feature("discussions", models="server.discussions.models", install=_install)
