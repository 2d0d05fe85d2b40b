"""Where a new post goes: its community, what it answers, and how far it may be seen because of that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.communities import policy as community_policy
from server.communities import queries as communities
from server.communities.policy import Denied
from server.db import Row, among
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.posts import bylines, newcomers, policy
from server.posts.form import NewPost
from server.posts.models import Post
from server.posts.readable import readable
from server.topics.actions import in_use


@dataclass(frozen=True, slots=True)
class Place:
    """`named` are the ids of actors who are told because of where it is: the author of what it answers.

    `topic_id` is the topic of the community that it goes into.
    """

    visibility: str
    community: Actor | None = None
    parent: Post | None = None
    root: Post | None = None
    named: tuple[str, ...] = ()
    topic_id: str | None = None


async def of_new(here: Instance, author: Actor, new: NewPost) -> Place:
    """The place of a new post as its author wants it, with its topic; raises as `find` does.

    A community elsewhere hears of a topic with what everybody may read, and of no other.
    """
    newcomers.check(here, author, new)
    place = await find(here, author, new.community_id, new.parent_id, new.visibility, to_named=new.to_named)
    community = place.community
    if community is None or place.parent is not None or not (community.is_local or place.visibility in policy.OPEN):
        return place
    topic = await in_use(community.id, new.topic_id)
    return place if topic is None else replace(place, topic_id=topic.id)


async def find(
    here: Instance,
    author: Actor,
    community_id: str | None,
    parent_id: str | None,
    wanted: str,
    *,
    to_named: bool = False,
) -> Place:
    """The place of a post that somebody here is about to write. Raises Invalid, NotFound or NotAllowed.

    `to_named`: what is direct is for those whom its text names, and for whom it answers (`form.NewPost`).
    """
    if parent_id is not None:
        return await _under(here, author, parent_id, wanted, to_named=to_named)
    if community_id is None:
        if wanted == policy.MEMBERS or (wanted == policy.DIRECT and not to_named):
            raise Invalid("Choose a community, or another audience.", field="visibility")
        return Place(visibility=wanted)
    community = await Actor.get_or_none(id=community_id, kind="Group", deleted_at=None, suspended_at=None)
    if community is None:
        raise NotFound
    widest = await may_write(here, community, author)
    return Place(visibility=policy.fitting(wanted, widest), community=community)


async def may_write(here: Instance, community: Actor, author: Actor, *, reply: bool = False) -> str:
    """The widest audience of a community that this actor, local or remote, may write in; raises NotAllowed."""
    facts = await communities.membership(here, community.id, author.id)
    if facts is None:
        raise NotFound
    verdict = community_policy.may_reply(facts) if reply else community_policy.may_post(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
    return await widest_audience(here, community)


async def root_of(post: Post) -> Post | None:
    """What begins the conversation that a post is in."""
    return post if post.root_id in {None, post.id} else await Post.get_or_none(id=post.root_id)


async def widest_audience(here: Instance, community: Actor) -> str:
    """What the posts of a community may be at most. Of one elsewhere we know only whether it is open to all."""
    if community.is_local:
        found = await here.db.value("SELECT visibility FROM community WHERE id = :id", id=community.id)
        return str(found or policy.MEMBERS)
    return policy.MEMBERS if community.is_locked else policy.PUBLIC


async def leaves(here: Instance, post: Post) -> bool:
    """Whether other servers may ever have this post: its audience reaches there, and its community lets it."""
    return leaves_from(post, await kinds_of(here, [post]))


async def kinds_of(here: Instance, posts: Iterable[Post]) -> dict[str, Row]:
    """Kind and visibility of the communities that some posts are in."""
    ids = sorted({post.community_id for post in posts if post.community_id is not None})
    if not ids:
        return {}
    wanted, parameters = among(ids)
    rows = await here.db.rows(f"SELECT id, kind, visibility FROM community WHERE id IN ({wanted})", **parameters)
    return {row["id"]: row for row in rows}


def leaves_from(post: Post, communities: Mapping[str, Row]) -> bool:
    """As `leaves`, where the communities are known already."""
    if post.visibility not in policy.ON_THE_WIRE or post.kind == policy.VENT:
        return False
    row = None if post.community_id is None else communities.get(post.community_id)
    if row is not None and row["visibility"] == policy.NETWORK and row["kind"] != community_policy.SUPPORT:
        # The community stays at home; what is said in it for the network goes there as its author's.
        return post.visibility == policy.NETWORK
    return row is None or community_policy.federates(row["kind"], row["visibility"])


async def _under(here: Instance, author: Actor, parent_id: str, wanted: str, *, to_named: bool) -> Place:
    may_read, parameters = readable(Viewer(actor_id=author.id))
    found = await here.db.value(
        f"SELECT post.id FROM post WHERE post.id = :wanted AND post.state = 'visible' AND {may_read}",
        wanted=parent_id,
        **parameters,
    )
    if found is None:
        raise NotFound
    parent = await Post.get(id=parent_id)
    root = await root_of(parent) or parent
    if root.locked or parent.locked:
        raise NotAllowed("This conversation is closed. Start a new one and link to it.")
    community = None
    if parent.community_id is not None:
        community = await Actor.get_or_none(id=parent.community_id, deleted_at=None)
        if community is not None:
            await may_write(here, community, author, reply=True)
    visibility = policy.reply_visibility(wanted, parent.visibility, same_author=parent.author_id == author.id)
    named: tuple[str, ...] = (parent.author_id,) if parent.author_id != author.id else ()
    if parent.visibility in policy.OPEN and parent.is_local:
        # Who wrote it together hears of it together.
        named += await _written_with(here, parent, author)
    if visibility == policy.DIRECT and not to_named:
        rows = await here.db.rows(
            "SELECT actor_id FROM post_mention WHERE post_id = :id ORDER BY id LIMIT 100", id=parent.id
        )
        named = tuple(dict.fromkeys((*named, *(row["actor_id"] for row in rows if row["actor_id"] != author.id))))
    return Place(visibility=visibility, community=community, parent=parent, root=root, named=named)


async def _written_with(here: Instance, post: Post, but: Actor) -> tuple[str, ...]:
    """The ids of those who wrote a post of this server with its author; elsewhere a name may be anybody's claim."""
    uris = [item.uri for item in bylines.of(post.particulars)]
    if not uris:
        return ()
    people = await Actor.filter(uri__in=uris, deleted_at=None).order_by("id")
    return tuple(actor.id for actor in people if actor.id not in {but.id, post.author_id})


async def members_among(here: Instance, community_id: str | None, people: list[Actor]) -> set[str]:
    """The ids of those who are members now."""
    rows = await here.db.rows(
        "SELECT person_id FROM membership WHERE community_id = :id AND state = 'active'", id=community_id or ""
    )
    wanted = {actor.id for actor in people}
    return {row["person_id"] for row in rows if row["person_id"] in wanted}
