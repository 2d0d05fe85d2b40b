"""Writing in a section: one person at a time, and nothing that was typed is lost.

Whoever writes has the section for some minutes, visibly, and each sign of them makes it longer. A text says which
version it was made from. Where that is not what stands there, or somebody else has the section, it changes nothing: it
stands beside the section, with the name of who wrote it, until people decide between the two.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.actors.models import Actor
from server.db import to_milliseconds
from server.errors import Invalid, NotAllowed, NotFound, Refused
from server.ids import first_id, new_id
from server.instance import Instance
from server.pads.access import Standing
from server.pads.actions import changed, heading_of, section_of
from server.pads.models import Pad, PadRevision, PadSection, PadWriter
from server.pads.policy import (
    HOLDS,
    MOST_LATE,
    MOST_REVISIONS,
    ONE_TEXT,
    PAD_CHARACTERS,
    SECTION_CHARACTERS,
    is_held,
)
from server.text import render_markdown

OPEN, KEPT, LATE, ASIDE = "open", "kept", "late", "aside"
USE, BOTH, LEAVE = "use", "both", "leave"
"""What can become of a late text."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wrote, and the version of the section that they wrote it from."""

    heading: str
    text: str
    base: int


@dataclass(frozen=True, slots=True)
class Saved:
    """The version that the section has now. `is_late`: it says something else, and the text stands beside it."""

    version: int
    is_late: bool


async def take(here: Instance, standing: Standing, pad: Pad, section_id: str) -> None:
    """Begin to write in a section. NotAllowed, with a name, while somebody else does."""
    standing.insist()
    now = here.clock.now()
    async with here.db.transaction():
        taken = await here.db.execute(
            f"UPDATE pad_section SET holder_id = :me, held_until = :until WHERE id = :id AND pad_id = :pad"
            f" AND removed_at IS NULL AND {_FREE}",
            id=section_id,
            pad=pad.id,
            me=standing.actor_id,
            until=to_milliseconds(now + HOLDS),
            now=to_milliseconds(now),
        )
        if taken:
            await changed(here, pad)
    if not taken:
        section = await section_of(pad, section_id)
        raise NotAllowed(await _who_writes(section))


async def let_go(here: Instance, standing: Standing, pad: Pad, section_id: str) -> None:
    """Stop writing without saving."""
    async with here.db.transaction():
        let = await PadSection.filter(id=section_id, pad_id=pad.id, holder_id=standing.actor_id).update(
            holder_id=None, held_until=None
        )
        if let:
            await PadRevision.filter(section_id=section_id, author_id=standing.actor_id, state=OPEN).update(state=KEPT)
            await changed(here, pad)


async def save(
    here: Instance, standing: Standing, pad: Pad, section_id: str, draft: Draft, *, closes: bool = True
) -> Saved:
    """Keep what somebody wrote; with `closes` they are done, else they go on. Raises Invalid for what is too long."""
    standing.insist()
    section, heading = await section_of(pad, section_id), heading_of(draft.heading)
    text = draft.text.replace("\r\n", "\n").strip()
    if len(text) > SECTION_CHARACTERS:
        raise Invalid(f"Use at most {SECTION_CHARACTERS} characters in one section.", field="text")
    elsewhere = await here.db.value(
        "SELECT SUM(LENGTH(text)) FROM pad_section WHERE pad_id = :pad AND id <> :id AND removed_at IS NULL",
        pad=pad.id,
        id=section.id,
    )
    if int(elsewhere or 0) + len(text) > PAD_CHARACTERS:
        raise Invalid("These notes are full. Begin new ones for this.", field="text")
    html = (await asyncio.to_thread(render_markdown, text, base_url=here.settings.origin)).html
    async with here.db.transaction():
        written = await _write(here, standing, section, Draft(heading, text, draft.base), html, closes=closes)
        is_late = not written and await _note_late(here, standing, section, Draft(heading, text, draft.base))
        if not written and closes:
            await PadSection.filter(id=section.id, holder_id=standing.actor_id).update(holder_id=None, held_until=None)
        await changed(here, pad)
    section = await section_of(pad, section_id)
    return Saved(section.version, is_late)


async def settle(here: Instance, standing: Standing, pad: Pad, revision_id: str, how: str) -> None:
    """Decide about a late text: use it instead, keep both, or leave the section as it is. The history keeps all."""
    standing.insist()
    late = await PadRevision.get_or_none(id=revision_id, pad_id=pad.id, state=LATE)
    if late is None or how not in {USE, BOTH, LEAVE}:
        raise NotFound("Somebody has decided about it already.")
    async with here.db.transaction():
        # Two may decide at once, and one text must not come twice.
        if not await PadRevision.filter(id=late.id, state=LATE).update(state=ASIDE):
            raise NotFound("Somebody has decided about it already.")
        await changed(here, pad)
    if how == LEAVE:
        return
    section = await section_of(pad, late.section_id)
    text = late.text if how == USE else f"{section.text}\n\n{late.text}".strip()
    try:
        await _set(here, standing, pad, section, Draft(late.heading or section.heading, text, section.version))
    except Refused:
        async with here.db.transaction():
            await PadRevision.filter(id=late.id).update(state=LATE)
            await changed(here, pad)
        raise


async def restore(here: Instance, standing: Standing, pad: Pad, revision_id: str) -> str:
    """Have a section say again what it said once, as a new text of the history; returns the section's id."""
    standing.insist()
    revision = await PadRevision.get_or_none(id=revision_id, pad_id=pad.id)
    if revision is None:
        raise NotFound
    section = await section_of(pad, revision.section_id)
    await _set(here, standing, pad, section, Draft(revision.heading, revision.text, section.version))
    return revision.section_id


async def _set(here: Instance, standing: Standing, pad: Pad, section: PadSection, draft: Draft) -> None:
    if is_held(section.holder_id, section.held_until, here.clock.now(), but=standing.actor_id):
        raise NotAllowed(await _who_writes(section))
    if section.removed_at is not None:
        async with here.db.transaction():
            await PadSection.filter(id=section.id).update(removed_at=None)
    saved = await save(here, standing, pad, section.id, draft)
    if saved.is_late:
        raise NotAllowed("Somebody wrote in it at the same moment. Look again.")


_FREE = "(holder_id IS NULL OR holder_id = :me OR held_until <= :now)"


async def _write(
    here: Instance, standing: Standing, section: PadSection, draft: Draft, html: str, *, closes: bool
) -> bool:
    """Change the section, in the caller's transaction; False where that would lose what somebody else wrote."""
    now = here.clock.now()
    is_new = (draft.heading, draft.text) != (section.heading, section.text)
    done = await here.db.execute(
        "UPDATE pad_section SET heading = :heading, text = :text, html = :html, version = version + :step,"
        " author_id = CASE WHEN :step = 1 THEN :me ELSE author_id END,"
        " edited_at = CASE WHEN :step = 1 THEN :now ELSE edited_at END, holder_id = :holder, held_until = :until"
        f" WHERE id = :id AND version = :base AND removed_at IS NULL AND {_FREE}",
        id=section.id,
        base=draft.base,
        heading=draft.heading,
        text=draft.text,
        html=html,
        step=int(is_new),
        me=standing.actor_id,
        now=to_milliseconds(now),
        holder=None if closes else standing.actor_id,
        until=None if closes else to_milliseconds(now + HOLDS),
    )
    if not done:
        return False
    if is_new:
        await _note(here, standing, section, draft, now)
    if closes:
        await PadRevision.filter(section_id=section.id, author_id=standing.actor_id, state=OPEN).update(state=KEPT)
    return True


async def _note(here: Instance, standing: Standing, section: PadSection, draft: Draft, now: datetime) -> None:
    """Keep a text in the history; what the same person writes without a pause is one."""
    values: dict[str, Any] = {"heading": draft.heading, "text": draft.text, "base": draft.base, "at": now}
    last = await PadRevision.filter(section_id=section.id, state__in=[OPEN, KEPT]).order_by("-id").first()
    if (
        last is not None
        and last.state == OPEN
        and last.author_id == standing.actor_id
        and last.id > first_id(now - ONE_TEXT)
    ):
        await PadRevision.filter(id=last.id).update(**values)
        return
    await PadRevision.filter(section_id=section.id, state=OPEN).update(state=KEPT)
    await PadRevision.create(
        id=new_id(now),
        pad_id=section.pad_id,
        section_id=section.id,
        author_id=standing.actor_id,
        state=OPEN,
        **values,
    )
    await PadWriter.get_or_create(pad_id=section.pad_id, person_id=standing.actor_id, defaults={"id": new_id(now)})
    kept = await PadRevision.filter(section_id=section.id, state__in=[KEPT, ASIDE]).order_by("-id").offset(
        MOST_REVISIONS
    ).limit(20)  # fmt: skip
    for old in kept:
        await old.delete()


async def _note_late(here: Instance, standing: Standing, section: PadSection, draft: Draft) -> bool:
    """Put a text beside its section, in the caller's transaction; a section that was taken out comes back for it.

    False where it says what stands there anyway.
    """
    if (draft.heading, draft.text) == (section.heading, section.text):
        return False
    mine: dict[str, Any] = {"section_id": section.id, "author_id": standing.actor_id, "state": LATE}
    values: dict[str, Any] = {"heading": draft.heading, "text": draft.text, "at": here.clock.now()}
    if not await PadRevision.filter(**mine, base=draft.base).update(**values):
        if await PadRevision.filter(section_id=section.id, state=LATE).count() >= MOST_LATE:
            raise Invalid("Too many texts wait beside this section. Decide about those first; yours stands below.")
        made = new_id(here.clock.now())
        await PadRevision.create(id=made, pad_id=section.pad_id, base=draft.base, **mine, **values)
        await PadWriter.get_or_create(
            pad_id=section.pad_id, person_id=standing.actor_id, defaults={"id": new_id(here.clock.now())}
        )
    await PadSection.filter(id=section.id).update(removed_at=None)
    return True


async def _who_writes(section: PadSection) -> str:
    person = await Actor.get_or_none(id=section.holder_id) if section.holder_id else None
    name = (person.name or person.username) if person is not None else "Somebody"
    return f"{name} is writing in this section. It is free when they are done, or five minutes after their last word."
