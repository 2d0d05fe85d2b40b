"""Answering challenges with practices and resources, and closing and opening challenges again."""

from server.actors.viewer import Viewer
from server.challenges.counting import set_answers
from server.challenges.models import ChallengeAnswer
from server.challenges.policy import ANSWERING, MOST, REASON
from server.errors import Invalid, NotFound
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import PostChange
from server.posts.composing import Detail, own, readable_post
from server.posts.models import Post, PostMention
from server.posts.policy import OPEN


async def chosen(here: Instance, acting: Viewer, challenge_id: str | None) -> Detail:
    """What makes a post that is being written answer a challenge, or none; for `also` of sharing it.

    Raises NotFound for one that the author cannot read, Invalid for one that is closed.
    """
    challenge = await _open_challenge(here, acting, challenge_id) if challenge_id else None

    async def answer(post: Post) -> None:
        await set_answers(here, post.id, [challenge.uri] if challenge is not None else [])
        if challenge is not None:
            await _name(post, challenge)

    return answer


async def add_answer(here: Instance, acting: Viewer, post_id: str, challenge_id: str) -> None:
    """Say that a practice or resource of one's own answers a challenge; everybody who has it is told."""
    post = await _own(acting, post_id)
    challenge = await _open_challenge(here, acting, challenge_id)
    if challenge.uri in await _answered(post):
        return

    async def store(changed: Post) -> None:
        # Read while nobody else changes the post: two may be added at once.
        known = await _answered(changed)
        if len(known) >= MOST and challenge.uri not in known:
            raise Invalid(f"It answers {MOST} challenges already. Take one off first.", field="challenge")
        await set_answers(here, changed.id, [*known, challenge.uri])
        await _name(changed, challenge)

    await posts.edit_post(here, acting, post.id, PostChange(), "It answers a challenge now.", detail=store)


async def take_answer_off(here: Instance, acting: Viewer, post_id: str, challenge_id: str) -> None:
    """Say that it does not after all."""
    post = await _own(acting, post_id)
    challenge = await Post.get_or_none(id=challenge_id)
    if challenge is None or challenge.uri not in await _answered(post):
        raise NotFound

    async def store(changed: Post) -> None:
        await set_answers(here, changed.id, [uri for uri in await _answered(changed) if uri != challenge.uri])

    await posts.edit_post(here, acting, post.id, PostChange(), "It answers a challenge no more.", detail=store)


async def close(here: Instance, acting: Viewer, challenge_id: str, reason: str) -> None:
    """Say that a challenge needs no more answers, and why: its author, and who looks after its community."""
    await _say(here, acting, challenge_id, reason, locked=True)


async def reopen(here: Instance, acting: Viewer, challenge_id: str, reason: str) -> None:
    """Say that it is one again, and why."""
    await _say(here, acting, challenge_id, reason, locked=False)


async def _say(here: Instance, acting: Viewer, challenge_id: str, reason: str, *, locked: bool) -> None:
    challenge = await readable_post(here, acting, challenge_id)
    if challenge.kind != "challenge":
        raise NotFound
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid("Say in one sentence why.", field="reason")
    if len(reason) > REASON:
        raise Invalid(f"Use at most {REASON} characters.", field="reason")
    async with here.db.transaction():
        await posts.set_locked(here, acting, challenge.id, locked=locked, reason=reason)
        if challenge.is_local and challenge.author_id == acting.actor_id:
            # Servers that know no Lock hear it from its author.
            await posts.edit_post(here, acting, challenge.id, PostChange(), reason)


async def _open_challenge(here: Instance, acting: Viewer, challenge_id: str) -> Post:
    challenge = await readable_post(here, acting, challenge_id)
    if challenge.kind != "challenge":
        raise NotFound
    if challenge.locked:
        raise Invalid("This challenge is closed. Choose another, or none.", field="challenge")
    return challenge


async def _own(acting: Viewer, post_id: str) -> Post:
    post = await own(acting, post_id)
    if post.kind not in ANSWERING:
        raise NotFound
    return post


async def _answered(post: Post) -> list[str]:
    found = await ChallengeAnswer.filter(post_id=post.id).order_by("id").values_list("challenge_uri", flat=True)
    return [str(uri) for uri in found]


async def _name(post: Post, challenge: Post) -> None:
    """Whoever named the challenge is told, wherever they are, if anybody may read both."""
    if challenge.author_id != post.author_id and {post.visibility, challenge.visibility} <= OPEN:
        await PostMention.get_or_create(post_id=post.id, actor_id=challenge.author_id)
