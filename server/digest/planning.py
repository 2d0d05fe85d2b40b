"""When each person gets their next weekly mail: a row each, so that those who are due are found by an index."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from server.accounts.events import PreferencesChanged
from server.actors.events import ActorDeleted
from server.communities.events import CommunityChanged, MemberJoined, MemberLeft
from server.db import Row, insert_many
from server.instance import Instance
from server.notifications.times import next_weekly, quiet_of
from server.words import zone_of

NEVER = -1
USUAL_DAY = 0
"""Monday."""
AT_ONCE = 500
REPLAN = "digest.replan"
REPLANNED_AT_ONCE = 100

_DAY = (
    "(SELECT community.digest_day FROM membership AS inside JOIN community ON community.id = inside.community_id"
    " WHERE inside.person_id = account.actor_id AND inside.state = 'active' AND community.digest_day IS NOT NULL"
    " AND community.archived_at IS NULL ORDER BY inside.created_at, inside.id LIMIT 1)"
)
"""The day that the communities of an account have: of several, that of the one where they are for longest (O1)."""


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
            f"SELECT account.actor_id, account.timezone, {_DAY} AS day, setting.quiet_since, setting.quiet_until,"
            " setting.paused_until FROM account LEFT JOIN notification_setting AS setting"
            " ON setting.reader_id = account.actor_id WHERE account.actor_id > :after AND account.state = 'active'"
            " AND NOT EXISTS (SELECT 1 FROM digest_plan WHERE digest_plan.reader_id = account.actor_id)"
            " ORDER BY account.actor_id LIMIT :limit",
            after=after,
            limit=AT_ONCE,
        )
        if rows:
            now = here.clock.now()
            plans = [
                {
                    "reader_id": row["actor_id"],
                    "day": USUAL_DAY if row["day"] is None else row["day"],
                    "is_chosen": False,
                    "due_at": next_due(row, now),
                }
                for row in rows
            ]
            async with here.db.transaction():
                await insert_many(here.db, "digest_plan", plans, conflict="ON CONFLICT DO NOTHING")
        if len(rows) < AT_ONCE:
            return
        after = rows[-1]["actor_id"]


async def plan_again(here: Instance, reader_ids: Iterable[str]) -> None:
    """Work out anew when somebody's next mail is due, in the caller's transaction."""
    for reader_id in reader_ids:
        row = await _reader(here, reader_id)
        if row is not None:
            await _plan(here, reader_id, row, row["chosen_day"], is_chosen=row["chosen_day"] is not None)


async def plan_for(here: Instance, reader_id: str, day: int | None) -> None:
    """Keep the day that somebody chose, in the caller's transaction; with None it is that of their communities."""
    row = await _reader(here, reader_id)
    if row is not None:
        await _plan(here, reader_id, row, day, is_chosen=day is not None)


async def _reader(here: Instance, reader_id: str) -> Row | None:
    return await here.db.row(
        f"SELECT account.timezone, {_DAY} AS community_day, CASE WHEN plan.is_chosen THEN plan.day END AS chosen_day,"
        " setting.quiet_since, setting.quiet_until, setting.paused_until"
        " FROM account LEFT JOIN digest_plan AS plan ON plan.reader_id = account.actor_id"
        " LEFT JOIN notification_setting AS setting ON setting.reader_id = account.actor_id"
        " WHERE account.actor_id = :reader",
        reader=reader_id,
    )


async def _plan(here: Instance, reader_id: str, row: Row, day: int | None, *, is_chosen: bool) -> None:
    day = row["community_day"] if day is None else day
    await here.db.execute(
        "INSERT INTO digest_plan (reader_id, day, is_chosen, due_at)"
        " VALUES (:reader, :day, :chosen, CAST(:due AS BIGINT)) ON CONFLICT (reader_id)"
        " DO UPDATE SET day = excluded.day, is_chosen = excluded.is_chosen, due_at = excluded.due_at",
        reader=reader_id,
        day=USUAL_DAY if day is None else day,
        chosen=is_chosen,
        due=next_due({**row, "day": day}, here.clock.now()),
    )


async def replan(here: Instance, payload: Any) -> None:
    """A community has another day: plan anew for its members who chose none."""
    after = ""
    while True:
        rows = await here.db.rows(
            "SELECT plan.reader_id FROM membership AS inside JOIN digest_plan AS plan"
            " ON plan.reader_id = inside.person_id WHERE inside.community_id = :community AND inside.state = 'active'"
            " AND NOT plan.is_chosen AND plan.reader_id > :after ORDER BY plan.reader_id LIMIT :limit",
            community=payload["community"],
            after=after,
            limit=REPLANNED_AT_ONCE,
        )
        async with here.db.transaction():
            await plan_again(here, [row["reader_id"] for row in rows])
        if len(rows) < REPLANNED_AT_ONCE:
            return
        after = rows[-1]["reader_id"]


async def on_community_changed(here: Instance, event: CommunityChanged) -> None:
    """Its day may be another one, or it was closed."""
    await here.jobs.enqueue(REPLAN, {"community": event.community_id}, unique=f"{REPLAN}:{event.community_id}")


async def on_membership(here: Instance, event: MemberJoined | MemberLeft) -> None:
    """Whoever joins or leaves a community with a day of its own may have another one."""
    found = await here.db.value(
        "SELECT plan.reader_id FROM digest_plan AS plan JOIN community ON community.id = :community"
        " WHERE plan.reader_id = :reader AND NOT plan.is_chosen AND community.digest_day IS NOT NULL",
        community=event.community_id,
        reader=event.person_id,
    )
    if found is not None:
        await plan_again(here, [event.person_id])


async def on_preferences_changed(here: Instance, event: PreferencesChanged) -> None:
    """Seven in the morning is another moment now."""
    await plan_again(here, [event.actor_id])


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """Forget them."""
    for table in ("digest_plan", "digest_mail", "digest_suggestion"):
        await here.db.execute(f"DELETE FROM {table} WHERE reader_id = :id", id=event.actor_id)
