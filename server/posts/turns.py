"""Whose turn it is in a community that takes it slowly (B9): each member writes once in twelve hours."""

from datetime import datetime

from server.actors.models import Actor
from server.communities.activities.authority import looks_after
from server.communities.slowly import PAUSE
from server.db import from_milliseconds
from server.instance import Instance
from server.posts.places import Place

UNSLOWED = frozenset({"round", "session", "vent"})
"""In these everybody has their turn anyway, or says nothing to anybody."""


async def turn_of(here: Instance, author: Actor, place: Place) -> datetime | None:
    """When a new post of somebody may be shown where it goes; None for at once. Who looks after the place is free."""
    community = place.community
    if community is None or not community.is_local or (place.root is not None and place.root.kind in UNSLOWED):
        return None
    row = await here.db.row(
        "SELECT slow_until, (SELECT max(post.published_at) FROM post WHERE post.community_id = community.id"
        " AND post.state NOT IN ('draft', 'deleted') AND post.published_at > :since AND (post.author_id = :author"
        " OR EXISTS (SELECT 1 FROM nameless_post WHERE nameless_post.id = post.id"
        " AND nameless_post.person_id = :author))) AS last_at,"
        " (SELECT max(queued_post.at) FROM queued_post JOIN post ON post.id = queued_post.id"
        " WHERE queued_post.person_id = :author AND post.community_id = community.id AND post.state = 'draft')"
        " AS queued_at FROM community WHERE community.id = :community AND community.slow_until > :now",
        community=community.id,
        author=author.id,
        since=here.clock.now() - PAUSE,
        now=here.clock.now(),
    )
    if row is None or await looks_after(here, author.id, community.id):
        return None
    moments = [from_milliseconds(row[name]) for name in ("last_at", "queued_at") if row[name] is not None]
    return min(max(moments) + PAUSE, from_milliseconds(row["slow_until"])) if moments else None
