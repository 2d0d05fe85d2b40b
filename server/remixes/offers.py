"""Offering a change back to the author of the source, and what they make of it."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from server.actors.models import Actor
from server.actors.relations import blocked_among
from server.actors.viewer import Viewer
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import sending
from server.posts.composing import readable_post
from server.posts.holding import hold
from server.posts.models import Post
from server.practices import actions as practices
from server.practices import queries as practice_queries
from server.remixes.actions import bond_with, described
from server.remixes.comparing import comparison, with_changes
from server.remixes.events import ChangeOffered, OfferAnswered, OfferWithdrawn
from server.remixes.models import Remix, RemixOffer
from server.remixes.policy import Denied, may_offer
from server.text import clean_text

NOTE_CHARACTERS = 500
OPEN, TAKEN, DECLINED, BACK = "open", "taken", "declined", "back"

_CHANGED = "Your practice changed meanwhile. Look at the differences again."
_TAKEN_BACK = "It was taken back meanwhile."
_ANSWERED = "You have answered this already."


@dataclass(frozen=True, slots=True)
class OfferView:
    """What somebody may know of an offer: the remixer and the author of the source see it, nobody else.

    `may_offer`: nothing was offered yet, and the viewer may. `is_for_me`: it waits for the viewer.
    `can_withdraw`: the viewer made it, and it waits.
    """

    state: str = ""
    note: str = ""
    may_offer: bool = False
    why_not: str = ""
    is_for_me: bool = False
    can_withdraw: bool = False


async def offer_of(here: Instance, viewer: Viewer, remix_id: str, source_id: str) -> OfferView:
    """The offer of a change that the viewer was shown, as far as it concerns them."""
    remix, source = await Post.get(id=remix_id), await Post.get(id=source_id)
    is_mine, source_is_mine = remix.author_id == viewer.actor_id, source.author_id == viewer.actor_id
    if viewer.actor_id is None or not (is_mine or source_is_mine):
        return OfferView()
    row = await RemixOffer.get_or_none(remix_id=remix_id, source_id=source_id)
    if row is not None:
        is_for_me = source_is_mine and source.is_local and row.state == OPEN
        can_withdraw = is_mine and remix.is_local and row.state == OPEN
        return OfferView(state=row.state, note=row.note, is_for_me=is_for_me, can_withdraw=can_withdraw)
    verdict = may_offer(is_mine=is_mine, source_is_mine=source_is_mine, visibility=remix.visibility)
    if isinstance(verdict, Denied):
        return OfferView(why_not=verdict.reason if is_mine and not source_is_mine else "")
    return OfferView(may_offer=True)


async def offer(here: Instance, acting: Viewer, remix_id: str, note: str = "") -> RemixOffer:
    """Offer the change of one's own remix to the author of its source; once."""
    remix = await readable_post(here, acting, remix_id)
    tie = await Remix.get_or_none(id=remix.id)
    source = await Post.get_or_none(uri=tie.source_uri) if tie is not None else None
    if source is None or remix.author_id != acting.actor_id or not remix.is_local:
        raise NotFound
    await readable_post(here, acting, source.id)
    verdict = may_offer(is_mine=True, source_is_mine=source.author_id == acting.actor_id, visibility=remix.visibility)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
    note = clean_text(note).strip()
    if len(note) > NOTE_CHARACTERS:
        raise Invalid(f"Use at most {NOTE_CHARACTERS} characters.", field="note")
    async with here.db.transaction():
        if not await hold(here, remix, "visible"):
            raise NotFound
        return await note_offer(
            here, remix, source, uri=sending.activity_id(here, "offer", new_id(here.clock.now())), note=note
        )


async def withdraw(here: Instance, acting: Viewer, remix_id: str) -> None:
    """Take one's own offer back, as long as it waits; its author sees it no more. NotFound for everybody else's."""
    remix = await readable_post(here, acting, remix_id)
    row = await RemixOffer.get_or_none(remix_id=remix.id)
    if row is None or not remix.is_local or remix.author_id != acting.actor_id:
        raise NotFound
    async with here.db.transaction():
        if not await settle_withdrawn(here, row):
            raise NotAllowed("It is answered already, or taken back.")


async def settle_withdrawn(here: Instance, row: RemixOffer) -> bool:
    """Write down that an offer was taken back, in the caller's transaction; False where it waits no more."""
    changed = await RemixOffer.filter(id=row.id, state=OPEN).update(state=BACK, answered_at=here.clock.now())
    if changed:
        await here.events.emit(OfferWithdrawn(row.id))
    return bool(changed)


async def note_offer(here: Instance, remix: Post, source: Post, *, uri: str, note: str) -> RemixOffer:
    """Write an offer down, in the caller's transaction, which holds the remix; the same remix is offered once."""
    known = await RemixOffer.get_or_none(remix_id=remix.id, source_id=source.id) or await RemixOffer.get_or_none(
        uri=uri
    )
    if known is not None:
        return known
    now = here.clock.now()
    made = await RemixOffer.create(
        id=new_id(now),
        uri=uri,
        remix_id=remix.id,
        source_id=source.id,
        by_id=remix.author_id,
        note=note[:NOTE_CHARACTERS],
        created_at=now,
    )
    await here.events.emit(ChangeOffered(made.id))
    return made


async def take(
    here: Instance, acting: Viewer, remix_id: str, chosen: Collection[int], *, version: int, change_note: str = ""
) -> Post:
    """Make a new version of one's own practice with some of the steps that were offered, and thank for them.

    `version` is the one of the source that was looked at: Invalid where it changed meanwhile.
    """
    found = await comparison(here, acting, remix_id)
    row = await _waiting(here, acting, found.remix.id, found.source.id)
    if found.source.version != version:
        raise Invalid(_CHANGED, field="take")
    wanted = {step.number for step in found.changes} & set(chosen)
    if not wanted:
        raise Invalid("Choose at least one change.", field="take")
    kept = await practice_queries.draft(here, acting, found.source.id)
    if kept is None:
        raise NotFound
    form = replace(kept[1], steps=with_changes(found.steps, wanted))
    source, remix = await Post.get(id=found.source.id), await Post.get(id=found.remix.id)
    bond = await bond_with(here, acting, source, form, thanks=await described(remix))
    name = found.remix.author.display_name
    note = change_note.strip() or f"With a change by {name}"

    async def settle(post: Post) -> None:
        if post.version != version + 1:
            raise Invalid(_CHANGED, field="take")
        await bond.keep(post)
        if not await settle_offer(here, row, taken=True):
            raise Invalid(_ANSWERED, field="take")

    return await practices.revise(here, acting, source.id, form, note, bond=replace(bond, store=settle))


async def decline(here: Instance, acting: Viewer, remix_id: str) -> None:
    """Leave one's own practice as it is."""
    remix = await readable_post(here, acting, remix_id)
    tie = await Remix.get_or_none(id=remix.id)
    source = await Post.get_or_none(uri=tie.source_uri) if tie is not None else None
    row = await _waiting(here, acting, remix.id, source.id if source is not None else "")
    async with here.db.transaction():
        await settle_offer(here, row, taken=False)


async def settle_offer(here: Instance, row: RemixOffer, *, taken: bool) -> bool:
    """Write down what became of an offer, in the caller's transaction; the first answer counts, False for others."""
    changed = await RemixOffer.filter(id=row.id, state=OPEN).update(
        state=TAKEN if taken else DECLINED, answered_at=here.clock.now()
    )
    if changed:
        await here.events.emit(OfferAnswered(row.id, taken))
    return bool(changed)


async def is_kept_out(here: Instance, author_id: str, remixer: Actor) -> bool:
    """Whether one of both wants nothing from the other."""
    return remixer.id in await blocked_among(here, author_id, [remixer.id])


async def _waiting(here: Instance, acting: Viewer, remix_id: str, source_id: str) -> RemixOffer:
    """An open offer to the viewer; NotFound for everybody else's."""
    row = await RemixOffer.get_or_none(remix_id=remix_id, source_id=source_id)
    source = await Post.get_or_none(id=source_id)
    if row is None or source is None or source.author_id != acting.actor_id or not source.is_local:
        raise NotFound
    if row.state != OPEN:
        raise Invalid(_TAKEN_BACK if row.state == BACK else _ANSWERED, field="take")
    return row
