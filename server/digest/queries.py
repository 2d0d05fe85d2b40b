"""Reading about weekly mails: what decides whether somebody gets one, one's own choice, and how runs went."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.digest.choosing import pools
from server.digest.content import Digest
from server.digest.gathering import gather
from server.digest.planning import USUAL_DAY
from server.errors import NotFound
from server.instance import Instance
from server.notifications.tiers import DEFAULTS, tiers_from
from server.notifications.times import Quiet, quiet_of


@dataclass(frozen=True, slots=True)
class Run:
    """One time that mails were prepared. `waiting` and `sent` are of the mails it made."""

    begun_at: datetime
    ended_at: datetime | None
    people: int
    mails: int
    silent: int
    waiting: int
    sent: int

    @property
    def done(self) -> int:
        """How many people were looked at."""
        return self.mails + self.silent


@dataclass(frozen=True, slots=True)
class Choice:
    """The day of somebody's weekly mail (Monday is 0, -1 is never), when the next is due, and when none may come.

    Without `is_chosen` it is the day of a community of theirs, or the usual one.

    `tiers` says by topic how soon news is mailed; what is to come at once does only with `mail_now`.

    `bounced_at`: when a mail server said that it takes nothing for their address.
    """

    day: int
    is_chosen: bool
    due_at: datetime | None
    quiet: Quiet
    email: str
    bounced_at: datetime | None
    mail_now: bool
    tiers: Mapping[str, str]


async def choice(here: Instance, viewer: Viewer) -> Choice:
    """What the viewer chose; where that is nothing, what is usual."""
    row = await here.db.row(
        "SELECT plan.day, plan.is_chosen, plan.due_at, setting.quiet_since, setting.quiet_until, setting.paused_until,"
        " account.email,"
        " setting.tiers, setting.mail_now, mail_bounce.at AS bounced_at FROM account"
        " LEFT JOIN digest_plan AS plan ON plan.reader_id = account.actor_id"
        " LEFT JOIN notification_setting AS setting ON setting.reader_id = account.actor_id"
        " LEFT JOIN mail_bounce ON mail_bounce.address = account.email WHERE account.id = :account",
        account=viewer.account_id,
    )
    if row is None:
        raise NotFound
    return Choice(
        day=USUAL_DAY if row["day"] is None else row["day"],
        is_chosen=bool(row["is_chosen"]),
        due_at=None if row["due_at"] is None else from_milliseconds(row["due_at"]),
        quiet=quiet_of(row),
        email=row["email"] or "",
        bounced_at=None if row["bounced_at"] is None else from_milliseconds(row["bounced_at"]),
        mail_now=row["mail_now"] is None or bool(row["mail_now"]),
        tiers=DEFAULTS | tiers_from(row["tiers"]),
    )


async def preview(here: Instance, viewer: Viewer) -> Digest:
    """What the viewer's mail would say at this moment; nothing is noted. Nine statements."""
    reader = await here.db.row(
        "SELECT account.actor_id AS reader_id, account.teaches, account.stuck_with, account.ask_me_about,"
        " setting.tiers FROM account LEFT JOIN notification_setting AS setting"
        " ON setting.reader_id = account.actor_id WHERE account.id = :account",
        account=viewer.account_id,
    )
    if reader is None:
        return Digest()
    return (await gather(here, [reader], await pools(here), here.clock.now()))[reader["reader_id"]]


async def runs(here: Instance, *, limit: int = 20) -> list[Run]:
    """How the last runs went, the newest first; one query."""
    rows = await here.db.rows(
        "SELECT run.begun_at, run.ended_at, run.people, run.mails, run.silent,"
        " (SELECT count(*) FROM digest_mail WHERE run_id = run.id AND state = 'waiting') AS waiting,"
        " (SELECT count(*) FROM digest_mail WHERE run_id = run.id AND state = 'sent') AS sent"
        " FROM digest_run AS run ORDER BY run.id DESC LIMIT :limit",
        limit=limit,
    )
    return [
        Run(
            begun_at=from_milliseconds(row["begun_at"]),
            ended_at=None if row["ended_at"] is None else from_milliseconds(row["ended_at"]),
            people=row["people"],
            mails=row["mails"],
            silent=row["silent"],
            waiting=row["waiting"],
            sent=row["sent"],
        )
        for row in rows
    ]
