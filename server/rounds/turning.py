"""Turns as rows: whose turn it is, and what happens when the last one was taken.

Every function joins the caller's transaction, but for the two jobs.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from server.actors.events import ActorDeleted, SuspensionChanged
from server.actors.models import Actor
from server.communities.events import MemberInvited, PersonUnbanned
from server.db import among, from_milliseconds
from server.instance import Instance
from server.posts import admission, agreements
from server.posts.activities.update import send_update
from server.posts.events import AnswerEarly, PostDeleted, PostEdited, PostHeld, PostPublished, PostRestored
from server.posts.holding import hold
from server.posts.models import Post, PostTag
from server.posts.policy import OPEN, PEERS
from server.rounds.activities.turn import send_turn
from server.rounds.events import RoundClosed
from server.rounds.models import Round, Turn
from server.rounds.policy import ANSWERED, PASSED, PASSING_TAG, WAITING

TELL, RELEASE = "rounds.tell", "rounds.release"
TELL_AFTER = timedelta(minutes=3)
"""How a round stands is sent at most this often; that it is closed, at once."""
AT_ONCE = 500


async def locked(here: Instance, round_id: str) -> Round | None:
    """A round, which nobody else changes until the transaction ends."""
    await here.db.execute("UPDATE heard_round SET id = id WHERE id = :id", id=round_id)
    return await Round.get_or_none(id=round_id)


async def hides(here: Instance, post: Post) -> bool:
    """Whether nobody sees an answer of somebody else to this round yet.

    What everybody may read hides nothing: a round is for members, whoever says otherwise.
    """
    found = await Round.get_or_none(id=post.id)
    return found is not None and found.is_hidden and found.closed_at is None and post.visibility not in OPEN


async def take(here: Instance, post: Post, person: Actor, state: str, at: datetime, *, tell: bool = True) -> bool:
    """Note what somebody did with their turn; False where the round is closed, does not ask them, or knew it.

    `tell`: the home of the round does not hear of it in another way. What was said later counts.
    """
    found = await locked(here, post.id)
    if found is None or found.closed_at is not None:
        return False
    changed = await here.db.execute(
        "UPDATE round_turn SET state = :state, said_at = :at WHERE round_id = :round AND person_uri = :person"
        " AND state <> :state AND (said_at IS NULL OR said_at <= :at)",
        state=state,
        at=at,
        round=post.id,
        person=person.uri,
    )
    if not changed:
        return False
    if not post.is_local:
        if tell and person.is_local:
            await send_turn(here, person, post, state, at)
    elif state != WAITING and await _is_complete(here, post):
        await close(here, post, found, "")
    else:
        await tell_soon(here, post.id)
    return True


async def close(here: Instance, post: Post, found: Round, reason: str) -> None:
    """Close a round of ours: everybody who has it is told, and what waited is shown."""
    found.closed_at, found.reason = here.clock.now(), reason
    await found.save(update_fields=["closed_at", "reason"])
    await tell_now(here, post, found)
    await ended(here, post.id)


async def ended(here: Instance, round_id: str) -> None:
    """What follows when a round is closed, here or elsewhere."""
    await release_soon(here, round_id)
    await here.events.emit(RoundClosed(round_id))


async def release_soon(here: Instance, round_id: str) -> None:
    """Show what waits below a closed round."""
    await here.jobs.enqueue(RELEASE, {"round": round_id}, unique=f"{RELEASE}:{round_id}")


async def tell_soon(here: Instance, round_id: str) -> None:
    """Everybody who has a round of ours hears before long how it stands."""
    at = here.clock.now() + TELL_AFTER
    await here.jobs.enqueue(TELL, {"round": round_id}, run_at=at, unique=f"{TELL}:{round_id}")


async def tell_now(here: Instance, post: Post, found: Round) -> None:
    """Send how a round of ours stands; it is newer than all that was sent before, in whole seconds (E6)."""
    earlier = max(moment for moment in (post.published_at, post.edited_at, found.told_at) if moment is not None)
    found.told_at = max(here.clock.now(), from_milliseconds((int(earlier.timestamp()) + 1) * 1000))
    await found.save(update_fields=["told_at"])
    await send_update(here, PostEdited(post.id))


async def tell(here: Instance, payload: Any) -> None:
    """The job that sends how a round of ours stands."""
    async with here.db.transaction():
        post = await Post.get_or_none(id=str(payload["round"]), is_local=True, state="visible")
        found = await locked(here, str(payload["round"]))
        if post is not None and found is not None and found.closed_at is None:
            await tell_now(here, post, found)


async def release(here: Instance, payload: Any) -> None:
    """The job that shows all answers that waited for a round to close. Strangers' first posts wait on.

    So do answers of those who were kept out of the community since, or suspended, until they are let in again.
    """
    post = await Post.get_or_none(id=str(payload["round"]), state="visible")
    if post is None or await hides(here, post):
        return
    last = ""
    while answers := await Post.filter(root_id=post.id, state=PEERS, id__gt=last).order_by("id").limit(AT_ONCE):
        for answer in answers:
            await _let_out(here, answer)
        last = answers[-1].id


async def on_early(here: Instance, event: AnswerEarly) -> None:
    """Somebody answered a round that hides answers: their turn is taken, and the answer waits."""
    post = await Post.get(id=event.ask_id)
    if post.kind != "round":
        return
    answer = await Post.get(id=event.post_id)
    found = await locked(here, post.id)
    if found is not None and found.closed_at is not None:
        # It was closed while this was being written.
        await release_soon(here, post.id)
    elif answer.parent_id == post.id:
        await _answered(here, post, answer, tell=True)


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """Answers that can be read came: of those to rounds, turns are taken. One query for all that came together."""
    wanted = {event.post_id: event.parent_id for event in events if event.answers("round")}
    if not wanted:
        return
    parents, parameters = among(sorted({str(parent) for parent in wanted.values()}))
    rows = await here.db.rows(f"SELECT id FROM heard_round WHERE id IN ({parents}) AND closed_at IS NULL", **parameters)
    for row in rows:
        post = await Post.get(id=row["id"])
        for answer_id in [answer_id for answer_id, parent_id in wanted.items() if parent_id == post.id]:
            await _answered(here, post, await Post.get(id=answer_id), tell=False)


async def on_deleted(here: Instance, event: PostDeleted) -> None:
    """Somebody took an answer back: it is their turn again, unless they gave another one."""
    answer = await Post.get(id=event.post_id)
    post = await Post.get_or_none(id=answer.parent_id, kind="round") if answer.parent_id else None
    if post is None:
        return
    others = Post.filter(parent_id=post.id, author_id=answer.author_id, state__in=["visible", PEERS])
    if not await others.exclude(id=answer.id).exists():
        await take(here, post, await Actor.get(id=answer.author_id), WAITING, here.clock.now())


async def on_restored(here: Instance, event: PostRestored) -> None:
    """A round that was closed while it was out of sight is back."""
    if await Round.filter(id=event.post_id).exclude(closed_at=None).exists():
        await release_soon(here, event.post_id)


async def on_let_back(here: Instance, event: PersonUnbanned | MemberInvited | SuspensionChanged) -> None:
    """Somebody may be let in again: answers of theirs that a round left hidden for that are shown."""
    rows = await here.db.rows(
        "SELECT DISTINCT heard_round.id FROM post JOIN heard_round ON heard_round.id = post.root_id"
        " WHERE post.author_id = :person AND post.state = :waits AND heard_round.closed_at IS NOT NULL"
        " ORDER BY heard_round.id DESC LIMIT :most",
        person=event.actor_id if isinstance(event, SuspensionChanged) else event.person_id,
        waits=PEERS,
        most=AT_ONCE,
    )
    for row in rows:
        await release_soon(here, row["id"])


async def forget_person(here: Instance, event: ActorDeleted) -> None:
    """Nobody waits for somebody whose account is gone."""
    uri = await here.db.value("SELECT uri FROM actor WHERE id = :id", id=event.actor_id)
    if uri is not None:
        await Turn.filter(person_uri=str(uri)).delete()


async def _let_out(here: Instance, answer: Post) -> None:
    async with here.db.transaction():
        if await _is_kept_out(here, answer):
            return
        if answer.is_local or not await _is_held(here, answer):
            await agreements.show(here, answer, PEERS)
        elif await hold(here, answer, PEERS):
            answer.state = "held"
            await answer.save(update_fields=["state"])
            await here.events.emit(PostHeld(answer.id))


async def _is_kept_out(here: Instance, answer: Post) -> bool:
    author = await Actor.get(id=answer.author_id)
    if author.suspended_at is not None or author.deleted_at is not None:
        return True
    return bool(
        await here.db.value(
            "SELECT id FROM membership WHERE community_id = :community AND person_id = :person AND state = 'removed'",
            community=answer.community_id,
            person=author.id,
        )
    )


async def _answered(here: Instance, post: Post, answer: Post, *, tell: bool) -> None:
    person = await Actor.get(id=answer.author_id)
    if not (post.is_local or person.is_local):
        return  # its home says how it stands
    passes = await PostTag.exists(post_id=answer.id, tag=PASSING_TAG)
    await take(here, post, person, PASSED if passes else ANSWERED, here.clock.now(), tell=tell)


async def _is_complete(here: Instance, post: Post) -> bool:
    """Whether nobody is waited for any more; who has left the community is not."""
    return not await here.db.value(
        "SELECT round_turn.id FROM round_turn JOIN actor ON actor.uri = round_turn.person_uri"
        " JOIN membership ON membership.person_id = actor.id AND membership.community_id = :community"
        " AND membership.state = 'active' WHERE round_turn.round_id = :round AND round_turn.state = 'waiting' LIMIT 1",
        community=post.community_id,
        round=post.id,
    )


async def _is_held(here: Instance, answer: Post) -> bool:
    community = await Actor.get_or_none(id=answer.community_id) if answer.community_id else None
    via = None if community is None or community.is_local else community.uri
    return await admission.is_held(here, await Actor.get(id=answer.author_id), community, via)
