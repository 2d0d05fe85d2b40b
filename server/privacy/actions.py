"""Asking for an archive, making it, and fetching it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

from server.accounts.models import Account
from server.actors.events import ActorDeleted
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.communities.activities.authority import looks_after
from server.communities.policy import SUPPORT
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.mail.actions import send_later
from server.media.queries import storage
from server.privacy.archive import ArchiveParts, forget_parts
from server.privacy.models import DataExport
from server.words import Words

JOB, FORGET_JOB, BRING_JOB = "privacy.export", "privacy.forget_export", "privacy.bring"
OWN, COMMUNITY = "own", "community"
KEPT = timedelta(days=7)
PAUSE = timedelta(hours=12)
SMALL_POSTS, SMALL_BYTES = 60, 4 * 1024 * 1024
"""An account with no more than this has its archive at once."""
SWEPT_AT_ONCE = 50
MOST_BROUGHT = 60 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FetchedPart:
    """A file of an archive, to be sent."""

    name: str
    size_bytes: int
    body: AsyncIterator[bytes]


async def ask_for_own(here: Instance, acting: Viewer) -> str:
    """Ask for all that is known about oneself; returns the id. A small account has it at once.

    Raises Invalid where one is there that is not half a day old.
    """
    if acting.actor_id is None:
        raise NotAllowed("Sign in first.")
    now = here.clock.now()
    recent = await DataExport.filter(actor_id=acting.actor_id, kind=OWN, created_at__gt=now - PAUSE).exists()
    if recent:
        raise Invalid("You asked for an archive less than twelve hours ago. Fetch that one, or ask again later.")
    export_id = await begin(here, acting.actor_id, OWN, acting.actor_id)
    if await _is_small(here, acting.actor_id):
        await make(here, {"id": export_id})
    return export_id


async def ask_for_community(here: Instance, acting: Viewer, community_id: str) -> str:
    """Ask for the archive of a community that one is a steward of; returns the id. Raises NotFound, Invalid."""
    await check_steward(here, acting, community_id)
    if await is_closed(here, community_id):
        raise Invalid("What is said in it stays with its members: there is no archive of a confidential community.")
    before = here.clock.now() - PAUSE
    if await DataExport.filter(subject_id=community_id, kind=COMMUNITY, created_at__gt=before).exists():
        raise Invalid("Somebody asked for this archive less than twelve hours ago. Ask again later.")
    return await begin(here, str(acting.actor_id), COMMUNITY, community_id)


async def is_closed(here: Instance, community_id: str) -> bool:
    """Whether nothing of a community is taken along: it is confidential, or a support group (B4)."""
    row = await here.db.row("SELECT kind, confidential FROM community WHERE id = :id", id=community_id)
    return row is None or bool(row["confidential"]) or row["kind"] == SUPPORT


async def check_steward(here: Instance, acting: Viewer, community_id: str) -> None:
    """Whether somebody is a steward of a community here. Raises NotFound for everybody else, also for admins."""
    if acting.actor_id is None or not await looks_after(here, acting.actor_id, community_id, steward=True):
        raise NotFound


async def begin(here: Instance, actor_id: str, kind: str, subject_id: str) -> str:
    """Note that an archive is wanted, and have a job make it; returns its id."""
    now = here.clock.now()
    export_id = new_id(now)
    async with here.db.transaction():
        await DataExport.create(
            id=export_id,
            actor_id=actor_id,
            kind=kind,
            subject_id=subject_id,
            created_at=now,
            expires_at=now + KEPT,
        )
        await here.jobs.enqueue(JOB, {"id": export_id}, unique=f"{JOB}:{export_id}")
    return export_id


async def make(here: Instance, payload: Any) -> None:
    """The job: write the archive, and say that it is there. Bears being run twice."""
    found = await DataExport.get_or_none(id=payload["id"], state="waiting")
    actor = await Actor.get_or_none(id=found.actor_id, deleted_at=None) if found else None
    if found is None or actor is None:
        return
    if found.kind == COMMUNITY and (
        await is_closed(here, found.subject_id) or not await looks_after(here, actor.id, found.subject_id, steward=True)
    ):
        await found.delete()
        return
    name = await here.db.value("SELECT username FROM actor WHERE id = :id", id=found.subject_id)
    into = ArchiveParts(here, f"{name}-{here.clock.now():%Y-%m-%d}")
    try:
        # Loaded with the first archive: an idle server has none of it in memory (P9).
        if found.kind == COMMUNITY:
            await import_module("server.privacy.communal").write_community(here, found.subject_id, into)
        else:
            await import_module("server.privacy.taking").write_own(here, actor.id, into)
        parts = await into.end()
    except BaseException:
        await into.discard()
        raise
    now = here.clock.now()
    async with here.db.transaction():
        taken = await DataExport.filter(id=found.id, state="waiting").update(
            state="ready", parts=parts, ready_at=now, expires_at=now + KEPT
        )
        if taken and found.kind != "farewell":
            await _tell(here, actor.id)
    if not taken:  # somebody else made it meanwhile, or it is not wanted any more
        await into.discard()


async def fetch_own(here: Instance, acting: Viewer, export_id: str, number: int) -> FetchedPart:
    """A file of an archive that one asked for. Raises NotFound for anybody else's, as for one that is over.

    Whoever calls this has made sure that it is really them (`accounts.need_proof`).
    """
    found = await DataExport.get_or_none(id=export_id, actor_id=str(acting.actor_id), state="ready")
    if found is not None and found.kind == COMMUNITY:
        await check_steward(here, acting, found.subject_id)
    return await fetched(here, found, number)


async def fetched(here: Instance, found: DataExport | None, number: int) -> FetchedPart:
    """A file of an archive. Raises NotFound."""
    if found is None or found.expires_at <= here.clock.now() or not 0 <= number < len(found.parts):
        raise NotFound("This archive is not here any more. Ask for a new one.")
    part = found.parts[number]
    size = await storage(here).size(part["key"])
    if size is None:
        raise NotFound("This archive is not here any more. Ask for a new one.")
    return FetchedPart(part["name"], size, storage(here).stream(part["key"], 0, size))


async def discard_own(here: Instance, acting: Viewer, export_id: str) -> None:
    """Delete an archive before its time. Raises NotFound for anybody else's."""
    async with here.db.transaction():
        found = await DataExport.get_or_none(id=export_id, actor_id=str(acting.actor_id))
        if found is None:
            raise NotFound
        await _forget(here, found)


async def bring(here: Instance, acting: Viewer, kind: str, data: bytes) -> int:
    """Take a file of lists or an archive from elsewhere, as `bringing.bring`."""
    count: int = await import_module("server.privacy.bringing").bring(here, acting, kind, data)
    return count


async def sweep(here: Instance, _: object = None) -> None:
    """Delete what nobody can fetch any more."""
    async with here.db.transaction():
        over = DataExport.filter(expires_at__lte=here.clock.now()).order_by("expires_at", "id").limit(SWEPT_AT_ONCE)
        for found in await over:
            await _forget(here, found)


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """Archives go with their account."""
    for found in await DataExport.filter(actor_id=event.actor_id, kind__not="farewell").limit(100):
        await _forget(here, found)


async def forget(here: Instance, payload: Any) -> None:
    """The job: remove the bytes."""
    await forget_parts(here, payload["parts"])


async def _forget(here: Instance, found: DataExport) -> None:
    await found.delete()
    if found.parts:
        await here.jobs.enqueue(FORGET_JOB, {"parts": found.parts})


async def _is_small(here: Instance, actor_id: str) -> bool:
    row = await here.db.row(
        "SELECT (SELECT count(*) FROM post WHERE author_id = :me) AS posts,"
        " (SELECT COALESCE(sum(size_bytes), 0) FROM media WHERE owner_id = :me) AS size",
        me=actor_id,
    )
    return row is not None and int(row["posts"]) <= SMALL_POSTS and int(row["size"]) <= SMALL_BYTES


async def _tell(here: Instance, actor_id: str) -> None:
    account = await Account.get_or_none(actor_id=actor_id)
    if account is None or account.email is None or account.email_confirmed_at is None:
        return
    words = Words(account.language, account.timezone)
    text = words.text(
        "Your archive is ready. Fetch it within seven days, signed in:\n%(address)s\n\n"
        "If you did not ask for it, change your password.",
        address=here.url("/settings/data"),
    )
    subject = words.text("Your archive from %(site)s is ready", site=here.site.name)
    await send_later(here, to=account.email, subject=subject, text=text)
