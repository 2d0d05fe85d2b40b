"""Preparing the weekly mails that are due, in batches of a fixed number of statements, and choosing one's day.

A person is moved on to their next week in the transaction that writes down their mail: whoever dies in between has
prepared it whole or not at all, and what was prepared is found again by the job that sends it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from server.actors.viewer import Viewer
from server.db import Row, among, insert_many, to_milliseconds
from server.db.given import NUMBER, TEXT, given, rows_given
from server.digest.choosing import Pools, pools
from server.digest.content import Digest, to_json
from server.digest.gathering import NEWS_SINCE, NOT_AGAIN_WITHIN, gather
from server.digest.planning import NEVER, next_due, plan_for, plan_missing
from server.digest.sending import SEND
from server.errors import Invalid
from server.ids import new_id
from server.instance import Instance
from server.notifications.actions import set_mail_now, set_quiet, set_tiers
from server.notifications.queries import NO_MAIL
from server.notifications.spaces import set_spaces
from server.notifications.times import Quiet

JOB = "digest.prepare"
EVERY = timedelta(minutes=5)
BATCH = 250
TOO_LATE = timedelta(hours=20)
"""What is due for longer, because nobody was there to send it, is left out: the next one says it."""
KEPT = timedelta(weeks=12)


async def prepare(here: Instance) -> None:
    """Prepare every mail that is due, however many; goes on with what somebody else had begun.

    In a term break nobody gets one, and everybody is moved on.
    """
    await plan_missing(here)
    run_id: str | None = None
    found: Pools | None = None
    after = (0, "")
    while rows := await _due(here, after):
        run_id = run_id or await _begin(here)
        found = found or await pools(here)
        after = (rows[-1]["due_at"], rows[-1]["reader_id"])
        asked_at = here.clock.now()
        reached = [] if here.site.on_break(asked_at) else [row for row in rows if row["reachable"]]
        digests = await gather(here, reached, found, asked_at)
        await _keep(here, run_id, rows, digests, asked_at)
    # Nobody is due any more: what somebody had begun, and died before they said so, has ended too.
    await here.db.execute(
        "UPDATE digest_run SET ended_at = :now WHERE ended_at IS NULL OR id = :id",
        now=here.clock.now(),
        id=run_id or "",
    )


async def set_day(here: Instance, acting: Viewer, day: int | None, quiet: Quiet | None = None) -> None:
    """Choose the day of the weekly mail (Monday is 0, -1 is never), and when no mail may come at all.

    None leaves the day to one's communities.
    """
    if day is not None and not NEVER <= day <= 6:
        raise Invalid("Choose a day of the week.", field="day")
    async with here.db.transaction():
        if quiet is not None:
            await set_quiet(here, str(acting.actor_id), quiet)
        await plan_for(here, str(acting.actor_id), day)


async def choose(
    here: Instance,
    acting: Viewer,
    *,
    day: int | None,
    quiet: Quiet,
    tiers: Mapping[str, str],
    mail_now: bool,
    spaces: Mapping[str, str] | None = None,
) -> None:
    """Everything that one chooses about mail, at once."""
    async with here.db.transaction():
        await set_day(here, acting, day, quiet)
        await set_tiers(here, acting, tiers)
        await set_mail_now(here, acting, mail_now)
        await set_spaces(here, acting, spaces or {})


async def clean_up(here: Instance) -> None:
    """Forget what was sent long ago, and suggestions that may come again."""
    now = here.clock.now()
    await here.db.execute("DELETE FROM digest_suggestion WHERE at < :before", before=now - NOT_AGAIN_WITHIN)
    await here.db.execute("DELETE FROM digest_mail WHERE due_at < :before", before=now - KEPT)
    await here.db.execute("DELETE FROM digest_run WHERE begun_at < :before", before=now - KEPT)


async def _due(here: Instance, after: tuple[int, str]) -> list[Row]:
    """The next of those who are due, with what decides whether they get a mail and what may be in it."""
    due_at, reader_id = after
    return await here.db.rows(
        "SELECT plan.reader_id, plan.day, plan.due_at, account.timezone, account.teaches, account.stuck_with,"
        " account.ask_me_about, setting.tiers, setting.quiet_since, setting.quiet_until, setting.paused_until,"
        f" CASE WHEN account.id IS NULL OR plan.due_at < :late OR {NO_MAIL} THEN 0 ELSE 1 END AS reachable"
        f" FROM digest_plan AS plan{here.db.by('idx_digest_plan_due_at_72a190')}"
        " LEFT JOIN account ON account.actor_id = plan.reader_id LEFT JOIN actor ON actor.id = plan.reader_id"
        " LEFT JOIN notification_setting AS setting ON setting.reader_id = plan.reader_id"
        " WHERE plan.due_at <= :now AND (plan.due_at > :after_at OR (plan.due_at = :after_at"
        " AND plan.reader_id > :after_id)) ORDER BY plan.due_at, plan.reader_id LIMIT :batch",
        now=here.clock.now(),
        late=here.clock.now() - TOO_LATE,
        after_at=due_at,
        after_id=reader_id,
        batch=BATCH,
    )


async def _begin(here: Instance) -> str:
    """The id of the run that is under way: one that somebody did not end goes on."""
    now = here.clock.now()
    known = await here.db.value("SELECT id FROM digest_run WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1")
    if known is not None:
        return str(known)
    run_id = new_id(now)
    await here.db.execute(
        "INSERT INTO digest_run (id, people, mails, silent, begun_at) SELECT CAST(:id AS TEXT), count(*), 0, 0,"
        " CAST(:now AS BIGINT) FROM digest_plan WHERE due_at <= :now",
        id=run_id,
        now=now,
    )
    return run_id


async def _keep(
    here: Instance, run_id: str, rows: list[Row], digests: Mapping[str, Digest], asked_at: datetime
) -> None:
    """Write down a batch and move its people on: all or nothing, and only those whom nobody else has moved on."""
    now = here.clock.now()
    moves = [{"reader": row["reader_id"], "due": row["due_at"], "next": _number(next_due(row, now))} for row in rows]
    due = {row["reader_id"]: row["due_at"] for row in rows}
    async with here.db.transaction():
        moved = await here.db.rows(
            "UPDATE digest_plan SET due_at = given.next, last_at = :now"
            f" FROM {given(here.db.dialect, reader=TEXT, due=NUMBER, next=NUMBER)}"
            " WHERE digest_plan.reader_id = given.reader AND digest_plan.due_at = given.due"
            " RETURNING digest_plan.reader_id AS reader_id",
            now=now,
            given=rows_given(moves),
        )
        ours = sorted(row["reader_id"] for row in moved)
        said = {reader_id: digests[reader_id] for reader_id in ours if digests.get(reader_id)}
        mails = [
            {
                "id": new_id(now),
                "reader_id": reader_id,
                "run_id": run_id,
                "due_at": due[reader_id],
                "content": to_json(digest),
                "state": "waiting",
            }
            for reader_id, digest in said.items()
        ]
        added = await insert_many(here.db, "digest_mail", mails, conflict="ON CONFLICT DO NOTHING", returning="id")
        await here.jobs.enqueue_all(
            SEND,
            [{"id": row["id"]} for row in added],
            run_at=now,
            unique=lambda payload: f"{SEND}:{payload['id']}",
        )
        await _remember(here, said, asked_at)
        await here.db.execute(
            "UPDATE digest_run SET mails = mails + :mails, silent = silent + :silent WHERE id = :id",
            mails=len(added),
            silent=len(ours) - len(added),
            id=run_id,
        )


async def _remember(here: Instance, said: Mapping[str, Digest], asked_at: datetime) -> None:
    """Note what was suggested, and that the news was told: each is told once (O2), and what came since next time."""
    if not said:
        return
    now = here.clock.now()
    suggested = [
        {"id": new_id(now), "reader_id": reader_id, "post_id": entry.post_id, "at": now}
        for reader_id, digest in said.items()
        for block in digest.blocks
        if block.kind == "practice"
        for entry in block.entries
    ]
    await insert_many(here.db, "digest_suggestion", suggested)
    places, names = among(said, "reader")
    await here.db.execute(
        "UPDATE notification SET bundled_at = :now"
        f" WHERE reader_id IN ({places}) AND read_at IS NULL AND at > :since AND at <= :asked_at"
        " AND mailed_at IS NULL AND bundled_at IS NULL",
        now=now,
        asked_at=asked_at,
        since=asked_at - NEWS_SINCE,
        **names,
    )


def _number(moment: datetime | None) -> int | None:
    return None if moment is None else to_milliseconds(moment)
