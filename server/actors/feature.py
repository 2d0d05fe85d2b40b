"""Actors as a feature: their documents, following, and changes of profiles from elsewhere."""

from datetime import timedelta
from functools import partial

from federation.vocab.actors import ACTOR_TYPES
from server.actors import correcting, documents, keys, moving, muting, remote, removal, rotating, synchronising
from server.actors.activities import accept, block, follow, profile
from server.actors.activities.by_reference import on_reference
from server.actors.events import ActorDeleted, FollowEnded
from server.feature import Feature
from server.instance import Instance
from server.peers.events import PeerGradeChanged


def _install(here: Instance) -> None:
    for root in ("u", "c", "actor"):
        here.documents[root] = partial(documents.provide, here)
    here.engine.on("Follow", None, partial(follow.on_follow, here))
    here.engine.on("Undo", "Follow", partial(follow.on_undo_follow, here))
    on_reference(here, "Undo", partial(follow.undo_by_id, here))
    on_reference(here, "Block", partial(block.on_block, here))
    on_reference(here, "Undo", partial(block.on_undo_block, here), object_type="Block")
    on_reference(here, "Undo", partial(block.undo_by_id, here))
    for verb in ("Accept", "Reject"):
        here.engine.on(verb, "Follow", partial(accept.on_answer, here))
        on_reference(here, verb, partial(accept.answer_by_id, here))
    for kind in sorted(ACTOR_TYPES):
        here.engine.on("Update", kind, partial(profile.on_update, here))
        here.engine.on("Delete", kind, partial(profile.on_delete, here))
    on_reference(here, "Delete", partial(profile.delete_by_id, here))
    on_reference(here, "Move", partial(profile.move_by_id, here))
    here.bus.on(keys.CACHE, partial(keys.forget_signer, here))
    here.jobs.on(moving.CARRY_OVER, partial(moving.carry_over, here))
    here.jobs.on(synchronising.JOB, partial(correcting.synchronise, here))
    here.jobs.on(muting.END_MUTE, partial(muting.end_mute, here))
    here.jobs.on(muting.LEAVE_HOST, partial(muting.leave_host, here))
    here.events.on(FollowEnded, partial(_follow_ended, here))
    here.events.on(ActorDeleted, partial(_gone, here))
    here.events.on(PeerGradeChanged, partial(removal.on_peer_grade, here))
    here.events.on(PeerGradeChanged, partial(_meet, here))
    here.jobs.on("actors.meet", partial(remote.meet, here))
    here.jobs.every("actors.wipe_retired_keys", timedelta(days=1), partial(rotating.wipe_retired, here))
    here.jobs.every("actors.end_paused", timedelta(days=1), partial(_end_paused, here))


async def _meet(here: Instance, event: PeerGradeChanged) -> None:
    await here.jobs.enqueue("actors.meet", event.host, unique=f"actors.meet:{event.host}")


async def _follow_ended(here: Instance, event: FollowEnded) -> None:
    await muting.on_follow_ended(here, event.follower_id, event.target_id)


async def _gone(here: Instance, event: ActorDeleted) -> None:
    await muting.forget_actor(here, event.actor_id)


async def _end_paused(here: Instance, _: object) -> None:
    await removal.end_paused(here)
    await removal.purge_blocked(here)


feature = Feature("actors", models="server.actors.models", install=_install)
