"""What is bundled by the day: at four in the afternoon, one mail with what happened of the kinds that one chose."""

from typing import Any

from server.digest.content import to_json
from server.digest.gathering import gather_news
from server.digest.sending import SEND, TODAY
from server.ids import new_id
from server.instance import Instance
from server.notifications.actions import TODAY_JOB
from server.notifications.queries import NO_MAIL
from server.notifications.spaces import bundled_by_day
from server.notifications.tiers import TODAY as TODAY_TIER
from server.notifications.tiers import kinds_of, tiers_from
from server.notifications.times import after_quiet, quiet_of
from server.words import zone_of


async def prepare(here: Instance, payload: Any) -> None:
    """Put one person's mail of the day together; it waits for the end of quiet hours, and a pause takes it away."""
    now, reader_id = here.clock.now(), payload["reader"]
    row = await here.db.row(
        "SELECT account.actor_id AS reader_id, account.timezone, setting.tiers, setting.quiet_since,"
        " setting.quiet_until, setting.paused_until FROM account JOIN actor ON actor.id = account.actor_id"
        " LEFT JOIN notification_setting AS setting ON setting.reader_id = account.actor_id"
        f" WHERE account.actor_id = :reader AND NOT {NO_MAIL}",
        reader=reader_id,
        now=now,
    )
    if row is None or here.site.on_break(now):
        return
    later = after_quiet(now, zone_of(row["timezone"]), quiet_of(row))
    if later > now:
        await here.jobs.enqueue(TODAY_JOB, payload, run_at=later, unique=f"{TODAY_JOB}:{reader_id}", goes_on=True)
        return
    kinds = kinds_of(TODAY_TIER, tiers_from(row["tiers"]))
    digest = await gather_news(here, row, kinds, now)
    if not digest:
        return
    bundled, names = bundled_by_day(kinds)
    async with here.db.transaction():
        claimed = await here.db.execute(
            "UPDATE notification SET bundled_at = :now WHERE reader_id = :reader AND read_at IS NULL"
            f" AND mailed_at IS NULL AND bundled_at IS NULL AND at <= :now AND {bundled}",
            now=now,
            reader=reader_id,
            **names,
        )
        if not claimed:
            return
        mail_id = new_id(now)
        await here.db.execute(
            "INSERT INTO digest_mail (id, reader_id, run_id, due_at, content, state)"
            " VALUES (:id, :reader, :run, :now, :content, 'waiting')",
            id=mail_id,
            reader=reader_id,
            run=TODAY,
            now=now,
            content=to_json(digest),
        )
        await here.jobs.enqueue(SEND, {"id": mail_id}, unique=f"{SEND}:{mail_id}")
