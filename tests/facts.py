"""Facts put straight into the tables, for tests of features that listen to events or read what others wrote."""

from typing import Any

from server.actors.actions import create_local
from server.actors.models import Actor, Follow
from server.communities.models import Community, Membership
from server.ids import new_id
from server.instance import Instance
from server.posts.events import PostPublished
from server.posts.models import Post, PostMention


async def make_post(here: Instance, author_id: str, *, mentions: tuple[str, ...] = (), **values: Any) -> Post:
    """A post that was just published; everything that listens to that is told."""
    now = here.clock.now()
    post_id = new_id(now)
    kind = values.get("kind", "practice")
    parent_id = values.get("parent_id")
    facts: dict[str, Any] = {
        "id": post_id,
        "short": post_id[-8:],
        "uri": here.url(f"/ap/p/{post_id}"),
        "url": here.url(f"/p/x-{post_id[-8:]}"),
        "kind": kind,
        "object_type": "Note",
        "author_id": author_id,
        "visibility": "public",
        "state": "visible",
        "root_id": values.pop("root_id", None) or parent_id or post_id,
        "published_at": now,
        "created_at": now,
        "updated_at": now,
        "last_activity_at": now,
    } | values

    async def write() -> Post:
        async with here.db.transaction():
            post = await Post.create(**facts)
            for actor_id in mentions:
                await PostMention.create(post_id=post_id, actor_id=actor_id)
            if facts["state"] == "visible":
                await here.events.emit(
                    PostPublished(
                        post_id, author_id, facts.get("community_id"), parent_id, kind, facts.get("is_local", True)
                    )
                )
        return post

    return await here.run(write)


async def make_remote(here: Instance, name: str, domain: str, **values: Any) -> Actor:
    """An actor of another server."""
    now = here.clock.now()
    uri = f"https://{domain}/users/{name}"
    facts = {
        "id": new_id(now),
        "kind": "Person",
        "uri": uri,
        "username": name,
        "domain": domain,
        "host": domain,
        "handle_key": f"{name}@{domain}",
        "name": name.title(),
        "url": uri,
        "inbox_url": f"{uri}/inbox",
        "created_at": now,
        "updated_at": now,
    }
    return await here.run(Actor.create, **(facts | values))


async def make_community(here: Instance, slug: str, *, stewards: tuple[str, ...] = (), **values: Any) -> Actor:
    """A community of ours, with people who look after it."""
    now = here.clock.now()
    actor = await here.run(create_local, here, kind="Group", username=slug, name=slug.title())
    await here.run(Community.create, id=actor.id, created_at=now, **values)
    for steward_id in stewards:
        await make_member(here, actor.id, steward_id, role="steward")
    return actor


async def make_member(
    here: Instance, community_id: str, person_id: str, *, role: str = "member", state: str = "active"
) -> None:
    """Somebody in a community, or at its door."""
    now = here.clock.now()
    person = await here.run(Actor.get, id=person_id)
    await here.run(
        Membership.create,
        id=new_id(now),
        community_id=community_id,
        person_id=person_id,
        role=role,
        state=state,
        from_elsewhere=not person.is_local,
        created_at=now,
        updated_at=now,
    )


async def make_follow(here: Instance, follower_id: str, target_id: str, *, state: str = "accepted") -> None:
    """Somebody follows somebody, or asks to."""
    now = here.clock.now()
    follow_id = new_id(now)
    follower = await here.run(Actor.get, id=follower_id)
    await here.run(
        Follow.create,
        id=follow_id,
        follower_id=follower_id,
        target_id=target_id,
        state=state,
        uri=here.url(f"/ap/a/follow/{follow_id}"),
        from_elsewhere=not follower.is_local,
        created_at=now,
    )


async def emit(here: Instance, *events: object) -> None:
    """Tell everybody who listens, in one transaction."""

    async def tell() -> None:
        async with here.db.transaction():
            for event in events:
                await here.events.emit(event)

    await here.run(tell)
