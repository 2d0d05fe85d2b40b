"""More people than before: by the author alone, one step of the ladder or several, and never past its community (B15).

Servers that have it already keep it as it was shared with them; those that may have it now get it as something new.
"""

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.errors import Invalid
from server.instance import Instance
from server.posts import counting, places, policy
from server.posts.composing import check_present, keep_moment, own
from server.posts.events import PostPublished
from server.posts.holding import hold
from server.posts.models import Post
from server.posts.policy import FOLLOWERS, INSTANCE, MEMBERS, NETWORK, PUBLIC, VENT

LADDER = (MEMBERS, FOLLOWERS, INSTANCE, NETWORK, PUBLIC)
_REFUSED = "Choose one of the wider audiences. What somebody else wrote, or what is confidential, is not widened."


def wider_choices(now: str, widest: str | None) -> tuple[str, ...]:
    """To whom a post may be widened, the narrowest first; `widest` is what its community allows, None without one."""
    found = [wanted for wanted in LADDER if wanted != now and policy.narrows(wanted, now)]
    if widest is None:
        return tuple(wanted for wanted in found if wanted != MEMBERS)
    return tuple(wanted for wanted in found if wanted != FOLLOWERS and policy.fitting(wanted, widest) == wanted)


async def choices(here: Instance, acting: Viewer, post_id: str) -> tuple[str, ...]:
    """To whom a post of one's own may be widened."""
    return await _choices(here, await own(acting, post_id))


async def widen(here: Instance, acting: Viewer, post_id: str, visibility: str) -> Post:
    """Share a post of one's own with more people. NotFound for everybody else, whatever their duties are."""
    post = await own(acting, post_id)
    author = await Actor.get(id=post.author_id)
    check_present(author)
    if visibility not in await _choices(here, post):
        raise Invalid(_REFUSED, field="wider")
    place = await places.find(here, author, post.community_id, None, visibility)
    if place.visibility != visibility:
        raise Invalid(_REFUSED, field="wider")
    async with here.db.transaction():
        if not await hold(here, post, "visible") or visibility not in await _choices(here, post):
            raise Invalid(_REFUSED, field="wider")
        post.visibility, post.updated_at = visibility, here.clock.now()
        keep_moment(here, post)
        await post.save(update_fields=["visibility", "updated_at", "edited_at"])
        await counting.settle(here, post.id)
        told = (post.id, post.author_id, post.community_id, post.parent_id, post.kind, post.is_local)
        await here.events.emit(PostPublished(*told, is_direct=False))
    return post


async def _choices(here: Instance, post: Post) -> tuple[str, ...]:
    """To nobody, where it answers something, is confidential, or the community says it."""
    if post.state != "visible" or post.parent_id is not None or post.confidential or post.kind in {VENT, "tried"}:
        return ()
    if post.in_reply_to_uri is not None or post.author_id == post.community_id:
        return ()
    community = await Actor.get_or_none(id=post.community_id) if post.community_id else None
    return wider_choices(post.visibility, await places.widest_audience(here, community) if community else None)
