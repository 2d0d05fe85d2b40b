"""What is noted of the state of an installation: the last look, the last backup, the last mail that was tried."""

import re
from datetime import timedelta
from typing import Any

import msgspec

from server.actors.viewer import Viewer
from server.checkup import lines
from server.checkup.queries import BACKUP, LOOK, MAIL, Look, MailTried
from server.db import Database
from server.errors import NotAllowed
from server.instance import Instance
from server.mailer import AddressRefused, Mail, MailError
from server.peers.software import software_of
from server.version import VERSION

LOOK_JOB = "checkup.look"
MAIL_JOB = "checkup.mail"
EVERY = timedelta(days=1)
MOST_ASKED = 10
"""Servers that are asked for their version in one look."""

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})\b")


async def ask_for_a_look(here: Instance, acting: Viewer) -> None:
    """Look again soon, for an admin."""
    _admins_only(acting)
    async with here.db.transaction():
        await here.jobs.enqueue(LOOK_JOB, None, unique=f"every:{LOOK_JOB}")


async def look(here: Instance, _: object = None) -> None:
    """Look at everything, and keep what was found."""
    found = [
        lines.of_origin(here.settings),
        *await lines.of_instance(here),
        *await lines.of_settings(here.settings),
    ]
    newer, host = await _newer(here)
    seen = Look(at=here.clock.now(), lines=found, newer=newer, newer_at=host)
    async with here.db.transaction():
        await _note(here.db, LOOK, seen, here.clock.now())


async def ask_for_a_mail(here: Instance, acting: Viewer, address: str) -> None:
    """Send an admin a mail, to see whether that works."""
    _admins_only(acting)
    now = here.clock.now()
    async with here.db.transaction():
        await _note(here.db, MAIL, MailTried(at=now, to=address), now)
        await here.jobs.enqueue(MAIL_JOB, {"to": address}, unique=MAIL_JOB)


async def try_mail(here: Instance, payload: Any) -> None:
    """Send it, and keep what the mail server said."""
    to, error = str(payload["to"]), ""
    text = f"This is a mail from {here.site.name} ({here.settings.origin}) to see whether mail works. It does.\n"
    try:
        await here.mailer.send(Mail(to=to, subject=f"A mail from {here.site.name}", text=text))
    except (MailError, AddressRefused) as problem:
        error = " ".join(str(problem).split())[:400]
    now = here.clock.now()
    async with here.db.transaction():
        await _note(here.db, MAIL, MailTried(at=now, to=to, is_over=True, error=error), now)


async def note_backup(db: Database, now: Any, size: int) -> None:
    """Remember that everything was saved, `size` bytes of it."""
    async with db.transaction():
        await _note(db, BACKUP, {"size": size}, now)


async def _newer(here: Instance) -> tuple[str, str]:
    """A newer version that another server runs, and which; nobody else is asked whether there is one.

    One server's word is enough where an admin trusts it, otherwise it takes two: anybody can claim any version.
    """
    rows = await here.db.rows(
        "SELECT host, grade FROM peer WHERE software = 'peerhall' AND grade NOT IN ('blocked', 'limited')"
        " ORDER BY last_seen_at DESC LIMIT :most",
        most=MOST_ASKED,
    )
    best, host, seen = _parts(VERSION), "", set[tuple[int, ...]]()
    for row in rows:
        theirs = _parts((await software_of(here, f"https://{row['host']}/")).version)
        if theirs > best and (row["grade"] == "trusted" or theirs in seen):
            best, host = theirs, str(row["host"])
        seen.add(theirs)
    return (".".join(map(str, best)), host) if host else ("", "")


def _parts(version: str) -> tuple[int, ...]:
    found = _VERSION.match(version)
    return tuple(int(part) for part in found.groups()) if found else (0, 0, 0)


async def _note(db: Database, key: str, value: Any, now: Any) -> None:
    await db.execute(
        "INSERT INTO site_value (key, value, updated_at) VALUES (:key, :value, :now)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        key=key,
        value=msgspec.json.encode(value).decode(),
        now=now,
    )


def _admins_only(acting: Viewer) -> None:
    if not acting.is_admin:
        raise NotAllowed("Only admins can do this.")
