"""Reading rights: the one place that decides who may read which post (S15, S28)."""

from collections.abc import Collection
from typing import Any

from server.actors.viewer import Viewer
from server.peers.policy import HIDDEN, QUIET, in_sql
from server.posts.policy import DIRECT, FOLLOWERS, INSTANCE, MEMBERS, NETWORK, OPEN, PRIVATE

AUTHOR_IS_THERE = (
    "NOT EXISTS (SELECT 1 FROM actor AS silenced WHERE silenced.id = post.author_id"
    " AND (silenced.suspended_at IS NOT NULL OR silenced.deleted_at IS NOT NULL"
    f" OR silenced.grade IN {in_sql(HIDDEN)}))"
)
"""Whoever wrote `post` is neither suspended nor deleted, and their server is not hidden."""
_AUTHOR_WAS_THERE = (
    "NOT EXISTS (SELECT 1 FROM actor AS silenced WHERE silenced.id = post.author_id"
    f" AND silenced.grade IN {in_sql(HIDDEN)})"
)
_OPEN = ", ".join(f"'{name}'" for name in sorted(OPEN))

ANYBODY = f"(post.state = 'visible' AND post.visibility IN ({_OPEN}) AND {AUTHOR_IS_THERE})"
"""What everybody may read, on the alias `post`."""

_MEMBER = (
    "EXISTS (SELECT 1 FROM membership AS mine WHERE mine.community_id = post.community_id"
    " AND mine.person_id = :reader_id AND mine.state = 'active'{role})"
)
# A private community of a server that does not know joining, such as Lemmy, takes its followers as members.
_FOLLOWS_ELSEWHERE = (
    "EXISTS (SELECT 1 FROM follow AS mine JOIN actor AS place ON place.id = mine.target_id"
    " WHERE mine.target_id = post.community_id AND mine.follower_id = :reader_id AND mine.state = 'accepted'"
    " AND NOT place.is_local)"
)
_NAMED = "EXISTS (SELECT 1 FROM post_mention AS naming WHERE naming.post_id = post.id AND naming.actor_id = :reader_id)"
_FOLLOWING = (
    "EXISTS (SELECT 1 FROM follow AS mine WHERE mine.target_id = post.author_id"
    " AND mine.follower_id = :reader_id AND mine.state = 'accepted')"
)
_OWN = "'draft', 'visible', 'held', 'removed', 'waiting', 'refused', 'peers'"
_STEWARD = _MEMBER.format(role=" AND mine.role IN ('steward', 'facilitator')")

# The first half of each of these is asked once for a whole list, and most people block and mute nobody.
NO_BLOCK = (
    "NOT (EXISTS (SELECT 1 FROM actor_block AS any_block WHERE any_block.blocker_id = :reader_id)"
    " AND EXISTS (SELECT 1 FROM actor_block WHERE actor_block.blocker_id = :reader_id"
    " AND actor_block.blocked_id = post.author_id))"
    " AND NOT (EXISTS (SELECT 1 FROM actor_block AS any_block WHERE any_block.blocked_id = :reader_id)"
    " AND EXISTS (SELECT 1 FROM actor_block WHERE actor_block.blocked_id = :reader_id"
    " AND actor_block.blocker_id = post.author_id))"
)
"""Neither the reader nor the author of `post` blocked the other (S17)."""

_AUDIENCE = (
    f"(post.visibility IN ({_OPEN}, '{NETWORK}', '{INSTANCE}')"
    f" OR (post.visibility = '{MEMBERS}' AND ({_MEMBER.format(role='')} OR {_FOLLOWS_ELSEWHERE}))"
    f" OR (post.visibility = '{FOLLOWERS}' AND ({_FOLLOWING} OR {_NAMED}))"
    f" OR (post.visibility = '{DIRECT}' AND {_NAMED}))"
)


_QUIET = f"EXISTS (SELECT 1 FROM actor AS quiet WHERE quiet.id = post.author_id AND quiet.grade IN {in_sql(QUIET)})"


_UNWANTED = (
    "((EXISTS (SELECT 1 FROM actor_mute AS any_mute WHERE any_mute.muter_id = :reader_id)"
    " AND EXISTS (SELECT 1 FROM actor_mute WHERE actor_mute.muter_id = :reader_id"
    " AND actor_mute.muted_id IN ({muted})))"
    " OR (EXISTS (SELECT 1 FROM host_block AS any_host WHERE any_host.blocker_id = :reader_id)"
    " AND EXISTS (SELECT 1 FROM host_block JOIN actor AS far ON host_block.host IN (far.host, far.domain)"
    " WHERE host_block.blocker_id = :reader_id AND far.id = post.author_id AND NOT far.is_local)))"
)
_CHOICE = "SELECT tuned.choice FROM topic_choice AS tuned WHERE tuned.person_id = {reader} AND tuned.topic_id = "
_TOPIC_MUTED = (
    "(post.topic_id IS NOT NULL AND COALESCE(("
    + _CHOICE
    + "post.topic_id), ("
    + _CHOICE
    + "(SELECT topic.within_id FROM topic WHERE topic.id = post.topic_id))) = 'mute')"
)
# What names them, or is their own, they see all the same.
_IN_MUTED_TOPIC = f"({_TOPIC_MUTED.format(reader=':reader_id')} AND post.author_id <> :reader_id AND NOT {_NAMED})"
_FINDABLE = {
    in_community: f"((NOT {_QUIET} OR {_FOLLOWING} OR {_NAMED}) AND NOT {_UNWANTED.format(muted=muted)}{topic})"
    for in_community, muted, topic in (
        (False, "post.author_id, post.community_id", f" AND NOT {_IN_MUTED_TOPIC}"),
        (True, "post.author_id", ""),
    )
}
_READABLE = {
    is_steward: f"((post.state = 'visible' AND {AUTHOR_IS_THERE} AND {_AUDIENCE} AND {NO_BLOCK})"
    f" OR (post.author_id = :reader_id AND post.state IN ({_OWN}))"
    f" OR (post.state IN ('held', 'removed') AND post.visibility NOT IN ('{DIRECT}', '{PRIVATE}') AND {moderated}))"
    for is_steward, moderated in ((True, "TRUE"), (False, _STEWARD))
}


def apart(one: str, other: str) -> str:
    """A condition on two columns with ids of actors: one of both wants nothing from the other (S17)."""
    return (
        f"(EXISTS (SELECT 1 FROM actor_block WHERE actor_block.blocker_id = {one} AND actor_block.blocked_id = {other})"
        f" OR EXISTS (SELECT 1 FROM actor_block WHERE actor_block.blocker_id = {other}"
        f" AND actor_block.blocked_id = {one}))"
    )


def findable(viewer: Viewer, *, in_community: bool = False) -> str:
    """A condition on the alias `post` for lists: people of a limited server show to those who follow or are named.

    Whom the reader muted, and servers that they want nothing from, do not show; a community or topic that they muted
    does where they look at it (`in_community`). It goes with the parameters of `readable`.
    """
    if viewer.actor_id is None:
        return f"NOT {_QUIET}"
    return _FINDABLE[in_community]


def readable(viewer: Viewer) -> tuple[str, dict[str, Any]]:
    """A condition on the alias `post`, and its parameters: what this viewer may read.

    Everybody reads what is public; people here what is shared with this server; members, followers and those named what
    is shared with them. Drafts, and what waits for somebody's agreement or was refused, are the author's. What is held
    or removed is for its author and for those who moderate.
    """
    if viewer.actor_id is None:
        return ANYBODY, {}
    return _READABLE[viewer.is_steward], {"reader_id": viewer.actor_id}


def readable_by(reader: str) -> str:
    """What `readable` says of a person without duties here, for each row of a statement: `reader` is a column.

    For statements about many readers at once, such as what is prepared for everybody.
    """
    return _READABLE[False].replace(":reader_id", reader)


def findable_by(reader: str) -> str:
    """What `findable` says outside of a community, for each row of a statement: `reader` is a column."""
    return _FINDABLE[False].replace(":reader_id", reader)


def topic_muted_by(reader: str) -> str:
    """A condition on the alias `post`: the reader, a column, wants nothing of its topic.

    What they chose of a topic counts before what they chose of the one that it is in.
    """
    return _TOPIC_MUTED.format(reader=reader)


def was_readable(viewer: Viewer, named: Collection[str] = ()) -> tuple[str, dict[str, Any]]:
    """A condition on the alias `post`, and its parameters: what this viewer could read before it was taken away.

    For telling that it is gone to nobody else. Whom a deleted post named is not kept: `named` are ids of deleted posts
    that are known to have named the viewer.
    """
    if viewer.actor_id is None:
        return f"(post.visibility IN ({_OPEN}) AND {_AUTHOR_WAS_THERE})", {}
    words = {f"naming_{number}": post_id for number, post_id in enumerate(named)}
    by_name = f"post.id IN ({', '.join(f':{name}' for name in words)})" if words else "FALSE"
    narrow = f"post.visibility IN ('{FOLLOWERS}', '{DIRECT}') AND {by_name}"
    condition = f"(({_AUTHOR_WAS_THERE} AND ({_AUDIENCE} OR ({narrow})) AND {NO_BLOCK}) OR post.author_id = :reader_id)"
    return condition, {"reader_id": viewer.actor_id, **words}
