"""Activities of ours stay readable at their ids, for their audience (ActivityPub section 3.1, FEP-fe34)."""

import json
from collections.abc import Awaitable, Callable, Iterator

from federation.errors import InvalidDocument
from federation.ports import Reader, Served
from federation.vocab.base import host_of
from server.actors.events import ActorDeleted
from server.db import Row, insert
from server.instance import Instance

GUARD = "fediverse.sent"
Guard = Callable[[str, Reader], Awaitable[bool]]
"""``guard(post_id, reader)``, put into `here.caches` by the posts: whether a server may have a post now."""


class Sent:
    """`server.instance.KeepSent` over the table `sent_activity`."""

    def __init__(self, here: Instance) -> None:
        """Keep for this instance."""
        self._here = here

    async def __call__(
        self,
        uri: str,
        body: dict[str, object],
        *,
        letters: bytes | None = None,
        post_id: str | None = None,
        is_public: bool = False,
    ) -> None:
        """Store an activity in the present transaction."""
        await insert(
            self._here.db,
            "sent_activity",
            {
                "uri": uri,
                "body": letters.decode() if letters else json.dumps(body, ensure_ascii=False, separators=(",", ":")),
                "actor": str(body.get("actor"))[:500],
                "post_id": post_id,
                "is_public": is_public,
                "created_at": self._here.clock.now(),
            },
            conflict="ON CONFLICT (uri) DO NOTHING",
        )


async def forget_actor(here: Instance, event: ActorDeleted) -> None:
    """What somebody did is not served any more once they are deleted; that things ended still is (S27)."""
    await here.db.execute(
        "DELETE FROM sent_activity WHERE actor = (SELECT uri FROM actor WHERE id = :id)"
        " AND uri NOT LIKE '%/ap/a/delete/%' AND uri NOT LIKE '%/ap/a/undo/%'",
        id=event.actor_id,
    )


async def provide(here: Instance, uri: str, page: str | None, reader: Reader) -> Served | None:
    """Serve an activity: a public one to anyone, another only to a server that it is addressed to."""
    row = await here.db.row("SELECT body, is_public, post_id FROM sent_activity WHERE uri = :uri", uri=uri)
    if row is None:
        return None
    public = bool(row["is_public"])
    if not public and not await _may_read(here, row, reader):
        return None
    return Served(body=row["body"].encode(), public=public)


async def _may_read(here: Instance, row: Row, reader: Reader) -> bool:
    """Who was addressed, and, for what tells of a post, may have that post now: members leave (S15)."""
    if reader.host is None:
        return False
    activity = json.loads(row["body"])
    guard: Guard | None = here.caches.get(GUARD)
    if row["post_id"] is not None and activity.get("type") not in {"Delete", "Undo"} and guard is not None:
        return await guard(row["post_id"], reader)
    return reader.host in set(_hosts(activity))


def _hosts(activity: dict[str, object]) -> Iterator[str]:
    for key in ("to", "cc", "object", "target"):
        value = activity.get(key)
        for item in value if isinstance(value, list) else [value]:
            uri = item.get("id") if isinstance(item, dict) else item
            if isinstance(uri, str) and uri.startswith("http"):
                try:
                    yield host_of(uri)
                except InvalidDocument:
                    continue
