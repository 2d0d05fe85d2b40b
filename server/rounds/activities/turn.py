"""TakeTurn, both directions: what somebody did with their turn in a round, without a word of what they answered.

Authority: people take their own turn, where the round asks them and they may read it (S5, S15). It is sent to the
author of the round alone, without a proof and without a copy at its id: nobody can pass it on or look it up.
"""

import json
from datetime import datetime, timedelta

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from server.actors.models import Actor
from server.actors.remote import ensure_remote
from server.ids import new_id
from server.instance import Instance
from server.posts.admission import may_answer
from server.posts.models import Post
from server.rounds.events import TurnTaken
from server.rounds.models import Turn
from server.rounds.policy import STATES

TERM = "ph:turn"
CLOCKS_DIFFER = timedelta(minutes=10)


async def send_turn(here: Instance, person: Actor, post: Post, state: str, at: datetime) -> None:
    """Tell the author of a round elsewhere what somebody here did with their turn, in the present transaction."""
    author = await Actor.get(id=post.author_id)
    document = activities.take_turn(
        id=here.url(f"/ap/a/turn/{new_id(here.clock.now())}"),
        actor=person.uri,
        object=post.uri,
        to=[author.uri],
        cc=None,
        published=at,
        extra={TERM: state},
    )
    await here.deliveries.enqueue(
        activity_id=str(document["id"]),
        sender=person.uri,
        body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
        inboxes=[author.inbox_url],
    )


async def on_turn(here: Instance, received: VerifiedActivity) -> None:
    """Somebody elsewhere answered a round here, passed, or took that back."""
    activity = received.activity
    state = activity.raw.get(TERM)
    if received.via is not None:
        raise Forbidden("a turn is told to the home of its round alone")
    if not isinstance(state, str) or state not in STATES:
        raise Ignored("it does not say what was done")
    post = await Post.get_or_none(uri=activity.object_id, is_local=True, kind="round") if activity.object_id else None
    if post is None:
        raise Ignored("this is no round of ours")
    try:
        person = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("whose turn it was is gone") from error
    if person.suspended_at is not None or person.deleted_at is not None or not await may_answer(here, person, post):
        raise Forbidden("they cannot know this round")
    if not await Turn.exists(round_id=post.id, person_uri=person.uri):
        raise Forbidden("the round does not ask them")
    now = here.clock.now()
    at = min(activity.published or now, now + CLOCKS_DIFFER)
    async with here.db.transaction():
        await here.events.emit(TurnTaken(post.id, person.id, state, at))
