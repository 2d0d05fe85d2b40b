"""From an idea to an event: somebody volunteers to host it, and it is scheduled. Interest is a like."""

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.errors import Invalid, NotAllowed, NotFound
from server.ideas.models import Idea
from server.ideas.policy import why_not_hosted, why_not_scheduled
from server.ideas.queries import state_of
from server.instance import Instance
from server.posts import places
from server.posts.composing import Detail, keep_moment, readable_post
from server.posts.events import PostEdited
from server.posts.holding import hold
from server.posts.models import Post


async def volunteer(here: Instance, acting: Viewer, idea_id: str) -> None:
    """Offer to host an idea; everybody who has it is told. Raises NotAllowed with the reason where that cannot be."""
    post, person = await _idea(here, acting, idea_id)
    community = await Actor.get_or_none(id=post.community_id) if post.community_id else None
    if community is not None:
        await places.may_write(here, community, person)
    async with here.db.transaction():
        if not await hold(here, post, "visible"):
            raise NotFound
        state = await state_of(here, acting, post)
        if state.is_host:
            return
        if closed := why_not_hosted(state):
            raise NotAllowed(closed)
        await _keep(here, post, host_uri=person.uri)


async def step_back(here: Instance, acting: Viewer, idea_id: str) -> None:
    """Say that one does not host it after all; its author and the stewards may say so of whoever does."""
    post, _ = await _idea(here, acting, idea_id)
    async with here.db.transaction():
        if not await hold(here, post, "visible"):
            raise NotFound
        state = await state_of(here, acting, post)
        if not (state.is_host or state.is_author or state.looks_after) or not state.is_local:
            raise NotAllowed(
                "Only whoever hosts it, whose idea it is, and who looks after this community can say that."
            )
        if state.has_host:
            await _keep(here, post, host_uri=None)


async def scheduled(here: Instance, acting: Viewer, idea_id: str) -> Detail:
    """What makes an event that is being announced the one of this idea; for `also` of announcing it.

    Raises NotAllowed with the reason for whoever may not, and for what has too few interested.
    """
    idea, _ = await _idea(here, acting, idea_id)
    if closed := why_not_scheduled(await state_of(here, acting, idea)):
        raise NotAllowed(closed)

    async def tie(event: Post) -> None:
        if event.community_id != idea.community_id:
            raise Invalid("Announce it in the community whose idea it is.", field="community")
        if not await hold(here, idea, "visible"):
            raise NotFound
        if again := why_not_scheduled(await state_of(here, acting, idea)):
            raise NotAllowed(again)
        await _keep(here, idea, session_uri=event.uri)

    return tie


async def _idea(here: Instance, acting: Viewer, idea_id: str) -> tuple[Post, Actor]:
    post = await readable_post(here, acting, idea_id)
    if post.kind != "idea":
        raise NotFound
    person = await Actor.get_or_none(id=acting.actor_id, is_local=True, deleted_at=None, suspended_at=None)
    if person is None:
        raise NotAllowed("This account cannot take part.")
    return post, person


async def _keep(here: Instance, post: Post, **changes: str | None) -> None:
    await Idea.update_or_create(defaults={**changes, "changed_at": here.clock.now()}, id=post.id)
    keep_moment(here, post)
    await post.save(update_fields=["edited_at"])
    await here.events.emit(PostEdited(post.id))
