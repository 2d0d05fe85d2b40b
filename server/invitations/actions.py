"""Inviting the people of a list, writing to them, and taking it back."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from server.accounts.joining import INVITATION_LIFE
from server.accounts.models import Account, Invitation
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.db import among
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.invitations.models import InvitedPerson
from server.invitations.reading import Read, Row, Wrong, as_line, read
from server.mail.actions import send_later
from server.secrets import new_token, token_hash

SEND = "invitations.send"
MAILS_AT_MOST = 5
PAUSE = timedelta(hours=1)
"""So long nobody is written to again."""
KEPT = timedelta(days=180)


async def preview(here: Instance, by: Viewer, text: str) -> Read:
    """What would come of a list: who is new, and which lines cannot be used. Raises Invalid and NotAllowed."""
    _admins_only(by)
    found = read(text)
    known = await _known(here, [row.email for row in found.rows])
    wrong = [
        Wrong(row.line, as_line(row.name, row.email, row.role), known[row.email])
        for row in found.rows
        if row.email in known
    ]
    rows = tuple(row for row in found.rows if row.email not in known)
    return Read(rows, tuple(sorted((*found.wrong, *wrong), key=lambda each: each.line)))


async def invite(here: Instance, by: Viewer, text: str, *, without_wrong: bool = False) -> Read:
    """Invite everybody in a list, all or nobody; mails go out in a job.

    Where a line is wrong nobody is invited, unless `without_wrong`. Returns what was found either way.
    """
    found = await preview(here, by, text)
    if not found.rows or (found.wrong and not without_wrong):
        return found
    now = here.clock.now()
    async with here.db.transaction():
        made = [await _note(here, by, row) for row in found.rows]
        await audit.record(here, by=by.handle, action="invitation.list", subject=str(len(made)))
        await here.jobs.enqueue_all(SEND, [each.id for each in made], run_at=now, unique=lambda each: f"{SEND}:{each}")
    return found


async def resend(here: Instance, by: Viewer, person_id: str) -> None:
    """Write to somebody again, with a new link; the old one ends."""
    _admins_only(by)
    async with here.db.transaction():
        person = await _open(person_id)
        if person.mails >= MAILS_AT_MOST:
            raise Invalid(f"{person.name} was written to {person.mails} times. Ask them in another way.")
        if person.sent_at is not None and here.clock.now() - person.sent_at < PAUSE:
            raise Invalid(f"{person.name} was written to within the last hour.")
        person.sent_at = None
        await person.save(update_fields=["sent_at"])
        await here.jobs.enqueue(SEND, person.id, unique=f"{SEND}:{person.id}")
        await audit.record(here, by=by.handle, action="invitation.resend", subject=person.name)


async def revoke(here: Instance, by: Viewer, person_id: str) -> None:
    """Their link works no more, and no mail goes out."""
    _admins_only(by)
    async with here.db.transaction():
        person = await _open(person_id)
        person.revoked_at = here.clock.now()
        await Invitation.filter(id=person.invitation_id or "").delete()
        await person.save(update_fields=["revoked_at"])
        await audit.record(here, by=by.handle, action="invitation.revoke", subject=person.name)


async def send(here: Instance, person_id: Any) -> None:
    """The job that writes to one person. Run twice, it makes a second link and ends the first."""
    now = here.clock.now()
    async with here.db.transaction():
        person = await InvitedPerson.get_or_none(id=person_id, joined_at=None, revoked_at=None, sent_at=None)
        if person is None:
            return
        writer = await Account.get_or_none(id=person.invited_by_id, state="active").prefetch_related("actor")
        if writer is None or writer.role != "admin":  # who may not invite any more, invites nobody any more
            person.revoked_at = now
            await person.save(update_fields=["revoked_at"])
            return
        await Invitation.filter(id=person.invitation_id or "", uses=0).delete()
        token = new_token()
        invitation = await Invitation.create(
            id=new_id(now),
            token_hash=token_hash(token),
            created_by=writer,
            note=person.name,
            role=person.role,
            max_uses=1,
            created_at=now,
            expires_at=now + INVITATION_LIFE,
        )
        person.invitation_id, person.sent_at, person.mails = invitation.id, now, person.mails + 1
        person.ends_at = now + INVITATION_LIFE
        await person.save(update_fields=["invitation_id", "sent_at", "mails", "ends_at"])
        await send_later(
            here,
            to=person.email,
            subject=f"{writer.actor.name or writer.actor.username} invites you to {here.site.name}",
            text=(
                f"Hello {person.name},\n\n{writer.actor.name or writer.actor.username} invites you to"
                f" {here.site.name}, where people share what works when they teach, and try each other's practices.\n\n"
                f"Join with this link, within {INVITATION_LIFE.days} days:\n\n{here.url(f'/join/{token}')}\n\n"
                "It works once, and is for you alone. If you do not want to, do nothing: you get no more mails unless"
                " somebody invites you again.\n"
            ),
        )


async def tidy(here: Instance) -> None:
    """Note who has joined, and forget people whose invitation was over half a year ago."""
    now = here.clock.now()
    async with here.db.transaction():
        await here.db.execute(
            "UPDATE invited_person SET joined_at = :now WHERE joined_at IS NULL AND EXISTS (SELECT 1 FROM invitation"
            " WHERE invitation.id = invited_person.invitation_id AND invitation.uses > 0)",
            now=now,
        )
        await here.db.execute("DELETE FROM invited_person WHERE created_at < :before", before=now - KEPT)


async def invited_role(here: Instance, address: str) -> str | None:
    """As what somebody was invited who has this address beyond doubt; None for who was not."""
    person = await InvitedPerson.get_or_none(email=address, joined_at=None, revoked_at=None) if address else None
    is_over = person is None or (person.ends_at is not None and person.ends_at <= here.clock.now())
    return None if person is None or is_over else person.role


async def came(here: Instance, address: str) -> None:
    """Whoever has this address has an account now, however they came; in the caller's transaction."""
    person = await InvitedPerson.get_or_none(email=address, joined_at=None) if address else None
    if person is not None:
        person.joined_at = here.clock.now()
        await person.save(update_fields=["joined_at"])
        await Invitation.filter(id=person.invitation_id or "", uses=0).delete()


async def _note(here: Instance, by: Viewer, row: Row) -> InvitedPerson:
    """A new invitation; one that is over or was taken back begins anew."""
    now = here.clock.now()
    await InvitedPerson.filter(email=row.email).delete()
    return await InvitedPerson.create(
        id=new_id(now), email=row.email, name=row.name, role=row.role, invited_by_id=by.account_id, created_at=now
    )


async def _known(here: Instance, addresses: Sequence[str]) -> dict[str, str]:
    """Why these addresses are not invited: somebody has an account with them, or a link that still works."""
    found: dict[str, str] = {}
    for start in range(0, len(addresses), 200):
        names, values = among(list(addresses[start : start + 200]), "email")
        rows = await here.db.rows(
            f"SELECT email FROM account WHERE email IN ({names}) ORDER BY email LIMIT 200", **values
        )
        found.update({row["email"]: "Somebody with this address has an account here." for row in rows})
        rows = await here.db.rows(
            f"SELECT email FROM invited_person WHERE email IN ({names}) AND revoked_at IS NULL AND joined_at IS NULL"
            " AND (ends_at IS NULL OR ends_at > :now) ORDER BY email LIMIT 200",
            now=here.clock.now(),
            **values,
        )
        for row in rows:
            found.setdefault(row["email"], "This address has an invitation that still works.")
    return found


async def _open(person_id: str) -> InvitedPerson:
    person = await InvitedPerson.get_or_none(id=person_id, joined_at=None, revoked_at=None)
    used = person is not None and await Invitation.exists(id=person.invitation_id or "", uses__gt=0)
    if person is None or used:
        raise NotFound("They have joined already, or their invitation was taken back.")
    return person


def _admins_only(by: Viewer) -> None:
    if by.account_id is None or not by.is_admin:
        raise NotAllowed("Only admins invite people.")
