"""What others answer to a practice, passed on to the servers of its co-authors as it came (ActivityPub section 7.1.2).

Who answers from a third server tells the author alone. What is passed on is public, and believed for its own proof, or
fetched where it was written.
"""

import json
from collections.abc import Sequence

from federation.vocab.base import host_of
from server.db import among
from server.instance import Instance
from server.posts.events import PostPublished
from server.posts.policy import OPEN

MOST = 200


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """Pass on what answers a practice of this server that somebody elsewhere writes, too."""
    ids = [event.post_id for event in events if event.answers("practice") and not event.is_local]
    if not ids:
        return
    places, parameters = among(ids)
    rows = await here.db.rows(
        "SELECT answer.raw_create, answer.uri, author.uri AS author_uri, far.inbox_url FROM post AS answer"
        " JOIN post AS practice ON practice.id = answer.parent_id AND practice.is_local"
        " JOIN coauthor ON coauthor.post_id = practice.id AND coauthor.state = 'active'"
        " JOIN actor AS author ON author.id = practice.author_id"
        " JOIN actor AS far ON far.id = coauthor.person_id AND NOT far.is_local AND far.suspended_at IS NULL"
        f" WHERE answer.id IN ({places}) AND answer.state = 'visible' AND answer.raw_create IS NOT NULL"
        f" AND answer.visibility IN ({', '.join(repr(name) for name in sorted(OPEN))})"
        " AND practice.visibility IN ('public', 'unlisted') ORDER BY answer.id, coauthor.id LIMIT :most",
        most=MOST,
        **parameters,
    )
    for row in rows:
        if host_of(row["inbox_url"]) == host_of(row["uri"]):
            continue  # it was written there
        found = json.loads(row["raw_create"])
        await here.deliveries.enqueue(
            activity_id=str(found.get("id") or row["uri"]),
            sender=row["author_uri"],
            body=row["raw_create"].encode(),
            inboxes=[row["inbox_url"]],
        )
