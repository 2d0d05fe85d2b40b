"""Like, both directions (ActivityPub sections 6.8 and 7.10), and EmojiReact, which we take as one.

A Like of ours may say more in `ph:says`: that somebody has the same question (``meToo``), or would try the same
(``wouldTry``). Whoever does not know that sees a Like.

Authority: people like for themselves only; whoever could not read a post cannot like it either (S15).
"""

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from server.actors.models import Actor
from server.actors.remote import ensure_remote
from server.communities.activities.announce import announce
from server.instance import Instance
from server.posts import documents, places, sending
from server.posts.activities.relevance import check_group
from server.posts.admission import may_answer
from server.posts.consent import LIKE
from server.posts.events import PostEchoed, PostLiked, PostUnechoed, PostUnliked, ReactionWaits
from server.posts.models import Like, Post
from server.posts.policy import ECHO, ECHOES
from server.posts.reactions import add_like
from server.posts.removal import was_ended

SAYS = "ph:says"


async def on_like(here: Instance, received: VerifiedActivity) -> None:
    """A remote actor finds a post useful; one per actor and post, whatever emoji it comes with."""
    activity = received.activity
    await check_group(here, received.via, activity)
    post = await Post.get_or_none(uri=activity.object_id) if activity.object_id else None
    if post is None:
        raise Ignored("the liked post is not known here")
    try:
        actor = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("who liked it is gone") from error
    if actor.suspended_at is not None or actor.deleted_at is not None or not await may_answer(here, actor, post):
        raise Forbidden("they cannot know this post")
    uri = activity.id or f"{actor.uri}#likes/{post.id}"
    async with here.db.transaction():
        if await was_ended(here, uri, by=actor.uri):
            raise Ignored("it was taken back already")
        says = activity.raw.get(SAYS)
        is_more = says is not None and says == ECHOES.get(post.kind) and post.author_id != actor.id
        kind = ECHO if is_more else LIKE
        if await add_like(here, post, actor.id, uri=uri, kind=kind):
            await pass_on(here, post, received)


async def send_like(here: Instance, event: PostLiked) -> None:
    """Tell the author and the community of a post what somebody here found useful."""
    document = await _document(here, event)
    if document is not None:
        actor, about, like = document
        await sending.tell(here, actor, about, like)


async def send_echo(here: Instance, event: PostEchoed) -> None:
    """Tell them that somebody here has the same question, or would try the same."""
    document = await _document(here, event, kind=ECHO)
    if document is not None:
        actor, about, like = document
        await sending.tell(here, actor, about, like)


async def ask(here: Instance, event: ReactionWaits) -> None:
    """Send a like to the author of a post alone, who agrees to it or does not (GoToSocial's interaction policies)."""
    document = await _document(here, event) if event.kind == LIKE else None
    if document is not None:
        actor, about, like = document
        about.community = None
        await sending.tell(here, actor, about, like)


async def send_unlike(here: Instance, event: PostUnliked | PostUnechoed) -> None:
    """Take it back."""
    document = await _document(here, event, kind=ECHO if isinstance(event, PostUnechoed) else LIKE)
    if document is not None:
        actor, about, like = document
        undo = activities.undo(
            id=sending.activity_id(here, "undo"),
            actor=actor.uri,
            object=like,
            to=[about.author.uri],
            cc=[about.audience] if about.audience else [],
            audience=about.audience,
        )
        await sending.tell(here, actor, about, undo)


async def pass_on(here: Instance, post: Post, received: VerifiedActivity) -> None:
    """A community here announces what others did with its posts, unchanged."""
    if post.community_id is None or received.via is not None or not await places.leaves(here, post):
        return
    if await Actor.exists(id=post.community_id, is_local=True):
        await announce(here, post.community_id, activity=received.as_received, visibility=post.visibility)


async def _document(
    here: Instance, event: PostLiked | PostUnliked | PostEchoed | PostUnechoed | ReactionWaits, *, kind: str = LIKE
) -> tuple[Actor, documents.Envelope, dict[str, object]] | None:
    actor = await Actor.get(id=event.actor_id)
    post = await Post.get(id=event.post_id)
    like = await Like.get_or_none(actor_id=actor.id, post_id=post.id, kind=kind)
    if not actor.is_local or actor.deleted_at is not None or like is None or not await places.leaves(here, post):
        return None
    about = await documents.envelope(here, post)
    says = {SAYS: ECHOES[post.kind]} if kind == ECHO else {}
    document = activities.like(
        id=like.uri,
        actor=actor.uri,
        object=post.uri,
        to=[about.author.uri],
        cc=[about.audience] if about.audience else [],
        audience=about.audience,
        extra=({"approvedBy": like.approved_by} if like.approved_by else {}) | says,
    )
    return actor, about, document
