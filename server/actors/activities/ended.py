"""Undo of a Follow that has not come yet: the two may overtake each other on their way (R3).

What was ended is kept in the table `tombstone`, with everything else that ended before it came.
"""

from federation.vocab.base import same_origin
from server.instance import Instance


async def remember(here: Instance, uri: str | None, *, by: str) -> bool:
    """Keep in mind that this Follow, which we do not know, is over. False for an id that is not the actor's."""
    if uri is None or here.is_local_uri(uri) or not same_origin(uri, by) or len(uri) > 500:
        return False
    await here.db.execute(
        "INSERT INTO tombstone (uri, by, former_type, at) VALUES (:uri, :by, 'Follow', :now)"
        " ON CONFLICT (uri) DO NOTHING",
        uri=uri,
        by=by,
        now=here.clock.now(),
    )
    return True


async def was_ended(here: Instance, uri: str, *, by: str) -> bool:
    """Whether this Follow was taken back before it came; asked once, for some servers use an id again (Misskey)."""
    return bool(await here.db.execute("DELETE FROM tombstone WHERE uri = :uri AND by = :by", uri=uri, by=by))
