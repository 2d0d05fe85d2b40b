"""How soon somebody wants to hear of what happens in one community (O3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.db import among
from server.errors import Invalid
from server.ids import new_id
from server.instance import Instance
from server.notifications.tiers import OF_SPACES, TIERS, TODAY
from server.peers.policy import in_sql
from server.posts.readable import topic_muted_by
from server.topics.events import TopicMuted

MOST = 50

TIER = (
    "(SELECT space.tier FROM space_tier AS space JOIN post AS there ON there.community_id = space.community_id"
    " WHERE space.reader_id = notification.reader_id AND there.id = notification.post_id)"
)
"""What somebody chose for the community of what a row of `notification` is about."""


@dataclass(frozen=True, slots=True)
class Space:
    """A community of somebody's, and what they chose for it; empty for nothing."""

    community_id: str
    name: str
    tier: str


async def spaces(here: Instance, viewer: Viewer) -> list[Space]:
    """The communities of the viewer, by name; one statement."""
    rows = await here.db.rows(
        "SELECT actor.id, actor.name, actor.username, space.tier FROM membership JOIN actor"
        " ON actor.id = membership.community_id LEFT JOIN space_tier AS space"
        " ON space.reader_id = membership.person_id AND space.community_id = membership.community_id"
        " WHERE membership.person_id = :me AND membership.state = 'active' AND actor.deleted_at IS NULL"
        " ORDER BY actor.name, actor.id LIMIT :most",
        me=viewer.actor_id,
        most=MOST,
    )
    return [Space(row["id"], row["name"] or row["username"], row["tier"] or "") for row in rows]


async def set_spaces(here: Instance, viewer: Viewer, wanted: Mapping[str, str]) -> None:
    """Choose for communities of one's own, in the caller's transaction; others are passed over. Raises Invalid."""
    mine = {space.community_id: space for space in await spaces(here, viewer)} if wanted else {}
    for community_id, tier in wanted.items():
        if tier and tier not in TIERS:
            raise Invalid("Choose how soon.", field=f"space_{community_id}")
        space = mine.get(community_id)
        if space is None or space.tier == tier:
            continue
        await here.db.execute(
            "DELETE FROM space_tier WHERE reader_id = :reader AND community_id = :community",
            reader=viewer.actor_id,
            community=community_id,
        )
        if tier:
            await here.db.execute(
                "INSERT INTO space_tier (id, reader_id, community_id, tier) VALUES (:id, :reader, :community, :tier)"
                " ON CONFLICT DO NOTHING",
                id=new_id(here.clock.now()),
                reader=viewer.actor_id,
                community=community_id,
                tier=tier,
            )


async def forget(here: Instance, reader_id: str, community_id: str) -> None:
    """Somebody left; in the caller's transaction."""
    await here.db.execute(
        "DELETE FROM space_tier WHERE reader_id = :reader AND community_id = :community",
        reader=reader_id,
        community=community_id,
    )


async def on_topic_muted(here: Instance, event: TopicMuted) -> None:
    """Forget what they have not read of it yet, but for what concerns themselves."""
    await here.db.execute(
        "DELETE FROM notification WHERE reader_id = :reader AND kind = 'published' AND read_at IS NULL"
        " AND post_id IN (SELECT post.id FROM post JOIN topic ON topic.id = post.topic_id"
        f" WHERE :topic IN (topic.id, topic.within_id) AND {topic_muted_by(':reader')})",
        reader=event.person_id,
        topic=event.topic_id,
    )


def bundled_by_day(kinds: Sequence[str]) -> tuple[str, dict[str, object]]:
    """A condition on `notification`: what somebody wants once a day, of these kinds or in a community."""
    places, names = among(kinds or [""], "kind")
    there = f"CASE WHEN kind IN {in_sql(tuple(sorted(OF_SPACES)))} THEN {TIER} END"
    return f"CASE WHEN {there} IS NULL THEN kind IN ({places}) ELSE {there} = '{TODAY}' END", dict(names)
