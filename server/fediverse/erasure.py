"""Deleted accounts: what every other server answered, for admins, and as a last mail to the person (S27)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from federation.outbox.retry import GIVE_UP_DELETION_AFTER_SECONDS
from server.accounts.events import AccountDeleted
from server.db import Row, from_milliseconds
from server.fediverse import receipts
from server.fediverse.receipts import DeletionState
from server.instance import Instance
from server.mail.actions import send_later

LATEST = timedelta(seconds=GIVE_UP_DELETION_AFTER_SECONDS) + timedelta(days=1)
AT_ONCE = 50
MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class ErasureView:
    """An account that was deleted, and what became of it elsewhere. `reported_at` is when the last word was said."""

    uri: str
    handle: str
    requested_at: datetime
    reported_at: datetime | None
    wants_report: bool
    state: DeletionState


async def on_account_deleted(here: Instance, event: AccountDeleted) -> None:
    """Remember that there will be something to report. The mail address is kept until then, and no longer."""
    await here.db.execute(
        "INSERT INTO erasure (uri, handle, requested_at, report_to)"
        " SELECT uri, :handle, :now, :report_to FROM actor WHERE id = :id ON CONFLICT (uri) DO NOTHING",
        id=event.actor_id,
        handle=event.handle,
        report_to=event.report_to,
        now=here.clock.now(),
    )


async def erasures(here: Instance, *, before: datetime | None = None, limit: int = 40) -> list[ErasureView]:
    """Deleted accounts, the latest first."""
    rows = await here.db.rows(
        "SELECT uri, handle, requested_at, report_to, reported_at FROM erasure"
        " WHERE requested_at < :before ORDER BY requested_at DESC, uri LIMIT :limit",
        before=before or here.clock.now() + timedelta(days=1),
        limit=limit,
    )
    return await _views(here, rows)


async def erasure(here: Instance, handle: str) -> ErasureView | None:
    """One deleted account, by the name it had."""
    rows = await here.db.rows(
        "SELECT uri, handle, requested_at, report_to, reported_at FROM erasure WHERE handle = :handle LIMIT 1",
        handle=handle.lower().lstrip("@"),
    )
    return (await _views(here, rows))[0] if rows else None


async def report(here: Instance, _: Any = None) -> None:
    """Send the reports that are due: when no server's answer is still to come, and after fifteen days at the latest."""
    now = here.clock.now()
    waiting = await here.db.rows(
        "SELECT uri, handle, requested_at, report_to, reported_at FROM erasure WHERE reported_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM outgoing WHERE outgoing.subject = erasure.uri AND outgoing.spread_at IS NULL)"
        " AND (requested_at < :latest OR NOT EXISTS (SELECT 1 FROM delivery_receipt"
        " WHERE delivery_receipt.subject = erasure.uri AND delivery_receipt.state = 'waiting'))"
        " ORDER BY requested_at LIMIT :limit",
        latest=now - LATEST,
        limit=AT_ONCE,
    )
    for view, row in zip(await _views(here, waiting), waiting, strict=True):
        async with here.db.transaction():
            claimed = await here.db.execute(
                "UPDATE erasure SET reported_at = :now, report_to = NULL WHERE uri = :uri AND reported_at IS NULL",
                now=now,
                uri=view.uri,
            )
            if claimed and row["report_to"]:
                subject = f"Your account at {here.site.name} is deleted: the report"
                await send_later(here, to=row["report_to"], subject=subject, text=letter(here, view))


def letter(here: Instance, view: ErasureView) -> str:
    """The report as a plain text."""
    state = view.state
    lines = [
        f"You deleted your account @{view.handle}@{here.settings.domain} on {view.requested_at:%d %B %Y}.",
        f"Everything of it is gone from {here.site.name}. Nobody can take the name again.",
        "",
    ]
    if not state.total:
        lines.append("No other server was known that could have a copy.")
    else:
        lines.append(f"Other servers were asked to delete their copies; {state.confirmed} of {state.total} confirmed.")
    for heading, which in (
        ("These did not do so:", receipts.REFUSED),
        ("These could not be reached for two weeks:", receipts.UNREACHABLE),
        ("These were not asked, because this server does not talk with them:", receipts.WITHHELD),
        ("These have not answered yet:", receipts.WAITING),
        ("These confirmed:", receipts.ACCEPTED),
    ):
        hosts = state.hosts(which)
        if hosts:
            lines += ["", heading, *(f"  {host}" for host in hosts[:MOST_LISTED])]
            if len(hosts) > MOST_LISTED:
                lines.append(f"  and {len(hosts) - MOST_LISTED} more")
    lines += ["", "This is the last mail that you get from us. Your address was kept only for it, and is deleted now."]
    return "\n".join(lines) + "\n"


async def _views(here: Instance, rows: list[Row]) -> list[ErasureView]:
    found = await receipts.states(here, [row["uri"] for row in rows])
    return [
        ErasureView(
            uri=row["uri"],
            handle=row["handle"],
            requested_at=from_milliseconds(row["requested_at"]),
            reported_at=from_milliseconds(row["reported_at"]) if row["reported_at"] else None,
            wants_report=row["report_to"] is not None,
            state=found.get(row["uri"], DeletionState()),
        )
        for row in rows
    ]
