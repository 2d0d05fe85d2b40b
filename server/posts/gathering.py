"""Fetching what is missing: the rest of a thread that began elsewhere, and the latest posts of whom somebody followed.

It happens in the background, for what people here follow or look at, and never for what is not public. The collection
of the thread (`context`) is read first, then the answers (`replies`), then what is above. A server is believed about
its own posts only; every other is asked for them itself (S7), and not often: a list may name somebody who never asked
to be in it (S16). One look has a budget for all that it causes (S22), and a server is looked at so many times an hour
(S24).
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from federation.engine import Budget
from federation.errors import BudgetExceeded, FederationError, InvalidDocument
from federation.vocab.base import dicts_of, host_of, id_of, is_web_uri, same_origin
from federation.vocab.objects import RemotePost, parse_post
from server.actors.events import FollowAccepted
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.db import among
from server.errors import Refused
from server.instance import Instance
from server.peers import queries as peers
from server.peers.policy import in_sql
from server.posts import policy
from server.posts.activities.relevance import is_wanted
from server.posts.events import PostPublished
from server.posts.models import Gathering, Post, Tombstone
from server.posts.receiving import prepare, store
from server.posts.removal import was_ended

JOB = "posts.gather"
THREAD, LATEST = "thread", "latest"

MAX_OBJECTS = 500
MAX_DEPTH = 100
MAX_COLLECTIONS = 60
MAX_FOREIGN = 20
"""Posts that one look fetches from any server beside the one that listed them."""
MAX_MISFITS = 3
PER_HOST_AND_HOUR = 60
FOREIGN_PER_HOUR = 120
AGAIN_AFTER = timedelta(hours=4)
STUCK_AFTER = timedelta(hours=1)
LATEST_AGAIN_AFTER = timedelta(days=7)
LATEST_POSTS = 20
FEATURED_POSTS = 10
FOREIGN = "posts.gathering.foreign"


def _thread_budget() -> Budget:
    return Budget(fetches=1200, bytes=32 * 1024 * 1024, seconds=240.0)


def _latest_budget() -> Budget:
    return Budget(fetches=120, bytes=8 * 1024 * 1024, seconds=60.0)


# When


async def opened(here: Instance, viewer: Viewer, root_id: str) -> bool:
    """Somebody opened a thread: look for more if that was not done lately. Returns whether it is being done.

    Only people who are signed in set it off; others just see that it goes on.
    """
    root = await Post.get_or_none(id=root_id)
    if root is None or root.is_local or root.visibility not in policy.OPEN:
        return False
    known = await Gathering.get_or_none(subject=root.uri)
    if viewer.is_signed_in and await _ask(here, root.uri, THREAD, known, AGAIN_AFTER):
        return True
    return known is not None and known.done_at is None and here.clock.now() - known.asked_at < STUCK_AFTER


async def looked_up(here: Instance, post: Post) -> None:
    """Somebody here looked a post up."""
    root = await _root(post)
    if not root.is_local and root.visibility in policy.OPEN:
        await _ask(here, root.uri, THREAD, await Gathering.get_or_none(subject=root.uri), AGAIN_AFTER)


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """Answers came from elsewhere, into threads that were never looked at, and that people here care for."""
    answers = [event.post_id for event in events if not event.is_local and event.parent_id is not None]
    if not answers:
        return
    places, parameters = among(answers)
    rows = await here.db.rows(
        "SELECT post.id FROM post JOIN post AS root ON root.id = COALESCE(post.root_id, post.id)"
        f" WHERE post.id IN ({places}) AND NOT root.is_local AND root.visibility IN {in_sql(tuple(policy.OPEN))}"
        " AND NOT EXISTS (SELECT 1 FROM gathering WHERE gathering.subject = root.uri) ORDER BY post.id",
        **parameters,
    )
    for row in rows:
        post = await Post.get(id=row["id"])
        root = await _root(post)
        if await _concerns_us(here, post, root):
            await _ask(here, root.uri, THREAD, await Gathering.get_or_none(subject=root.uri), AGAIN_AFTER)


async def on_follow(here: Instance, event: FollowAccepted) -> None:
    """Somebody here follows somebody elsewhere, perhaps the first to do so: a new follow is no empty page."""
    target = await Actor.get(id=event.target_id)
    if target.is_local or not await Actor.exists(id=event.follower_id, is_local=True):
        return
    await _ask(here, target.uri, LATEST, await Gathering.get_or_none(subject=target.uri), LATEST_AGAIN_AFTER)


async def prune(here: Instance, _: object) -> None:
    """Forget looks that are long over."""
    await Gathering.filter(asked_at__lt=here.clock.now() - timedelta(days=90)).delete()


async def _ask(here: Instance, subject: str, kind: str, known: Gathering | None, again_after: timedelta) -> bool:
    """Queue a look, unless there was one lately, or too many at this server."""
    now = here.clock.now()
    if known is not None and now - (known.done_at or known.asked_at) < (again_after if known.done_at else STUCK_AFTER):
        return False
    host = host_of(subject)
    if not peers.may_send(here, host):
        return False
    async with here.db.transaction():
        lately = await Gathering.filter(host=host, asked_at__gt=now - timedelta(hours=1)).count()
        if lately >= PER_HOST_AND_HOUR:
            return False
        await here.db.execute(
            "INSERT INTO gathering (subject, kind, host, asked_at, done_at, found)"
            " VALUES (:subject, :kind, :host, :now, NULL, 0)"
            " ON CONFLICT (subject) DO UPDATE SET asked_at = excluded.asked_at, done_at = NULL, found = 0",
            subject=subject,
            kind=kind,
            host=host,
            now=now,
        )
        await here.jobs.enqueue(JOB, subject, unique=f"{JOB}:{subject}"[:200])
    return True


async def _concerns_us(here: Instance, post: Post, root: Post) -> bool:
    """Whether people here follow one of the two, or take part in the thread."""
    actor_ids = {post.author_id, root.author_id, *(item for item in (post.community_id, root.community_id) if item)}
    for actor in await Actor.filter(id__in=actor_ids):
        if actor.is_local or await is_wanted(here, actor.uri):
            return True
    return await Post.exists(root_id=root.id, is_local=True)


async def _root(post: Post) -> Post:
    return post if post.root_id in {None, post.id} else await Post.get_or_none(id=post.root_id) or post


# How


@dataclass(slots=True)
class _Look:
    """One look: what may still be done, and what was learnt of the thread so far."""

    here: Instance
    host: str
    left: int = MAX_OBJECTS
    collections: int = MAX_COLLECTIONS
    found: int = 0
    depth: dict[str, int] = field(default_factory=dict)
    """Posts of the thread that we have, with how deep they are."""
    asked: set[str] = field(default_factory=set)
    foreign: Counter[str] = field(default_factory=Counter)
    misfits: Counter[str] = field(default_factory=Counter)


async def gather(here: Instance, subject: str) -> None:
    """The job: fetch what is missing of a thread, or of somebody's latest posts."""
    known = await Gathering.get_or_none(subject=subject)
    if known is None or not peers.may_send(here, known.host):
        return
    look = _Look(here, known.host)
    try:
        if known.kind == THREAD:
            with here.engine.spending(_thread_budget()):
                await _thread(look, subject)
        else:
            with here.engine.spending(_latest_budget()):
                await _latest(look, subject)
    except FederationError as error:
        here.log.info("nothing more of %s: %s", subject, error)
    await Gathering.filter(subject=subject).update(done_at=here.clock.now(), found=look.found)


async def _thread(look: _Look, subject: str) -> None:
    root = await Post.get_or_none(uri=subject)
    if root is None or root.state != "visible" or root.visibility not in policy.OPEN:
        return
    rows = await look.here.db.rows(
        "SELECT uri FROM post WHERE root_id = :root ORDER BY published_at LIMIT :limit", root=root.id, limit=5000
    )
    look.depth = {row["uri"]: 0 if row["uri"] == root.uri else 1 for row in rows}
    waiting: deque[tuple[str, object]] = deque()
    document = await _fetched(look, root.uri)
    context = await _context(look, root, document)
    if context is not None:
        waiting.append((context, None))
    listed = (document or {}).get("replies") or root.replies_uri
    if listed:
        waiting.append((root.uri, listed))
    while waiting and look.collections > 0 and look.left > 0:
        address, listed = waiting.popleft()
        look.collections -= 1
        posts = await _posts_of(look, address, listed)
        for remote in await _joined(look, posts):
            if remote.raw.get("replies"):
                waiting.append((remote.id, remote.raw["replies"]))
    await _above(look, root)


async def _context(look: _Look, root: Post, document: dict[str, object] | None) -> str | None:
    """The collection of the thread, where its author's server or its community keeps one. No other is asked (S16)."""
    uri = id_of((document or {}).get("context")) or root.context_uri
    if uri is None or not is_web_uri(uri) or look.here.is_local_uri(uri):
        return None
    community = await Actor.get_or_none(id=root.community_id) if root.community_id else None
    homes = [root.uri, *([community.uri] if community else [])]
    return uri if any(same_origin(uri, home) for home in homes) else None


async def _posts_of(look: _Look, address: str, listed: object) -> list[RemotePost]:
    """The posts in a collection: at `address`, or as it is `listed` inside the document at `address`."""
    engine = look.here.engine
    try:
        if listed is None:
            items = await engine.fetch_collection(address, limit=MAX_OBJECTS)
        elif isinstance(listed, str):
            # What lists the answers to a post is on that post's server.
            if not same_origin(listed, address):
                return []
            items = await engine.fetch_collection(listed, limit=MAX_OBJECTS)
        else:
            # PieFed has an array of whole answers; others have the collection, or its first page, in the post.
            inside: dict[str, object] = (
                {"items": listed} if isinstance(listed, list) else next(dicts_of(listed, limit=1), {})
            )
            items = await engine.items_in(inside, address, limit=MAX_OBJECTS)
            inner = id_of(inside)
            if not items and inner is not None and same_origin(inner, address):
                items = await engine.fetch_collection(inner, limit=MAX_OBJECTS)
    except BudgetExceeded:
        raise
    except FederationError:
        return []
    found = []
    for item in items:
        if look.left <= 0:
            break
        remote = await _post(look, item, address)
        if remote is not None:
            found.append(remote)
    return found


async def _post(look: _Look, item: dict[str, object] | str, address: str) -> RemotePost | None:
    """A post that a collection names, whole or by its id; None for one that we have, or will not ask for."""
    here, uri = look.here, id_of(item)
    if uri is None or uri in look.depth or uri in look.asked or here.is_local_uri(uri) or not is_web_uri(uri):
        return None
    look.asked.add(uri)
    host = host_of(uri)
    if look.misfits[host] >= MAX_MISFITS or not peers.may_send(here, host):
        return None
    if await Post.exists(uri=uri) or await Tombstone.exists(uri=uri):
        return None
    look.left -= 1
    if isinstance(item, dict):
        try:
            return parse_post(item)
        except InvalidDocument:
            pass
    if host != host_of(address) and not _may_ask_stranger(look, host):
        return None
    document = await _fetched(look, uri)
    try:
        return None if document is None else parse_post(document)
    except InvalidDocument:
        return None


def _may_ask_stranger(look: _Look, host: str) -> bool:
    """Whether a server may be asked because another listed something of it: seldom in one look, and in an hour."""
    now = look.here.clock.now()
    lately: dict[str, deque[datetime]] = look.here.caches.setdefault(FOREIGN, {})
    if len(lately) > 5000:
        lately.clear()
    times = lately.setdefault(host, deque(maxlen=FOREIGN_PER_HOUR))
    if look.foreign[host] >= MAX_FOREIGN or (len(times) == FOREIGN_PER_HOUR and now - times[0] < timedelta(hours=1)):
        return False
    look.foreign[host] += 1
    times.append(now)
    return True


async def _fetched(look: _Look, uri: str) -> dict[str, object] | None:
    try:
        return await look.here.engine.fetch(uri)
    except BudgetExceeded:
        raise
    except FederationError:
        return None


async def _joined(look: _Look, posts: list[RemotePost]) -> list[RemotePost]:
    """Take in what answers something in the thread, parents first; the rest does not belong to it."""
    joined: list[RemotePost] = []
    left = posts
    while left:
        later = []
        for remote in left:
            depth = look.depth.get(remote.in_reply_to or "")
            if depth is None:
                later.append(remote)
            elif depth < MAX_DEPTH and await _take_in(look, remote, via=None):
                look.depth[remote.id] = depth + 1
                joined.append(remote)
        if len(later) == len(left):
            break
        left = later
    for remote in left:
        if remote.in_reply_to is None or not any(remote.in_reply_to == other.id for other in posts):
            look.misfits[host_of(remote.id)] += 1
    return joined


async def _above(look: _Look, root: Post) -> None:
    """What the first post that we know answers: one after the other, as far up as it goes."""
    uri = root.in_reply_to_uri
    for _ in range(MAX_DEPTH):
        if uri is None or look.left <= 0 or look.here.is_local_uri(uri) or await Post.exists(uri=uri):
            return
        document = await _fetched(look, uri)
        if document is None:
            return
        try:
            remote = parse_post(document)
        except InvalidDocument:
            return
        look.left -= 1
        if not await _take_in(look, remote, via=None):
            return
        uri = remote.in_reply_to


async def _latest(look: _Look, subject: str) -> None:
    actor = await Actor.get_or_none(uri=subject, is_local=False, deleted_at=None)
    if actor is None or actor.suspended_at is not None or actor.is_locked:
        return
    for address, most in ((actor.featured_url, FEATURED_POSTS), (actor.outbox_url, LATEST_POSTS)):
        if address is None or not same_origin(address, actor.uri):
            continue
        look.left = most
        for remote in await _posts_of(look, address, None):
            of_group = actor.kind == "Group" and actor.uri in {remote.audience, *remote.to, *remote.cc}
            if remote.in_reply_to is None and (of_group or remote.attributed_to == actor.uri):
                await _take_in(look, remote, via=actor.uri if actor.kind == "Group" else None)


async def _take_in(look: _Look, remote: RemotePost, *, via: str | None) -> bool:
    """Write a post down, if everybody may read it and nobody has to look at it first."""
    here = look.here
    if not remote.visibility_public:
        return False
    try:
        arrival = await prepare(here, remote, raw=None, via=via, asked=False)
        if arrival.held or arrival.visibility not in policy.OPEN:
            return False
        async with here.db.transaction():
            if await was_ended(here, remote.id, by=remote.attributed_to):
                return False
            await store(here, arrival)
    except BudgetExceeded:
        raise
    except (FederationError, Refused):
        return False
    look.found += 1
    return True
