"""Telling other servers about a post: whom an activity goes to, directly and through a community."""

from collections.abc import Iterable

from server.actors.models import Actor
from server.actors.sending import send
from server.communities.activities.announce import announce
from server.ids import new_id
from server.instance import Instance
from server.posts import audience, policy
from server.posts.documents import Envelope

MAX_INVOLVED = 500
MICROBLOGS = frozenset({"microblog", "unknown"})


def activity_id(here: Instance, verb: str, own_id: str | None = None) -> str:
    """The id of an activity of ours."""
    return here.url(f"/ap/a/{verb}/{own_id or new_id(here.clock.now())}")


async def publish(
    here: Instance,
    about: Envelope,
    activity: dict[str, object],
    *,
    top_level: bool = False,
    involved: bool = False,
    through_community: bool = True,
) -> None:
    """Send an activity of the post's own author to everybody whom the post concerns, in the present transaction.

    `involved` adds the servers of everybody who answered, liked or passed it on, and those that have it from a
    community; `top_level` says that it is the Create of a new conversation.
    """
    post, community = about.post, about.community
    inboxes = addressed(about)
    if involved and about.is_public:
        inboxes |= await involved_inboxes(here, post.id)
    elif involved:
        # Who liked or answered it once may not be among its readers any more (S15).
        readers = await audience.inboxes(here, post, post.visibility)
        inboxes |= audience.within(await involved_inboxes(here, post.id), readers)
    if post.visibility == policy.NETWORK:
        inboxes |= await audience.network_inboxes(here)
    if post.visibility == policy.MEMBERS:
        inboxes = await audience.with_guests(here, post, inboxes)
    to_followers = post.visibility in {policy.PUBLIC, policy.UNLISTED, policy.FOLLOWERS}
    sent = await send(
        here,
        about.author.uri,
        activity,
        inboxes=sorted(inboxes),
        followers_of=about.author.uri if to_followers else None,
        post_id=post.id,
        is_public=about.is_public,
    )
    if community is None or not community.is_local or not through_community:
        return
    if involved and about.is_public:
        # Microblogs know the post from the community's boost, and believe only its author.
        await send(
            here,
            about.author.uri,
            activity,
            followers_of=community.uri,
            dialects=MICROBLOGS,
            post_id=post.id,
            is_public=True,
        )
    await announce(
        here,
        community.id,
        activity=sent,
        post_uri=post.uri if activity["type"] == "Create" else None,
        post_id=post.id if activity["type"] in {"Create", "Update"} else None,
        top_level=top_level,
        visibility=post.visibility,
    )


async def tell(
    here: Instance, actor: Actor, about: Envelope, activity: dict[str, object], *, through_community: bool = True
) -> None:
    """Send what somebody here did with a post to its author and its community, in the present transaction."""
    sent = await send(
        here,
        actor.uri,
        activity,
        inboxes=sorted(inboxes_of([about.author, *([about.community] if about.community else [])])),
        post_id=about.post.id,
        is_public=about.is_public,
    )
    if about.community is not None and about.community.is_local and through_community:
        await announce(here, about.community.id, activity=sent, visibility=about.post.visibility)


def addressed(about: Envelope) -> set[str]:
    """Inboxes of everybody named, of whom it answers, and of a community elsewhere."""
    people: list[Actor | None] = [*about.mentioned, about.parent_author, about.community]
    return inboxes_of(person for person in people if person is not None)


def inboxes_of(actors: Iterable[Actor]) -> set[str]:
    """Inboxes of the remote ones, shared where they have one."""
    return {
        actor.shared_inbox_url or actor.inbox_url for actor in actors if not actor.is_local and actor.deleted_at is None
    }


async def involved_inboxes(here: Instance, post_id: str) -> set[str]:
    """Inboxes of the servers of everybody who answered, liked or passed on a post, or has it from a subject of ours."""
    rows = await here.db.rows(
        "SELECT DISTINCT COALESCE(actor.shared_inbox_url, actor.inbox_url) AS inbox FROM actor WHERE NOT actor.is_local"
        " AND actor.deleted_at IS NULL AND actor.id IN ("
        " SELECT author_id FROM post WHERE parent_id = :id UNION SELECT actor_id FROM post_like WHERE post_id = :id"
        f" UNION SELECT actor_id FROM boost WHERE post_id = :id UNION {audience.WHO_HAS_IT_FROM_US})"
        " ORDER BY 1 LIMIT :limit",
        id=post_id,
        post=post_id,
        limit=MAX_INVOLVED,
    )
    return {row["inbox"] for row in rows}
