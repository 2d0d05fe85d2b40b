"""Sending one prepared mail, once: it is marked as sent before it goes, and unmarked only where it surely did not."""

from datetime import timedelta
from typing import Any

from server.db import Row, among, from_milliseconds
from server.digest.content import Digest, from_json
from server.digest.letter import as_html, letter
from server.instance import Instance
from server.mail.actions import deliver
from server.mailer import Mail, MailError
from server.notifications.links import OFF, OFF_TODAY, link
from server.notifications.queries import NO_MAIL
from server.posts.readable import ANYBODY
from server.words import Words

SEND = "digest.send"
TODAY = "today"
"""In place of a run: a mail of what happened on one day."""
TOO_LATE = timedelta(days=2)


async def send(here: Instance, payload: Any) -> None:
    """Send a mail to who still wants it. Who dies while it goes out leaves it sent: twice would be worse."""
    mail_id, now = payload["id"], here.clock.now()
    row = await here.db.row(
        "SELECT mail.content, mail.due_at, mail.reader_id, mail.run_id, account.email, account.language,"
        f" account.timezone, CASE WHEN (plan.day = -1 AND mail.run_id <> :today) OR {NO_MAIL} THEN 0 ELSE 1 END"
        " AS reachable FROM digest_mail AS mail"
        " JOIN account ON account.actor_id = mail.reader_id JOIN actor ON actor.id = mail.reader_id"
        " LEFT JOIN digest_plan AS plan ON plan.reader_id = mail.reader_id"
        " LEFT JOIN notification_setting AS setting ON setting.reader_id = mail.reader_id"
        " WHERE mail.id = :id AND mail.state = 'waiting'",
        id=mail_id,
        now=now,
        today=TODAY,
    )
    if row is None:
        return
    is_late = now - from_milliseconds(row["due_at"]) > TOO_LATE
    digest = await _as_it_is_now(here, from_json(row["content"]))
    if is_late or not row["reachable"] or not digest or here.site.on_break(now):
        await _mark(here, mail_id, "waiting", "dropped")
    elif await _mark(here, mail_id, "waiting", "sent"):
        try:
            await deliver(here, _mail(here, mail_id, row, digest))
        except MailError:
            await _mark(here, mail_id, "sent", "waiting", row["content"])
            raise


async def _as_it_is_now(here: Instance, digest: Digest) -> Digest:
    """Without what was taken away since it was prepared."""
    ids = digest.post_ids()
    if not ids:
        return digest
    places, names = among(ids)
    rows = await here.db.rows(f"SELECT post.id FROM post WHERE post.id IN ({places}) AND {ANYBODY}", **names)
    return digest.keeping({row["id"] for row in rows})


async def _mark(here: Instance, mail_id: str, before: str, state: str, content: str = "") -> bool:
    """Give a mail another state; False where it no longer has the one before."""
    async with here.db.transaction():
        return bool(
            await here.db.execute(
                "UPDATE digest_mail SET state = :state, content = :content, sent_at = :now"
                " WHERE id = :id AND state = :before",
                id=mail_id,
                before=before,
                state=state,
                content=content,
                now=here.clock.now(),
            )
        )


def _mail(here: Instance, mail_id: str, row: Row, digest: Digest) -> Mail:
    is_today = row["run_id"] == TODAY
    words = Words(row["language"], row["timezone"])
    written = letter(here, digest, words, row["reader_id"], is_today=is_today)
    return Mail(
        to=row["email"],
        subject=written.subject,
        text=written.text,
        html=as_html(written),
        key=f"news.{mail_id}",
        unsubscribe=link(here, row["reader_id"], OFF_TODAY if is_today else OFF),
    )
