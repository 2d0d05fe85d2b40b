"""Asking somebody to write a practice together, answering, and ending it: by whoever left, or by the author."""

from collections.abc import Sequence

from server.actors.events import ActorBlocked, ActorDeleted
from server.actors.models import Actor
from server.actors.relations import blocks_host, is_blocked
from server.actors.remote import resolve
from server.actors.viewer import Viewer
from server.coauthors.events import CoauthorEnded, CoauthorInvited, InvitationAnswered
from server.coauthors.models import Coauthor
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import bylines, sending
from server.posts.admission import may_know
from server.posts.composing import keep_moment, own, readable_post
from server.posts.events import PostEdited
from server.posts.holding import STANDING, hold
from server.posts.models import Post, PostMention

INVITED, ACTIVE, DECLINED, LEFT, REMOVED = "invited", "active", "declined", "left", "removed"
GOING = (INVITED, ACTIVE)

_NOT_THEM = "They cannot be a co-author: write the address of a person who has an account, here or elsewhere."
_CANNOT_READ = "They cannot read this practice. Share it with more people first, or let them into its community."


async def invite(here: Instance, acting: Viewer, post_id: str, handle: str) -> Coauthor:
    """Ask somebody of any server to write a practice of one's own together. May use the network to find them."""
    post = await own(acting, post_id)
    if post.kind != "practice" or post.state != "visible":
        raise NotFound
    try:
        person = await resolve(here, handle)
    except Invalid as error:
        raise Invalid(error.message, field="handle") from error
    except NotFound as error:
        raise Invalid(error.message, field="handle") from error
    if person.id == post.author_id:
        raise Invalid("You are its author.", field="handle")
    if person.kind != "Person" or not await may_be(here, post, person):
        raise Invalid(_NOT_THEM, field="handle")
    if not await may_know(here, person, post):
        raise Invalid(_CANNOT_READ, field="handle")
    async with here.db.transaction():
        if not await hold(here, post, "visible"):
            raise NotFound
        going = await Coauthor.filter(post_id=post.id, state__in=GOING)
        if any(row.person_id == person.id for row in going):
            raise Invalid("They are asked already.", field="handle")
        if len(going) >= bylines.MOST:
            raise Invalid(f"A practice has at most {bylines.MOST} co-authors.", field="handle")
        uri = sending.activity_id(here, "invite", new_id(here.clock.now()))
        return await note_invitation(here, post, person, uri)


async def note_invitation(here: Instance, post: Post, person: Actor, uri: str) -> Coauthor:
    """Write down that somebody is asked, in the caller's transaction; asking again is a new question with a new id."""
    now = here.clock.now()
    row = await Coauthor.get_or_none(post_id=post.id, person_id=person.id)
    if row is None:
        row = await Coauthor.create(id=new_id(now), uri=uri, post_id=post.id, person_id=person.id, created_at=now)
    else:
        await row.update_from_dict({"uri": uri, "state": INVITED, "created_at": now, "answered_at": None}).save()
    await here.events.emit(CoauthorInvited(row.id))
    return row


async def answer(here: Instance, acting: Viewer, post_id: str, *, accepted: bool) -> None:
    """Say yes or no to an invitation."""
    post, row = await _mine(here, acting, post_id, INVITED)
    async with here.db.transaction():
        if not await hold(here, post, *STANDING) or not await settle_invitation(here, post, row, accepted=accepted):
            raise NotFound


async def settle_invitation(here: Instance, post: Post, row: Coauthor, *, accepted: bool) -> bool:
    """Write an answer down, in the caller's transaction, which holds the post; the first one counts, False for others.

    At the home of the practice, its readers are told who writes it.
    """
    state = ACTIVE if accepted else DECLINED
    changed = await Coauthor.filter(id=row.id, uri=row.uri, state=INVITED).update(
        state=state, answered_at=here.clock.now()
    )
    if changed:
        await here.events.emit(InvitationAnswered(row.id, accepted))
        if accepted:
            await credit(here, post)
    return bool(changed)


async def leave(here: Instance, acting: Viewer, post_id: str) -> None:
    """Be a co-author no more, and be named no more."""
    post, row = await _mine(here, acting, post_id, ACTIVE)
    async with here.db.transaction():
        if not await hold(here, post, *STANDING) or not await end(here, post, row, by_person=True):
            raise NotFound


async def remove(here: Instance, acting: Viewer, post_id: str, person_id: str) -> None:
    """End it with somebody, or take an invitation back. Who wrote something of it stays named."""
    post = await own(acting, post_id)
    row = await Coauthor.get_or_none(post_id=post.id, person_id=person_id, state__in=GOING)
    if row is None:
        raise NotFound
    async with here.db.transaction():
        if not await hold(here, post, *STANDING) or not await end(here, post, row, by_person=False):
            raise NotFound


async def end(here: Instance, post: Post, row: Coauthor, *, by_person: bool) -> bool:
    """End it, in the caller's transaction, which holds the post; False where it was over already."""
    changed = await Coauthor.filter(id=row.id, state__in=GOING).update(
        state=LEFT if by_person else REMOVED, answered_at=here.clock.now()
    )
    if changed:
        await here.events.emit(CoauthorEnded(row.id, by_person))
        await credit(here, post)
    return bool(changed)


async def may_be(here: Instance, post: Post, person: Actor) -> bool:
    """Whether nothing stands between the author of a practice and somebody who writes it with them."""
    author = await Actor.get(id=post.author_id)
    if any(one.suspended_at is not None or one.deleted_at is not None for one in (author, person)):
        return False
    if await is_blocked(here, author.id, person.id):
        return False
    return not (author.is_local and not person.is_local and await blocks_host(here, author.id, person.id))


async def credit(here: Instance, post: Post) -> None:
    """Name who writes a practice of this server, in the caller's transaction, which holds it; its readers are told.

    Who left is named no more; who was removed stays named for what they wrote, as its licence asks for.
    """
    if not post.is_local:
        return
    rows = await Coauthor.filter(post_id=post.id).order_by("created_at", "id").limit(200)
    named = [row for row in rows if row.state == ACTIVE or (row.state == REMOVED and row.wrote)]
    people = {actor.id: actor for actor in await Actor.filter(id__in=[row.person_id for row in named], deleted_at=None)}
    present = [people[row.person_id] for row in named if row.person_id in people]
    facts = bylines.with_names(post.particulars, (bylines.named(actor) for actor in present))
    if facts == (post.particulars or []):
        return
    # They are addressed, so that their servers hear of every change; those who were before hear of this one, too.
    going = {row.person_id for row in rows if row.state == ACTIVE}
    for person_id in sorted(going):
        await PostMention.get_or_create(post_id=post.id, actor_id=person_id)
    post.particulars = facts or None
    if post.state != "draft":
        keep_moment(here, post)
    await post.save(update_fields=["particulars", "edited_at"])
    if post.state == "visible":
        await here.events.emit(PostEdited(post.id))
    gone = [row.person_id for row in rows if row.state in {LEFT, REMOVED}]
    await PostMention.filter(post_id=post.id, actor_id__in=gone).delete()


async def on_blocked(here: Instance, event: ActorBlocked) -> None:
    """Between whom there is a block, nothing is written together any more; also where the other side blocked."""
    pair = {"one": event.blocker_id, "other": event.blocked_id}
    rows = await here.db.rows(
        "SELECT coauthor.id FROM coauthor JOIN post ON post.id = coauthor.post_id"
        " WHERE coauthor.state IN ('invited', 'active') AND ((post.author_id = :one AND coauthor.person_id = :other)"
        " OR (post.author_id = :other AND coauthor.person_id = :one)) ORDER BY coauthor.id LIMIT 500",
        **pair,
    )
    await _end_all(here, [row["id"] for row in rows], left_by=event.blocker_id)


async def on_deleted(here: Instance, event: ActorDeleted) -> None:
    """Whose account ended writes nothing more, and is named no more."""
    rows = await Coauthor.filter(person_id=event.actor_id).order_by("id").limit(500)
    await _end_all(here, [row.id for row in rows if row.state in GOING], left_by=event.actor_id)
    for row in rows:
        post = await Post.get_or_none(id=row.post_id)
        if row.state == REMOVED and row.wrote and post is not None and await hold(here, post, *STANDING):
            await credit(here, post)


async def _end_all(here: Instance, ids: Sequence[str], *, left_by: str) -> None:
    for coauthor_id in ids:
        row = await Coauthor.get(id=coauthor_id)
        post = await Post.get_or_none(id=row.post_id)
        if post is not None and await hold(here, post, *STANDING):
            await end(here, post, row, by_person=row.person_id == left_by)


async def _mine(here: Instance, acting: Viewer, post_id: str, state: str) -> tuple[Post, Coauthor]:
    """What was asked of the viewer, in this state; NotFound for everybody else."""
    post = await Post.get_or_none(id=post_id)
    row = await Coauthor.get_or_none(post_id=post_id, person_id=acting.actor_id or "", state=state)
    if post is None or row is None:
        raise NotFound
    if state == INVITED:
        await readable_post(here, acting, post_id)
        if not await may_be(here, post, await Actor.get(id=row.person_id)):
            raise NotAllowed("This is not possible any more.")
    return post, row
