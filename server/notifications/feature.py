"""Notifications as a feature: it listens to what happens below, and never acts on it."""

from datetime import timedelta
from functools import partial
from typing import Any

from server.accounts.events import AccountActivated, AccountPending
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
from server.beforehand.events import FirstReaderAsked, FirstRemarkMade
from server.coauthors.events import (
    CoauthorEdited,
    CoauthorEnded,
    CoauthorInvited,
    EditAnswered,
    InvitationAnswered,
)
from server.communities.events import MemberApplied, MemberDecided, MemberInvited, MemberJoined, MemberLeft
from server.feature import Feature
from server.hosting.events import GreeterNamed, NewcomerUngreeted, RoleGiven
from server.instance import Instance
from server.notifications import (
    actions,
    beforehand,
    coauthors,
    gatherings,
    mail,
    managers,
    nudging,
    people,
    posts,
    preparing,
    servers,
    spaces,
)
from server.peers.events import PeerGradeChanged
from server.polls.events import PollEnded
from server.posts.events import (
    PostBoosted,
    PostDeleted,
    PostEdited,
    PostHeld,
    PostLiked,
    PostPublished,
    PostRefused,
    PostRemoved,
    PostUnboosted,
    PostUnliked,
    QuoteAllowed,
    ReplyHelped,
    ReplyUnhelped,
)
from server.remixes.events import ChangeOffered, OfferAnswered, OfferWithdrawn, PracticeRemixed
from server.rounds.events import RoundClosed, TurnNudged
from server.sessions.events import DiscussantAsked, ParticipationAnswered, ParticipationEnded, PrepareSoon
from server.together.events import TogetherOver
from server.topics.events import TopicMuted
from server.tries.events import TriedOften
from server.workcards.events import ManagerLooksAfter


async def _clean_up(here: Instance, payload: Any) -> None:
    await actions.clean_up(here)
    await nudging.nudge(here)


def _members(here: Instance) -> None:
    here.events.on(MemberApplied, partial(people.on_applied, here))
    here.events.on(GreeterNamed, partial(people.on_greeter, here))
    here.events.on(NewcomerUngreeted, partial(people.on_ungreeted, here))
    here.events.on(RoleGiven, partial(gatherings.on_role, here))


def _install(here: Instance) -> None:
    here.events.on(AccountPending, partial(people.on_account_pending, here))
    here.events.on(AccountActivated, partial(people.on_account_activated, here))
    here.events.on(FollowRequested, partial(people.on_follow_requested, here))
    here.events.on(FollowAccepted, partial(people.on_follow_accepted, here))
    here.events.on(FollowEnded, partial(people.on_follow_ended, here))
    here.events.on(FollowerCarried, partial(people.on_follower_carried, here))
    here.events.on(ActorBlocked, partial(people.on_blocked, here))
    here.events.on(ActorMuted, partial(people.on_muted, here))
    here.events.on(HostBlocked, partial(people.on_host_blocked, here))
    here.events.on(ActorDeleted, partial(people.on_actor_deleted, here))
    here.events.on(PeerGradeChanged, partial(servers.on_grade, here))
    here.events.on(MemberJoined, partial(people.on_joined, here))
    _members(here)
    here.events.on(MemberInvited, partial(people.on_invited, here))
    here.events.on(MemberDecided, partial(people.on_decided, here))
    here.events.on(MemberLeft, partial(people.on_left, here))
    here.events.on(TopicMuted, partial(spaces.on_topic_muted, here))
    here.events.on_all(PostPublished, partial(posts.on_published, here))
    here.events.on(PostHeld, partial(posts.on_held, here))
    here.events.on(PostRemoved, partial(posts.on_removed, here))
    here.events.on(PostRefused, partial(posts.on_refused, here))
    here.events.on(QuoteAllowed, partial(posts.on_quoted, here))
    here.events.on(PracticeRemixed, partial(posts.on_remixed, here))
    here.events.on(ChangeOffered, partial(posts.on_offered, here))
    here.events.on(OfferWithdrawn, partial(posts.on_offer_withdrawn, here))
    here.events.on(OfferAnswered, partial(posts.on_offer_answered, here))
    _writers(here)
    _install_reactions(here)
    here.events.on(PollEnded, partial(gatherings.on_poll_ended, here))
    here.events.on(TogetherOver, partial(gatherings.on_together_over, here))
    here.events.on_all(PostPublished, partial(gatherings.on_rounds, here))
    here.events.on(TurnNudged, partial(gatherings.on_nudged, here))
    here.events.on(RoundClosed, partial(gatherings.on_round_closed, here))
    here.events.on(TriedOften, partial(gatherings.on_tried_often, here))
    here.events.on(PostEdited, partial(gatherings.on_edited, here))
    here.events.on(ParticipationAnswered, partial(gatherings.on_participation, here))
    here.events.on(ParticipationEnded, partial(preparing.on_ended, here))
    here.events.on(DiscussantAsked, partial(gatherings.on_discussant, here))
    here.events.on(PrepareSoon, partial(preparing.on_soon, here))
    here.jobs.on(actions.MAIL_JOB, partial(mail.send, here))
    here.jobs.every("notifications.clean_up", timedelta(days=1), partial(_clean_up, here))


def _install_reactions(here: Instance) -> None:
    here.events.on(PostDeleted, partial(posts.on_deleted, here))
    here.events.on(PostLiked, partial(posts.on_liked, here))
    here.events.on(PostUnliked, partial(posts.on_unliked, here))
    here.events.on(PostBoosted, partial(posts.on_boosted, here))
    here.events.on(PostUnboosted, partial(posts.on_unboosted, here))
    here.events.on(ReplyHelped, partial(posts.on_helped, here))
    here.events.on(ReplyUnhelped, partial(posts.on_unhelped, here))


def _writers(here: Instance) -> None:
    """Those who write together, read a draft first, or are led by each other at work."""
    here.events.on(CoauthorInvited, partial(coauthors.on_invited, here))
    here.events.on(InvitationAnswered, partial(coauthors.on_answered, here))
    here.events.on(CoauthorEnded, partial(coauthors.on_ended, here))
    here.events.on(CoauthorEdited, partial(coauthors.on_edited, here))
    here.events.on(EditAnswered, partial(coauthors.on_edit_answered, here))
    here.events.on(ManagerLooksAfter, partial(managers.on_looks_after, here))
    here.events.on(FirstReaderAsked, partial(beforehand.on_shown, here))
    here.events.on(FirstRemarkMade, partial(beforehand.on_shown, here))


feature = Feature("notifications", models="server.notifications.models", install=_install)
