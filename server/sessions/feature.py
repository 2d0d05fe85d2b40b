"""Events as a feature: their structured part, and taking part in them across servers."""

from functools import partial

from server.actors.activities.by_reference import on_reference
from server.actors.events import ActorDeleted
from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.posts.events import PostDeleted, PostPublished, PostRemoved
from server.sessions import actions, detail, later, preparing, seminar, taking_part
from server.sessions.activities import join
from server.sessions.detail import MADE_FROM, SessionDetail


def _install(here: Instance) -> None:
    details.register(here, "session", SessionDetail(), MADE_FROM)
    more = {"organizers": detail.organizers, "attendees": detail.attendees}
    details.register_extras(
        here, "session", details.Extras(facts=detail.facts, words=detail.words, tally=detail.tally, collections=more)
    )
    on_reference(here, "Join", partial(join.on_join, here))
    on_reference(here, "Leave", partial(join.on_leave, here))
    on_reference(here, "Undo", partial(join.on_undo_join, here), object_type="Join")
    on_reference(here, "Undo", partial(join.undo_by_id, here))
    for verb in ("Accept", "Reject"):
        on_reference(here, verb, partial(join.on_answer, here), object_type="Join")
        on_reference(here, verb, partial(join.answer_by_id, here))
    here.jobs.on(taking_part.TELL, partial(actions.tell, here))
    here.events.on_all(PostPublished, partial(later.on_published, here))
    here.events.on(PostDeleted, partial(later.on_gone, here))
    here.events.on(PostRemoved, partial(later.on_gone, here))
    here.jobs.on(preparing.REMIND, partial(preparing.remind, here))
    here.events.on(ActorDeleted, partial(taking_part.forget_participant, here))
    here.events.on(ActorDeleted, partial(preparing.forget_reader, here))
    here.events.on(ActorDeleted, partial(seminar.forget_person, here))


feature = Feature("sessions", models="server.sessions.models", install=_install)
