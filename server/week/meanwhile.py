"""What happened while somebody was away, once; and a word to those who facilitate about people who fell silent (O2).

Of a space that is confidential it is never said who fell silent, nor that it was one or two.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.communities.policy import SUPPORT
from server.communities.queries import CommunityLabel
from server.communities.queries import labels as community_labels
from server.instance import Instance
from server.posts.policy import OPEN
from server.posts.queries import PostView, listing, readable
from server.posts.readable import findable

MOST = 5
LOOKED_AT = 300
SHOWN_FOR = timedelta(days=7)
SILENT_FROM, SILENT_UNTIL = timedelta(weeks=4), timedelta(weeks=8)
MOST_NAMED = 3
FEWEST_UNNAMED = 3
MOST_SPACES = 5
LATEST = 500


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What began in somebody's communities while they were away: how much, and what was talked about most."""

    since: datetime
    count: int
    posts: list[PostView]

    @property
    def is_many(self) -> bool:
        """Whether there was more than was counted."""
        return self.count >= LOOKED_AT


@dataclass(frozen=True, slots=True)
class Silent:
    """People of a community who used to write there and have not for a month; nobody where it is confidential."""

    community: CommunityLabel
    people: tuple[PersonLabel, ...]


async def meanwhile(
    here: Instance, viewer: Viewer, away_since: datetime | None, back_at: datetime | None
) -> Meanwhile | None:
    """What happened while the viewer was away; None for who was not, or came back a while ago."""
    if away_since is None or back_at is None or here.clock.now() - back_at > SHOWN_FOR:
        return None
    may_read, parameters = readable(viewer)
    rows = await here.db.rows(
        "SELECT id, count(*) OVER () AS count FROM (SELECT post.id, post.replies_count, post.published_at FROM post"
        " WHERE post.community_id IN (SELECT community_id FROM membership WHERE person_id = :week_me"
        " AND state = 'active') AND post.state = 'visible' AND post.parent_id IS NULL"
        " AND post.published_at > :week_since AND post.published_at < :week_until AND post.author_id <> :week_me"
        f" AND {may_read} AND {findable(viewer)} ORDER BY post.published_at DESC, post.id DESC"
        " LIMIT :looked_at) AS begun"
        " ORDER BY replies_count DESC, published_at DESC, id DESC LIMIT :most",
        week_me=viewer.actor_id,
        week_since=away_since,
        week_until=back_at,
        looked_at=LOOKED_AT,
        most=MOST,
        **parameters,
    )
    if not rows:
        return None
    found = await listing(here, viewer, ids=[row["id"] for row in rows], limit=MOST)
    order = {row["id"]: number for number, row in enumerate(rows)}
    return Meanwhile(away_since, rows[0]["count"], sorted(found.items, key=lambda post: order[post.id]))


async def silent(here: Instance, viewer: Viewer) -> list[Silent]:
    """Who fell silent in communities that the viewer facilitates; nobody who is on holiday, or whom they avoid."""
    now = here.clock.now()
    if here.site.on_break(now):
        return []
    rows = await here.db.rows(
        "SELECT spoke.community_id, spoke.author_id, community.visibility FROM"
        " (SELECT talk.community_id, post.author_id, max(post.published_at) AS last FROM (SELECT id, community_id"
        f" FROM post{here.db.by('idx_post_talk')} WHERE community_id IN (SELECT community_id FROM membership"
        " WHERE person_id = :me AND state = 'active' AND role IN ('steward', 'facilitator') ORDER BY id LIMIT :spaces)"
        " AND state = 'visible' AND parent_id IS NULL AND in_reply_to_uri IS NULL AND last_activity_at > :since"
        " LIMIT :latest) AS talk JOIN post ON post.root_id = talk.id WHERE post.state = 'visible'"
        " AND post.published_at > :since GROUP BY talk.community_id, post.author_id) AS spoke"
        " JOIN community ON community.id = spoke.community_id AND community.archived_at IS NULL"
        f" AND community.kind <> '{SUPPORT}'"
        " JOIN membership AS inside ON inside.community_id = spoke.community_id AND inside.person_id = spoke.author_id"
        " AND inside.state = 'active'"
        " JOIN actor ON actor.id = spoke.author_id AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
        " LEFT JOIN notification_setting AS setting ON setting.reader_id = spoke.author_id"
        " WHERE spoke.last < :until AND spoke.author_id <> :me"
        " AND (setting.paused_until IS NULL OR setting.paused_until < :now)"
        " AND NOT EXISTS (SELECT 1 FROM actor_block WHERE (blocker_id = :me AND blocked_id = spoke.author_id)"
        " OR (blocker_id = spoke.author_id AND blocked_id = :me))"
        " AND NOT EXISTS (SELECT 1 FROM actor_mute WHERE muter_id = :me AND muted_id = spoke.author_id)"
        " ORDER BY spoke.community_id, spoke.last DESC, spoke.author_id LIMIT 100",
        me=viewer.actor_id,
        now=now,
        since=now - SILENT_UNTIL,
        until=now - SILENT_FROM,
        spaces=MOST_SPACES,
        latest=LATEST,
    )
    by_space: defaultdict[str, list[str]] = defaultdict(list)
    open_spaces = {row["community_id"] for row in rows if row["visibility"] in OPEN}
    for row in rows:
        by_space[row["community_id"]].append(row["author_id"])
    named = {space: people[:MOST_NAMED] for space, people in by_space.items() if space in open_spaces}
    people = await labels(here, {person for some in named.values() for person in some}) if named else {}
    spaces = await community_labels(here, set(by_space)) if by_space else {}
    return [
        Silent(spaces[space], tuple(people[person] for person in named.get(space, ()) if person in people))
        for space, some in by_space.items()
        if space in spaces and (space in named or len(some) >= FEWEST_UNNAMED)
    ]
