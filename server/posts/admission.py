"""Who may see a post from elsewhere, whether its author may put it there, and whether somebody looks at it first."""

from federation.errors import Forbidden
from federation.vocab.base import PUBLIC
from federation.vocab.objects import RemotePost
from server.actors.models import Actor
from server.actors.relations import is_blocked
from server.actors.viewer import Viewer
from server.db import among
from server.errors import NotAllowed, NotFound
from server.instance import Instance
from server.peers import queries as peers
from server.posts import newcomers, places, policy, stamps
from server.posts.audience import network_of
from server.posts.consent import AUTOMATIC, REPLY, said_of
from server.posts.models import Post, PostMention
from server.posts.readable import readable

MAX_ADDRESSED = 50


async def visibility_of(
    here: Instance, remote: RemotePost, author: Actor, community: Actor | None, parent: Post | None
) -> str:
    """Who may see it; raises Forbidden where its author may not put it there."""
    visibility = addressed(remote, author, community)
    passes = peers.effects_for(here, author.host)
    if passes.window and not (
        parent is not None and parent.is_local and {visibility, parent.visibility} <= policy.OPEN
    ):
        raise Forbidden("from this server only answers to what is public are let in")
    if visibility == policy.DIRECT and not passes.letters and not await _is_expected(here, remote, author, parent):
        raise Forbidden("strangers there write to nobody here alone")
    if visibility == policy.NETWORK and not peers.is_of_network(here, author.host):
        raise Forbidden("only servers that were chosen share with the network")
    if parent is not None:
        if parent.locked or await _root_locked(parent):
            raise Forbidden("the conversation is closed")
        if not await may_answer(here, author, parent):
            raise Forbidden("the author cannot know what this answers")
        await _check_agreed(here, remote, author, parent)
        visibility = policy.reply_visibility(visibility, parent.visibility, same_author=parent.author_id == author.id)
    if community is None or not community.is_local or visibility == policy.DIRECT:
        return visibility
    if visibility == policy.NETWORK and parent is not None and parent.visibility == policy.NETWORK:
        # What is said for the network is answered from the network; its community stays at home.
        await _refuse_removed(here, author, community)
        return visibility
    try:
        widest = await places.may_write(here, community, author, reply=parent is not None)
    except (NotAllowed, NotFound) as error:
        raise Forbidden(error.message) from error
    if widest not in policy.ON_THE_WIRE:
        raise Forbidden("this community is for people of this server")
    if widest == policy.MEMBERS and visibility in policy.OPEN:
        raise Forbidden("what is said in this community is not public")
    return policy.fitting(visibility, widest)


async def may_answer(here: Instance, actor: Actor, post: Post) -> bool:
    """Whether somebody elsewhere may have read a post, and so answer it, like it, or mark it."""
    if post.state not in {"visible", "held"} or await is_blocked(here, actor.id, post.author_id):
        return False
    if post.visibility in policy.OPEN or post.author_id == actor.id:
        return True
    if not await places.leaves(here, post):
        return False
    if post.visibility == policy.NETWORK:
        return peers.is_of_network(here, actor.host)
    readers = {
        policy.MEMBERS: "SELECT id FROM membership WHERE community_id = :community AND person_id = :actor"
        " AND state = 'active'",
        policy.FOLLOWERS: "SELECT id FROM follow WHERE target_id = :author AND follower_id = :actor"
        " AND state = 'accepted'",
    }
    named = "SELECT actor_id FROM post_mention WHERE post_id = :post AND actor_id = :actor"
    parameters = {"community": post.community_id, "author": post.author_id, "actor": actor.id, "post": post.id}
    if post.visibility in readers and await here.db.value(readers[post.visibility], **parameters):
        return True
    if post.visibility == policy.MEMBERS:
        # Members of a community elsewhere are known to it, not to us.
        return bool(await Actor.exists(id=post.community_id, is_local=False))
    return bool(await here.db.value(named, **parameters)) or not post.is_local


async def may_know(here: Instance, actor: Actor, post: Post) -> bool:
    """Whether somebody, here or elsewhere, may read a post."""
    if not actor.is_local:
        return await may_answer(here, actor, post)
    may_read, parameters = readable(Viewer(actor_id=actor.id))
    return bool(
        await here.db.value(
            f"SELECT post.id FROM post WHERE post.id = :wanted AND {may_read}", wanted=post.id, **parameters
        )
    )


def addressed(remote: RemotePost, author: Actor, community: Actor | None) -> str:
    """The audience that the addresses of a post say."""
    recipients = {*remote.to, *remote.cc}
    if not recipients and not any(key in remote.raw for key in ("to", "cc", "bto", "bcc")):
        # Discourse, events and older blogs address nobody; what they serve at an id is there for who has the address.
        return policy.FOLLOWERS if remote.audience and remote.audience == author.followers_url else policy.UNLISTED
    if PUBLIC in remote.to:
        return policy.PUBLIC
    if PUBLIC in remote.cc:
        return policy.UNLISTED
    if network_of(author.uri) in recipients:
        return policy.NETWORK
    if community is not None and recipients & {community.uri, community.followers_url}:
        return policy.MEMBERS
    if author.followers_url is not None and author.followers_url in recipients:
        return policy.FOLLOWERS
    return policy.DIRECT


async def _is_expected(here: Instance, remote: RemotePost, author: Actor, parent: Post | None) -> bool:
    """Whether a message to single people is by somebody who is no stranger to one of them here.

    It answers something of ours, or one of them follows its author, wrote to them alone, or shares a community.
    """
    if parent is not None and (parent.is_local or parent.author_id == author.id):
        return True
    wanted = sorted({uri for uri in (*remote.to, *remote.cc) if here.is_local_uri(uri)})[:MAX_ADDRESSED]
    if not wanted:
        return True
    named, values = among(wanted, "uri")
    return bool(
        await here.db.value(
            f"SELECT reader.id FROM actor AS reader WHERE reader.uri IN ({named}) AND reader.is_local AND (EXISTS"
            " (SELECT 1 FROM follow WHERE follow.follower_id = reader.id AND follow.target_id = :author"
            " AND follow.state = 'accepted')"
            " OR EXISTS (SELECT 1 FROM post_mention JOIN post ON post.id = post_mention.post_id WHERE"
            f" post_mention.actor_id = :author AND post.author_id = reader.id AND post.visibility = '{policy.DIRECT}')"
            " OR EXISTS (SELECT 1 FROM membership AS mine JOIN membership AS theirs"
            " ON theirs.community_id = mine.community_id AND theirs.person_id = :author AND theirs.state = 'active'"
            " WHERE mine.person_id = reader.id AND mine.state = 'active')) LIMIT 1",
            author=author.id,
            **values,
        )
    )


async def _check_agreed(here: Instance, remote: RemotePost, author: Actor, parent: Post) -> None:
    """Raise Forbidden for an answer elsewhere whose addressee, elsewhere too, wants to be asked and did not agree."""
    if parent.is_local or parent.interaction is None:
        return
    answered = await Actor.get(id=parent.author_id)
    mentioned = await PostMention.exists(post_id=parent.id, actor_id=author.id)
    if said_of(parent, answered.uri, author.uri, mentioned=mentioned).reply == AUTOMATIC:
        return
    if remote.approved_by is None:
        raise Forbidden("whoever is answered did not agree to it")
    if not await stamps.is_valid(here, remote.approved_by, REPLY, answered.uri, remote.id, parent.uri):
        raise Forbidden("the proof that whoever is answered agreed says something else")


async def _refuse_removed(here: Instance, author: Actor, community: Actor) -> None:
    if await here.db.value(
        "SELECT community.id FROM community LEFT JOIN membership ON membership.community_id = community.id"
        " AND membership.person_id = :person WHERE community.id = :id"
        " AND (community.archived_at IS NOT NULL OR membership.state = 'removed')",
        id=community.id,
        person=author.id,
    ):
        raise Forbidden("they cannot write in this community")


async def _root_locked(post: Post) -> bool:
    return post.root_id is not None and await Post.exists(id=post.root_id, locked=True)


async def is_held(here: Instance, author: Actor, community: Actor | None, via: str | None, html: str = "") -> bool:
    """Whether somebody has to look at it first: everything from some servers, else what strangers send at first.

    And what is full of links, by people who are new here.
    """
    if peers.holds_everything(here, author.host) or newcomers.is_pushy(here, author, html):
        return True
    if author.approved or not peers.holds_first_posts(here, author.host):
        return False
    if via is not None and community is not None and community.uri == via:
        # Somebody here follows that community, which looks after itself.
        return False
    return not await here.db.value(
        "SELECT follow.id FROM follow JOIN actor ON actor.id = follow.follower_id"
        " WHERE follow.target_id = :id AND follow.state = 'accepted' AND actor.is_local LIMIT 1",
        id=author.id,
    )


async def narrowed(here: Instance, post: Post, remote: RemotePost) -> str:
    """The audience after an edit: what the author now says, but never wider than it was."""
    author = await Actor.get(id=post.author_id)
    community = await Actor.get_or_none(id=post.community_id) if post.community_id else None
    return policy.narrower(post.visibility, addressed(remote, author, community))
