"""What challenges say beyond their text, and which challenges practices and resources answer; on the wire and back."""

from html import escape

from federation.vocab.base import id_of, is_web_uri, items_of
from federation.vocab.objects import RemotePost
from server.actors.relations import blocked_among
from server.challenges.counting import set_answers, settle
from server.challenges.models import Challenge, ChallengeAnswer
from server.challenges.policy import MOST, may_be_named
from server.instance import Instance
from server.posts.models import Post
from server.practices.wire import text
from server.shelf import MadeFrom

ANSWERS = "ph:answersChallenge"
BECAUSE = "ph:closedBecause"
ANSWERED = (
    MadeFrom("challenge_answer", "t.post_id = post.id"),
    MadeFrom(
        "post",
        "t.uri IN (SELECT said.challenge_uri FROM challenge_answer AS said WHERE said.post_id = post.id)",
        ("id", "uri", "url", "title", "kind", "state", "visibility", "community_id"),
    ),
)
"""What `AnswerDetail.document` looks at."""


class ChallengeDetail:
    """`server.posts.details.KindDetail` over the table `challenge`."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """Why it is closed; that it is, `commentsEnabled` says."""
        challenge, post = await Challenge.get_or_none(id=post_id), await Post.get(id=post_id)
        return {BECAUSE: challenge.reason} if challenge and challenge.reason and post.locked else {}

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep why one from elsewhere is closed. A reason that came with a Lock is not forgotten."""
        challenge, _ = await Challenge.get_or_create(defaults={"changed_at": here.clock.now()}, id=post_id)
        reason = text(remote.raw.get(BECAUSE), 2000)
        if reason and reason != challenge.reason:
            challenge.reason, challenge.changed_at = reason, here.clock.now()
            await challenge.save()

    async def forget(self, here: Instance, post_id: str) -> None:
        """Erase it with its post; what answered it answers it no more."""
        await Challenge.filter(id=post_id).delete()
        await ChallengeAnswer.filter(challenge_uri=(await Post.get(id=post_id)).uri).delete()

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing that versions are compared by."""
        return {}


class AnswerDetail:
    """What is added to practices and resources: the challenges that they answer."""

    async def document(self, here: Instance, post_id: str) -> dict[str, object]:
        """The ids of the challenges, and their titles for people; only of those that all its readers may know of."""
        post = await Post.get(id=post_id)
        about = (post.visibility, post.community_id)
        named = [
            challenge
            for challenge in await answered_by(here, post_id)
            if may_be_named((challenge.visibility, challenge.community_id), about)
        ]
        if not named:
            return {}
        links = ", ".join(f'<a href="{escape(one.url)}">{escape(one.title, quote=False)}</a>' for one in named)
        return {
            ANSWERS: [challenge.uri for challenge in named],
            "after": f"<p><strong>This answers the challenge:</strong> {links}</p>",
        }

    async def received(self, here: Instance, post_id: str, remote: RemotePost) -> None:
        """Keep which challenges one from elsewhere answers, also those that are not known here yet.

        None of somebody whom its author blocked, or who blocked them: as with other answers (S17).
        """
        named = [id_of(item) for item in items_of(remote.raw.get(ANSWERS), limit=MOST)]
        uris = [uri for uri in named if uri and is_web_uri(uri) and len(uri) <= 500]
        known = {post.uri: post.author_id for post in await Post.filter(uri__in=uris, kind="challenge")}
        blocked = await blocked_among(here, (await Post.get(id=post_id)).author_id, known.values())
        await set_answers(here, post_id, [uri for uri in uris if known.get(uri) not in blocked])

    async def forget(self, here: Instance, post_id: str) -> None:
        """It answers nothing any more."""
        answers = await ChallengeAnswer.filter(post_id=post_id)
        await ChallengeAnswer.filter(post_id=post_id).delete()
        for answer in answers:
            await settle(here, answer.challenge_uri)

    async def snapshot(self, here: Instance, post_id: str) -> dict[str, object]:
        """Nothing: who reads the versions may not know of the challenge."""
        return {}


async def answered_by(here: Instance, post_id: str) -> list[Post]:
    """The challenges that a post answers and that are there, in the order in which it was said."""
    uris = (
        await ChallengeAnswer.filter(post_id=post_id).order_by("id").limit(MOST).values_list("challenge_uri", flat=True)
    )
    found = {
        challenge.uri: challenge
        for challenge in await Post.filter(uri__in=[str(uri) for uri in uris], kind="challenge", state="visible")
    }
    return [found[str(uri)] for uri in uris if str(uri) in found]
