"""What happens between people, and in communities, as news for those it concerns."""

from server.accounts.events import AccountActivated, AccountPending
from server.accounts.queries import admin_actor_ids
from server.actors.events import (
    ActorBlocked,
    ActorDeleted,
    ActorMuted,
    FollowAccepted,
    FollowEnded,
    FollowerCarried,
    FollowRequested,
    HostBlocked,
)
from server.communities.events import MemberApplied, MemberDecided, MemberInvited, MemberJoined, MemberLeft
from server.hosting.events import GreeterNamed, NewcomerUngreeted
from server.instance import Instance
from server.notifications.actions import (
    PEOPLE,
    SITE,
    News,
    about_community,
    forget_actor,
    forget_between,
    forget_host,
    forget_of,
    notify,
    withdraw,
)
from server.notifications.posts import stewards_of
from server.notifications.spaces import forget


async def on_follow_requested(here: Instance, event: FollowRequested) -> None:
    """Ask whoever approves followers; for the others the follow is accepted at once."""
    locked = await here.db.value("SELECT is_locked FROM actor WHERE id = :id", id=event.target_id)
    if locked:
        news = News(kind="follow_request", thing=PEOPLE, key=event.follower_id, actor_id=event.follower_id)
        await notify(here, [event.target_id], news)


async def on_follow_accepted(here: Instance, event: FollowAccepted) -> None:
    """Tell who is followed; and who had to wait for it."""
    target = await here.db.row("SELECT is_locked FROM actor WHERE id = :id", id=event.target_id)
    await withdraw(here, event.target_id, "follow_request", event.follower_id)
    news = News(kind="follow", thing=PEOPLE, key=event.follower_id, actor_id=event.follower_id)
    await notify(here, [event.target_id], news)
    if target is not None and target["is_locked"]:
        news = News(kind="accepted", thing=PEOPLE, key=event.target_id, actor_id=event.target_id)
        await notify(here, [event.follower_id], news)


async def on_follow_ended(here: Instance, event: FollowEnded) -> None:
    """Take back what was told about it."""
    for kind in ("follow", "follow_request"):
        await withdraw(here, event.target_id, kind, event.follower_id)


async def on_follower_carried(here: Instance, event: FollowerCarried) -> None:
    """Tell who follows somebody that moved."""
    news = News(kind="moved", thing=PEOPLE, key=f"{event.old_id}:{event.new_id}", actor_id=event.new_id)
    await notify(here, [event.follower_id], news)


async def on_account_pending(here: Instance, event: AccountPending) -> None:
    """Tell the admins that somebody asks to join this server."""
    news = News(kind="asks_in", thing=SITE, key=event.actor_id, actor_id=event.actor_id)
    await notify(here, await admin_actor_ids(here), news)


async def on_account_activated(here: Instance, event: AccountActivated) -> None:
    """Nobody has to decide about them any more."""
    for admin_id in await admin_actor_ids(here):
        await withdraw(here, admin_id, "asks_in", event.actor_id)


async def on_joined(here: Instance, event: MemberJoined) -> None:
    """Tell who looks after the community."""
    await _tell_stewards(here, "joined", event.community_id, event.person_id)


async def on_greeter(here: Instance, event: GreeterNamed) -> None:
    """Tell who was named to greet a newcomer."""
    await notify(here, [event.greeter_id], _about_newcomer("greet", event.community_id, event.person_id))


async def on_ungreeted(here: Instance, event: NewcomerUngreeted) -> None:
    """Tell who looks after the community that a newcomer heard from nobody."""
    news = _about_newcomer("ungreeted", event.community_id, event.person_id)
    await notify(here, await stewards_of(here, event.community_id), news)


async def on_applied(here: Instance, event: MemberApplied) -> None:
    """Tell who may decide."""
    await _tell_stewards(here, "applied", event.community_id, event.person_id)


async def on_invited(here: Instance, event: MemberInvited) -> None:
    """Tell who may join now."""
    news = News(
        kind="invited",
        thing=about_community(event.community_id),
        key=event.community_id,
        actor_id=event.by_id,
        community_id=event.community_id,
    )
    await notify(here, [event.person_id], news)


async def on_decided(here: Instance, event: MemberDecided) -> None:
    """Tell the person; nobody else has to decide any more."""
    for steward_id in await stewards_of(here, event.community_id):
        await withdraw(here, steward_id, "applied", f"{event.community_id}:{event.person_id}")
    kind = "accepted" if event.accepted else "declined"
    # A person may apply again and be decided upon again: each decision is news.
    key = f"{event.community_id}:{int(here.clock.now().timestamp())}"
    news = News(kind=kind, thing=about_community(event.community_id), key=key, community_id=event.community_id)
    await notify(here, [event.person_id], news)


async def on_left(here: Instance, event: MemberLeft) -> None:
    """Take back what stewards were told about this person, and what they chose for this community."""
    await forget(here, event.person_id, event.community_id)
    for steward_id in await stewards_of(here, event.community_id):
        for kind in ("joined", "applied"):
            await withdraw(here, steward_id, kind, f"{event.community_id}:{event.person_id}")


async def on_blocked(here: Instance, event: ActorBlocked) -> None:
    """Neither hears of the other any more, nor of what was before."""
    await forget_between(here, event.blocker_id, event.blocked_id)


async def on_muted(here: Instance, event: ActorMuted) -> None:
    """Who does not want to hear of somebody does not want what they heard before, either."""
    if event.hides_notifications:
        await forget_of(here, event.muter_id, event.muted_id)


async def on_host_blocked(here: Instance, event: HostBlocked) -> None:
    """The same of a whole server."""
    await forget_host(here, event.blocker_id, event.host)


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """Forget them."""
    await forget_actor(here, event.actor_id)


async def _tell_stewards(here: Instance, kind: str, community_id: str, person_id: str) -> None:
    await notify(here, await stewards_of(here, community_id), _about_newcomer(kind, community_id, person_id))


def _about_newcomer(kind: str, community_id: str, person_id: str) -> News:
    return News(
        kind=kind,
        thing=about_community(community_id),
        key=f"{community_id}:{person_id}",
        actor_id=person_id,
        community_id=community_id,
    )
