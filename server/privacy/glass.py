"""Breaking the glass: reading what only one person can read, when it cannot be avoided.

No page shows it to anybody. Somebody with access to the machine asks on the command line in the name of an admin, with
a reason; another admin confirms in the browser; then it can be read once, within a day. All of it stands in the log,
and the person is told, unless a law forbids that, which has to be named.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.accounts.models import Account
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.db import from_milliseconds
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.mail.actions import send_later
from server.privacy.models import GlassRequest
from server.words import Words

VALID = timedelta(hours=24)
LEAST_REASON, MOST_REASON = 20, 2000
MOST_READ = 2000
SHOWN = 20

_ONLY_THEIRS = (
    "SELECT kind, title, source_md, content_html, visibility, state, published_at FROM post WHERE author_id = :person"
    " AND is_local AND (visibility IN ('private', 'direct') OR state = 'draft') AND state <> 'deleted'"
    " ORDER BY published_at, id LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class GlassView:
    """One request, for admins and for the person it is about."""

    id: str
    by: str
    by_id: str
    person: str
    person_id: str
    confirmed_by: str
    reason: str
    withheld: str
    state: str
    created_at: datetime
    read_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OnlyTheirs:
    """Something that only its author, and whom they addressed, can read."""

    at: datetime
    what: str
    title: str
    text: str


async def ask(here: Instance, *, by: str, person: str, reason: str, withheld: str = "") -> str:
    """Ask to read what is only somebody's; returns the id. Raises Invalid: who may not ask, and why not."""
    asking, about = await _account(by), await _account(person)
    reason, withheld = reason.strip()[:MOST_REASON], withheld.strip()[:MOST_REASON]
    if asking is None or asking.role != "admin" or asking.state != "active":
        raise Invalid("Only in the name of an admin whose account is open.")
    if about is None:
        raise Invalid("Nobody here has this name.")
    if about.id == asking.id:
        raise Invalid("What is your own you can read in the browser.")
    if len(reason) < LEAST_REASON:
        raise Invalid("Say in a sentence why this cannot be avoided: another admin and the person will read it.")
    others = (
        await Account.filter(role="admin", state="active")
        .exclude(id__in=[asking.id, about.id])
        .prefetch_related("actor")
    )
    if not others:
        raise Invalid("A second admin has to confirm, and there is none. Make somebody an admin first.")
    now = here.clock.now()
    async with here.db.transaction():
        made = await GlassRequest.create(
            id=new_id(now),
            by_id=asking.actor_id,
            person_id=about.actor_id,
            reason=reason,
            withheld=withheld,
            created_at=now,
            expires_at=now + VALID,
        )
        await _record(here, made, "glass.ask", f"@{asking.actor.username}", about.actor)
        for other in others:
            if other.email and other.email_confirmed_at is not None:
                words = Words(other.language, other.timezone)
                text = words.text(
                    "%(by)s asks to read what only %(person)s can read, on the command line of the server. Nothing"
                    " happens unless another admin confirms it within a day:\n%(address)s",
                    by=f"@{asking.actor.username}",
                    person=f"@{about.actor.username}",
                    address=here.url("/admin/break-glass"),
                )
                subject = words.text("Somebody asks to read what is private")
                await send_later(here, to=other.email, subject=subject, text=text)
    return str(made.id)


async def decide(here: Instance, acting: Viewer, request_id: str, *, agreed: bool) -> None:
    """Confirm or refuse what another admin asks; whoever calls this has made sure that it is them.

    NotFound for who is no admin, asked it themselves, or is the person it is about.
    """
    if not acting.is_admin:
        raise NotFound
    now = here.clock.now()
    async with here.db.transaction():
        found = await GlassRequest.get_or_none(id=request_id, state="asked", expires_at__gt=now)
        if found is None or acting.actor_id in {found.by_id, found.person_id}:
            raise NotFound
        found.state, found.confirmed_by_id, found.confirmed_at = (
            "confirmed" if agreed else "refused",
            str(acting.actor_id),
            now,
        )
        found.expires_at = now + VALID
        await found.save()
        action = "glass.confirm" if agreed else "glass.refuse"
        await _record(here, found, action, acting.handle, await Actor.get(id=found.person_id))


async def read(here: Instance, request_id: str) -> list[OnlyTheirs]:
    """Read it, once. The person is told in the same moment, unless a law was named. Raises NotAllowed, NotFound."""
    now = here.clock.now()
    async with here.db.transaction():
        found = await GlassRequest.get_or_none(id=request_id)
        if found is None:
            raise NotFound("There is no such request.")
        if found.state != "confirmed" or found.expires_at <= now:
            raise NotAllowed(
                "Another admin has to confirm it in the browser first, and it can be read once within a day."
            )
        if not await GlassRequest.filter(id=found.id, state="confirmed").update(state="read", read_at=now):
            raise NotAllowed("It was read already.")
        person = await Actor.get(id=found.person_id)
        asking = await Actor.get(id=found.by_id)
        await _record(here, found, "glass.read", f"@{asking.username}", person)
        if not found.withheld:
            await _tell(here, found, asking)
        rows = await here.db.rows(_ONLY_THEIRS, person=found.person_id, limit=MOST_READ)
    return [
        OnlyTheirs(
            from_milliseconds(row["published_at"]),
            "draft" if row["state"] == "draft" else row["visibility"],
            row["title"],
            row["source_md"] or row["content_html"],
        )
        for row in rows
    ]


async def asked(here: Instance) -> list[GlassView]:
    """The latest requests, for admins."""
    return await _views(here, "TRUE")


async def about_me(here: Instance, acting: Viewer) -> list[GlassView]:
    """Who read what is only mine, and why; what a law kept from me is not among it."""
    return await _views(here, "glass_request.person_id = :me AND state = 'read' AND withheld = ''", me=acting.actor_id)


async def _views(here: Instance, which: str, **values: object) -> list[GlassView]:
    rows = await here.db.rows(
        "SELECT glass_request.id, glass_request.by_id, glass_request.person_id, reason, withheld, state,"
        " glass_request.created_at, read_at, expires_at, asking.username AS by_name, about.username AS person,"
        " other.username AS other FROM glass_request JOIN actor AS asking ON asking.id = glass_request.by_id"
        " JOIN actor AS about ON about.id = glass_request.person_id"
        " LEFT JOIN actor AS other ON other.id = glass_request.confirmed_by_id"
        f" WHERE {which} ORDER BY glass_request.id DESC LIMIT :limit",
        limit=SHOWN,
        **values,
    )
    return [
        GlassView(
            id=row["id"],
            by=f"@{row['by_name']}",
            by_id=row["by_id"],
            person=f"@{row['person']}",
            person_id=row["person_id"],
            confirmed_by=f"@{row['other']}" if row["other"] else "",
            reason=row["reason"],
            withheld=row["withheld"],
            state=row["state"],
            created_at=from_milliseconds(row["created_at"]),
            read_at=None if row["read_at"] is None else from_milliseconds(row["read_at"]),
            expires_at=from_milliseconds(row["expires_at"]),
        )
        for row in rows
    ]


async def _account(name: str) -> Account | None:
    username = name.strip().lstrip("@").lower().partition("@")[0]
    return await Account.get_or_none(actor__username=username, actor__is_local=True).prefetch_related("actor")


async def _record(here: Instance, found: GlassRequest, action: str, by: str, person: Actor) -> None:
    detail: dict[str, object] = {"reason": found.reason, "request": found.id}
    if found.withheld:
        detail["withheld"] = found.withheld
    await audit.record(here, by=by, action=action, subject=f"@{person.username}", detail=detail)


async def _tell(here: Instance, found: GlassRequest, asking: Actor) -> None:
    account = await Account.get_or_none(actor_id=found.person_id)
    if account is None or account.email is None or account.email_confirmed_at is None:
        return  # their data page says it
    words = Words(account.language, account.timezone)
    text = words.text(
        "What only you can read at %(site)s, your drafts and what is for you alone or for people named, was read today"
        " on the command line by %(by)s; another admin confirmed it. The reason they gave:\n\n%(reason)s\n\nIt stands"
        " under your data, too:\n%(address)s",
        site=here.site.name,
        by=f"@{asking.username}",
        reason=found.reason,
        address=here.url("/settings/data"),
    )
    subject = words.text("What is private at %(site)s was read", site=here.site.name)
    await send_later(here, to=account.email, subject=subject, text=text)
