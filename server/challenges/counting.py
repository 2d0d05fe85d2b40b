"""What answers challenges, as rows; and how many that are, for lists."""

from collections.abc import Iterable

from server.actors.events import ActorChanged
from server.challenges.models import Challenge, ChallengeAnswer
from server.challenges.policy import ANSWERING, counts
from server.ids import new_id
from server.instance import Instance
from server.peers import queries as peers
from server.peers.events import PeerGradeChanged
from server.posts.events import (
    PostDeleted,
    PostEdited,
    PostNarrowed,
    PostPublished,
    PostRemoved,
    PostRestored,
    ThreadLocked,
)
from server.posts.models import Post
from server.posts.readable import AUTHOR_IS_THERE

Happened = PostPublished | PostEdited | PostNarrowed | PostRemoved | PostRestored | PostDeleted
MANY = 500


async def set_answers(here: Instance, post_id: str, uris: Iterable[str]) -> None:
    """Have a post answer these challenges and no others, in the caller's transaction."""
    wanted = list(dict.fromkeys(uris))
    before = await ChallengeAnswer.filter(post_id=post_id)
    known = {answer.challenge_uri for answer in before}
    for answer in before:
        if answer.challenge_uri not in wanted:
            await answer.delete()
    for uri in wanted:
        if uri not in known:
            now = here.clock.now()
            await ChallengeAnswer.create(id=new_id(now), post_id=post_id, challenge_uri=uri, created_at=now)
    for uri in {*known, *wanted}:
        await settle(here, uri)


async def settle(here: Instance, uri: str) -> None:
    """Count what answers one challenge; in the caller's transaction."""
    challenge = await Post.get_or_none(uri=uri, kind="challenge")
    if challenge is None:
        return
    rows = await here.db.rows(
        "SELECT post.visibility, post.community_id FROM challenge_answer JOIN post"
        " ON post.id = challenge_answer.post_id WHERE challenge_answer.challenge_uri = :uri"
        f" AND post.state = 'visible' AND {AUTHOR_IS_THERE} ORDER BY challenge_answer.id LIMIT :many",
        uri=uri,
        many=MANY,
    )
    about = (challenge.visibility, challenge.community_id)
    number = sum(counts(about, (row["visibility"], row["community_id"])) for row in rows)
    await here.db.execute(
        "INSERT INTO challenge (id, answers, reason) VALUES (:id, :answers, '')"
        " ON CONFLICT (id) DO UPDATE SET answers = excluded.answers",
        id=challenge.id,
        answers=number,
    )
    if challenge.answered != bool(number):
        await Post.filter(id=challenge.id).update(answered=bool(number))


async def on_post(here: Instance, event: Happened) -> None:
    """Something that may answer a challenge came, changed or went; or a challenge came after its answers."""
    if isinstance(event, PostPublished) and event.kind not in {*ANSWERING, "challenge"}:
        return
    if isinstance(event, PostPublished) and event.kind == "challenge":
        await settle(here, (await Post.get(id=event.post_id)).uri)
        return
    answers = await ChallengeAnswer.filter(post_id=event.post_id).values_list("challenge_uri", flat=True)
    for uri in answers:
        await settle(here, str(uri))


async def on_actor(here: Instance, event: ActorChanged) -> None:
    """Somebody was suspended, or let in again: what they wrote counts no more, or again."""
    await _settle_all(here, "actor.id = :actor", actor=event.actor_id)


async def on_grade(here: Instance, event: PeerGradeChanged) -> None:
    """So does what people of a server wrote that was blocked or unblocked."""
    of_host = "actor.host = :host OR actor.host LIKE :inside OR actor.host LIKE :ports OR actor.host LIKE :inside_ports"
    await _settle_all(here, f"NOT actor.is_local AND ({of_host})", **peers.spellings(event.host))


async def _settle_all(here: Instance, who: str, **values: str) -> None:
    rows = await here.db.rows(
        "SELECT DISTINCT challenge_answer.challenge_uri AS uri FROM challenge_answer JOIN post"
        " ON post.id = challenge_answer.post_id JOIN actor ON actor.id = post.author_id"
        f" WHERE post.state = 'visible' AND {who} ORDER BY challenge_answer.challenge_uri LIMIT :many",
        many=MANY,
        **values,
    )
    for row in rows:
        await settle(here, row["uri"])


async def on_locked(here: Instance, event: ThreadLocked) -> None:
    """A challenge was closed or opened again, here or elsewhere: keep why."""
    if await Post.exists(id=event.post_id, kind="challenge"):
        await Challenge.update_or_create(
            defaults={"reason": event.reason[:2000], "changed_at": here.clock.now()}, id=event.post_id
        )
