"""The weekly mail as a feature: what is due is prepared every few minutes, each is sent by its own job."""

from datetime import timedelta
from functools import partial
from typing import Any

from server.accounts.events import PreferencesChanged
from server.actors.events import ActorDeleted
from server.communities.events import CommunityChanged, MemberJoined, MemberLeft
from server.digest import actions, planning, sending, today
from server.feature import Feature
from server.instance import Instance
from server.notifications.actions import TODAY_JOB


async def _prepare(here: Instance, payload: Any) -> None:
    await actions.prepare(here)


async def _clean_up(here: Instance, payload: Any) -> None:
    await actions.clean_up(here)


def _install(here: Instance) -> None:
    here.events.on(PreferencesChanged, partial(planning.on_preferences_changed, here))
    here.events.on(CommunityChanged, partial(planning.on_community_changed, here))
    here.events.on(MemberJoined, partial(planning.on_membership, here))
    here.events.on(MemberLeft, partial(planning.on_membership, here))
    here.jobs.on(planning.REPLAN, partial(planning.replan, here))
    here.events.on(ActorDeleted, partial(planning.on_actor_deleted, here))
    here.jobs.every(actions.JOB, actions.EVERY, partial(_prepare, here))
    here.jobs.every("digest.clean_up", timedelta(days=1), partial(_clean_up, here))
    here.jobs.on(TODAY_JOB, partial(today.prepare, here))
    here.jobs.on(sending.SEND, partial(sending.send, here))


feature = Feature("digest", models="server.digest.models", install=_install)
