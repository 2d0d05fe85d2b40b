"""What waits for its turn in a community that takes it slowly (B9), and what is gone after three days (B19).

A second post within twelve hours is kept as a draft of its author, and published by a job when its time has come.
"""

import contextlib
from datetime import datetime
from typing import Any

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.errors import Refused
from server.instance import Instance
from server.posts import composing, removal
from server.posts.events import PostQueued
from server.posts.models import Post, QueuedPost
from server.posts.policy import VENT, VENT_LASTS

PUBLISH, END = "posts.publish_queued", "posts.end_vent"
AT_ONCE = 200


async def on_queued(here: Instance, event: PostQueued) -> None:
    """Have a draft published when its turn has come."""
    await QueuedPost.create(id=event.post_id, person_id=event.person_id, at=event.at)
    await here.jobs.enqueue(PUBLISH, {"post": event.post_id}, run_at=event.at, unique=f"{PUBLISH}:{event.post_id}")


async def publish(here: Instance, payload: Any) -> None:
    """The job that publishes one; one whose author may not write there any more stays a draft of theirs."""
    queued = await QueuedPost.get_or_none(id=str(payload["post"]))
    if queued is None:
        return
    person = await Actor.get(id=queued.person_id)
    with contextlib.suppress(Refused):
        await composing.publish_post(here, Viewer(actor_id=person.id, actor_uri=person.uri), queued.id)
    async with here.db.transaction():
        await QueuedPost.filter(id=queued.id).delete()


async def end_later(here: Instance, post: Post) -> None:
    """Have what somebody got off their chest gone in three days, in the caller's transaction."""
    await here.jobs.enqueue(END, {"post": post.id}, run_at=post.published_at + VENT_LASTS, unique=f"{END}:{post.id}")


async def end(here: Instance, payload: Any) -> None:
    """The job that erases one with all answers, for everybody and for good."""
    root = str(payload["post"])
    for post in await Post.filter(root_id=root, kind=VENT).exclude(state="deleted").order_by("-id").limit(1000):
        author = await Actor.get(id=post.author_id)
        async with here.db.transaction():
            await removal.erase(here, post, by=author.uri)


async def sweep(here: Instance, _: object) -> None:
    """End what no job has ended, such as after a backup was restored; a job."""
    for root in (
        await Post.filter(kind=VENT, parent_id=None, published_at__lte=here.clock.now() - VENT_LASTS)
        .exclude(state="deleted")
        .order_by("id")
        .limit(AT_ONCE)
    ):
        await end(here, {"post": root.id})


async def queued_until(here: Instance, post_id: str) -> datetime | None:
    """When a draft is published; None for one that does not wait for its turn."""
    found = await QueuedPost.get_or_none(id=post_id)
    return None if found is None else found.at
