"""When each person gets their next weekly mail: a row each, so that those who are due are found by an index."""

from collections.abc import Iterable
from datetime import datetime

from server.accounts.events import PreferencesChanged
from server.actors.events import ActorDeleted
from server.db import Row, insert_many
from server.instance import Instance
from server.notifications.times import next_weekly, quiet_of
from server.words import zone_of

NEVER = -1
USUAL_DAY = 0
"""Monday."""
AT_ONCE = 500


def next_due(row: Row, now: datetime) -> datetime | None:
    """When a person's next mail is due, by the day, zone and quiet hours in a row; None for never."""
    day = USUAL_DAY if row["day"] is None else row["day"]
    if day == NEVER:
        return None
    return next_weekly(now, zone_of(row["timezone"]), day, quiet_of(row))


async def plan_missing(here: Instance) -> None:
    """Plan for everybody who has no plan yet: who is new, and at first all."""
    after = ""
    while True:
        rows = await here.db.rows(
            "SELECT account.actor_id, account.timezone, NULL AS day, setting.quiet_since, setting.quiet_until,"
            " setting.paused_until FROM account LEFT JOIN notification_setting AS setting"
            " ON setting.reader_id = account.actor_id WHERE account.actor_id > :after AND account.state = 'active'"
            " AND NOT EXISTS (SELECT 1 FROM digest_plan WHERE digest_plan.reader_id = account.actor_id)"
            " ORDER BY account.actor_id LIMIT :limit",
            after=after,
            limit=AT_ONCE,
        )
        if rows:
            now = here.clock.now()
            plans = [{"reader_id": row["actor_id"], "day": USUAL_DAY, "due_at": next_due(row, now)} for row in rows]
            async with here.db.transaction():
                await insert_many(here.db, "digest_plan", plans, conflict="ON CONFLICT DO NOTHING")
        if len(rows) < AT_ONCE:
            return
        after = rows[-1]["actor_id"]


async def plan_again(here: Instance, reader_ids: Iterable[str], *, day: int | None = None) -> None:
    """Work out anew when somebody's next mail is due, in the caller's transaction; `day` is a new choice."""
    for reader_id in reader_ids:
        row = await here.db.row(
            "SELECT account.timezone, plan.day, setting.quiet_since, setting.quiet_until, setting.paused_until"
            " FROM account LEFT JOIN digest_plan AS plan ON plan.reader_id = account.actor_id"
            " LEFT JOIN notification_setting AS setting ON setting.reader_id = account.actor_id"
            " WHERE account.actor_id = :reader",
            reader=reader_id,
        )
        if row is None:
            continue
        chosen = row["day"] if day is None else day
        await here.db.execute(
            "INSERT INTO digest_plan (reader_id, day, due_at) VALUES (:reader, :day, CAST(:due AS BIGINT))"
            " ON CONFLICT (reader_id) DO UPDATE SET day = excluded.day, due_at = excluded.due_at",
            reader=reader_id,
            day=USUAL_DAY if chosen is None else chosen,
            due=next_due({**row, "day": chosen}, here.clock.now()),
        )


async def on_preferences_changed(here: Instance, event: PreferencesChanged) -> None:
    """Seven in the morning is another moment now."""
    await plan_again(here, [event.actor_id])


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """Forget them."""
    for table in ("digest_plan", "digest_mail", "digest_suggestion"):
        await here.db.execute(f"DELETE FROM {table} WHERE reader_id = :id", id=event.actor_id)
