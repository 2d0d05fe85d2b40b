"""Opening a round, passing in it, reminding people once, and closing it."""

from dataclasses import dataclass, replace

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.communities import roster
from server.communities.activities.authority import looks_after
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import NewPost
from server.posts.composing import readable_post
from server.posts.models import Post
from server.posts.policy import MEMBERS
from server.rounds import turning
from server.rounds.events import TurnNudged
from server.rounds.models import Round, Turn
from server.rounds.policy import MOST, PASSED, REASON, WAITING, RoundState, why_not_hosted, why_not_passed


@dataclass(frozen=True, slots=True)
class RoundForm:
    """What somebody fills in to open a round. `everybody`: all members are asked, else those `asked` (ids)."""

    title: str = ""
    text: str = ""
    language: str = "en"
    community_id: str | None = None
    everybody: bool = True
    asked: tuple[str, ...] = ()
    is_hidden: bool = False
    topic_id: str = ""


async def open_round(here: Instance, acting: Viewer, form: RoundForm) -> Post:
    """Ask members of a community here, each of whom is heard. Raises Invalid with every error."""
    form = replace(form, title=" ".join(form.title.split()))
    people = await _asked(here, acting, form)

    async def store(post: Post) -> None:
        await Round.create(id=post.id, is_hidden=form.is_hidden)
        await Turn.bulk_create([Turn(round_id=post.id, person_uri=uri) for uri in people])

    return await posts.create_post(
        here,
        str(acting.actor_id),
        NewPost(
            kind="round",
            title=form.title,
            source_md=form.text.strip() or form.title,
            language=form.language,
            visibility=MEMBERS,
            community_id=form.community_id,
            topic_id=form.topic_id,
        ),
        detail=store,
    )


async def pass_turn(here: Instance, acting: Viewer, round_id: str) -> None:
    """Say that one has nothing to add: that is heard, too."""
    await _turn(here, acting, round_id, PASSED)


async def take_pass_back(here: Instance, acting: Viewer, round_id: str) -> None:
    """Say that one would like to answer after all."""
    await _turn(here, acting, round_id, WAITING)


async def nudge(here: Instance, acting: Viewer, round_id: str, person_id: str) -> None:
    """Remind somebody that the round waits for them; once, and never again. Raises Invalid where that was done."""
    post = await _hosted(here, acting, round_id)
    uri = await here.db.value("SELECT uri FROM actor WHERE id = :id", id=person_id)
    async with here.db.transaction():
        found = await turning.locked(here, post.id)
        turn = await Turn.get_or_none(round_id=post.id, person_uri=str(uri), state=WAITING)
        if found is None or turn is None:
            raise NotFound
        if turn.nudged_at is not None:
            raise Invalid("They were reminded already. Once is enough.")
        turn.nudged_at = here.clock.now()
        await turn.save(update_fields=["nudged_at"])
        if here.is_local_uri(turn.person_uri):
            await here.events.emit(TurnNudged(post.id, person_id))
        else:
            await turning.tell_now(here, post, found)


async def close(here: Instance, acting: Viewer, round_id: str, reason: str) -> None:
    """Close a round before everybody was heard, and say why; what was answered is shown."""
    post = await _hosted(here, acting, round_id)
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid("Say in one sentence why.", field="reason")
    if len(reason) > REASON:
        raise Invalid(f"Use at most {REASON} characters.", field="reason")
    async with here.db.transaction():
        found = await turning.locked(here, post.id)
        if found is not None and found.closed_at is None:
            await turning.close(here, post, found, reason)


async def state_of(here: Instance, acting: Viewer, post: Post) -> RoundState:
    """What this person may do with a round."""
    found = await Round.get_or_none(id=post.id)
    turn = await Turn.get_or_none(round_id=post.id, person_uri=acting.actor_uri) if acting.actor_uri else None
    return RoundState(
        is_local=post.is_local,
        is_closed=found is None or found.closed_at is not None,
        is_host=post.author_id == acting.actor_id,
        looks_after=acting.is_steward or await looks_after(here, str(acting.actor_id), post.community_id),
        mine=turn.state if turn is not None else None,
    )


async def _asked(here: Instance, acting: Viewer, form: RoundForm) -> list[str]:
    errors = []
    if not form.title:
        errors.append(Invalid("Write what you ask everybody, in one line.", field="title"))
    if len(form.title) > 150:
        errors.append(Invalid("Use at most 150 characters.", field="title"))
    community = await Actor.get_or_none(id=form.community_id, kind="Group") if form.community_id else None
    if community is None:
        raise Invalid("Choose the community whose members you ask.", field="community")
    if not community.is_local:
        raise NotAllowed("This community lives on another server. Ask somebody there to open the round.")
    members = await roster.members(here, community.id, limit=MOST + 1)
    chosen = [member.person for member in members if form.everybody or member.person.id in form.asked]
    if form.everybody and len(chosen) > MOST:
        errors.append(Invalid(f"A round asks at most {MOST} people. Choose some.", field="asked"))
    elif not form.everybody and len(chosen) != len(set(form.asked)):
        errors.append(Invalid("Somebody whom you chose is no member any more. Choose again.", field="asked"))
    elif not any(person.id != acting.actor_id for person in chosen):
        errors.append(Invalid("Choose at least one other person.", field="asked"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
    return [person.uri for person in chosen]


async def _turn(here: Instance, acting: Viewer, round_id: str, state: str) -> None:
    post = await _round(here, acting, round_id)
    person = await Actor.get_or_none(id=acting.actor_id, is_local=True, deleted_at=None, suspended_at=None)
    if person is None:
        raise NotAllowed("This account cannot take part.")
    if closed := why_not_passed(await state_of(here, acting, post)):
        raise NotAllowed(closed)
    async with here.db.transaction():
        await turning.take(here, post, person, state, here.clock.now())


async def _hosted(here: Instance, acting: Viewer, round_id: str) -> Post:
    post = await _round(here, acting, round_id)
    if closed := why_not_hosted(await state_of(here, acting, post)):
        raise NotAllowed(closed)
    return post


async def _round(here: Instance, acting: Viewer, round_id: str) -> Post:
    post = await readable_post(here, acting, round_id)
    if post.kind != "round":
        raise NotFound
    return post
