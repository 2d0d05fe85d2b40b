"""Keeping home timelines: every function joins the caller's transaction."""

from collections.abc import Sequence

from server.db import among
from server.instance import Instance
from server.posts.policy import DIRECT, PRIVATE

BACKFILL = 40
KEPT_AT_MOST = 800

# Of somebody followed, one may want to read some languages only.
_IN_LANGUAGE = (
    "(follow.languages IS NULL OR post.language = '' OR follow.languages LIKE '% ' || lower(post.language) || ' %'"
    " OR (post.language LIKE '__-%' AND follow.languages LIKE '% ' || lower(substr(post.language, 1, 2)) || ' %'))"
)
# People here whom posts concern: who wrote them, follows their author, community or a hashtag of them, or is a member.
_CONCERNED = (
    "(SELECT post.id AS post_id, post.author_id AS reader_id FROM post WHERE post.id IN ({posts})"
    " UNION SELECT post.id, follow.follower_id FROM post JOIN {follow} ON follow.target_id = post.author_id"
    f" AND follow.state = 'accepted' AND NOT follow.from_elsewhere AND {_IN_LANGUAGE}"
    " WHERE post.id IN ({posts})"
    " UNION SELECT post.id, follow.follower_id FROM post JOIN {follow} ON follow.target_id = post.community_id"
    f" AND follow.state = 'accepted' AND NOT follow.from_elsewhere AND {_IN_LANGUAGE}"
    " WHERE post.id IN ({posts})"
    " UNION SELECT post.id, membership.person_id FROM post JOIN {membership}"
    " ON membership.community_id = post.community_id AND membership.state = 'active' AND NOT membership.from_elsewhere"
    " WHERE post.id IN ({posts})"
    " UNION SELECT post.id, followed_tag.person_id FROM post JOIN post_tag ON post_tag.post_id = post.id"
    " JOIN followed_tag ON followed_tag.tag = post_tag.tag WHERE post.id IN ({posts}) AND post.visibility = 'public')"
)
# Replies are for whom they answer, and for those who follow both sides; everybody else finds them under the post.
_ANSWERED = (
    "(post.parent_id IS NULL OR EXISTS (SELECT 1 FROM post AS parent WHERE parent.id = post.parent_id"
    " AND (parent.author_id = reader.id OR EXISTS (SELECT 1 FROM follow AS other WHERE other.follower_id = reader.id"
    " AND other.state = 'accepted' AND other.target_id = parent.author_id))))"
)
_HAS_FOLLOWED_TAG = (
    "(post.visibility = 'public' AND EXISTS (SELECT 1 FROM post_tag JOIN followed_tag"
    " ON followed_tag.tag = post_tag.tag AND followed_tag.person_id = :reader WHERE post_tag.post_id = post.id))"
)
_MUTED = (
    "EXISTS (SELECT 1 FROM actor_mute WHERE actor_mute.muter_id = follow.follower_id"
    " AND actor_mute.muted_id = follow.target_id)"
)
# Who is in a list that one reads apart.
_APART = (
    "EXISTS (SELECT 1 FROM list_member JOIN people_list ON people_list.id = list_member.list_id"
    " WHERE list_member.member_id IN ({sources}) AND people_list.owner_id = reader.id AND people_list.is_exclusive)"
)
_HERE = "reader.is_local AND reader.kind = 'Person' AND reader.deleted_at IS NULL"
_INSERT = "INSERT INTO timeline_entry (reader_id, post_id, via_id, at)"


def _follow(here: Instance) -> str:
    """The table of follows, read so that followers elsewhere cost nothing, however many an author has."""
    return "follow" + here.db.by("idx_follow_here")


async def add_posts(here: Instance, post_ids: Sequence[str]) -> None:
    """Put new posts into the timelines of the people here that they concern."""
    posts, parameters = among(post_ids)
    members = "membership" + here.db.by("idx_membership_here")
    concerned = _CONCERNED.format(posts=posts, follow=_follow(here), membership=members)
    await here.db.execute(
        f"{_INSERT} SELECT reader.id, post.id, CAST(NULL AS VARCHAR(26)), post.published_at"
        f" FROM {concerned} AS concerned JOIN post ON post.id = concerned.post_id"
        " JOIN actor AS reader ON reader.id = concerned.reader_id"
        f" WHERE post.state = 'visible' AND post.visibility NOT IN ('{DIRECT}', '{PRIVATE}')"
        f" AND {_HERE} AND {_ANSWERED} AND NOT {_APART.format(sources='post.author_id, post.community_id')}"
        " ON CONFLICT (reader_id, post_id) DO NOTHING",
        **parameters,
    )


async def add_boost(here: Instance, post_id: str, actor_id: str) -> None:
    """Put a post that somebody passed on into the timelines of their followers here."""
    await here.db.execute(
        f"{_INSERT} SELECT follow.follower_id, post.id, CAST(:actor AS VARCHAR(26)), CAST(:now AS BIGINT)"
        f" FROM post, {_follow(here)} JOIN actor AS reader ON reader.id = follow.follower_id"
        " WHERE post.id = :id AND post.state = 'visible' AND post.visibility IN ('public', 'unlisted')"
        " AND follow.target_id = :actor AND follow.state = 'accepted' AND NOT follow.from_elsewhere"
        f" AND follow.shows_boosts AND {_IN_LANGUAGE} AND NOT {_MUTED}"
        f" AND {_HERE} AND reader.id <> post.author_id AND NOT {_APART.format(sources='follow.target_id')}"
        " ON CONFLICT (reader_id, post_id) DO NOTHING",
        id=post_id,
        actor=actor_id,
        now=here.clock.now(),
    )


async def remove_boost(here: Instance, post_id: str, actor_id: str) -> None:
    """Take a post out again where it came through this actor alone."""
    await here.db.execute(
        "DELETE FROM timeline_entry WHERE post_id = :id AND via_id = :actor", id=post_id, actor=actor_id
    )


async def remove_post(here: Instance, post_id: str) -> None:
    """Take a post out of every timeline."""
    await here.db.execute("DELETE FROM timeline_entry WHERE post_id = :id", id=post_id)


async def backfill(here: Instance, reader_id: str, source_id: str) -> None:
    """Put the latest posts of somebody newly followed, or of a community newly joined, into a timeline."""
    await here.db.execute(
        f"{_INSERT} SELECT reader.id, recent.id, CAST(NULL AS VARCHAR(26)), recent.published_at"
        " FROM actor AS reader, (SELECT post.id, post.published_at FROM post"
        " WHERE (post.author_id = :source OR post.community_id = :source) AND post.state = 'visible'"
        f" AND post.parent_id IS NULL AND post.visibility NOT IN ('{DIRECT}', '{PRIVATE}')"
        " ORDER BY post.published_at DESC, post.id DESC LIMIT :limit) AS recent"
        " WHERE reader.id = :reader AND reader.is_local AND reader.kind = 'Person'"
        " ON CONFLICT (reader_id, post_id) DO NOTHING",
        source=source_id,
        reader=reader_id,
        limit=BACKFILL,
    )


async def drain(here: Instance, reader_id: str, source_id: str) -> None:
    """Take out what came from somebody no longer followed, or a community left, and is not there for another reason."""
    await here.db.execute(
        "DELETE FROM timeline_entry WHERE reader_id = :reader AND (via_id = :source OR post_id IN ("
        " SELECT post.id FROM post WHERE (post.author_id = :source OR post.community_id = :source)"
        " AND post.author_id <> :reader"
        " AND NOT EXISTS (SELECT 1 FROM follow WHERE follow.follower_id = :reader AND follow.state = 'accepted'"
        " AND follow.target_id IN (post.author_id, post.community_id) AND follow.target_id <> :source)"
        " AND NOT EXISTS (SELECT 1 FROM membership WHERE membership.person_id = :reader AND membership.state = 'active'"
        f" AND membership.community_id = post.community_id) AND NOT {_HAS_FOLLOWED_TAG}))",
        reader=reader_id,
        source=source_id,
    )


async def set_apart(here: Instance, reader_id: str, source_id: str) -> None:
    """Take out everything of somebody who is read in a list instead."""
    await here.db.execute(
        "DELETE FROM timeline_entry WHERE reader_id = :reader AND (via_id = :source OR post_id IN"
        " (SELECT id FROM post WHERE author_id = :source OR community_id = :source))",
        reader=reader_id,
        source=source_id,
    )


async def drain_host(here: Instance, reader_id: str, host: str) -> None:
    """Take out what came through people of a server that somebody wants nothing from."""
    await here.db.execute(
        "DELETE FROM timeline_entry WHERE reader_id = :reader AND via_id IN"
        " (SELECT id FROM actor WHERE NOT is_local AND :host IN (host, domain))",
        reader=reader_id,
        host=host,
    )


async def backfill_tag(here: Instance, reader_id: str, tag: str) -> None:
    """Put the latest public posts with a hashtag newly followed into a timeline."""
    join = "CROSS JOIN" if here.db.dialect == "sqlite" else "JOIN"  # from the latest with this hashtag, not from all
    await here.db.execute(
        f"{_INSERT} SELECT reader.id, recent.id, CAST(NULL AS VARCHAR(26)), recent.published_at"
        f" FROM actor AS reader, (SELECT post.id, post.published_at FROM post_tag {join} post"
        " ON post.id = post_tag.post_id WHERE post_tag.tag = :tag AND post.state = 'visible'"
        " AND post.visibility = 'public' AND post.parent_id IS NULL"
        " ORDER BY post_tag.at DESC, post_tag.post_id DESC LIMIT :limit) AS recent"
        " WHERE reader.id = :reader AND reader.is_local AND reader.kind = 'Person'"
        " ON CONFLICT (reader_id, post_id) DO NOTHING",
        tag=tag,
        reader=reader_id,
        limit=BACKFILL,
    )


async def drain_tag(here: Instance, reader_id: str, tag: str) -> None:
    """Take out what came with a hashtag no longer followed, and is not there for another reason."""
    await here.db.execute(
        "DELETE FROM timeline_entry WHERE reader_id = :reader AND via_id IS NULL AND post_id IN ("
        " SELECT post.id FROM post_tag AS was JOIN post ON post.id = was.post_id WHERE was.tag = :tag"
        " AND post.author_id <> :reader"
        " AND NOT EXISTS (SELECT 1 FROM follow WHERE follow.follower_id = :reader AND follow.state = 'accepted'"
        " AND follow.target_id IN (post.author_id, post.community_id))"
        " AND NOT EXISTS (SELECT 1 FROM membership WHERE membership.person_id = :reader AND membership.state = 'active'"
        f" AND membership.community_id = post.community_id) AND NOT {_HAS_FOLLOWED_TAG})",
        tag=tag,
        reader=reader_id,
    )


async def drain_boosts(here: Instance, reader_id: str, source_id: str) -> None:
    """Take out what came through somebody alone whose boosts the reader does not want."""
    await here.db.execute(
        "DELETE FROM timeline_entry WHERE reader_id = :reader AND via_id = :source", reader=reader_id, source=source_id
    )


async def trim(here: Instance, _: object) -> None:
    """Keep so many entries of every timeline; older posts are still on the pages of their authors and communities."""
    rows = await here.db.rows(
        "SELECT reader_id, count(*) AS entries FROM timeline_entry GROUP BY reader_id HAVING count(*) > :most",
        most=KEPT_AT_MOST,
    )
    for row in rows:
        await here.db.execute(
            "DELETE FROM timeline_entry WHERE reader_id = :reader AND at < (SELECT at FROM timeline_entry"
            " WHERE reader_id = :reader ORDER BY at DESC, post_id DESC LIMIT 1 OFFSET :most)",
            reader=row["reader_id"],
            most=KEPT_AT_MOST - 1,
        )
