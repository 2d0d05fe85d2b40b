"""What may be in a collection, and what it may name to its readers: pure rules."""

from server.peers.policy import in_sql
from server.posts.policy import INSTANCE, MEMBERS, NETWORK, OPEN, PRIVATE

KINDS = ("practice", "tip", "resource", "discussion", "session")
"""Kinds of posts that are gathered; an article from elsewhere is a ``discussion`` here."""
MOST = 50
"""So many things are in one collection."""
WHY = 300
INTRO = 5_000


def may_be_named(item: tuple[str, str | None], collection: tuple[str, str | None]) -> bool:
    """Whether a collection may name something to its readers; each is visibility and community.

    What everybody may read is named everywhere. Else whoever reads the collection reads the thing too: nobody learns
    of what is not theirs (S15). What somebody gathers for themselves holds whatever they may read.
    """
    if item[0] in OPEN or collection[0] == PRIVATE:
        return True
    if collection[0] == MEMBERS:
        return item == collection
    return collection[0] == INSTANCE and item[0] in {INSTANCE, NETWORK}


NAMEABLE = (
    f"(thing.state = 'visible' AND (thing.visibility IN {in_sql(tuple(sorted(OPEN)))} OR post.visibility = '{PRIVATE}'"
    f" OR (post.visibility = '{MEMBERS}' AND thing.visibility = '{MEMBERS}' AND thing.community_id = post.community_id)"
    f" OR (post.visibility = '{INSTANCE}' AND thing.visibility IN ('{INSTANCE}', '{NETWORK}'))))"
)
"""`may_be_named` as a condition: the collection is `post`, what it names is `thing`, and is there."""
