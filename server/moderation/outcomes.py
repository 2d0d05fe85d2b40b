"""What was taken away and who is kept out, and which servers confirmed that they know (S27)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.actors.queries import PersonLabel
from server.actors.queries import labels as people
from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel
from server.communities.queries import labels as communities
from server.db import Row, from_milliseconds
from server.fediverse import receipts
from server.fediverse.receipts import DeletionState
from server.instance import Instance
from server.posts import policy

_OURS = (
    "EXISTS (SELECT 1 FROM membership AS mine WHERE mine.community_id = {community} AND mine.person_id = :me"
    " AND mine.state = 'active' AND mine.role IN ('steward', 'facilitator'))"
)
_SEEN = (
    "EXISTS (SELECT 1 FROM community WHERE community.id = {community} AND community.visibility <> 'members'"
    " AND community.kind <> 'support')"
)
_TOLD = "EXISTS (SELECT 1 FROM delivery_receipt WHERE delivery_receipt.subject = {subject})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something that others were told. `kind`: ``removal`` of a post, or ``ban`` from a community, until `until`.

    `person` wrote the post, or is kept out; `url` is the post's own page.
    """

    kind: str
    person: PersonLabel
    community: CommunityLabel | None
    title: str
    kind_label: str
    url: str
    reason: str
    at: datetime
    until: datetime | None
    state: DeletionState


async def outcomes(here: Instance, viewer: Viewer, *, before: datetime | None = None, limit: int = 30) -> list[Outcome]:
    """What was decided where the viewer looks after things, and other servers were told; the latest first.

    The same fixed number of queries, however many there are. Who sees which is as with reports (`queries.handled_by`).
    """
    if viewer.actor_id is None:
        return []
    values: dict[str, Any] = {
        "me": viewer.actor_id,
        "before": before or here.clock.now() + timedelta(days=1),
        "limit": limit,
    }
    may_see_post = _OURS.format(community="post.community_id")
    may_see_ban = _OURS.format(community="membership.community_id")
    if viewer.is_steward:
        may_see_post += f" OR post.community_id IS NULL OR {_SEEN.format(community='post.community_id')}"
        may_see_ban += f" OR {_SEEN.format(community='membership.community_id')}"
    removals = await here.db.rows(
        "SELECT 'removal' AS what, post.uri AS subject, post.author_id AS person_id, post.community_id, post.title,"
        " post.kind, post.short, post.state_reason AS reason, post.updated_at AS at, NULL AS until FROM post"
        f" WHERE post.state = 'removed' AND post.updated_at < :before AND ({may_see_post})"
        f" AND {_TOLD.format(subject='post.uri')} ORDER BY post.updated_at DESC LIMIT :limit",
        **values,
    )
    bans = await here.db.rows(
        "SELECT 'ban' AS what, membership.ban_uri AS subject, membership.person_id, membership.community_id,"
        " '' AS title, '' AS kind, '' AS short, membership.note AS reason, membership.updated_at AS at,"
        " membership.removed_until AS until FROM membership"
        f" WHERE membership.state = 'removed' AND membership.updated_at < :before AND ({may_see_ban})"
        f" AND {_TOLD.format(subject='membership.ban_uri')} ORDER BY membership.updated_at DESC LIMIT :limit",
        **values,
    )
    return await _views(here, sorted([*removals, *bans], key=lambda row: row["at"], reverse=True)[:limit])


async def of_post(here: Instance, uri: str) -> DeletionState:
    """What other servers answered about one removed post."""
    return (await receipts.states(here, [uri])).get(uri, DeletionState())


async def _views(here: Instance, rows: Sequence[Row]) -> list[Outcome]:
    who = await people(here, [row["person_id"] for row in rows])
    where = await communities(here, [row["community_id"] for row in rows if row["community_id"]])
    found = await receipts.states(here, [row["subject"] for row in rows])
    return [
        Outcome(
            kind=row["what"],
            person=who[row["person_id"]],
            community=where.get(row["community_id"]),
            title=row["title"],
            kind_label=policy.KIND_LABELS.get(row["kind"], "Post"),
            url=f"/p/{row['short']}" if row["short"] else "",
            reason=row["reason"],
            at=from_milliseconds(row["at"]),
            until=from_milliseconds(row["until"]) if row["until"] else None,
            state=found.get(row["subject"], DeletionState()),
        )
        for row in rows
    ]
