"""Posts that quote others: whether the quoted author agreed (FEP-044f), found out after the post is stored.

Until somebody proves it, a quote is a link. A quote of oneself, and one by somebody whom the quoted post names, need no
proof; for a post of ours the proof is our own stamp; for others it is a stamp on the quoted author's server that names
both posts. Stamps are looked up again now and then, since a revocation may not have reached us.
"""

from datetime import timedelta
from typing import Any

from federation.errors import (
    BudgetExceeded,
    FetchError,
    Forbidden,
    Gone,
    Ignored,
    InvalidDocument,
    TryLater,
    Unreachable,
)
from federation.vocab.interaction import QUOTE
from server.actors.models import Actor
from server.errors import Refused
from server.instance import Instance
from server.posts import stamps
from server.posts.events import QuoteSettled
from server.posts.models import Post, PostMention
from server.posts.receiving import QUOTE_JOB, find_or_fetch

RECHECK = "posts.recheck_quotes"
RECHECK_AFTER = timedelta(days=3)
AT_ONCE = 50

APPROVED, UNPROVED, WAITING, REFUSED, REVOKED = "approved", "unproved", "waiting", "refused", "revoked"


async def check_quote(here: Instance, payload: Any) -> None:
    """Job: find the quoted post, and whether its author agreed. Uses the network, then writes."""
    post = await Post.get_or_none(id=payload["post_id"])
    if post is None or post.quote_uri is None or post.state == "deleted" or post.is_local:
        return
    await settle(here, post, await _state(here, post))


async def settle(here: Instance, post: Post, state: str) -> None:
    """Write down what became of a quote."""
    async with here.db.transaction():
        changed = await here.db.execute(
            "UPDATE post SET quote_state = :state WHERE id = :id AND quote_state <> :state", id=post.id, state=state
        )
        if changed:
            await here.events.emit(QuoteSettled(post.id, state))


async def recheck(here: Instance, _: object) -> None:
    """Job: look at the oldest proofs again (FEP-044f, opportunistic re-verification)."""
    rows = await here.db.rows(
        "SELECT id FROM post WHERE quote_stamp IS NOT NULL AND quote_state = 'approved' AND NOT is_local"
        " AND state = 'visible' AND updated_at < :before ORDER BY updated_at LIMIT :limit",
        before=here.clock.now() - RECHECK_AFTER,
        limit=AT_ONCE,
    )
    for row in rows:
        async with here.db.transaction():
            await here.db.execute(
                "UPDATE post SET updated_at = :now WHERE id = :id", now=here.clock.now(), id=row["id"]
            )
            await here.jobs.enqueue(QUOTE_JOB, {"post_id": row["id"]}, unique=f"{QUOTE_JOB}:{row['id']}")


async def _state(here: Instance, post: Post) -> str:
    """What is known now. Raises TryLater, and so is asked again, where the quoted server cannot be reached."""
    assert post.quote_uri is not None
    try:
        quoted = await find_or_fetch(here, post.quote_uri)
        if quoted is None or quoted.state not in {"visible", "held"}:
            return UNPROVED
        author = await Actor.get(id=quoted.author_id)
        if quoted.author_id == post.author_id:
            return APPROVED
        if quoted.is_local:
            return APPROVED if await stamps.is_given(quoted.id, QUOTE, post.uri) else UNPROVED
        if await PostMention.exists(post_id=quoted.id, actor_id=post.author_id):
            return APPROVED
        if post.quote_stamp is None:
            return UNPROVED
        return (
            APPROVED
            if await stamps.is_valid(here, post.quote_stamp, QUOTE, author.uri, post.uri, quoted.uri)
            else UNPROVED
        )
    except Gone:
        return REVOKED
    except Unreachable as error:
        raise TryLater(str(error)) from error
    except (FetchError, InvalidDocument, Ignored, Forbidden, BudgetExceeded, Refused):
        return UNPROVED
