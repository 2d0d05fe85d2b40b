"""Beginning shared notes, and what they are made of: sections, which come, move, go and come back."""

from dataclasses import dataclass

from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.pads.access import Standing
from server.pads.events import PadChanged
from server.pads.models import Pad, PadRevision, PadSection, PadWriter
from server.pads.policy import (
    HEADING,
    MOST_PADS,
    MOST_SECTIONS,
    MOST_TAKEN_OUT,
    TITLE,
    is_held,
)
from server.text import clean_text


@dataclass(frozen=True, slots=True)
class PadForm:
    """What somebody fills in to begin shared notes. `headings` are those of its first sections."""

    title: str
    headings: tuple[str, ...] = ()
    is_project: bool = False


async def start(
    here: Instance, standing: Standing, community_id: str | None, post_id: str | None, form: PadForm
) -> Pad:
    """Begin shared notes in a place where one stands so."""
    standing.insist()
    title, now = _title(form.title), here.clock.now()
    headings = [heading_of(heading) for heading in form.headings if heading.strip()] or [""]
    if len(headings) > MOST_SECTIONS:
        raise Invalid(f"Use at most {MOST_SECTIONS} sections.", field="headings")
    async with here.db.transaction():
        if await Pad.filter(community_id=community_id, post_id=post_id).count() >= MOST_PADS:
            raise Invalid(f"There are {MOST_PADS} notes here already. Remove one that nobody needs.", field="title")
        pad_id = await _fresh_id(here)
        pad = await Pad.create(
            id=pad_id,
            short=pad_id[-8:],
            community_id=community_id,
            post_id=post_id,
            title=title,
            is_project=form.is_project,
            created_by_id=standing.actor_id,
            created_at=now,
            changed_id=pad_id,
        )
        for position, heading in enumerate(headings):
            await PadSection.create(id=new_id(now), pad_id=pad.id, position=position, heading=heading)
    return pad


async def rename(here: Instance, standing: Standing, pad: Pad, *, title: str, is_project: bool) -> None:
    """Call it something else, and say whether it is the notes of a project."""
    standing.insist()
    title = _title(title)
    async with here.db.transaction():
        await Pad.filter(id=pad.id).update(title=title, is_project=is_project)
        await changed(here, pad)


async def remove(here: Instance, standing: Standing, pad: Pad) -> None:
    """Erase shared notes with all that they ever said: by who began them, or who looks after the place."""
    if not may_remove(standing, pad):
        raise NotAllowed("Who began these notes can remove them, and who looks after this place.")
    async with here.db.transaction():
        await erase(pad.id)


def may_remove(standing: Standing, pad: Pad) -> bool:
    """Whether somebody may erase the whole."""
    return standing.looks_after or (pad.created_by_id == standing.actor_id and not standing.why_not)


async def erase(pad_id: str) -> None:
    """Nothing stays of it; in the caller's transaction."""
    for table in (PadRevision, PadSection, PadWriter):
        await table.filter(pad_id=pad_id).delete()
    await Pad.filter(id=pad_id).delete()


async def add_section(here: Instance, standing: Standing, pad: Pad, heading: str) -> PadSection:
    """One more section, at the end."""
    standing.insist()
    heading = heading_of(heading)
    async with here.db.transaction():
        standing_there = await PadSection.filter(pad_id=pad.id, removed_at=None).order_by("-position", "-id").limit(200)
        if len(standing_there) >= MOST_SECTIONS:
            raise Invalid(f"Use at most {MOST_SECTIONS} sections. Begin other notes for more.", field="heading")
        position = standing_there[0].position + 1 if standing_there else 0
        made = new_id(here.clock.now())
        section = await PadSection.create(id=made, pad_id=pad.id, position=position, heading=heading)
        await changed(here, pad)
    return section


async def move_up(here: Instance, standing: Standing, pad: Pad, section_id: str) -> None:
    """Put a section before the one above it."""
    standing.insist()
    async with here.db.transaction():
        found = await PadSection.filter(pad_id=pad.id, removed_at=None).order_by("position", "id").limit(200)
        ids = [section.id for section in found]
        if section_id not in ids:
            raise NotFound
        at = ids.index(section_id)
        ids.insert(max(at - 1, 0), ids.pop(at))
        for position, moved in enumerate(ids):
            await PadSection.filter(id=moved).update(position=position)
        await changed(here, pad)


async def take_out(here: Instance, standing: Standing, pad: Pad, section_id: str) -> None:
    """Take a section out, which can be put back; not while somebody else writes in it."""
    standing.insist()
    section, now = await section_of(pad, section_id), here.clock.now()
    if is_held(section.holder_id, section.held_until, now, but=standing.actor_id):
        raise NotAllowed("Somebody is writing in it at the moment. Ask them first.")
    async with here.db.transaction():
        await PadSection.filter(id=section.id).update(removed_at=now, holder_id=None, held_until=None)
        gone = await PadSection.filter(pad_id=pad.id, removed_at__not_isnull=True).order_by("-removed_at").offset(
            MOST_TAKEN_OUT
        ).limit(50)  # fmt: skip
        for old in gone:
            await PadRevision.filter(section_id=old.id).delete()
            await old.delete()
        await changed(here, pad)


async def put_back(here: Instance, standing: Standing, pad: Pad, section_id: str) -> None:
    """Put a section back that was taken out, as it was."""
    standing.insist()
    async with here.db.transaction():
        if not await PadSection.filter(id=section_id, pad_id=pad.id).update(removed_at=None):
            raise NotFound
        await changed(here, pad)


async def section_of(pad: Pad, section_id: str) -> PadSection:
    """A section of these notes; NotFound for every other."""
    section = await PadSection.get_or_none(id=section_id, pad_id=pad.id)
    if section is None:
        raise NotFound
    return section


async def changed(here: Instance, pad: Pad) -> None:
    """Have open pages look again; in the caller's transaction."""
    pad.changed_id = new_id(here.clock.now())
    await Pad.filter(id=pad.id).update(changed_id=pad.changed_id)
    await here.events.emit(PadChanged(pad.short, pad.changed_id))


def heading_of(text: str) -> str:
    """A heading in one line. Raises Invalid for one that is too long."""
    heading = " ".join(clean_text(text).split())
    if len(heading) > HEADING:
        raise Invalid(f"Use at most {HEADING} characters.", field="heading")
    return heading


def _title(text: str) -> str:
    title = " ".join(clean_text(text).split())
    if not title:
        raise Invalid("Give the notes a title, so that people find them.", field="title")
    if len(title) > TITLE:
        raise Invalid(f"Use at most {TITLE} characters.", field="title")
    return title


async def _fresh_id(here: Instance) -> str:
    """A new id whose short form no other notes have."""
    while True:
        made = new_id(here.clock.now())
        if not await Pad.exists(short=made[-8:]):
            return made
