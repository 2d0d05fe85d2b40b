"""Offering subjects to follow, and passing on what belongs to them: also what has to be taken back."""

from collections.abc import Sequence
from typing import Any

from server.actors import actions as actors
from server.actors.events import ActorChanged
from server.actors.models import Actor
from server.actors.policy import check_username
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities.events import CommunityChanged
from server.communities.models import Community
from server.communities.policy import PUBLIC as OPEN_TO_ALL
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import reactions
from server.posts.consent import ANNOUNCE, ASK, NEVER, said_of
from server.posts.events import PostEdited, PostNarrowed, PostPublished, PostRemoved, PostRestored
from server.posts.holding import hold
from server.posts.models import Boost, Post
from server.practices.models import Practice
from server.subjects import policy
from server.subjects.models import Subject

CATCH_UP, STOP, REVIEW = "subjects.catch_up", "subjects.stop", "subjects.review"
AT_ONCE = 100

Happened = PostPublished | PostEdited | PostNarrowed | PostRemoved | PostRestored


async def offer(here: Instance, acting: Viewer, *, subject: str, level: str = "", handle: str = "") -> Subject:
    """Have a subject that people can follow, from now on; it begins with the latest practices. Raises Invalid."""
    _check_steward(acting)
    subject, level, handle = policy.checked(subject, level, handle)
    handle = check_username(handle)
    for known in await Subject.all().limit(policy.MAX_SUBJECTS):
        if policy.same((subject, level), (known.subject, known.level)):
            raise Invalid("There is this subject already. Turn it on below.", field="subject")
    if await Subject.all().count() >= policy.MAX_SUBJECTS:
        raise Invalid(f"A server offers at most {policy.MAX_SUBJECTS} subjects.", field="subject")
    keys = await actors.new_keys()
    name = policy.name_of(subject, level)
    async with here.db.transaction():
        actor = await actors.create_local(
            here,
            kind="Service",
            username=handle,
            name=name,
            summary_source=f"Practices on {name} that people of {here.site.name} share with everybody.",
            keys=keys,
        )
        found = await Subject.create(id=actor.id, subject=subject, level=level, created_at=here.clock.now())
        await audit.record(here, by=acting.handle, action="subject.offer", subject=f"@{handle}")
        await here.jobs.enqueue(CATCH_UP, actor.id, unique=f"{CATCH_UP}:{actor.id}")
    return found


async def turn(here: Instance, acting: Viewer, handle: str, *, on: bool) -> None:
    """Turn a subject off, which takes back what it passed on, or on again. Followers stay."""
    _check_steward(acting)
    async with here.db.transaction():
        actor = await Actor.get_or_none(handle_key=f"{handle}@{here.settings.domain}", kind="Service")
        found = await Subject.get_or_none(id=actor.id) if actor is not None else None
        if actor is None or found is None:
            raise NotFound
        if found.is_on == on:
            return
        found.is_on = on
        await found.save(update_fields=["is_on"])
        if on:
            await Actor.filter(id=actor.id).update(hidden=False)
            await here.events.emit(ActorChanged(actor.id))
        job = CATCH_UP if on else STOP
        await here.jobs.enqueue(job, actor.id, unique=f"{job}:{actor.id}")
        await audit.record(
            here, by=acting.handle, action="subject.on" if on else "subject.off", subject=f"@{actor.username}"
        )


async def on_post(here: Instance, event: Happened) -> None:
    """A practice came, changed or went; in the transaction of that."""
    if isinstance(event, PostPublished) and event.kind not in {"practice", "tip"}:
        return
    post = await Post.get_or_none(id=event.post_id)
    if post is not None and post.is_local and post.kind in {"practice", "tip"}:
        await settle(here, post)


async def settle(here: Instance, post: Post) -> None:
    """Have exactly those subjects pass a post on that it belongs to now; in the caller's transaction."""
    subjects = {item.id: item for item in await Subject.filter(is_on=True).limit(policy.MAX_SUBJECTS)}
    if not subjects:
        return
    boosts = await Boost.filter(post_id=post.id, actor_id__in=list(subjects), undone_at=None)
    passing = {str(boost.actor_id) for boost in boosts}
    wanted = await _wanted(list(subjects.values()), post) if await _may(post) else set()
    for subject_id in sorted(passing - wanted):
        await reactions.end_boost(here, post.id, str(subject_id))
    for subject_id in sorted(wanted - passing):
        uri = here.url(f"/ap/a/announce/{new_id(here.clock.now())}")
        await reactions.add_boost(here, post, subject_id, uri=uri)


async def catch_up(here: Instance, subject_id: str) -> None:
    """The job: a subject that is new, or on again, passes the latest practices on."""
    found = await Subject.get_or_none(id=subject_id, is_on=True)
    if found is None:
        return
    rows = await here.db.rows(
        "SELECT post.id, practice.subject, practice.level FROM post JOIN practice ON practice.id = post.id"
        " WHERE post.is_local AND post.state = 'visible' AND post.visibility = 'public'"
        " AND post.kind IN ('practice', 'tip') ORDER BY post.published_at DESC, post.id DESC LIMIT :most",
        most=policy.CAUGHT_UP * AT_ONCE,
    )
    fitting = [
        row["id"]
        for row in rows
        if policy.fits(found.subject, found.level, said_subject=row["subject"], said_level=row["level"])
    ]
    for post_id in reversed(fitting[: policy.CAUGHT_UP]):
        async with here.db.transaction():
            post = await Post.get(id=post_id)
            if await hold(here, post, "visible"):
                await settle(here, post)


async def stop(here: Instance, subject_id: str) -> None:
    """The job: a subject that is off takes everything back, and is not seen any more. Followers stay for later."""
    while True:
        async with here.db.transaction():
            if not await Subject.exists(id=subject_id, is_on=False):
                return
            passing = await Boost.filter(actor_id=subject_id, undone_at=None).order_by("id").limit(AT_ONCE)
            for boost in passing:
                await reactions.end_boost(here, boost.post_id, subject_id)
            if not passing:
                await Actor.filter(id=subject_id).update(hidden=True)
                await here.events.emit(ActorChanged(subject_id))
                return


async def on_person(here: Instance, event: ActorChanged) -> None:
    """Somebody here may not want to be found any more: what subjects passed on of theirs is looked at again."""
    is_withdrawn = await here.db.value(
        "SELECT id FROM actor WHERE id = :id AND is_local AND kind = 'Person'"
        " AND (NOT discoverable OR hidden OR suspended_at IS NOT NULL OR moved_to IS NOT NULL)",
        id=event.actor_id,
    )
    if is_withdrawn is not None:
        await _review_soon(here, event.actor_id)


async def on_community(here: Instance, event: CommunityChanged) -> None:
    """A community here may not be open to all any more."""
    if not await Community.exists(id=event.community_id, visibility=OPEN_TO_ALL):
        await _review_soon(here, event.community_id)


async def review(here: Instance, actor_id: str) -> None:
    """The job: take back what may not be passed on any more, of somebody or of a community."""
    wanted = "community_id" if await Community.exists(id=actor_id) else "author_id"
    last: object = ""
    while True:
        last = await here.db.value(
            f"SELECT post.id FROM post WHERE post.{wanted} = :actor AND post.id > :last AND post.state = 'visible'"
            " AND EXISTS (SELECT 1 FROM boost JOIN subject ON subject.id = boost.actor_id"
            " WHERE boost.post_id = post.id AND boost.undone_at IS NULL) ORDER BY post.id LIMIT 1",
            actor=actor_id,
            last=last,
        )
        if last is None:
            return
        async with here.db.transaction():
            post = await Post.get(id=last)
            if await hold(here, post, "visible"):
                await settle(here, post)


async def _review_soon(here: Instance, actor_id: str) -> None:
    await here.jobs.enqueue(REVIEW, actor_id, unique=f"{REVIEW}:{actor_id}")


async def _may(post: Post) -> bool:
    place: tuple[str, str] | None = None
    if post.community_id is not None:
        community = await Community.get_or_none(id=post.community_id)
        place = (community.kind, community.visibility) if community is not None else ("", "")
    if not policy.may_pass_on(
        kind=post.kind, is_local=post.is_local, state=post.state, visibility=post.visibility, place=place
    ):
        return False
    # Who does not want to be found is not passed around either.
    return await Actor.exists(
        id=post.author_id, discoverable=True, hidden=False, suspended_at=None, deleted_at=None, moved_to=None
    )


async def _wanted(subjects: Sequence[Subject], post: Post) -> set[str]:
    said: Any = await Practice.get_or_none(id=post.id)
    if said is None:
        return set()
    fitting = [
        item.id
        for item in subjects
        if policy.fits(item.subject, item.level, said_subject=said.subject, said_level=said.level)
    ]
    author = await Actor.get(id=post.author_id)
    return {
        subject.id
        for subject in await Actor.filter(id__in=fitting)
        if getattr(said_of(post, author.uri, subject.uri), ANNOUNCE) not in {ASK, NEVER}
    }


def _check_steward(acting: Viewer) -> None:
    if not acting.is_steward:
        raise NotAllowed("Only stewards and admins choose the subjects.")
