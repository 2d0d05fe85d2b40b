"""The list of communities: those here, and those we know elsewhere."""

from dataclasses import dataclass
from datetime import datetime

from server.actors.viewer import Viewer
from server.communities import policy
from server.communities.queries import COMMUNITY_LABEL_COLUMNS, THERE, CommunityLabel, community_label
from server.communities.roster import SORTED
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.peers.policy import QUIET, in_sql


@dataclass(frozen=True, slots=True)
class CommunityCard:
    """A community in a list."""

    label: CommunityLabel
    purpose: str
    kind: str
    join_policy: str
    time_per_week: str
    members_count: int
    role: str
    state: str
    following: str
    last_post_at: datetime | None
    is_archived: bool
    sort_key: str


_CARD = (
    f"SELECT {COMMUNITY_LABEL_COLUMNS}, {SORTED} AS sort_name, community.purpose, community.kind AS community_kind,"
    " community.join_policy, community.time_per_week, community.members_count, community.last_post_at,"
    " community.archived_at, mine.state AS my_state, mine.role AS my_role, follow.state AS following"
    " FROM actor{by} LEFT JOIN community ON community.id = actor.id"
    " LEFT JOIN membership AS mine ON mine.community_id = actor.id AND mine.person_id = :me"
    " LEFT JOIN follow ON follow.target_id = actor.id AND follow.follower_id = :me"
)


async def directory(
    here: Instance, viewer: Viewer, *, elsewhere: bool = False, after: str = "", limit: int = 60
) -> list[CommunityCard]:
    """Communities that the viewer may know of, by name: those here, or those we know elsewhere.

    `after` is the `sort_key` of the last one. One query.
    """
    name, _, last = after.partition("\n")
    if elsewhere:
        which = f"NOT actor.is_local AND actor.discoverable AND actor.grade NOT IN {in_sql(QUIET)}"
    elif not viewer.is_signed_in:
        which = "actor.is_local AND community.visibility = 'public' AND community.kind <> 'support'"
    else:
        which = (
            "actor.is_local AND (mine.state IN ('active', 'invited', 'applied') OR community.join_policy <> 'invite'"
            " OR (community.visibility <> 'members' AND community.kind <> 'support'))"
            " AND (mine.state IS NULL OR mine.state <> 'removed' OR community.visibility <> 'members')"
        )
    by = here.db.by("idx_actor_groups_there" if elsewhere else "idx_actor_groups_here")
    rows = await here.db.rows(
        f"{_CARD.format(by=by)} WHERE {THERE} AND {which}"
        f" AND ({SORTED} > :name OR ({SORTED} = :name AND actor.id > :last))"
        " AND (community.archived_at IS NULL OR mine.state = 'active')"
        f" ORDER BY {SORTED}, actor.id LIMIT :limit",
        me=viewer.actor_id or "",
        name=name,
        last=last,
        limit=limit,
    )
    return [_card(here, row) for row in rows]


def _card(here: Instance, row: Row) -> CommunityCard:
    last, is_local = row["last_post_at"], bool(row["is_local"])
    return CommunityCard(
        label=community_label(here, row),
        purpose=row["purpose"] or "",
        kind=row["community_kind"] or policy.INFORMAL,
        join_policy=row["join_policy"] or "",
        time_per_week=row["time_per_week"] or "",
        members_count=row["members_count"] if is_local else 0,
        role=(row["my_role"] or "") if row["my_state"] == "active" else "",
        state=row["my_state"] or "",
        following=row["following"] or "",
        last_post_at=None if last is None else from_milliseconds(last),
        is_archived=row["archived_at"] is not None,
        sort_key=f"{row['sort_name']}\n{row['id']}",
    )
