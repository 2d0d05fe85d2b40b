"""The desk for requests about data: whoever asks what is known, or wants it corrected or erased, has an answer in time.

It is for requests that come by letter, mail or on behalf of somebody, such as from parents or another organisation.
People with an account do most of it themselves, under their data.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.privacy import actions
from server.privacy.models import DataRequest

KINDS = ("access", "copy", "correct", "erase", "object")
OUTCOMES = ("done", "refused", "withdrawn")
TIME = timedelta(days=30)
"""The time to answer: a month in the European law, counted here as the shorter thirty days."""
SHOWN = 100


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request. `days_left` is less than nothing where it is late."""

    id: str
    kind: str
    who: str
    came_by: str
    note: str
    state: str
    outcome: str
    received_at: datetime
    due_at: datetime
    closed_at: datetime | None
    days_left: int


async def note(
    here: Instance, acting: Viewer, *, kind: str, who: str, came_by: str, note: str, received: datetime
) -> str:
    """Write a request down; its clock runs from the day it came. Raises Invalid with the field."""
    _admins_only(acting)
    now, who = here.clock.now(), who.strip()
    if kind not in KINDS:
        raise Invalid("Choose what they ask for.", field="kind")
    if not who:
        raise Invalid("Write who asks, and about whom, as far as you need it to answer.", field="who")
    if not now - timedelta(days=365) <= received <= now + timedelta(days=1):
        raise Invalid("Write the day it came, such as 2026-11-28.", field="received")
    async with here.db.transaction():
        made = await DataRequest.create(
            id=new_id(now),
            kind=kind,
            who=who[:300],
            came_by=came_by.strip()[:100],
            note=note.strip()[:4000],
            received_at=received,
            due_at=received + TIME,
            created_at=now,
        )
        await audit.record(here, by=acting.handle, action="request.note", subject=made.id, detail={"kind": kind})
    return str(made.id)


async def close(here: Instance, acting: Viewer, request_id: str, outcome: str, reason: str) -> None:
    """Say how it ended, with a reason. Raises Invalid with the field, NotFound where it is closed already."""
    _admins_only(acting)
    if outcome not in OUTCOMES:
        raise Invalid("Choose how it ended.", field="outcome")
    if not reason.strip():
        raise Invalid("Write what you answered, or why you refused.", field="reason")
    async with here.db.transaction():
        changed = await DataRequest.filter(id=request_id, state="open").update(
            state="closed", outcome=outcome, reason=reason.strip()[:4000], closed_at=here.clock.now()
        )
        if not changed:
            raise NotFound
        await audit.record(
            here, by=acting.handle, action="request.close", subject=request_id, detail={"outcome": outcome}
        )


async def make_archive(here: Instance, acting: Viewer, request_id: str, handle: str) -> None:
    """Have the archive of somebody here made, for them to fetch: no admin reads it. Raises Invalid, NotFound."""
    _admins_only(acting)
    if not await DataRequest.exists(id=request_id, state="open"):
        raise NotFound
    actor_id = await here.db.value(
        "SELECT actor.id FROM actor JOIN account ON account.actor_id = actor.id WHERE actor.username = :name",
        name=handle.strip().lstrip("@").lower().partition("@")[0],
    )
    if actor_id is None:
        raise Invalid("Nobody here has this name.", field="handle")
    await actions.begin(here, str(actor_id), actions.OWN, str(actor_id))
    await audit.record(here, by=acting.handle, action="request.archive", subject=request_id, detail={"of": handle[:80]})


async def requests(here: Instance) -> list[RequestView]:
    """What is open first, the most urgent on top; then what was closed, the latest first."""
    now = here.clock.now()
    opened = await DataRequest.filter(state="open").order_by("due_at", "id").limit(SHOWN)
    closed = await DataRequest.filter(state="closed").order_by("-closed_at", "-id").limit(SHOWN)
    return [_view(item, now) for item in (*opened, *closed)]


async def urgent(here: Instance) -> int:
    """How many open requests have less than ten days left."""
    before = here.clock.now() + timedelta(days=10)
    return int(
        await here.db.value("SELECT count(*) FROM data_request WHERE state = 'open' AND due_at < :at", at=before)
    )


def _view(item: DataRequest, now: datetime) -> RequestView:
    return RequestView(
        item.id, item.kind, item.who, item.came_by, item.note, item.state, item.outcome, item.received_at, item.due_at,
        item.closed_at, (item.due_at - now).days,
    )  # fmt: skip


def _admins_only(acting: Viewer) -> None:
    if not acting.is_admin:
        raise NotAllowed("Only admins do this.")
