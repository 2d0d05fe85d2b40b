"""Who may have a post elsewhere: servers, and the inboxes there (S15). The one place that answers this.

What is served, what is sent, and what is asked back after an audience got smaller all follow from it.
"""

import json
from collections.abc import Iterable

from federation.errors import InvalidDocument
from federation.ports import Reader, Served
from federation.vocab import collections
from federation.vocab.base import host_of
from server.actors.models import Actor
from server.instance import Instance
from server.peers import queries as peers
from server.posts import asking, places, policy
from server.posts.models import Post

PROFILE = "https://w3id.org/peerhall#profile-1"
NETWORK_PATH = "/ap/network"
MAX_INBOXES = 20_000

_READERS = {
    # Also the community itself: one elsewhere asks for what it was sent.
    policy.MEMBERS: "SELECT person_id FROM membership WHERE community_id = :community AND state = 'active'"
    " UNION SELECT id FROM actor WHERE id = :community",
    policy.FOLLOWERS: "SELECT follower_id FROM follow WHERE target_id = :author AND state = 'accepted'"
    " UNION SELECT actor_id FROM post_mention WHERE post_id = :post",
    policy.DIRECT: "SELECT actor_id FROM post_mention WHERE post_id = :post",
}
WHO_HAS_IT_FROM_US = (
    "SELECT follow.follower_id FROM boost JOIN actor AS subject ON subject.id = boost.actor_id"
    " JOIN follow ON follow.target_id = subject.id WHERE boost.post_id = :post AND subject.is_local"
    " AND subject.kind = 'Service' AND follow.state = 'accepted'"
)
"""Who follows a subject of ours that passed a post on: they believe changes and ends of it from its author alone."""
_THERE = "NOT actor.is_local AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL"
_INBOX = "COALESCE(actor.shared_inbox_url, actor.inbox_url)"


async def may_have(here: Instance, post: Post, reader: Reader) -> bool:
    """Whether a server may be given this post: what is not public, only where somebody there may read it."""
    if post.state == "waiting":
        return await asking.is_asked(here, post, reader.host)
    if post.state != "visible" or not await places.leaves(here, post):
        return False
    if await here.db.value(
        "SELECT id FROM actor WHERE id = :id AND (suspended_at IS NOT NULL OR deleted_at IS NOT NULL)",
        id=post.author_id,
    ):
        return False
    if post.visibility in policy.OPEN:
        return True
    if reader.host is None or not peers.may_reach(here, reader.host):
        return False
    if post.visibility == policy.NETWORK:
        return peers.is_of_network(here, reader.host)
    return bool(
        await here.db.value(
            f"SELECT actor.id FROM actor WHERE actor.host = :host AND {_THERE}"
            f" AND actor.id IN ({_READERS[post.visibility]}) LIMIT 1",
            host=reader.host,
            **_names(post),
        )
    )


async def may_have_known(here: Instance, post: Post, reader: Reader) -> bool:
    """Whether a server may have had a post that is gone now: only then is it told that there was one."""
    if reader.host is None or post.visibility not in policy.ON_THE_WIRE:
        return False
    if post.visibility == policy.NETWORK:
        return peers.is_of_network(here, reader.host)
    # Who was named went with the post; servers of others who could read it are known.
    return reader.host in hosts_of(await inboxes(here, post, post.visibility))


async def inboxes(here: Instance, post: Post, visibility: str) -> set[str]:
    """Every inbox elsewhere that a post of this visibility goes to, or went to; none for what never leaves.

    Those of followers and members count as they are now. Of what everybody may read, also those of whoever had to do
    with it; whoever found it in another way is not known to us.
    """
    if visibility not in policy.ON_THE_WIRE:
        return set()
    if visibility == policy.NETWORK:
        return await network_inboxes(here)
    if visibility in policy.OPEN:
        which = (
            "SELECT follower_id FROM follow WHERE target_id IN (:author, :community) AND state = 'accepted'"
            f" UNION {_READERS[policy.MEMBERS]}"
            " UNION SELECT actor_id FROM post_mention WHERE post_id = :post"
            " UNION SELECT author_id FROM post WHERE parent_id = :post OR id = :parent"
            " UNION SELECT actor_id FROM post_like WHERE post_id = :post"
            f" UNION SELECT actor_id FROM boost WHERE post_id = :post UNION {WHO_HAS_IT_FROM_US}"
        )
    else:
        which = _READERS[visibility]
    rows = await here.db.rows(
        f"SELECT DISTINCT {_INBOX} AS inbox FROM actor WHERE {_THERE} AND actor.id IN ({which})"
        " ORDER BY 1 LIMIT :limit",
        limit=MAX_INBOXES,
        **_names(post),
        parent=post.parent_id or "",
    )
    return {row["inbox"] for row in rows}


async def with_guests(here: Instance, post: Post, inboxes: set[str]) -> set[str]:
    """The inboxes for what members share in a community here, as far as their software knows no members.

    Without the community's leave nothing goes to microblogs (product/safety.md 5.1, rule 4). With it, their members get
    it into their own inboxes: Mastodon then shows it to them alone, though they are not named.
    """
    community = await here.db.row("SELECT guests FROM community WHERE id = :id", id=post.community_id or "")
    if community is None:
        return inboxes
    rows = await here.db.rows(
        f"SELECT actor.host, actor.inbox_url FROM actor JOIN peer ON peer.host = actor.host WHERE {_THERE}"
        f" AND peer.dialect = 'microblog' AND actor.id IN ({_READERS[policy.MEMBERS]})"
        " ORDER BY actor.inbox_url LIMIT :limit",
        limit=MAX_INBOXES,
        **_names(post),
    )
    guests = {row["inbox_url"] for row in rows}
    elsewhere = inboxes - within(inboxes, guests)
    return elsewhere | guests if community["guests"] else elsewhere


async def provide_network(here: Instance, uri: str, page: str | None, reader: Reader) -> Served | None:
    """Serve ``/ap/network``, whom posts for the network are addressed to: a name without members, for its servers."""
    if uri != here.url(NETWORK_PATH) or page or reader.host is None or not peers.is_of_network(here, reader.host):
        return None
    document = collections.collection(uri, name=f"The network of {here.site.name}")
    return Served(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), public=False)


async def may_read_sent(here: Instance, post_id: str, reader: Reader) -> bool:
    """Whether a server may still read an activity about a post: as long as it may have the post."""
    post = await Post.get_or_none(id=post_id)
    if post is None:
        return False
    # The author's own server is told what happens to a post there.
    is_home = not post.is_local and reader.host in hosts_of([post.uri])
    return is_home or await may_have(here, post, reader)


async def network_inboxes(here: Instance) -> set[str]:
    """The shared inbox of every server of the network that knows what the network is: other software is not sent it."""
    hosts = {f"host{number}": host for number, host in enumerate(peers.network_hosts(here)[:500])}
    if not hosts:
        return set()
    rows = await here.db.rows(
        f"SELECT actor.host, min({_INBOX}) AS inbox FROM actor WHERE {_THERE}"
        f" AND actor.host IN ({', '.join(':' + name for name in hosts)}) AND actor.implements LIKE :profile"
        " GROUP BY actor.host ORDER BY actor.host LIMIT 500",
        profile=f"%{PROFILE}%",
        **hosts,
    )
    return {row["inbox"] for row in rows}


async def losing(here: Instance, post: Post, before: str) -> set[str]:
    """Inboxes on servers that had a post while its audience was `before`, and where nobody may read it now."""
    had, keeps = await inboxes(here, post, before), set[str]()
    if await places.leaves(here, post):
        keeps = await inboxes(here, post, post.visibility)
    return lost(had, keeps)


def lost(had: Iterable[str], keeps: Iterable[str]) -> set[str]:
    """The inboxes of `had` on servers that have none in `keeps`. Pure."""
    kept = hosts_of(keeps)
    return {inbox for inbox in had if not hosts_of([inbox]) <= kept}


def within(inboxes: Iterable[str], allowed: Iterable[str]) -> set[str]:
    """The inboxes that are on a server of `allowed`. Pure."""
    hosts = hosts_of(allowed)
    return {inbox for inbox in inboxes if (found := hosts_of([inbox])) and found <= hosts}


def hosts_of(addresses: Iterable[str]) -> set[str]:
    """The servers of some addresses; what is no address has none."""
    found = set()
    for address in addresses:
        try:
            found.add(host_of(address))
        except InvalidDocument:
            continue
    return found


def network_of(uri: str) -> str:
    """The id of the network as the server of `uri` calls it: a fixed address on every Peerhall."""
    return "/".join(uri.split("/", 3)[:3]) + NETWORK_PATH


def in_network(here: Instance, actors: list[Actor]) -> list[Actor]:
    """Those who may have what is for the network: people here, and on its servers."""
    return [actor for actor in actors if actor.is_local or peers.is_of_network(here, actor.host)]


def _names(post: Post) -> dict[str, str]:
    return {"community": post.community_id or "", "author": post.author_id, "post": post.id}
