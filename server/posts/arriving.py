"""Posts that other servers deliver, many in one transaction: the way that almost all of them take.

What they have in common is looked up once, and written with one statement for each table, so that fifty posts cost not
much more than one. Only what needs nobody else is taken in here: a note by an author whom we know, alone or under a
post that we have. `posts.receiving` does the rest, one by one, and decides by the same rules.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from federation.errors import FederationError
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import PUBLIC
from federation.vocab.objects import RemotePost, parse_post
from federation.vocab.polls import vote_of
from server.actors.boundaries import DIRECT, MENTION, closed
from server.actors.models import Actor
from server.actors.remote import STALE
from server.db import among, insert_many
from server.errors import NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.peers import queries as peers
from server.posts import admission, counting, newcomers, places, policy, receiving, rendering
from server.posts.details import detail_of
from server.posts.events import PostPublished
from server.posts.models import Post, Tombstone
from server.posts.orphans import adopt
from server.posts.receiving import MAX_NAMED, MAX_URI, Arrival

MAX_LETTERS = 20_000
"""Longer texts take so long to be made safe that it is done in a thread, which `posts.receiving` does."""
MAX_RECIPIENTS = 100
BREATH = 4
"""After so many posts that are read, requests get their turn."""

_DEFAULTS: dict[str, Any] = {
    "state_reason": "",
    "pinned": False,
    "answered": False,
    "useful": 333,
    "version": 1,
    "replies_count": 0,
    "likes_count": 0,
    "boosts_count": 0,
    "helped_count": 0,
    "echo_count": 0,
    "quote_uri": None,
    "quote_state": "",
    "quote_stamp": None,
}
_JSON = ("interaction", "translations", "emoji", "particulars")


class _Unexpected(Exception):
    """Somebody else was faster: nothing of this is written, and each is looked at by itself."""


@dataclass(slots=True)
class _Facts:
    """What several posts have to be judged by."""

    actors: dict[str, Actor]
    posts: dict[str, Post]
    ended: set[str]
    closed: set[str]
    communities: dict[str, Actor]
    blocks: set[frozenset[str]]
    shut: set[tuple[str, str, str]]
    followed: set[str]
    in_communities: set[tuple[str, str]]
    widest: dict[str, str | None] = field(default_factory=dict)


async def take_together(
    here: Instance, items: Sequence[VerifiedActivity], finish: Callable[[Sequence[int]], Awaitable[None]]
) -> set[int]:
    """Take in those of several Creates that need nothing more, in one transaction; returns their places in `items`.

    As soon as one of a server does not fit, the later ones of that server are left out too, so that they stay in
    order. `finish` notes what was done, in the same transaction.
    """
    remotes: list[RemotePost | None] = []
    for item in items:
        if len(remotes) % BREATH == BREATH - 1:
            await asyncio.sleep(0)
        remotes.append(_readable(here, item))
    facts = await _look_up(here, [remote for remote in remotes if remote is not None])
    fitting: dict[int, Arrival] = {}
    left_out: set[str] = set()
    seen: set[str] = set()
    for place, (item, remote) in enumerate(zip(items, remotes, strict=True)):
        host = item.signer.split("/")[2]
        if host in left_out:
            continue
        arrival = None
        if remote is not None and remote.id not in seen:
            arrival = await _judged(here, facts, remote, item)
        if arrival is None:
            left_out.add(host)
            continue
        seen.add(arrival.remote.id)
        fitting[place] = arrival
    if not fitting:
        return set()
    try:
        async with here.db.transaction():
            await _write(here, list(fitting.values()))
            await finish(list(fitting))
    except _Unexpected:
        return set()
    return set(fitting)


def _readable(here: Instance, item: VerifiedActivity) -> RemotePost | None:
    """The post in a Create, if it is of the plain kind."""
    activity = item.activity
    if activity.object is None or vote_of(activity.object) is not None:
        return None
    try:
        remote = parse_post(activity.object, inherit=activity)
    except FederationError:
        return None
    is_plain = (
        len(remote.id) <= MAX_URI
        and not here.is_local_uri(remote.id)
        and remote.attributed_to == activity.actor == item.signer
        and remote.type not in {"Page", "Question", "Event"}
        and remote.audience is None
        and remote.quote is None
        and not receiving.is_vote(remote)
        and len(remote.content_html) + len(remote.summary) <= MAX_LETTERS
        and not remote.translations
        and len(remote.to) + len(remote.cc) <= MAX_RECIPIENTS
    )
    return remote if is_plain else None


async def _look_up(here: Instance, remotes: Sequence[RemotePost]) -> _Facts:
    """Everything that decides, in as many statements for one post as for many."""
    uris = {remote.attributed_to for remote in remotes} | {uri for remote in remotes for uri in _named_by(remote)}
    actors = {actor.uri: actor for actor in await Actor.filter(uri__in=sorted(uris))} if uris else {}
    ids = {remote.id for remote in remotes}
    answered = {remote.in_reply_to for remote in remotes if remote.in_reply_to}
    posts = {post.uri: post for post in await Post.filter(uri__in=sorted(ids | answered))} if ids else {}
    ended = set(await Tombstone.filter(uri__in=sorted(ids)).values_list("uri", flat=True)) if ids else set()
    parents = [posts[uri] for uri in answered if uri in posts]
    roots = sorted({parent.root_id for parent in parents if parent.root_id})
    closed = set(await Post.filter(id__in=roots, locked=True).values_list("id", flat=True)) if roots else set()
    groups = sorted({parent.community_id for parent in parents if parent.community_id})
    communities = {group.id: group for group in await Actor.filter(id__in=groups)} if groups else {}
    authors = sorted({actors[remote.attributed_to].id for remote in remotes if remote.attributed_to in actors})
    people = {actor.id for actor in actors.values()} | {parent.author_id for parent in parents}
    blocks, shut = await _between(here, authors, sorted(people))
    return _Facts(
        actors=actors,
        posts=posts,
        ended={str(uri) for uri in ended},
        closed={str(post_id) for post_id in closed},
        communities=communities,
        blocks=blocks,
        shut=shut,
        followed=await _followed(here, authors),
        in_communities=await _in_communities(here, authors, groups),
    )


def _named_by(remote: RemotePost) -> list[str]:
    named = [mention.href for mention in remote.mentions][:MAX_NAMED]
    return [uri for uri in (*named, *remote.to, *remote.cc) if uri != PUBLIC]


async def _between(
    here: Instance, authors: list[str], people: list[str]
) -> tuple[set[frozenset[str]], set[tuple[str, str, str]]]:
    """Pairs of an author and somebody else between whom a block stands; and who lets an author not do what (B20)."""
    if not authors:
        return set(), set()
    ones, parameters = among(authors, "one")
    others, more = among(people, "other")
    rows = await here.db.rows(
        f"SELECT blocker_id, blocked_id, '' AS what FROM actor_block"
        f" WHERE blocker_id IN ({ones}) AND blocked_id IN ({others})"
        " UNION SELECT blocker_id, blocked_id, '' FROM actor_block"
        f" WHERE blocked_id IN ({ones}) AND blocker_id IN ({others})"
        + "".join(
            f" UNION SELECT boundary.id, writer.id, '{what}' FROM boundary"
            f" JOIN actor AS writer ON writer.id IN ({ones})"
            f" WHERE boundary.id IN ({others}) AND {closed(what, 'boundary.id', 'writer.id')}"
            for what in (DIRECT, MENTION)
        ),
        **parameters,
        **more,
    )
    blocks = {frozenset((row["blocker_id"], row["blocked_id"])) for row in rows if not row["what"]}
    return blocks, {(row["blocker_id"], row["blocked_id"], row["what"]) for row in rows if row["what"]}


async def _followed(here: Instance, authors: list[str]) -> set[str]:
    """Authors whom somebody here follows."""
    if not authors:
        return set()
    ones, parameters = among(authors)
    rows = await here.db.rows(
        "SELECT DISTINCT follow.target_id FROM follow JOIN actor ON actor.id = follow.follower_id"
        f" WHERE follow.target_id IN ({ones}) AND follow.state = 'accepted' AND actor.is_local",
        **parameters,
    )
    return {row["target_id"] for row in rows}


async def _in_communities(here: Instance, authors: list[str], groups: list[str]) -> set[tuple[str, str]]:
    """Communities and authors that something stands between: a membership, or the end of one."""
    if not authors or not groups:
        return set()
    ones, parameters = among(authors, "one")
    others, more = among(groups, "group")
    rows = await here.db.rows(
        f"SELECT community_id, person_id FROM membership WHERE person_id IN ({ones}) AND community_id IN ({others})",
        **parameters,
        **more,
    )
    return {(row["community_id"], row["person_id"]) for row in rows}


async def _judged(here: Instance, facts: _Facts, remote: RemotePost, item: VerifiedActivity) -> Arrival | None:
    """What is to be written of a post; None where it is not as plain as that, or may be refused."""
    author = facts.actors.get(remote.attributed_to)
    if author is None or not _is_present(here, author) or remote.id in facts.posts or remote.id in facts.ended:
        return None
    parent = facts.posts.get(remote.in_reply_to) if remote.in_reply_to else None
    if remote.in_reply_to and (parent is None or not _is_open(facts, author, parent)):
        return None
    if newcomers.is_pushy(here, author, remote.content_html):
        return None
    if not author.approved and peers.holds_first_posts(here, author.host) and author.id not in facts.followed:
        return None
    community = None
    if parent is not None and parent.community_id is not None:
        community = facts.communities.get(parent.community_id)
        if community is None or not await _takes_answers(here, facts, community, author):
            return None
    elif any(facts.actors[uri].kind == "Group" for uri in _named_by(remote) if uri in facts.actors):
        return None
    visibility = admission.addressed(remote, author, community)
    if visibility not in {*policy.OPEN, policy.FOLLOWERS, policy.DIRECT}:
        return None
    if visibility == policy.DIRECT and not peers.effects_for(here, author.host).letters:
        return None
    if parent is not None:
        visibility = policy.reply_visibility(visibility, parent.visibility, same_author=parent.author_id == author.id)
    named = [mention.href for mention in remote.mentions][:MAX_NAMED]
    shown = rendering.shown(
        remote,
        in_community=community is not None,
        people=receiving.pages_among([facts.actors[uri] for uri in named if uri in facts.actors]),
    )
    if detail_of(here, shown.kind) is not None:
        return None
    return Arrival(
        remote=remote,
        author=author,
        community=community,
        parent=parent,
        visibility=visibility,
        shown=shown,
        named=_told(facts, remote, author, visibility, parent.author_id if parent else ""),
        held=False,
        raw=item.as_received,
    )


def _is_present(here: Instance, author: Actor) -> bool:
    is_fresh = author.fetched_at is not None and here.clock.now() - author.fetched_at < STALE
    is_taken = author.suspended_at is None and author.deleted_at is None
    is_looked_at = peers.holds_everything(here, author.host)
    return not author.is_local and bool(author.inbox_url) and is_fresh and is_taken and not is_looked_at


def _is_open(facts: _Facts, author: Actor, parent: Post) -> bool:
    """Whether anybody may answer a post who is not blocked: no question of audience, consent or agreement."""
    return (
        parent.state == "visible"
        and parent.visibility in policy.OPEN
        and not parent.locked
        and parent.root_id not in facts.closed
        and (parent.is_local or parent.interaction is None)
        and frozenset((author.id, parent.author_id)) not in facts.blocks
    )


async def _takes_answers(here: Instance, facts: _Facts, community: Actor, author: Actor) -> bool:
    """Whether a community takes answers by anybody; asked once for all who have nothing to do with it so far."""
    if not community.is_local:
        return True
    if (community.id, author.id) in facts.in_communities:
        return False
    if community.id not in facts.widest:
        try:
            facts.widest[community.id] = await places.may_write(here, community, author, reply=True)
        except (NotAllowed, NotFound):
            facts.widest[community.id] = None
    return facts.widest[community.id] == policy.PUBLIC


def _told(facts: _Facts, remote: RemotePost, author: Actor, visibility: str, answered: str) -> tuple[str, ...]:
    """Actors we know who are named or addressed, as `receiving` has it; no block is got round (S17)."""
    uris = [mention.href for mention in remote.mentions]
    what = DIRECT if visibility == policy.DIRECT else MENTION
    if visibility in {policy.DIRECT, policy.FOLLOWERS}:
        uris += [*remote.to, *remote.cc]
    wanted = [uri for uri in dict.fromkeys(uris) if uri != PUBLIC][:MAX_NAMED]
    found = [facts.actors[uri] for uri in wanted if uri in facts.actors]
    return tuple(
        actor.id
        for actor in found
        if actor.deleted_at is None
        and not actor.hidden
        and actor.kind != "Group"
        and frozenset((author.id, actor.id)) not in facts.blocks
        and (actor.id == answered or (actor.id, author.id, what) not in facts.shut)
    )


async def _write(here: Instance, arrivals: Sequence[Arrival]) -> None:
    """Write posts down with everything that follows, in the caller's transaction."""
    now = here.clock.now()
    ids = [new_id(now) for _ in arrivals]
    rows = [_row(arrival, post_id, now) for arrival, post_id in zip(arrivals, ids, strict=True)]
    written = await insert_many(here.db, "post", rows, conflict="ON CONFLICT DO NOTHING", returning="id")
    if len(written) != len(rows):
        raise _Unexpected
    parts = list(zip(arrivals, ids, strict=True))
    tags = [
        {"post_id": post_id, "tag": tag, "at": row["published_at"]}
        for (arrival, post_id), row in zip(parts, rows, strict=True)
        for tag in dict.fromkeys(tag.lower()[:100] for tag in arrival.remote.hashtags)
    ]
    mentions = [
        {"post_id": post_id, "actor_id": actor_id}
        for arrival, post_id in parts
        for actor_id in arrival.named
        if actor_id != arrival.author.id
    ]
    await insert_many(here.db, "post_tag", tags)
    await insert_many(here.db, "post_mention", mentions)
    await insert_many(here.db, "post_attachment", _attachments(here, parts))
    await _adopt(here, {arrival.remote.id: post_id for arrival, post_id in parts})
    await counting.add_new(here, rows)
    parents = {post_id: arrival.parent.kind if arrival.parent else "" for arrival, post_id in parts}
    await here.events.emit_all([_published(row, parents[row["id"]]) for row in rows])


def _row(arrival: Arrival, post_id: str, now: datetime) -> dict[str, Any]:
    """A post as the database takes it: JSON as text, and what models have as defaults."""
    row = _DEFAULTS | receiving.columns(arrival, post_id, now)
    for name in _JSON:
        row[name] = None if row[name] is None else json.dumps(row[name], ensure_ascii=False, separators=(",", ":"))
    row["counted"] = counting.mark(
        arrival.visibility, parent_id=row["parent_id"], root_id=row["root_id"], community_id=row["community_id"]
    )
    return row


def _attachments(here: Instance, parts: Sequence[tuple[Arrival, str]]) -> list[dict[str, Any]]:
    now = here.clock.now()
    return [
        {"id": new_id(now), "post_id": post_id} | rendering.attachment_columns(item, position)
        for arrival, post_id in parts
        for position, item in enumerate(rendering.files(arrival.remote))
    ]


async def _adopt(here: Instance, ids: dict[str, str]) -> None:
    """Join the answers that arrived before what they answer; most often there are none."""
    places_of, parameters = among(ids)
    rows = await here.db.rows(
        f"SELECT DISTINCT in_reply_to_uri AS uri FROM post WHERE in_reply_to_uri IN ({places_of})"
        " AND parent_id IS NULL",
        **parameters,
    )
    for row in rows:
        await adopt(here, await Post.get(id=ids[row["uri"]]))


def _published(row: dict[str, Any], parent_kind: str) -> PostPublished:
    return PostPublished(
        row["id"],
        row["author_id"],
        row["community_id"],
        row["parent_id"],
        row["kind"],
        is_local=False,
        is_direct=row["visibility"] == policy.DIRECT,
        parent_kind=parent_kind,
    )
