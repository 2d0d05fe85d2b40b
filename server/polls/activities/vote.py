"""Votes in polls, both directions: Create of a Note with a name (Mastodon and most others), and PollVote (PieFed).

Authority: people vote for themselves, once, where they can read the poll (S5, S15). A vote is sent to the author of
the poll alone, without a proof and without a copy at its id: nobody can pass it on or look it up.
"""

import json

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import text_of
from federation.vocab.polls import MAX_OPTION, RemoteVote
from federation.vocab.polls import vote as vote_document
from server.actors.models import Actor
from server.actors.remote import ensure_remote
from server.ids import new_id
from server.instance import Instance
from server.polls import voting
from server.polls.detail import options_of
from server.polls.models import Poll
from server.polls.policy import is_over
from server.posts.activities.relevance import check_group
from server.posts.admission import may_answer
from server.posts.models import Post


async def send_votes(here: Instance, voter: Actor, post: Post, options: list[str]) -> None:
    """Send what somebody here chose to the author of a poll elsewhere, in the present transaction."""
    author = await Actor.get(id=post.author_id)
    for option in options:
        vote_id = new_id(here.clock.now())
        document = vote_document(
            id=here.url(f"/ap/a/vote/{vote_id}"),
            note_id=here.url(f"/ap/a/vote/{vote_id}#note"),
            actor=voter.uri,
            author=author.uri,
            question=post.uri,
            option=option,
        )
        await here.deliveries.enqueue(
            activity_id=str(document["id"]),
            sender=voter.uri,
            body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
            inboxes=[author.inbox_url],
        )


async def on_vote(here: Instance, received: VerifiedActivity, vote: RemoteVote) -> None:
    """Somebody elsewhere chose something; called for a Create whose object is a vote."""
    post = await Post.get_or_none(uri=vote.question, is_local=True, kind="poll")
    if post is None:
        raise Ignored("this answers no poll of ours")
    try:
        actor = await ensure_remote(here, received.activity.actor)
    except Gone as error:
        raise Ignored("who voted is gone") from error
    if actor.suspended_at is not None or actor.deleted_at is not None or not await may_answer(here, actor, post):
        raise Forbidden("they cannot know this poll")
    async with here.db.transaction():
        poll = await Poll.get_or_none(id=post.id)
        if poll is None or post.state != "visible":
            raise Ignored("the poll is gone")
        if is_over(ends_at=poll.ends_at, closed_at=poll.closed_at, now=here.clock.now()):
            raise Forbidden("the poll has ended")
        option = next((one for one in await options_of(post.id) if one.name == vote.option), None)
        if option is None:
            raise Forbidden("the poll has no such option")
        if await voting.cast(here, poll, actor.id, [option.position]):
            await voting.tell_soon(here, post.id)


async def on_poll_vote(here: Instance, received: VerifiedActivity) -> None:
    """PieFed's own activity, with the option in `choice_text`."""
    activity = received.activity
    await check_group(here, received.via, activity)
    option = text_of(activity.raw.get("choice_text")).strip()[:MAX_OPTION]
    if activity.object_id is None or not option:
        raise Ignored("it names no poll or no option")
    await on_vote(here, received, RemoteVote(question=activity.object_id, option=option))
