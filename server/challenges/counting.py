"""What answers challenges, as rows; and how many that are, for lists."""

from collections.abc import Iterable

from server.challenges.models import Challenge, ChallengeAnswer
from server.challenges.policy import ANSWERING, counts
from server.ids import new_id
from server.instance import Instance
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
        " AND post.state = 'visible' ORDER BY challenge_answer.id LIMIT :many",
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


async def on_locked(here: Instance, event: ThreadLocked) -> None:
    """A challenge was closed or opened again, here or elsewhere: keep why."""
    if await Post.exists(id=event.post_id, kind="challenge"):
        await Challenge.update_or_create(
            defaults={"reason": event.reason[:2000], "changed_at": here.clock.now()}, id=event.post_id
        )
