"""Trying together as a feature: what events say of it, and how it ends."""

from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.posts.events import PostEdited
from server.together import actions, closing
from server.together.detail import MADE_FROM, TogetherDetail


def _install(here: Instance) -> None:
    details.add(here, "session", TogetherDetail(), MADE_FROM)
    here.jobs.on(closing.CLOSE, partial(closing.close, here))
    here.events.on(PostEdited, partial(actions.on_edited, here))


feature = Feature("together", models="server.together.models", install=_install)
