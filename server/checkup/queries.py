"""What is known of the state of an installation."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from server.checkup.lines import Line
from server.db import from_milliseconds
from server.instance import Instance

LOOK, MAIL, BACKUP = "checkup.look", "checkup.mail", "checkup.backup"
BACKUP_DUE = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Look:
    """What the last look found. `newer` is a version that another server runs, `newer_at` which; or empty."""

    at: datetime
    lines: list[Line]
    newer: str = ""
    newer_at: str = ""

    @property
    def failing(self) -> list[Line]:
        """What somebody has to do something about."""
        return [line for line in self.lines if not line.good]


@dataclass(frozen=True, slots=True)
class MailTried:
    """The last mail that an admin sent to see whether it works; `error` is what the mail server said."""

    at: datetime
    to: str
    is_over: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """All of it; None for what has not happened yet. `is_backup_due`: the last one is more than a week old, or none."""

    look: Look | None = None
    mail: MailTried | None = None
    backup_at: datetime | None = None
    backup_bytes: int = 0
    is_backup_due: bool = field(default=True)


async def state(here: Instance) -> State:
    """One statement, for the page and for the admin's first page."""
    rows = await here.db.rows(
        "SELECT key, value, updated_at FROM site_value WHERE key IN (:look, :mail, :backup) ORDER BY key LIMIT 3",
        look=LOOK,
        mail=MAIL,
        backup=BACKUP,
    )
    found = {row["key"]: row for row in rows}
    saved = found.get(BACKUP)
    at = from_milliseconds(saved["updated_at"]) if saved else None
    return State(
        look=msgspec.json.decode(found[LOOK]["value"], type=Look) if LOOK in found else None,
        mail=msgspec.json.decode(found[MAIL]["value"], type=MailTried) if MAIL in found else None,
        backup_at=at,
        backup_bytes=msgspec.json.decode(saved["value"])["size"] if saved else 0,
        is_backup_due=at is None or here.clock.now() - at > BACKUP_DUE,
    )


@dataclass(frozen=True, slots=True)
class FirstDay:
    """What makes a server one that people can come to; each is done, or not yet."""

    rules: bool
    people: bool
    community: bool
    event: bool
    practice: bool

    @property
    def done(self) -> int:
        """How many of the five."""
        return sum((self.rules, self.people, self.community, self.event, self.practice))


async def first_day(here: Instance) -> FirstDay | None:
    """How far somebody is who has just installed this; None once all is done, in one statement."""
    row = await here.db.row(
        "SELECT (SELECT count(*) FROM (SELECT id FROM account WHERE state = 'active' LIMIT 5) AS few) AS people,"
        " EXISTS (SELECT 1 FROM invitation) AS invited,"
        " EXISTS (SELECT 1 FROM community JOIN actor ON actor.id = community.id WHERE actor.is_local) AS community,"
        " EXISTS (SELECT 1 FROM post WHERE is_local AND kind = 'session') AS event,"
        " EXISTS (SELECT 1 FROM post WHERE is_local AND state = 'visible' AND kind IN ('practice', 'tip')) AS practice"
    )
    if row is None:
        return None
    found = FirstDay(
        rules=bool(here.site.guidelines_version and here.site.contact),
        people=row["people"] >= 5 or bool(row["invited"]),
        community=bool(row["community"]),
        event=bool(row["event"]),
        practice=bool(row["practice"]),
    )
    return None if found.done == 5 else found
