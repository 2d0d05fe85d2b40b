"""Home timelines as a feature: it follows posts, boosts, follows and memberships."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from server.actors.events import ActorDeleted, ActorMuted, FollowAccepted, FollowEnded, FollowTuned, HostBlocked
from server.communities.events import MemberJoined, MemberLeft
from server.feature import Feature
from server.hashtags.events import TagFollowed, TagUnfollowed
from server.instance import Instance
from server.posts.events import PostBoosted, PostDeleted, PostPublished, PostRemoved, PostUnboosted
from server.timelines import actions, lists


async def _published(here: Instance, events: Sequence[PostPublished]) -> None:
    post_ids = [event.post_id for event in events]
    await actions.add_posts(here, post_ids)
    await lists.add_posts(here, post_ids)


async def _boosted(here: Instance, event: PostBoosted) -> None:
    await actions.add_boost(here, event.post_id, event.actor_id)
    await lists.add_boost(here, event.post_id, event.actor_id)


async def _unboosted(here: Instance, event: PostUnboosted) -> None:
    await actions.remove_boost(here, event.post_id, event.actor_id)
    await lists.remove_boost(here, event.post_id, event.actor_id)


async def _gone(here: Instance, event: PostDeleted | PostRemoved) -> None:
    await actions.remove_post(here, event.post_id)
    await lists.remove_post(here, event.post_id)


async def _followed(here: Instance, event: FollowAccepted) -> None:
    await actions.backfill(here, event.follower_id, event.target_id)


async def _unfollowed(here: Instance, event: FollowEnded) -> None:
    await actions.drain(here, event.follower_id, event.target_id)
    await lists.forget_member(here, event.follower_id, event.target_id)


async def _tuned(here: Instance, event: FollowTuned) -> None:
    if not event.shows_boosts:
        await actions.drain_boosts(here, event.follower_id, event.target_id)
        await lists.drain_boosts(here, event.follower_id, event.target_id)


async def _muted(here: Instance, event: ActorMuted) -> None:
    await actions.drain_boosts(here, event.muter_id, event.muted_id)
    await lists.drain_boosts(here, event.muter_id, event.muted_id)


async def _host_blocked(here: Instance, event: HostBlocked) -> None:
    await actions.drain_host(here, event.blocker_id, event.host)


async def _tag_followed(here: Instance, event: TagFollowed) -> None:
    await actions.backfill_tag(here, event.person_id, event.tag)


async def _tag_unfollowed(here: Instance, event: TagUnfollowed) -> None:
    await actions.drain_tag(here, event.person_id, event.tag)


async def _joined(here: Instance, event: MemberJoined) -> None:
    await actions.backfill(here, event.person_id, event.community_id)


async def _left(here: Instance, event: MemberLeft) -> None:
    await actions.drain(here, event.person_id, event.community_id)
    await lists.forget_member(here, event.person_id, event.community_id)


async def _actor_gone(here: Instance, event: ActorDeleted) -> None:
    await lists.forget_actor(here, event.actor_id)


def _install(here: Instance) -> None:
    on = here.events.on
    here.events.on_all(PostPublished, partial(_published, here))
    on(PostBoosted, partial(_boosted, here))
    on(PostUnboosted, partial(_unboosted, here))
    on(PostDeleted, partial(_gone, here))
    on(PostRemoved, partial(_gone, here))
    on(FollowAccepted, partial(_followed, here))
    on(FollowEnded, partial(_unfollowed, here))
    on(FollowTuned, partial(_tuned, here))
    on(ActorDeleted, partial(_actor_gone, here))
    on(ActorMuted, partial(_muted, here))
    on(HostBlocked, partial(_host_blocked, here))
    on(TagFollowed, partial(_tag_followed, here))
    on(TagUnfollowed, partial(_tag_unfollowed, here))
    on(MemberJoined, partial(_joined, here))
    on(MemberLeft, partial(_left, here))
    here.jobs.every("timelines.trim", timedelta(days=1), partial(actions.trim, here))
    here.jobs.every("timelines.trim_lists", timedelta(days=1), partial(lists.trim, here))


feature = Feature("timelines", models="server.timelines.models", install=_install)
