"""How often a practice was tried: counted here, heard from its own server, and told to others.

The server of a practice counts. Who was suspended, who deleted their account, and people of blocked servers count no
more, because they are left out whenever it is counted; nothing has to be taken back.
"""

from datetime import timedelta
from typing import Any

from federation.errors import FederationError
from federation.vocab.base import timestamp
from federation.vocab.contexts import with_context
from federation.vocab.objects import RemotePost
from server.actors.events import ActorBlocked, ActorChanged, ActorUnblocked
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.instance import Instance
from server.peers import queries as peers
from server.peers.events import PeerGradeChanged
from server.posts.activities.update import CLOCKS_DIFFER, send_update
from server.posts.details import detail_of, newest
from server.posts.events import PostEdited, PostRemoved
from server.posts.models import Post
from server.posts.readable import AUTHOR_IS_THERE
from server.practices.models import Practice
from server.practices.wire import read_learning
from server.tries import standing
from server.tries.events import TriedOften
from server.tries.models import TriedPlace, TriedReport, TriedTally
from server.tries.reports import KEPT_OUT, count_for_others
from server.tries.wire import ToldCounts, counts_json, counts_of, read_trials, trials, version_of

TELL = "tries.tell"
TELL_EVERY = timedelta(hours=1)
RECOUNT = "tries.recount"
HEAR = "tries.hear"
HEAR_EVERY = timedelta(minutes=10)
ENOUGH = 3
"""After so many reports on a version its author is asked what they would change now."""
AT_ONCE = 500


async def collection(here: Instance, post_id: str) -> dict[str, object] | None:
    """The public collection of the counts of a practice here, counted as it is asked for."""
    post = await Post.get(id=post_id)
    if not await is_tried(post):
        return None
    return with_context(trials(f"{post.uri}/trials", post.uri, await count_for_others(here, post), here.clock.now()))


async def is_tried(post: Post) -> bool:
    """Whether this is something that people try: a tip, or a practice that came with its steps."""
    return post.kind == "tip" or (post.kind == "practice" and await Practice.exists(id=post.id))


class CountsDetail:
    """`server.posts.details.KindDetail` over the tallies: how often a practice was tried."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """The counts of a practice here as they were told last, and when that was."""
        tally = await TriedTally.get_or_none(id=post_id)
        if tally is None or tally.at is None:
            return {}
        post = await Post.get(id=post_id)
        told = trials(f"{post.uri}/trials", post.uri, counts_of(tally.counts), tally.at)
        updated = newest(post.edited_at or post.published_at, tally.at)
        return {"trials": told} | ({"updated": timestamp(updated)} if updated is not None else {})

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep what a practice from elsewhere says of its version, and of how often it was tried."""
        learning = remote.learning or {}
        post = await Post.get(id=post_id)
        if read_learning(learning) is None and post.kind != "tip":
            await self.forget(here, post_id)
            return
        tally, _ = await TriedTally.get_or_create(id=post_id)
        tally.version = version_of(learning.get("version"))
        await tally.save(update_fields=["version"])
        await _hear(here, tally, read_trials(remote.raw.get("trials"), remote.id))

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing: counts are not what its author wrote."""
        return {}

    async def forget(self, here: Instance, post_id: str) -> None:
        """What was counted of a practice goes with it."""
        await TriedTally.filter(id=post_id).delete()
        await TriedPlace.filter(practice_id=post_id).delete()


async def tell_soon(here: Instance, practice_id: str) -> None:
    """Something was said of how a practice went: note what follows, in the caller's transaction.

    Everybody who has one of ours gets its counts: at once, but once an hour at most.
    """
    post = await Post.get_or_none(id=practice_id)
    if post is None:
        return
    tally = await TriedTally.get_or_none(id=practice_id)
    is_told = not post.is_local and tally is not None and tally.at is not None
    await standing.keep(
        here,
        post.id,
        counts_of(tally.counts) if is_told and tally is not None else await count_for_others(here, post),
    )
    if not post.is_local:
        return
    now = here.clock.now()
    at = now if tally is None or tally.at is None else max(now, tally.at + TELL_EVERY)
    await here.jobs.enqueue(TELL, {"post": practice_id}, run_at=at, unique=f"{TELL}:{practice_id}")


async def tell(here: Instance, payload: Any) -> None:
    """The job that sends the counts of a practice of ours, if they are other than those that were sent before."""
    async with here.db.transaction():
        post = await Post.get_or_none(id=str(payload["post"]), is_local=True, state="visible")
        if post is None:
            return
        counts = counts_json(await count_for_others(here, post))
        tally = await TriedTally.get_or_none(id=post.id)
        known = tally.counts if tally is not None else None
        if (known == counts) if known is not None else not counts["groups"]:
            return
        before = (post.published_at, post.edited_at, tally.at if tally is not None else None)
        earlier = max(moment for moment in before if moment is not None)
        # Counts that are sent are newer than all that was sent before, in whole seconds (E6).
        at = max(here.clock.now(), from_milliseconds((int(earlier.timestamp()) + 1) * 1000))
        await TriedTally.update_or_create(defaults={"counts": counts, "at": at}, id=post.id)
        await send_update(here, PostEdited(post.id))


async def on_grade(here: Instance, event: PeerGradeChanged) -> None:
    """People of a server that was blocked count no more, those of one that was unblocked again: tell it."""
    rows = await here.db.rows(
        "SELECT DISTINCT report.practice_id FROM tried_report AS report JOIN actor ON actor.id = report.author_id"
        " JOIN post ON post.id = report.practice_id WHERE post.is_local AND (actor.host = :host"
        " OR actor.host LIKE :inside OR actor.host LIKE :ports OR actor.host LIKE :inside_ports)"
        " ORDER BY report.practice_id LIMIT :most",
        most=AT_ONCE,
        **peers.spellings(event.host),
    )
    for row in rows:
        await tell_soon(here, row["practice_id"])


async def on_actor(here: Instance, event: ActorChanged) -> None:
    """Somebody was suspended, and counts no more at once, or is let in again, or only looks different: count later."""
    known = "SELECT 1 FROM tried_report WHERE author_id = :actor UNION SELECT 1 FROM bookmark WHERE actor_id = :actor"
    if not await here.db.rows(known, actor=event.actor_id):
        return
    now, gone = here.clock.now(), await Actor.exists(id=event.actor_id, suspended_at__isnull=False)
    await here.jobs.enqueue(
        RECOUNT,
        {"actor": event.actor_id},
        run_at=now if gone else now + TELL_EVERY,
        unique=f"{RECOUNT}:{event.actor_id}",
    )


async def recount(here: Instance, payload: Any) -> None:
    """The job that counts the practices anew that somebody tried, or keeps for later."""
    rows = await here.db.rows(
        "SELECT practice_id FROM tried_report WHERE author_id = :actor UNION SELECT post.id FROM bookmark JOIN post"
        " ON post.id = bookmark.post_id WHERE bookmark.actor_id = :actor AND post.kind IN ('practice', 'tip')"
        " ORDER BY practice_id LIMIT :most",
        actor=str(payload["actor"]),
        most=AT_ONCE,
    )
    for row in rows:
        async with here.db.transaction():
            await tell_soon(here, row["practice_id"])


async def on_block(here: Instance, event: ActorBlocked | ActorUnblocked) -> None:
    """What one of two says of a practice of the other, or keeps, counts no more after a block, and again without."""
    rows = await here.db.rows(
        "SELECT said.practice_id FROM (SELECT practice_id, author_id AS by_id FROM tried_report"
        " WHERE author_id IN (:one, :other) UNION SELECT post_id, actor_id FROM bookmark"
        " WHERE actor_id IN (:one, :other)) AS said JOIN post ON post.id = said.practice_id"
        " WHERE post.author_id IN (:one, :other) AND post.author_id <> said.by_id"
        " AND post.kind IN ('practice', 'tip') ORDER BY said.practice_id LIMIT :most",
        one=event.blocker_id,
        other=event.blocked_id,
        most=AT_ONCE,
    )
    for row in rows:
        await tell_soon(here, row["practice_id"])


async def on_removed(here: Instance, event: PostRemoved) -> None:
    """A report that a moderator took away counts no more."""
    report = await TriedReport.get_or_none(id=event.post_id)
    if report is not None:
        await tell_soon(here, report.practice_id)


async def look_at_again(here: Instance, practice_id: str) -> None:
    """Ask the author of a practice here what they would change, once enough people have tried this version."""
    post = await Post.get_or_none(id=practice_id, is_local=True)
    if post is not None:
        reports = await here.db.value(
            "SELECT count(*) AS n FROM (SELECT report.id FROM tried_report AS report JOIN post ON post.id = report.id"
            " JOIN post AS whole ON whole.id = report.practice_id WHERE report.practice_id = :practice"
            f" AND report.version = :version AND post.state = 'visible' AND {AUTHOR_IS_THERE} AND NOT {KEPT_OUT}"
            " LIMIT :enough) AS few",
            practice=practice_id,
            version=post.version,
            enough=ENOUGH,
        )
        if reports == ENOUGH:
            await here.events.emit(TriedOften(practice_id, post.version))


async def tallied(here: Instance, post_id: str, remote: RemotePost) -> bool:
    """Take the counts of a practice from elsewhere; False where it says something else than what we have.

    In the caller's transaction. Every edit of a practice has a version of its own.
    """
    told = read_trials(remote.raw.get("trials"), remote.id)
    learning = remote.learning or {}
    values, practice, whole = (
        read_learning(learning),
        await Practice.get_or_none(id=post_id),
        detail_of(here, "practice"),
    )
    if told is None or told.counts is None or whole is None:
        return False
    if values is None or practice is None:
        # A tip is a Note without fields: all it says is its text.
        if values is not None or practice is not None or not await Post.exists(id=post_id, kind="tip"):
            return False
    elif any(getattr(practice, name) != value for name, value in values.items()):
        return False
    tally, is_new = await TriedTally.get_or_create(id=post_id)
    if not is_new and tally.version != version_of(learning.get("version")):
        return False
    await whole.received(here, post_id, remote)
    return True


async def opened(here: Instance, viewer: Viewer, post_id: str) -> None:
    """Somebody looks at a practice from elsewhere whose counts are old: ask how often it was tried."""
    if viewer.is_signed_in:
        async with here.db.transaction():
            await hear_soon(here, post_id)


async def hear_soon(here: Instance, post_id: str, *, after: timedelta = timedelta(0)) -> None:
    """Ask the server of a practice how often it was tried; in the caller's transaction."""
    now = here.clock.now()
    await TriedTally.update_or_create(defaults={"asked_at": now}, id=post_id)
    at = now + after
    await here.jobs.enqueue(HEAR, {"post": post_id}, run_at=at, unique=f"{HEAR}:{post_id}")


async def hear(here: Instance, payload: Any) -> None:
    """The job that asks; what does not answer is asked when somebody looks again."""
    post = await Post.get_or_none(id=str(payload["post"]), is_local=False, state="visible")
    tally = await TriedTally.get_or_none(id=str(payload["post"]))
    if post is None or tally is None:
        return
    try:
        told = await _asked(here, post, tally)
    except FederationError:
        here.log.info("the counts of %s cannot be fetched", post.uri)
        return
    async with here.db.transaction():
        await _hear(here, await TriedTally.get(id=post.id), told)


async def _asked(here: Instance, post: Post, tally: TriedTally) -> ToldCounts | None:
    address = tally.address
    if not address:
        found = read_trials((await here.engine.fetch_post(post.uri)).raw.get("trials"), post.uri)
        if found is None or found.counts is not None:
            return found
        address = found.address
    return read_trials(await here.engine.fetch(address), post.uri)


async def _hear(here: Instance, tally: TriedTally, told: ToldCounts | None) -> None:
    """Keep counts that are no older than those we have; a time far ahead would refuse all later ones (R10)."""
    if told is None:
        return
    tally.address = told.address
    at = min(told.at, here.clock.now() + CLOCKS_DIFFER) if told.at is not None else None
    if told.counts is not None and at is not None and (tally.at is None or at >= tally.at):
        # What was asked for and what was sent may be of the same second: times are told in whole ones.
        tally.counts, tally.at = counts_json(told.counts), at
        await standing.keep(here, tally.id, told.counts)
    await tally.save(update_fields=["address", "counts", "at"])
