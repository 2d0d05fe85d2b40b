"""Practices written together, as a feature."""

from functools import partial

from server.actors.activities.by_reference import on_reference
from server.actors.events import ActorBlocked, ActorDeleted
from server.coauthors import actions, edits
from server.coauthors.activities import edit, invite, passing
from server.coauthors.detail import CoauthorsDetail
from server.coauthors.events import CoauthorEnded, CoauthorInvited, EditAnswered, EditSent, InvitationAnswered
from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.posts.events import PostPublished


def _install(here: Instance) -> None:
    details.add(here, "practice", CoauthorsDetail())
    on_reference(here, "Invite", partial(invite.on_invite, here))
    on_reference(here, "Leave", partial(invite.on_leave, here))
    on_reference(here, "Undo", partial(invite.on_undo, here))
    for verb in ("Accept", "Reject"):
        on_reference(here, verb, partial(invite.on_answer, here))
        on_reference(here, verb, partial(edit.on_answer, here))
    here.engine.on("Offer", "Document", partial(edit.on_edit, here))
    here.events.on_all(PostPublished, partial(passing.on_published, here))
    here.events.on(CoauthorInvited, partial(invite.send_invite, here))
    here.events.on(InvitationAnswered, partial(invite.send_answer, here))
    here.events.on(CoauthorEnded, partial(invite.send_end, here))
    here.events.on(EditSent, partial(edit.send_edit, here))
    here.events.on(EditAnswered, partial(edit.send_answer, here))
    here.events.on(ActorBlocked, partial(actions.on_blocked, here))
    here.events.on(ActorDeleted, partial(actions.on_deleted, here))
    here.jobs.on(edits.APPLY, partial(edits.apply, here))


feature = Feature("coauthors", models="server.coauthors.models", install=_install)
