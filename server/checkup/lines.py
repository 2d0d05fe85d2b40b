"""What would go wrong in service, one line for each thing that is looked at."""

import asyncio
import os
import secrets
import shutil
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from server.audit.chain import verify
from server.clock import SystemClock
from server.errors import Refused
from server.fediverse.queries import queue_state
from server.instance import Instance
from server.letterbox.mailbox import Mailbox, MailboxError
from server.media.keys import new_key
from server.media.storage import Storage, open_storage
from server.settings import Settings, SettingsError

LOW_DISK_BYTES = 500 * 1024 * 1024
QUEUE_TOO_OLD_SECONDS = 900
TRY_SECONDS = 10

SAYS: Mapping[str, str] = {
    "settings": "%(origin)s, handles end in @%(domain)s",
    "settings_http": "%(origin)s is not https: other servers will not talk to it",
    "database": "%(kind)s, up to date, %(people)s accounts",
    "database_none": "none yet: it is made at the first start",
    "database_waits": "%(count)s migrations wait: run peerhall migrate",
    "database_broken": "cannot be used: %(error)s",
    "queue": "%(inbound)s to process, %(hosts)s servers to deliver to",
    "queue_late": "%(inbound)s to process, %(hosts)s servers to deliver to; the oldest waits for %(minutes)s minutes",
    "log": "%(entries)s entries, as they were written",
    "log_changed": "not as it was written, from entry %(entry)s on: compare it with a backup",
    "storage": "%(folder)s: %(free)s GB free; a file was written, read and deleted",
    "storage_low": "%(folder)s: only %(free)s GB free",
    "storage_closed": "%(folder)s cannot be written to",
    "storage_refused": "%(error)s",
    "mail_log": "no mail server: messages are written to the log",
    "mail": "%(server)s answers",
    "mail_silent": "%(server)s does not answer: %(error)s",
    "answers_pipe": "mail to %(address)s has to be piped into peerhall mail-in",
    "answers": "mail to %(address)s is fetched from %(server)s",
    "answers_refused": "%(error)s",
    "clock": "%(now)s UTC",
    "clock_behind": "%(now)s UTC is %(seconds)s s before the last write to the database",
    "certificate_none": "none needed for http on this machine",
    "certificate": "%(origin)s has a valid one",
    "certificate_broken": "%(origin)s cannot be reached over TLS: %(error)s",
}
"""The sentences, by their codes, for commands; pages have them in the language of their reader."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was found of one thing: `code` names the sentence, `values` are what stands in it."""

    good: bool
    subject: str
    code: str
    values: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The sentence in English."""
        return SAYS[self.code] % self.values


async def of_settings(settings: Settings) -> list[Line]:
    """What can be looked at without the database: storage, mail, clock and certificate."""
    lines = [await _storage(settings), await _mail(settings), _clock(settings)]
    if settings.reply_address:
        lines.append(await _answers(settings))
    return [*lines, await _certificate(settings)]


async def of_instance(here: Instance) -> list[Line]:
    """Database, queue and audit log of an instance that is open."""
    return [await _database(here), await _queue(here), await _log(here)]


def of_origin(settings: Settings) -> Line:
    """The public address."""
    host = urlsplit(settings.origin).hostname or ""
    local = host == "localhost" or host.endswith(".localhost") or host.startswith("127.")
    if not settings.is_https and not local:
        return Line(False, "settings", "settings_http", {"origin": settings.origin})
    return Line(True, "settings", "settings", {"origin": settings.origin, "domain": settings.domain})


async def _database(here: Instance) -> Line:
    people = await here.db.value("SELECT count(*) AS n FROM account")
    return Line(True, "database", "database", {"kind": here.db.dialect, "people": str(people)})


async def _queue(here: Instance) -> Line:
    state = await queue_state(here)
    values = {"inbound": str(state.inbound_waiting), "hosts": str(state.hosts_waiting)}
    if state.oldest_inbound_seconds > QUEUE_TOO_OLD_SECONDS:
        minutes = f"{state.oldest_inbound_seconds / 60:.0f}"
        return Line(False, "queue", "queue_late", {**values, "minutes": minutes})
    return Line(True, "queue", "queue", values)


async def _log(here: Instance) -> Line:
    found = await verify(here)
    if found.wrong:
        return Line(False, "log", "log_changed", {"entry": found.wrong[0]})
    return Line(True, "log", "log", {"entries": str(found.entries)})


async def _storage(settings: Settings) -> Line:
    path = settings.data_path
    existing = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        return Line(False, "storage", "storage_closed", {"folder": str(existing)})
    free = shutil.disk_usage(existing).free
    values = {"folder": str(path), "free": f"{free / 1e9:.1f}"}
    try:
        await _try_storage(open_storage(settings))
    except SettingsError as error:
        return Line(False, "storage", "storage_refused", {"error": str(error)})
    except Refused as error:
        return Line(False, "storage", "storage_refused", {"error": error.message})
    good = free > LOW_DISK_BYTES
    return Line(good, "storage", "storage" if good else "storage_low", values)


async def _try_storage(storage: Storage) -> None:
    """Write, read and delete a file; raises Refused."""
    key, data = new_key("txt"), secrets.token_bytes(64)
    await storage.save(key, data)
    try:
        if b"".join([piece async for piece in storage.stream(key, 0, len(data))]) != data:
            raise Refused("a file came back from the storage as another one")
    finally:
        await storage.delete(key)
    if await storage.size(key) is not None:
        raise Refused("a deleted file is still in the storage")


async def _mail(settings: Settings) -> Line:
    if not settings.smtp_url:
        return Line(True, "mail", "mail_log")
    parts = urlsplit(settings.smtp_url)
    port = parts.port or (465 if parts.scheme == "smtps" else 587)
    server = f"{parts.hostname}:{port}"
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(parts.hostname, port), TRY_SECONDS)
    except (OSError, TimeoutError) as error:
        return Line(False, "mail", "mail_silent", {"server": server, "error": _short(error)})
    writer.close()
    return Line(True, "mail", "mail", {"server": server})


async def _answers(settings: Settings) -> Line:
    if not settings.imap_url:
        return Line(True, "answers", "answers_pipe", {"address": settings.reply_address})
    mailbox = Mailbox(settings.imap_url, settings.reply_address, settings.origin)
    try:
        await asyncio.to_thread(mailbox.try_it)
    except MailboxError as error:
        return Line(False, "answers", "answers_refused", {"error": str(error)})
    finally:
        await asyncio.to_thread(mailbox.close)
    server = urlsplit(settings.imap_url).hostname or ""
    return Line(True, "answers", "answers", {"address": settings.reply_address, "server": server})


def _clock(settings: Settings) -> Line:
    now = SystemClock().now()
    database = Path(settings.database_url.removeprefix("sqlite:///"))
    values = {"now": f"{now:%Y-%m-%d %H:%M:%S}"}
    if settings.database_url.startswith("sqlite:///") and database.is_file():
        ahead = database.stat().st_mtime - now.timestamp()
        if ahead > 60:
            return Line(False, "clock", "clock_behind", {**values, "seconds": f"{ahead:.0f}"})
    return Line(True, "clock", "clock", values)


async def _certificate(settings: Settings) -> Line:
    if not settings.is_https:
        return Line(True, "certificate", "certificate_none")
    parts, values = urlsplit(settings.origin), {"origin": settings.origin}
    try:
        trusted = ssl.create_default_context()
        if settings.ca_file:
            trusted.load_verify_locations(settings.ca_file)
        reached = asyncio.open_connection(parts.hostname, parts.port or 443, ssl=trusted)
        _, writer = await asyncio.wait_for(reached, TRY_SECONDS)
    except (OSError, TimeoutError) as error:
        return Line(False, "certificate", "certificate_broken", {**values, "error": _short(error)})
    writer.close()
    return Line(True, "certificate", "certificate", values)


def _short(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:200]
