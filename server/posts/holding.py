"""One at a time: whoever changes a post keeps others from it until their transaction ends, and sees what it is now.

A post read before its transaction may have ended meanwhile, in another worker or after a second click. Written back
whole, it would stand again, and be counted twice.
"""

from server.instance import Instance
from server.posts.models import Post

STANDING = ("draft", "visible", "held", "removed", "waiting", "refused", "peers")
"""Every state but that of a post that its author deleted."""


async def hold(here: Instance, post: Post, *states: str) -> bool:
    """Read a post again and keep it, in the caller's transaction. False where it is gone or in none of these states."""
    # On SQLite, transactions that write come one after the other anyway.
    lock = " FOR NO KEY UPDATE" if here.db.dialect == "postgres" else ""
    state = await here.db.value(f"SELECT state FROM post WHERE id = :id{lock}", id=post.id)
    if state is None or state not in states:
        return False
    await post.refresh_from_db()
    return True
