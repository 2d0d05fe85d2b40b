"""Offer of a change, its answer by Accept or Reject of its id, and its end by Undo, both directions.

Authority: who wrote the remix offers it, and who wrote the source answers (S5). The answer names the Offer by its id.
"""

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from server.actors.models import Actor
from server.actors.remote import ensure_remote
from server.actors.sending import send
from server.instance import Instance
from server.posts import places, sending
from server.posts.holding import STANDING, hold
from server.posts.models import Post
from server.posts.receiving import find_or_fetch
from server.remixes import offers
from server.remixes.events import ChangeOffered, OfferAnswered, OfferWithdrawn
from server.remixes.models import Remix, RemixOffer
from server.text import clean_text, plain

MAX_URI = 500


async def send_offer(here: Instance, event: ChangeOffered) -> None:
    """Tell the author of the source, where they live elsewhere."""
    row = await RemixOffer.get(id=event.offer_id)
    remix, source = await Post.get(id=row.remix_id), await Post.get(id=row.source_id)
    author, remixer = await Actor.get(id=source.author_id), await Actor.get(id=row.by_id)
    if author.is_local or not remixer.is_local or not await places.leaves(here, remix):
        return
    document = activities.offer(
        id=row.uri,
        actor=remixer.uri,
        object=remix.uri,
        target=source.uri,
        to=[author.uri],
        cc=None,
        published=row.created_at,
        content=row.note or None,
    )
    await send(here, remixer.uri, document, inboxes=[author.inbox_url], post_id=remix.id)


async def send_answer(here: Instance, event: OfferAnswered) -> None:
    """Tell the remixer what became of it, where they live elsewhere."""
    row = await RemixOffer.get(id=event.offer_id)
    source = await Post.get(id=row.source_id)
    author, remixer = await Actor.get(id=source.author_id), await Actor.get(id=row.by_id)
    if remixer.is_local or not author.is_local:
        return
    build, verb = (activities.accept, "accept") if event.taken else (activities.reject, "reject")
    document = build(
        id=sending.activity_id(here, verb, row.id), actor=author.uri, object=row.uri, target=source.uri,
        to=[remixer.uri],
    )  # fmt: skip
    await send(here, author.uri, document, inboxes=[remixer.inbox_url], post_id=source.id)


async def send_withdrawal(here: Instance, event: OfferWithdrawn) -> None:
    """Tell the author of the source, where they live elsewhere, that it is offered no more."""
    row = await RemixOffer.get(id=event.offer_id)
    remix, source = await Post.get(id=row.remix_id), await Post.get(id=row.source_id)
    author, remixer = await Actor.get(id=source.author_id), await Actor.get(id=row.by_id)
    if author.is_local or not remixer.is_local:
        return
    document = activities.undo(
        id=sending.activity_id(here, "undo", row.id),
        actor=remixer.uri,
        object={"id": row.uri, "type": "Offer", "actor": remixer.uri, "object": remix.uri, "target": source.uri},
        to=[author.uri],
        cc=None,
    )
    await send(here, remixer.uri, document, inboxes=[author.inbox_url], post_id=remix.id)


async def on_undo(here: Instance, received: VerifiedActivity) -> bool:
    """A remixer elsewhere takes an offer back; False for what is no offer that we know."""
    activity = received.activity
    row = await RemixOffer.get_or_none(uri=activity.object_id) if activity.object_id else None
    if row is None:
        return False
    remixer = await Actor.get(id=row.by_id)
    if remixer.is_local or remixer.uri != activity.actor:
        raise Forbidden("only who offered it takes that back")
    async with here.db.transaction():
        if not await offers.settle_withdrawn(here, row):
            raise Ignored("it is answered already")
    return True


async def on_offer(here: Instance, received: VerifiedActivity) -> None:
    """A remixer elsewhere offers what they changed in a practice of somebody here."""
    activity = received.activity
    source = await Post.get_or_none(uri=activity.target, is_local=True, state="visible") if activity.target else None
    if source is None or activity.object_id is None or not activity.id or received.via is not None:
        raise Ignored("nothing of ours is spoken of")
    if len(activity.id) > MAX_URI or here.is_local_uri(activity.object_id):
        raise Forbidden("the remix is not theirs")
    try:
        remixer = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("who offers it is gone") from error
    if remixer.suspended_at is not None or remixer.deleted_at is not None:
        raise Forbidden("nothing is taken from this actor")
    if await offers.is_kept_out(here, source.author_id, remixer):
        raise Forbidden("one of both wants nothing from the other")
    remix = await find_or_fetch(here, activity.object_id)
    tie = await Remix.get_or_none(id=remix.id) if remix is not None else None
    if remix is None or tie is None or remix.author_id != remixer.id or tie.source_uri != source.uri:
        raise Forbidden("this is no remix of theirs of that practice")
    async with here.db.transaction():
        if not await hold(here, remix, *STANDING):
            raise Ignored("the remix is gone")
        await offers.note_offer(here, remix, source, uri=activity.id, note=clean_text(plain(activity.content)).strip())


async def on_answer(here: Instance, received: VerifiedActivity) -> bool:
    """The author of a source elsewhere says what they made of it; False for what is no offer of ours."""
    activity = received.activity
    row = await RemixOffer.get_or_none(uri=activity.object_id) if activity.object_id else None
    if row is None:
        return False
    source, remix = await Post.get(id=row.source_id), await Post.get(id=row.remix_id)
    if source.is_local or not remix.is_local or (await Actor.get(id=source.author_id)).uri != activity.actor:
        raise Forbidden("only who wrote the source answers")
    async with here.db.transaction():
        await offers.settle_offer(here, row, taken=activity.type == "Accept")
    return True
