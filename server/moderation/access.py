"""Who looks at which case: the one place that decides (S28)."""

from typing import Any

from server.actors.viewer import Viewer
from server.instance import Instance
from server.moderation import policy

_OPEN_TO_SERVER = (
    "(moderation_case.community_id IS NULL OR EXISTS (SELECT 1 FROM community"
    " WHERE community.id = moderation_case.community_id AND community.visibility <> 'members'"
    " AND community.kind <> 'support'))"
)
_LOOKS_AFTER = (
    "EXISTS (SELECT 1 FROM membership AS mine WHERE mine.community_id = moderation_case.community_id"
    " AND mine.person_id = :me AND mine.state = 'active' AND mine.role IN ('steward', 'facilitator'))"
)
_REPORTED = (
    "EXISTS (SELECT 1 FROM report AS own WHERE own.case_id = moderation_case.id AND own.reporter_id = :me"
    " AND own.outcome <> 'withdrawn')"
)
_LEADS = "EXISTS (SELECT 1 FROM safeguarding_lead WHERE safeguarding_lead.person_id = :me)"


def handled_by(viewer: Viewer, *, sealed: bool = False) -> tuple[str, dict[str, Any]]:
    """A condition on `moderation_case`, and its parameters: what this viewer looks at.

    A community's cases are for those who look after it, and for those who look after the server where they can see it;
    what lies on the server's desk is for these. Nobody is judge in their own case: not who it is about, and not who
    reported it. What is `sealed` is for who is responsible for safeguarding alone, whatever else they are.
    """
    if viewer.actor_id is None:
        return "FALSE", {}
    values = {"me": viewer.actor_id}
    if sealed:
        return f"(moderation_case.desk = '{policy.SEALED}' AND moderation_case.about_id <> :me AND {_LEADS})", values
    mine = f"(moderation_case.desk = '{policy.COMMUNITY}' AND {_LOOKS_AFTER})"
    if viewer.is_steward:
        mine = (
            f"({mine} OR moderation_case.desk = '{policy.SERVER}'"
            f" OR (moderation_case.desk = '{policy.COMMUNITY}' AND {_OPEN_TO_SERVER}))"
        )
    return f"(moderation_case.about_id <> :me AND NOT {_REPORTED} AND {mine})", values


async def may_handle(here: Instance, viewer: Viewer, case_id: str, *, sealed: bool | None = None) -> bool:
    """Whether the viewer looks at this case; None: on either kind of desk."""
    kinds = (False, True) if sealed is None else (sealed,)
    for kind in kinds:
        condition, values = handled_by(viewer, sealed=kind)
        if await here.db.value(
            f"SELECT moderation_case.id FROM moderation_case WHERE moderation_case.id = :id AND {condition}",
            id=case_id,
            **values,
        ):
            return True
    return False


async def server_may_see(here: Instance, case_id: str) -> bool:
    """Whether those who look after the server see what this case of a community is about anyway."""
    return bool(
        await here.db.value(
            f"SELECT moderation_case.id FROM moderation_case WHERE moderation_case.id = :id AND {_OPEN_TO_SERVER}",
            id=case_id,
        )
    )


async def looks_after_something(here: Instance, viewer: Viewer) -> bool:
    """Whether there is a place whose reports the viewer would see."""
    if viewer.is_steward:
        return True
    return bool(
        await here.db.value(
            "SELECT membership.id FROM membership JOIN actor ON actor.id = membership.community_id AND actor.is_local"
            " WHERE membership.person_id = :me AND membership.state = 'active'"
            " AND membership.role IN ('steward', 'facilitator') LIMIT 1",
            me=viewer.actor_id or "",
        )
    )


async def is_lead(here: Instance, viewer: Viewer) -> bool:
    """Whether the viewer is responsible for safeguarding here."""
    return bool(
        viewer.actor_id
        and await here.db.value("SELECT person_id FROM safeguarding_lead WHERE person_id = :me", me=viewer.actor_id)
    )


async def leads(here: Instance, *, but: str = "") -> list[str]:
    """Who is responsible for safeguarding, without one of them; people who left are not."""
    rows = await here.db.rows(
        "SELECT lead.person_id FROM safeguarding_lead AS lead JOIN account ON account.actor_id = lead.person_id"
        " WHERE account.state = 'active' AND lead.person_id <> :but"
        " ORDER BY lead.appointed_at, lead.person_id LIMIT 20",
        but=but,
    )
    return [row["person_id"] for row in rows]
