"""Peers first: answers of those who look after a community wait for a time, or until two peers have answered (D4).

An answer that waits is a post in the state ``peers``: only its author sees it, and it has no way to the wire.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities.activities.authority import looks_after
from server.discussions.models import Ask
from server.errors import NotFound
from server.instance import Instance
from server.posts import agreements
from server.posts.composing import own
from server.posts.events import AnswerEarly, PostPublished
from server.posts.models import Post
from server.posts.policy import COUNTED, PEERS

RELEASE = "discussions.peers_first"
ENOUGH = 2
"""After answers of so many peers nobody waits any longer."""
HOURS = (4, 24, 72)
USUAL = 24
LONGEST = timedelta(days=14)
AT_ONCE = 100
_COUNTED = ", ".join(f"'{name}'" for name in sorted(COUNTED))
_STAFF = (
    "(EXISTS (SELECT 1 FROM membership WHERE membership.community_id = :community"
    " AND membership.person_id = post.author_id AND membership.state = 'active'"
    " AND membership.role IN ('steward', 'facilitator'))"
    " OR (:ours AND EXISTS (SELECT 1 FROM account WHERE account.actor_id = post.author_id"
    " AND account.role <> 'member')))"
)


@dataclass(frozen=True, slots=True)
class PeersFirst:
    """How long peers have the word: `until`, and `answered` of them so far; `is_staff`: the viewer's answers wait."""

    until: datetime
    minutes_left: int
    answered: int
    is_staff: bool


async def now(here: Instance, viewer: Viewer, ask: Post, until: datetime | None) -> PeersFirst | None:
    """How it stands with a question; None where everybody has the word."""
    left = _left(here, until)
    if until is None or left <= timedelta(0):
        return None
    answered = await _answered(here, ask)
    if answered >= ENOUGH:
        return None
    is_staff = viewer.actor_id is not None and await _is_staff(here, viewer.actor_id, ask)
    return PeersFirst(until, int(left.total_seconds()) // 60 + 1, answered, is_staff)


async def waits(here: Instance, ask: Post, author: Actor) -> bool:
    """Whether an answer of this author waits: those of whoever looks after the community or this server."""
    found = await Ask.get_or_none(id=ask.id)
    if found is None or _left(here, found.peers_first_until) <= timedelta(0) or author.id == ask.author_id:
        return False
    return await _is_staff(here, author.id, ask) and await _answered(here, ask) < ENOUGH


async def show_now(here: Instance, acting: Viewer, reply_id: str) -> None:
    """Show an answer of one's own that waits, because somebody's safety is at stake; it goes into the log."""
    post = await own(acting, reply_id)
    if post.state != PEERS or not await Post.exists(id=post.root_id, kind="ask"):
        raise NotFound  # what a round hides is not shown before it is closed
    async with here.db.transaction():
        await record(here, acting, post)
        await agreements.show(here, post, PEERS)


async def record(here: Instance, acting: Viewer, post: Post) -> None:
    """Note that somebody answered at once where peers had the word; in the caller's transaction."""
    await audit.record(here, by=acting.handle or acting.actor_uri, action="answer.at_once", subject=post.uri)


async def on_early(here: Instance, event: AnswerEarly) -> None:
    """An answer waits: it is shown when the time of the peers is over."""
    ask = await Ask.get_or_none(id=event.ask_id)
    if ask is not None and ask.peers_first_until is not None:
        await _release_at(here, ask.id, ask.peers_first_until)


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """Peers answered: what waits for that is shown. One query for all that came together."""
    parents = {f"id_{number}": event.parent_id for number, event in enumerate(events) if event.answers("ask")}
    if not parents:
        return
    rows = await here.db.rows(
        f"SELECT id FROM ask WHERE id IN ({', '.join(':' + name for name in parents)})"
        " AND peers_first_until IS NOT NULL",
        **parents,
    )
    for row in rows:
        ask = await Post.get(id=row["id"])
        if await Post.filter(root_id=ask.id, state=PEERS).exists() and await _answered(here, ask) >= ENOUGH:
            await _release_at(here, ask.id, None)


async def release(here: Instance, payload: Any) -> None:
    """The job that shows all answers that wait below one question, if they need not wait any longer."""
    ask, found = await Post.get_or_none(id=str(payload["ask"])), await Ask.get_or_none(id=str(payload["ask"]))
    if ask is None:
        return
    is_on = found is not None and _left(here, found.peers_first_until) > timedelta(0)
    if found is not None and is_on and await _answered(here, ask) < ENOUGH:
        await _release_at(here, ask.id, found.peers_first_until)
        return
    last = ""
    while answers := await Post.filter(root_id=ask.id, state=PEERS, id__gt=last).order_by("id").limit(AT_ONCE):
        for post in answers:
            async with here.db.transaction():
                await agreements.show(here, post, PEERS)
        last = answers[-1].id


async def _release_at(here: Instance, ask_id: str, at: datetime | None) -> None:
    await here.jobs.enqueue(RELEASE, {"ask": ask_id}, run_at=at, unique=f"{RELEASE}:{ask_id}", goes_on=at is not None)


def _left(here: Instance, until: datetime | None) -> timedelta:
    return timedelta(0) if until is None else until - here.clock.now()


async def _is_staff(here: Instance, actor_id: str, ask: Post) -> bool:
    if await looks_after(here, actor_id, ask.community_id):
        return True
    if not await _is_ours(ask):
        return False
    role = await here.db.value("SELECT role FROM account WHERE actor_id = :actor", actor=actor_id)
    return role is not None and role != "member"


async def _is_ours(ask: Post) -> bool:
    """Whether it was asked in a place of this server: only then those who look after the server look after it."""
    return await Actor.exists(id=ask.community_id, is_local=True) if ask.community_id else ask.is_local


async def _answered(here: Instance, ask: Post) -> int:
    """How many peers have answered, at most `ENOUGH`."""
    return int(
        await here.db.value(
            "SELECT count(*) AS n FROM (SELECT DISTINCT post.author_id FROM post WHERE post.parent_id = :ask"
            f" AND post.state = 'visible' AND post.visibility IN ({_COUNTED}) AND post.author_id <> :asker"
            f" AND NOT {_STAFF} LIMIT :enough) AS peers",
            ask=ask.id,
            asker=ask.author_id,
            community=ask.community_id or "",
            ours=await _is_ours(ask),
            enough=ENOUGH,
        )
        or 0
    )
