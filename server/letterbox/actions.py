"""Taking in mail: an answer to a mail of ours becomes an answer of that person to the post, for the same readers.

What arrives waits as a job, so that nothing is lost where a database is away and a second copy finds the first. Who
cannot be told why without ringing a bell that rings back (machines, addresses that we never gave out) is not told.
"""

import hashlib
from datetime import timedelta
from typing import Any

import msgspec

from server.accounts.sessions import VIEWER_COLUMNS, viewer_of_row
from server.db import Row
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import NotFound, Refused, Unavailable
from server.instance import Instance
from server.letterbox.reading import FORGED, Arrived
from server.letterbox.refusals import GONE, LEFT_OUT, LOCKED_OUT, OTHER_ADDRESS, OVER, TOO_MANY, UNACCEPTED, letter
from server.mail.actions import send_later
from server.mail.addresses import Answering, answering
from server.posts.models import Post
from server.words import Words

TAKE_IN = "letterbox.take_in"
MOST_PER_HOUR = 30
MOST_REFUSALS_PER_DAY = 5
"""However a loop comes about, it ends here."""
KEPT = timedelta(days=120)
"""Longer than an address works, so that a late copy of a mail is still known."""


class _Twice(Exception):
    """Somebody took this mail in meanwhile."""


async def arrive(here: Instance, arrived: Arrived) -> bool:
    """Keep a mail to be taken in; False for one that is for nobody, and for what a machine wrote."""
    if arrived.automatic or not any(answering(here, token) for token in arrived.tokens):
        return False
    payload = msgspec.to_builtins(arrived)
    key = hashlib.sha256(msgspec.json.encode([arrived.tokens, arrived.message_id or arrived.text])).hexdigest()
    async with here.db.transaction():
        await here.jobs.enqueue(TAKE_IN, payload, unique=f"{TAKE_IN}:{key}")
    return True


async def take_in(here: Instance, payload: Any) -> None:
    """Make an answer of a mail, or say kindly why not. Bears being run twice."""
    arrived = msgspec.convert(payload, Arrived)
    meant = next((found for token in arrived.tokens if (found := answering(here, token))), None)
    person = await _person(here, meant.reader_id) if meant else None
    if meant is None or person is None:
        return
    key = hashlib.sha256(f"{meant.reader_id}\n{arrived.message_id or arrived.text}".encode()).hexdigest()
    if await here.db.value("SELECT id FROM mail_answer WHERE id = :id", id=key) is not None:
        return
    why = await _fault(here, arrived, meant, person)
    if not why:
        try:
            await _answer(here, arrived, meant, person, key)
        except _Twice:
            return
        except Unavailable:
            raise
        except NotFound:
            why = GONE
        except Refused as error:
            why = error.message
    if why:
        await _refuse(here, arrived, person, key, why)


async def clean_up(here: Instance) -> None:
    """Forget mails that were looked at long ago."""
    await here.db.execute("DELETE FROM mail_answer WHERE at < :before", before=here.clock.now() - KEPT)


async def _person(here: Instance, reader_id: str) -> Row | None:
    """Whose address it was; None for who has no mail address any more."""
    return await here.db.row(
        f"SELECT {VIEWER_COLUMNS}, account.email, CASE WHEN account.state = 'active' AND actor.suspended_at IS NULL"
        " AND NOT actor.hidden THEN 1 ELSE 0 END AS may_write FROM account JOIN actor ON actor.id = account.actor_id"
        " WHERE account.actor_id = :reader AND account.state IN ('active', 'suspended') AND actor.deleted_at IS NULL"
        " AND account.email IS NOT NULL AND account.email_confirmed_at IS NOT NULL",
        reader=reader_id,
    )


async def _fault(here: Instance, arrived: Arrived, meant: Answering, person: Row) -> str:
    """Why a mail is not taken, before anybody looks at what it answers; empty where nothing is wrong."""
    if arrived.problem == FORGED or arrived.sender != person["email"].lower():
        return OTHER_ADDRESS
    if not person["may_write"]:
        return LOCKED_OUT
    if not viewer_of_row(here, person).onboarded:
        return UNACCEPTED  # as in apps: new guidelines are accepted before anybody writes again
    if arrived.problem:
        return arrived.problem
    if meant.is_over:
        return OVER
    taken = await here.db.value(
        "SELECT count(*) AS n FROM mail_answer WHERE reader_id = :reader AND at > :since AND post_id IS NOT NULL",
        reader=meant.reader_id,
        since=here.clock.now() - timedelta(hours=1),
    )
    return TOO_MANY if taken >= MOST_PER_HOUR else ""


async def _answer(here: Instance, arrived: Arrived, meant: Answering, person: Row, key: str) -> None:
    viewer = viewer_of_row(here, person)
    post_id = await here.db.value("SELECT id FROM post WHERE short = :short", short=meant.short)
    if post_id is None:
        raise NotFound

    async def note(post: Post) -> None:
        if not await _note(here, key, meant.reader_id, post.id):
            raise _Twice
        if arrived.files:
            await _tell(here, person, LEFT_OUT, post.url or "")

    form = ThreadForm(kind="reply", text=arrived.text, language=viewer.language, unasked=True)
    await discussions.reply(here, viewer, post_id, form, also=note)


async def _refuse(here: Instance, arrived: Arrived, person: Row, key: str, why: str) -> None:
    """Note that it was refused, and say so once."""
    async with here.db.transaction():
        if not await _note(here, key, person["id"], None):
            return
        told = await here.db.value(
            "SELECT count(*) AS n FROM mail_answer WHERE reader_id = :reader AND at > :since AND post_id IS NULL",
            reader=person["id"],
            since=here.clock.now() - timedelta(days=1),
        )
        if told <= MOST_REFUSALS_PER_DAY:
            await _tell(here, person, why, "" if why == OTHER_ADDRESS else arrived.text)


async def _note(here: Instance, key: str, reader_id: str, post_id: str | None) -> bool:
    """Remember a mail, in the caller's transaction; False where it is known."""
    return bool(
        await here.db.execute(
            "INSERT INTO mail_answer (id, reader_id, post_id, at) VALUES (:id, :reader, CAST(:post AS TEXT), :now)"
            " ON CONFLICT (id) DO NOTHING",
            id=key,
            reader=reader_id,
            post=post_id,
            now=here.clock.now(),
        )
    )


async def _tell(here: Instance, person: Row, why: str, more: str) -> None:
    """Write to the address of the account, never to the one that a mail says it is from."""
    bounced = await here.db.value("SELECT address FROM mail_bounce WHERE address = :email", email=person["email"])
    if bounced is None:
        subject, text = letter(here, Words(person["language"], person["timezone"]), why, more)
        await send_later(here, to=person["email"], subject=subject, text=text)
