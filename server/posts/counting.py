"""Counts that lists show: kept as things happen, never counted anew, so that long threads cost no more than short ones.

Every post remembers what it is counted in (`counted`: what it answers, its thread, its community). `settle` compares
that with what it should be counted in now, and moves the counts by the difference: doing it twice changes nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from server.communities.policy import SUPPORT
from server.db import Row, to_milliseconds
from server.db.given import NUMBER, TEXT, given, rows_given
from server.instance import Instance
from server.posts.models import Post
from server.posts.policy import COUNTED, IS_NO_PLACE

_COUNTED = ", ".join(f"'{name}'" for name in sorted(COUNTED))
_UNCOUNTED = f" AND kind <> '{SUPPORT}'"
"""In support groups nothing is counted: neither how much is said, nor when."""
_TRIES = 5

DUE = (
    f"CASE WHEN state = 'visible' AND visibility IN ({_COUNTED})"
    " THEN COALESCE(parent_id, '') || '.' || COALESCE(root_id, id) || '.' || COALESCE(community_id, '') ELSE '' END"
)
"""What a post should be counted in, as SQL on its row: empty for one that only some may know of."""


def mark(visibility: str, *, parent_id: str | None, root_id: str, community_id: str | None) -> str:
    """What a new and visible post is counted in: as `DUE` says it of a row."""
    return f"{parent_id or ''}.{root_id}.{community_id or ''}" if visibility in COUNTED else ""


async def add_new(here: Instance, rows: Sequence[Row]) -> None:
    """Count posts that were written with their `mark` just now; in the caller's transaction.

    Each row that counts is changed once, however many posts it counts.
    """
    replies: Counter[str] = Counter()
    latest: dict[str, int] = {}
    posts: Counter[str] = Counter()
    last_posts: dict[str, int] = {}
    people: Counter[str] = Counter()
    now = to_milliseconds(here.clock.now())
    for row in rows:
        if not row["counted"]:
            continue
        people[row["author_id"]] += 1
        published, root = to_milliseconds(row["published_at"]), row["root_id"]
        for table, place in _places(row["id"], row["counted"]):
            (replies if table == "post" else posts)[place] += 1
        if root != row["id"]:
            latest[root] = max(latest.get(root, 0), min(published, now))
        if row["community_id"]:
            last_posts[row["community_id"]] = max(last_posts.get(row["community_id"], 0), published)
    await _add(here, "post", "replies_count", "last_activity_at", replies, latest)
    await _add(here, "community", "posts_count", "last_post_at", posts, last_posts, _UNCOUNTED)
    await _add(here, "actor", "posts_count", None, people, {})


async def _add(
    here: Instance,
    table: str,
    column: str,
    moment: str | None,
    counts: Counter[str],
    moments: Mapping[str, int],
    only: str = "",
) -> None:
    places = sorted({*counts, *moments})
    if not places:
        return
    forward = ""
    if moment is not None:
        forward = f", {moment} = CASE WHEN COALESCE({moment}, 0) < given.at THEN given.at ELSE {moment} END"
    # Not a UNION ALL of what is added: where another transaction has just changed one of the rows, PostgreSQL looks
    # again, finds that row no more in the union, and leaves it as it is.
    await here.db.execute(
        f"UPDATE {table} SET {column} = {column} + given.more{forward}"
        f" FROM {given(here.db.dialect, id=TEXT, more=NUMBER, at=NUMBER)} WHERE {table}.id = given.id{only}",
        given=rows_given({"id": place, "more": counts[place], "at": moments.get(place, 0)} for place in places),
    )


async def after_publishing(here: Instance, post: Post) -> None:
    """Count a post that has just become visible; in the caller's transaction."""
    await settle(here, post.id)
    if post.root_id and post.visibility in COUNTED:
        await here.db.execute(
            "UPDATE post SET last_activity_at = :at WHERE id = :root AND last_activity_at < :at",
            at=min(post.published_at, here.clock.now()),
            root=post.root_id,
        )


async def after_ending(here: Instance, post: Post) -> None:
    """Count what is left after a post was deleted, removed or held; in the caller's transaction."""
    await settle(here, post.id)


async def settle(here: Instance, post_id: str) -> None:
    """Count a post where it belongs now, and no longer where it did before; in the caller's transaction."""
    for _ in range(_TRIES):
        row = await here.db.row(
            f"SELECT counted, {DUE} AS due, author_id, published_at FROM post WHERE id = :id", id=post_id
        )
        if row is None or row["counted"] == row["due"]:
            return
        # Whoever changes the mark moves the counts; two at once cannot both.
        moved = await here.db.execute(
            "UPDATE post SET counted = :due WHERE id = :id AND counted = :before",
            due=row["due"],
            before=row["counted"],
            id=post_id,
        )
        if moved:
            before, now = _places(post_id, row["counted"]), _places(post_id, row["due"])
            for place in before - now:
                await _count(here, place, -1)
            for place in now - before:
                await _count(here, place, +1)
            if bool(row["counted"]) != bool(row["due"]):
                await _count(here, ("actor", row["author_id"]), +1 if row["due"] else -1)
            await _last_post(here, row["counted"], row["due"], row["published_at"])
            return


async def settle_thread(here: Instance, root_id: str) -> None:
    """Settle every post of a thread that is counted elsewhere than it should be; in the caller's transaction."""
    rows = await here.db.rows(
        f"SELECT id FROM post WHERE root_id = :root AND counted <> {DUE} ORDER BY id LIMIT 5000", root=root_id
    )
    for row in rows:
        await settle(here, row["id"])


async def liked(here: Instance, post_id: str, step: int) -> None:
    """One like more or less."""
    await here.db.execute("UPDATE post SET likes_count = likes_count + :step WHERE id = :id", step=step, id=post_id)


async def echoed(here: Instance, post_id: str, step: int) -> None:
    """One more or less who has the same question, or would try the same."""
    await here.db.execute("UPDATE post SET echo_count = echo_count + :step WHERE id = :id", step=step, id=post_id)


async def boosted(here: Instance, post_id: str, actor_id: str, step: int) -> None:
    """One person more or less who passed a post on; communities and our own subjects do not count."""
    await here.db.execute(
        "UPDATE post SET boosts_count = boosts_count + :step WHERE id = :id"
        f" AND EXISTS (SELECT 1 FROM actor WHERE actor.id = :actor AND {IS_NO_PLACE})",
        step=step,
        id=post_id,
        actor=actor_id,
    )


async def reactions(here: Instance, post_id: str) -> None:
    """Likes and boosts of one post as the tables say, after an answer to one that was asked for changed them."""
    await here.db.execute(
        "UPDATE post SET"
        " likes_count = (SELECT count(*) FROM post_like WHERE post_like.post_id = post.id AND post_like.kind = 'like'"
        " AND post_like.state = 'done'),"
        " echo_count = (SELECT count(*) FROM post_like WHERE post_like.post_id = post.id AND post_like.kind = 'echo'"
        " AND post_like.state = 'done'),"
        " boosts_count = (SELECT count(DISTINCT boost.actor_id) FROM boost JOIN actor ON actor.id = boost.actor_id"
        f" WHERE boost.post_id = post.id AND boost.undone_at IS NULL AND boost.state = 'done' AND {IS_NO_PLACE})"
        " WHERE id = :id",
        id=post_id,
    )


async def helped(here: Instance, reply_id: str, root_id: str) -> None:
    """How many marked a reply as helpful, and how many replies of the thread helped."""
    await here.db.execute(
        "UPDATE post SET helped_count = (SELECT count(*) FROM post_like WHERE post_like.post_id = post.id"
        " AND post_like.kind = 'helped') WHERE id = :id",
        id=reply_id,
    )
    count = await here.db.value(
        "SELECT count(*) AS n FROM post WHERE root_id = :root AND id <> :root AND helped_count > 0"
        " AND state = 'visible'",
        root=root_id,
    )
    await here.db.execute(
        "UPDATE post SET helped_count = :count, answered = :answered WHERE id = :root",
        count=count or 0,
        answered=bool(count),
        root=root_id,
    )


def _places(post_id: str, counted: str) -> set[tuple[str, str]]:
    """The rows that count a post: its thread and what it answers, and its community if it begins a thread there."""
    if not counted:
        return set()
    parent, root, community = counted.split(".")
    found = {("post", uri) for uri in (parent, root) if uri and uri != post_id}
    if community and not parent:
        found.add(("community", community))
    return found


async def _count(here: Instance, place: tuple[str, str], step: int) -> None:
    table, row_id = place
    column, only = ("replies_count", "") if table == "post" else ("posts_count", _UNCOUNTED)
    await here.db.execute(f"UPDATE {table} SET {column} = {column} + :step WHERE id = :id{only}", step=step, id=row_id)


async def _last_post(here: Instance, before: str, now: str, published: int) -> None:
    """When something was last said in a community: forward at once; looked up where the last was taken back."""
    old, new = before.rpartition(".")[2], now.rpartition(".")[2]
    if new and new != old:
        await here.db.execute(
            "UPDATE community SET last_post_at = CASE WHEN last_post_at IS NULL OR last_post_at < :at THEN :at"
            f" ELSE last_post_at END WHERE id = :id{_UNCOUNTED}",
            at=published,
            id=new,
        )
    if old and new != old:
        await here.db.execute(
            "UPDATE community SET last_post_at = (SELECT max(post.published_at) FROM post"
            f" WHERE post.community_id = community.id AND post.state = 'visible' AND post.visibility IN ({_COUNTED}))"
            " WHERE id = :id AND last_post_at <= :at",
            at=published,
            id=old,
        )
