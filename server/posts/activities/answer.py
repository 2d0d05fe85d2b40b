"""ChooseAnswer and its Undo, both directions (PieFed): which reply helped who asked.

Authority: who asked, and who looks after the community (S5). PieFed names no target; the question is that of the reply.
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import PUBLIC, id_of
from server.actors.models import Actor
from server.actors.remote import ensure_remote
from server.instance import Instance
from server.posts import documents, places, policy, sending
from server.posts.activities.authority import may_moderate_from_afar
from server.posts.activities.like import pass_on
from server.posts.activities.relevance import check_group
from server.posts.events import ReplyHelped, ReplyUnhelped
from server.posts.models import Post
from server.posts.reactions import add_helped, end_helped


async def on_choose(here: Instance, received: VerifiedActivity) -> None:
    """A remote asker says which reply helped."""
    reply, ask, actor = await _chosen(here, received, received.activity.object_id)
    async with here.db.transaction():
        if await add_helped(here, reply, ask, actor.id, uri=received.activity.id or None):
            await pass_on(here, ask, received)


async def on_undo_choose(here: Instance, received: VerifiedActivity) -> None:
    """They take that back."""
    reply, ask, actor = await _chosen(here, received, id_of((received.activity.object or {}).get("object")))
    async with here.db.transaction():
        if await end_helped(here, reply, ask, actor.id):
            await pass_on(here, ask, received)


async def send_choice(here: Instance, event: ReplyHelped) -> None:
    """Tell the community of a question which reply helped."""
    await _send(here, event, undo=False)


async def send_unchoice(here: Instance, event: ReplyUnhelped) -> None:
    """Take it back."""
    await _send(here, event, undo=True)


async def _send(here: Instance, event: ReplyHelped | ReplyUnhelped, *, undo: bool) -> None:
    actor = await Actor.get(id=event.by_id)
    reply, ask = await Post.get(id=event.post_id), await Post.get(id=event.ask_id)
    if not actor.is_local or not await places.leaves(here, ask):
        return
    about = await documents.envelope(here, ask)
    if about.community is None:
        return
    to = [PUBLIC] if ask.visibility in policy.OPEN else about.to
    document = activities.choose_answer(
        id=here.url(f"/ap/a/answer/{event.post_id}"),
        actor=actor.uri,
        object=reply.uri,
        target=ask.uri,
        to=to,
        cc=[about.community.uri],
        audience=about.community.uri,
        published=here.clock.now(),
    )
    if undo:
        document = activities.undo(
            id=sending.activity_id(here, "undo"), actor=actor.uri, object=document, to=to, cc=[about.community.uri],
            audience=about.community.uri,
        )  # fmt: skip
    await sending.tell(here, actor, about, document)


async def _chosen(here: Instance, received: VerifiedActivity, uri: str | None) -> tuple[Post, Post, Actor]:
    await check_group(here, received.via, received.activity)
    reply = await Post.get_or_none(uri=uri) if uri else None
    if reply is None or reply.root_id in {None, reply.id}:
        raise Ignored("this reply is not known here")
    ask = await Post.get(id=reply.root_id)
    target = received.activity.target
    if target is not None and target != ask.uri:
        raise Forbidden("the reply belongs to another question")
    author = await Actor.get(id=ask.author_id)
    if author.uri != received.activity.actor and not await may_moderate_from_afar(here, received, ask):
        raise Forbidden("only who asked says which reply helped")
    return reply, ask, await ensure_remote(here, received.activity.actor)
