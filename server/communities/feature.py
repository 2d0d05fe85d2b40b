"""Communities as a feature: membership across servers, and what a Group says of itself."""

from datetime import timedelta
from functools import partial

from federation.vocab.base import host_of
from server.actors.activities.by_reference import on_reference
from server.actors.events import ActorChanged, ActorDeleted, FollowAccepted, FollowEnded, FollowRequested
from server.communities import bans, carrying, dialects, documents, members, neighbours, queries
from server.communities.activities import ban, join, moderators
from server.communities.events import MemberJoined
from server.feature import Feature
from server.instance import Instance
from server.peers.events import PeerGradeChanged


async def _accepts(here: Instance, group: str) -> bool:
    """Whether what a Group announces is unwrapped; that it announces activities tells of its server."""
    await dialects.heard(here, host_of(group))
    return await queries.is_followed(here, group)


def _install(here: Instance) -> None:
    documents.register(here)
    here.engine.accepts_announces_from = partial(_accepts, here)
    on_reference(here, "Join", partial(join.on_join, here))
    on_reference(here, "Leave", partial(join.on_leave, here))
    on_reference(here, "Invite", partial(join.on_invite, here))
    on_reference(here, "Undo", partial(join.on_undo_join, here), object_type="Join")
    on_reference(here, "Undo", partial(join.undo_by_id, here))
    on_reference(here, "Block", partial(ban.on_block, here))
    on_reference(here, "Undo", partial(ban.on_undo_block, here), object_type="Block")
    on_reference(here, "Undo", partial(ban.undo_by_id, here))
    for verb in ("Accept", "Reject"):
        on_reference(here, verb, partial(join.on_answer, here), object_type="Join")
        on_reference(here, verb, partial(join.answer_by_id, here))
    for verb in ("Add", "Remove"):
        on_reference(here, verb, partial(moderators.on_change, here))
    here.events.on(FollowRequested, partial(members.on_follow_requested, here))
    here.events.on(FollowEnded, partial(members.on_follow_ended, here))
    here.events.on(FollowAccepted, partial(dialects.on_follow, here))
    here.events.on(MemberJoined, partial(dialects.on_joined, here))
    here.events.on(ActorDeleted, partial(members.on_actor_deleted, here))
    here.jobs.on(bans.JOB, partial(bans.end_ban, here))
    here.events.on(ActorChanged, partial(dialects.on_actor, here))
    here.bus.on(dialects.CACHE, partial(dialects.forget_heard, here))
    here.jobs.on(dialects.JOB, partial(dialects.learn, here))
    here.jobs.on(members.FOLLOW_JOB, partial(members.decide_follow, here))
    here.jobs.on(carrying.JOB, partial(carrying.follow_some, here))
    here.events.on(PeerGradeChanged, partial(neighbours.on_grade, here))
    here.jobs.on(neighbours.MEET, partial(neighbours.meet, here))
    here.jobs.every(neighbours.MEET_ALL, neighbours.EVERY, partial(neighbours.meet_all, here))
    here.jobs.every(dialects.REFRESH, timedelta(days=1), partial(dialects.refresh, here))


feature = Feature("communities", models="server.communities.models", install=_install)
