"""Update of posts, both directions (ActivityPub sections 6.3 and 7.3).

Authority: only the author changes a post, and only forward in time (S5); an audience never gets wider (S15).
"""

import asyncio
from datetime import datetime, timedelta

from federation.errors import FetchError, Forbidden, Ignored, InvalidDocument, TryLater, Unreachable
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import same_origin
from federation.vocab.objects import RemotePost, parse_post
from server.actors.models import Actor
from server.communities.activities.announce import announce
from server.db import from_milliseconds
from server.instance import Instance
from server.posts import admission, consent, counting, documents, places, rendering, sending
from server.posts.activities.create import by_actor
from server.posts.activities.relevance import check_group
from server.posts.composing import forget_old_versions, keep_version
from server.posts.details import extras_of
from server.posts.events import PostEdited, PostNarrowed, ReplyHelped, ReplyUnhelped
from server.posts.holding import hold
from server.posts.models import Post
from server.posts.policy import PEERS
from server.posts.receiving import EARLIEST, pages_of, receive_post, store_parts, store_quote

CLOCKS_DIFFER = timedelta(minutes=10)
"""How far ahead another server's clock may be; a time far in the future would refuse every later edit."""

NOT_NEWER = "this is not newer than what we have"


async def on_update(here: Instance, received: VerifiedActivity) -> None:
    """A remote author changed a post; an unknown one is taken in as it is now."""
    activity = received.activity
    await check_group(here, received.via, activity)
    uri = activity.object_id
    if uri is None or here.is_local_uri(uri):
        raise Ignored("a post of ours is not changed elsewhere")
    remote = await _object(here, received)
    remote = by_actor(remote, activity.actor)
    post = await Post.get_or_none(uri=remote.id)
    if post is None:
        if await receive_post(here, remote, raw=received.as_received, via=received.via) is None:
            raise Ignored("this post is not kept")
        return
    await _apply(here, received, post, remote)


async def send_update(here: Instance, event: PostEdited) -> None:
    """Send a changed post to everybody who has it."""
    await _send(here, await Post.get(id=event.post_id))


async def send_answered(here: Instance, event: ReplyHelped | ReplyUnhelped) -> None:
    """A question says which answer was accepted, so it is sent anew."""
    ask = await Post.get(id=event.ask_id)
    if not ask.is_local:
        return
    earlier = ask.edited_at or ask.published_at
    ask.edited_at = max(here.clock.now(), from_milliseconds((int(earlier.timestamp()) + 1) * 1000))
    await ask.save(update_fields=["edited_at"])
    await _send(here, ask)


async def _send(here: Instance, post: Post) -> None:
    if not post.is_local or post.state != "visible" or not await places.leaves(here, post):
        return
    about = await documents.envelope(here, post)
    document = activities.update(
        id=sending.activity_id(here, "update"),
        actor=about.author.uri,
        object=await documents.build(here, post, about=about),
        to=about.to,
        cc=about.cc,
        audience=about.audience,
        published=here.clock.now(),
    )
    await sending.publish(here, about, document, involved=True)


async def _apply(here: Instance, received: VerifiedActivity, post: Post, remote: RemotePost) -> None:
    author = await Actor.get(id=post.author_id)
    if author.uri != received.activity.actor:
        raise Forbidden("only its author changes a post")
    if post.state not in {"visible", "held", PEERS}:
        raise Ignored("the post is not there any more")
    now = here.clock.now()
    moment = min(remote.updated or received.received_at, now + CLOCKS_DIFFER)
    known = _known(post, now)
    tally = extras_of(here, post.kind).tally
    tied = _second(moment) == _second(known) and moment <= known
    if moment <= known and not tied and tally is None:
        raise Ignored(NOT_NEWER)
    words, visibility = await _shown(here, post, remote)
    if tally is not None and visibility == post.visibility and _says_the_same(post, words):
        # Mastodon's polls keep their `updated` when only the numbers change.
        async with here.db.transaction():
            if await tally(here, post.id, remote):
                await _pass_on(here, post, received)
                return
    if tied:
        if _says_the_same(post, words):
            raise Ignored(NOT_NEWER)
        remote, moment = by_actor(await _as_it_is_now(here, post, known), author.uri), known
        words, visibility = await _shown(here, post, remote)
        if _says_the_same(post, words):
            raise Ignored(NOT_NEWER)
    if remote.updated is None and received.signer != author.uri and _says_the_same(post, words):
        # Somebody else passed it on, and its server knows of no edit: a stranger must not make it look edited (S5).
        raise Ignored("its server knows of no change")
    async with here.db.transaction():
        if not await hold(here, fresh := post, "visible", "held", PEERS):
            raise Ignored("the post is not there any more")
        latest = _known(fresh, now)
        if moment < latest or (moment == latest and not tied):
            raise Ignored(NOT_NEWER)
        before = fresh.visibility
        if (fresh.title, fresh.content_html) != (words.title, words.content_html):
            await keep_version(here, fresh)
            await forget_old_versions(here, fresh)
        _fill(fresh, remote, words, visibility)
        fresh.edited_at, fresh.updated_at = moment, now
        await fresh.save()
        await store_quote(here, fresh, remote)
        await counting.settle(here, fresh.id)
        await store_parts(here, fresh, remote, ())
        if visibility != before:
            await here.events.emit(PostNarrowed(fresh.id, before))
        if fresh.state == "visible":
            await here.events.emit(PostEdited(fresh.id))
            await _pass_on(here, fresh, received)


def _known(post: Post, now: datetime) -> datetime:
    """Since when a post is as we have it; what our own clock said while it ran ahead is not waited for (R10)."""
    moments = (post.edited_at or post.published_at, post.published_at)
    return next((moment for moment in moments if moment <= now + CLOCKS_DIFFER), EARLIEST)


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


async def _shown(here: Instance, post: Post, remote: RemotePost) -> tuple[rendering.Shown, str]:
    in_community = post.community_id is not None and post.parent_id is None
    pages = await pages_of(remote)
    words = await asyncio.to_thread(rendering.shown, remote, in_community=in_community, people=pages)
    return words, await admission.narrowed(here, post, remote)


async def _as_it_is_now(here: Instance, post: Post, known: datetime) -> RemotePost:
    """What its server says of a post that was changed twice in one second: times do not tell which came last.

    GoToSocial and others count whole seconds, and a typing error is seen at once.
    """
    remote = await _fetched(here, post.uri)
    if remote.updated is None or _second(remote.updated) < _second(known):
        raise Ignored(NOT_NEWER)
    return remote


def _fill(fresh: Post, remote: RemotePost, words: rendering.Shown, visibility: str) -> None:
    fresh.title, fresh.summary, fresh.content_html = words.title, words.summary, words.content_html
    fresh.content_warning, fresh.sensitive = words.content_warning, words.sensitive
    fresh.language, fresh.licence = words.language, words.licence
    fresh.visibility, fresh.locked = visibility, fresh.locked or not remote.comments_enabled
    fresh.interaction = consent.kept(remote.policy)
    fresh.translations, fresh.emoji = words.translations or None, words.emoji or None
    fresh.particulars, fresh.manner = words.particulars or None, words.manner


def _says_the_same(post: Post, words: rendering.Shown) -> bool:
    return (post.title, post.content_html, post.content_warning, post.sensitive, post.manner) == (
        words.title,
        words.content_html,
        words.content_warning,
        words.sensitive,
        words.manner,
    )


async def _pass_on(here: Instance, post: Post, received: VerifiedActivity) -> None:
    if post.community_id is None or received.via is not None or not await places.leaves(here, post):
        return
    if await Actor.exists(id=post.community_id, is_local=True):
        await announce(
            here, post.community_id, activity=received.as_received, post_id=post.id, visibility=post.visibility
        )


async def _object(here: Instance, received: VerifiedActivity) -> RemotePost:
    activity = received.activity
    if activity.object is not None:
        return parse_post(activity.object, inherit=activity)
    if activity.object_id is None or not same_origin(activity.object_id, activity.actor):
        raise InvalidDocument("the Update has no object of its actor's")
    return await _fetched(here, activity.object_id)


async def _fetched(here: Instance, uri: str) -> RemotePost:
    try:
        return await here.engine.fetch_post(uri)
    except Unreachable as error:
        raise TryLater(str(error)) from error
    except FetchError as error:
        raise Ignored(str(error)) from error
