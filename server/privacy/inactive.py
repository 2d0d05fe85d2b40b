"""Accounts that nobody uses: their people are told twice, then sent a link to all that was theirs, and it ends.

Nobody's account ends who has duties here, or whom no mail reaches: who was not told loses nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from server.accounts import actions as accounts
from server.accounts.models import Account
from server.db import Row, from_milliseconds
from server.errors import Refused
from server.ids import new_id
from server.instance import Instance
from server.mail.actions import send_later
from server.privacy import actions, retention
from server.privacy.models import DataExport, InactiveNotice
from server.secrets import new_token, token_hash
from server.words import Words

FAREWELL = "farewell"
JOB = "privacy.farewell"
FIRST, LAST = 1, 2
BEFORE = {FIRST: timedelta(days=183), LAST: timedelta(days=31)}
"""So long before their account ends people are told: of two years, after a year and a half, and a month before."""
BETWEEN = timedelta(days=28)
"""So long after the last word at least an account ends, also where an admin chose a shorter time meanwhile."""
LINK_KEPT = timedelta(days=30)
AT_ONCE = 50

_SEEN = (
    "CASE WHEN COALESCE(account.last_seen_at, account.created_at) >= COALESCE((SELECT max(oauth_token.last_used_at)"
    " FROM oauth_token WHERE oauth_token.account_id = account.id), 0)"
    " THEN COALESCE(account.last_seen_at, account.created_at)"
    " ELSE (SELECT max(oauth_token.last_used_at) FROM oauth_token WHERE oauth_token.account_id = account.id) END"
)
"""When somebody was here last, in a browser or with an app."""
_WHO = (
    "account.state = 'active' AND account.role = 'member' AND account.email IS NOT NULL"
    " AND account.email_confirmed_at IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM mail_bounce WHERE mail_bounce.address = account.email)"
    " AND NOT EXISTS (SELECT 1 FROM membership WHERE membership.person_id = account.actor_id"
    " AND membership.state = 'active' AND membership.role <> 'member')"
)


async def run(here: Instance, _: object = None) -> None:
    """The job, once a day: forget notices of those who came back, tell those who are due, and let accounts end."""
    days = (await retention.days_kept(here))[retention.ACCOUNTS]
    await here.db.execute(
        "DELETE FROM inactive_notice WHERE account_id IN (SELECT account.id FROM account WHERE account.id ="
        f" inactive_notice.account_id AND {_SEEN} > inactive_notice.at)"
    )
    if days == retention.FOR_GOOD:
        return
    end = timedelta(days=days)
    for stage in (LAST, FIRST):
        for row in await _due(here, here.clock.now() - end + BEFORE[stage], stage):
            await _tell(here, row, stage, end)
    for row in await _over(here, here.clock.now() - end):
        await _say_farewell(here, row)


async def end_account(here: Instance, payload: Any) -> None:
    """The job of one account: make its archive, send the link, and delete it. Bears being run twice."""
    found = await DataExport.get_or_none(id=payload["export"])
    if found is None:
        return
    account = await Account.get_or_none(actor_id=found.actor_id)
    if account is None or not await _is_still_over(here, account.id):
        return
    await actions.make(here, {"id": found.id})
    words, token = Words(account.language, account.timezone), new_token()
    address, email, account_id = here.url(f"/archive/{token}"), account.email or "", account.id
    subject = words.text("Your account at %(site)s has ended: your archive", site=here.site.name)
    text = words.text(
        "You have not been here for long, so your account was deleted, as we wrote to you twice. Here is everything"
        " that was yours, for thirty days. Whoever has this link can fetch it:\n%(address)s",
        address=address,
    )
    async with here.db.transaction():
        await DataExport.filter(id=found.id).update(
            token_hash=token_hash(token), expires_at=here.clock.now() + LINK_KEPT
        )
        try:
            await accounts.delete_account(here, account_id, by="retention", report=False)
        except Refused as refusal:
            here.log.info("an unused account stays: %s", refusal.message)
            return
        await send_later(here, to=email, subject=subject, text=text)
        days = (await retention.days_kept(here))[retention.ACCOUNTS]
        await retention.note_run(here, retention.ACCOUNTS, days, 1)


async def farewell(here: Instance, token: str) -> DataExport | None:
    """The archive of an account that has ended, for whoever has the link."""
    return await DataExport.get_or_none(token_hash=token_hash(token), kind=FAREWELL, expires_at__gt=here.clock.now())


async def _due(here: Instance, before: datetime, stage: int) -> list[Row]:
    """Who was last here before then and was not told this yet; the last word comes a while after the first."""
    return await here.db.rows(
        f"SELECT account.id, account.email, account.language, account.timezone, {_SEEN} AS seen FROM account"
        f" WHERE {_WHO} AND {_SEEN} < :before AND NOT EXISTS (SELECT 1 FROM inactive_notice AS told"
        " WHERE told.account_id = account.id AND told.stage >= CAST(:stage AS INTEGER))"
        " AND (CAST(:stage AS INTEGER) = 1 OR EXISTS (SELECT 1 FROM inactive_notice AS first"
        " WHERE first.account_id = account.id AND first.stage = 1 AND first.at < :earlier))"
        " ORDER BY account.id LIMIT :limit",
        before=before,
        stage=stage,
        earlier=here.clock.now() - BETWEEN,
        limit=AT_ONCE,
    )


async def _over(here: Instance, before: datetime, account_id: str = "") -> list[Row]:
    """Whose account ends: away for long enough, and told for the last time long enough ago."""
    return await here.db.rows(
        f"SELECT account.id, account.actor_id FROM account WHERE {_WHO} AND {_SEEN} < :before"
        " AND EXISTS (SELECT 1 FROM inactive_notice AS told WHERE told.account_id = account.id AND told.stage = 2"
        " AND told.at < :earlier) AND (CAST(:only AS TEXT) = '' OR account.id = :only)"
        " ORDER BY account.id LIMIT :limit",
        before=before,
        earlier=here.clock.now() - BETWEEN,
        only=account_id,
        limit=AT_ONCE,
    )


async def _is_still_over(here: Instance, account_id: str) -> bool:
    days = (await retention.days_kept(here))[retention.ACCOUNTS]
    before = here.clock.now() - timedelta(days=days)
    return days != retention.FOR_GOOD and bool(await _over(here, before, account_id))


async def _tell(here: Instance, row: Row, stage: int, end: timedelta) -> None:
    words, now = Words(row["language"], row["timezone"]), here.clock.now()
    ends_at = max(from_milliseconds(row["seen"]) + end, now + BEFORE[LAST])
    subject = words.text("Your account at %(site)s: do you still want it?", site=here.site.name)
    text = words.text(
        "You were last here on %(seen)s. Accounts that nobody uses are deleted: yours on %(day)s, with all that you"
        " wrote. To keep it, sign in once before then:\n%(address)s\n\nIf you do nothing, we send you an archive of"
        " everything and delete the rest.",
        seen=words.day(from_milliseconds(row["seen"])),
        day=words.day(ends_at),
        address=here.url("/sign-in"),
    )
    async with here.db.transaction():
        await InactiveNotice.create(id=new_id(now), account_id=row["id"], stage=stage, at=now)
        await send_later(here, to=row["email"], subject=subject, text=text)


async def _say_farewell(here: Instance, row: Row) -> None:
    if await DataExport.filter(actor_id=row["actor_id"], kind=FAREWELL).exists():
        return
    now = here.clock.now()
    async with here.db.transaction():
        export_id = new_id(now)
        await DataExport.create(
            id=export_id,
            actor_id=row["actor_id"],
            kind=FAREWELL,
            subject_id=row["actor_id"],
            created_at=now,
            expires_at=now + LINK_KEPT,
        )
        await here.jobs.enqueue(JOB, {"export": export_id}, unique=f"{JOB}:{export_id}")
