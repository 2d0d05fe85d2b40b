"""Subjects as a feature: what happens to practices, the work that is put off, and their outbox."""

from functools import partial

from server.actors.events import ActorChanged
from server.communities.events import CommunityChanged
from server.feature import Feature
from server.instance import Instance
from server.posts.events import PostEdited, PostNarrowed, PostPublished, PostRemoved, PostRestored
from server.subjects import actions, documents


def _install(here: Instance) -> None:
    documents.register(here)
    for happened in (PostPublished, PostEdited, PostNarrowed, PostRemoved, PostRestored):
        here.events.on(happened, partial(actions.on_post, here))
    here.events.on(ActorChanged, partial(actions.on_person, here))
    here.events.on(CommunityChanged, partial(actions.on_community, here))
    here.jobs.on(actions.REVIEW, partial(actions.review, here))
    here.jobs.on(actions.CATCH_UP, partial(actions.catch_up, here))
    here.jobs.on(actions.STOP, partial(actions.stop, here))


feature = Feature("subjects", models="server.subjects.models", install=_install)
