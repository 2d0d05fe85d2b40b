"""Pictures from other servers, shown through us: fetched once, encoded anew, kept for a while.

Readers' browsers never speak to other servers, and what reaches them are pixels that we wrote ourselves. Addresses are
signed by us, so that this is no open proxy. Failures are remembered, by picture and by host.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from federation.errors import FederationError, FetchError
from server.db import to_milliseconds
from server.ids import new_id
from server.instance import Instance
from server.media.errors import MediaRefused
from server.media.images import MAX_IMAGE_BYTES, REMOTE_SIDE, clean_picture, looks_like_image
from server.media.keys import new_key
from server.media.queries import storage
from server.peers.queries import may_send, shows_media

log = logging.getLogger("peerhall.media")

CACHE = "media.remote"
PREFIX = "/media/remote/"
PURPOSE = "remote picture"
MAX_URL = 1000
SECONDS = 15
AT_ONCE = 4
MAX_WAITING = 60
HOST_REST = timedelta(minutes=2)
MAX_HOSTS_REMEMBERED = 2000
FIRST_REST = timedelta(minutes=10)
LONGEST_REST = timedelta(days=7)
UNUSED_FOR = timedelta(days=30)
TOUCH_AFTER = timedelta(days=1)
MAX_CACHE_BYTES = 2 * 1024**3
PRUNE_AT_ONCE = 500

# Far away, so that one picture has one address and caches keep it.
_FOREVER = datetime(2100, 1, 1, tzinfo=UTC)


class Busy(Exception):
    """Too many pictures are being fetched at the moment; ask again in a little while."""


@dataclass(slots=True)
class _Desk:
    """What one process knows of the fetches under way."""

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    under_way: dict[str, asyncio.Future[str | None]] = field(default_factory=dict)
    resting_hosts: dict[str, datetime] = field(default_factory=dict)


def media_url(here: Instance, url: str) -> str | None:
    """The address here under which people see a picture from elsewhere; None for what is never shown."""
    if not url or len(url) > MAX_URL:
        return None
    if here.is_local_uri(url):
        path = url.removeprefix(here.settings.origin)
        return path if path.startswith("/media/") else None
    host = _host(url)
    if host is None or not shows_media(here, host):
        return None
    return PREFIX + here.signatures.sign(PURPOSE, url, until=_FOREVER)


async def remote_picture(here: Instance, signed: str) -> str | None:
    """The key of the stored picture for a signed address, fetched now if need be; None if there is none.

    Raises Busy when too many fetches wait.
    """
    with suppress(ValueError, UnicodeDecodeError):
        url = here.signatures.verify(PURPOSE, signed, now=here.clock.now())
        if url is not None:
            return await _picture(here, url)
    return None


async def prune(here: Instance) -> None:
    """Forget pictures nobody looked at for a month, and the longest unused ones while the cache is over its limit."""
    rows = await here.db.rows(
        "SELECT id, key FROM remote_media WHERE used_at < :before ORDER BY used_at LIMIT :limit",
        before=here.clock.now() - UNUSED_FOR,
        limit=PRUNE_AT_ONCE,
    )
    total = int(await here.db.value("SELECT COALESCE(sum(size_bytes), 0) AS total FROM remote_media"))
    if total > MAX_CACHE_BYTES:
        rows += await here.db.rows(
            "SELECT id, key FROM remote_media WHERE key IS NOT NULL ORDER BY used_at LIMIT :limit", limit=PRUNE_AT_ONCE
        )
    for row in rows:
        if row["key"]:
            await storage(here).delete(row["key"])
        await here.db.execute("DELETE FROM remote_media WHERE id = :id", id=row["id"])


async def _picture(here: Instance, url: str) -> str | None:
    host = _host(url)
    if host is None or not shows_media(here, host):
        return None
    known = await _known(here, url)
    return known.key if known.is_settled else await _fetched_once(here, url, host)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the table says of a picture. `is_settled`: nothing is to be fetched now; `key` is None if there is none."""

    is_settled: bool
    key: str | None = None
    failures: int = 0


async def _known(here: Instance, url: str) -> _Known:
    now = here.clock.now()
    row = await here.db.row(
        "SELECT key, state, used_at, retry_at, failures FROM remote_media WHERE url = :url", url=url
    )
    if row is None:
        return _Known(is_settled=False)
    if row["state"] == "ready" and await storage(here).size(row["key"]) is not None:
        await _touch(here, url, row["used_at"], now)
        return _Known(is_settled=True, key=str(row["key"]))
    resting = row["state"] == "failed" and row["retry_at"] > to_milliseconds(now)
    return _Known(is_settled=resting, failures=row["failures"])


async def _fetched_once(here: Instance, url: str, host: str) -> str | None:
    """Fetch, together with everybody who asks for the same picture at the same time."""
    desk: _Desk = here.caches.setdefault(CACHE, _Desk())
    resting = desk.resting_hosts.get(host)
    if resting is not None and resting > here.clock.now():
        return None
    if url in desk.under_way:
        return await asyncio.shield(desk.under_way[url])
    if len(desk.under_way) >= MAX_WAITING:
        raise Busy
    future: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
    desk.under_way[url] = future
    key = None
    try:
        async with desk.slots:
            # Whoever fetched it before us may have ended between our look at the table and our turn.
            known = await _known(here, url)
            key = known.key if known.is_settled else await _fetch(here, desk, url, host, known.failures)
        return key
    finally:
        del desk.under_way[url]
        if not future.done():
            future.set_result(key)


async def _fetch(here: Instance, desk: _Desk, url: str, host: str, failures: int) -> str | None:
    try:
        async with asyncio.timeout(SECONDS):
            if not may_send(here, host):
                raise FetchError("this server is not talked to")
            got = await here.engine.raw_get(url, accept="image/*", max_bytes=MAX_IMAGE_BYTES)
        if not got.content_type.lower().startswith("image/") or not looks_like_image(got.body):
            raise MediaRefused("it is not a picture")
        picture = await clean_picture(got.body, side=REMOTE_SIDE, thumb=False)
    except (FederationError, MediaRefused, TimeoutError) as error:
        log.info("no picture from %s: %s", host, error or "too slow")
        if not isinstance(error, MediaRefused):
            _rest(desk, host, here.clock.now())
        await _remember_failure(here, url, failures + 1)
        return None
    key = new_key("webp")
    await storage(here).save(key, picture.data)
    await _remember(here, url, key, len(picture.data))
    return key


def _rest(desk: _Desk, host: str, now: datetime) -> None:
    if len(desk.resting_hosts) >= MAX_HOSTS_REMEMBERED:
        desk.resting_hosts.clear()
    desk.resting_hosts[host] = now + HOST_REST


async def _remember(here: Instance, url: str, key: str, size_bytes: int) -> None:
    now = here.clock.now()
    await here.db.execute(
        "INSERT INTO remote_media (id, url, key, state, size_bytes, failures, fetched_at, used_at)"
        " VALUES (:id, :url, :key, 'ready', :size, 0, :now, :now) ON CONFLICT (url) DO UPDATE SET"
        " key = excluded.key, state = excluded.state, size_bytes = excluded.size_bytes, failures = 0,"
        " retry_at = NULL, fetched_at = excluded.fetched_at, used_at = excluded.used_at",
        id=new_id(now),
        url=url,
        key=key,
        size=size_bytes,
        now=now,
    )


async def _remember_failure(here: Instance, url: str, failures: int) -> None:
    now = here.clock.now()
    rest = min(FIRST_REST * 4 ** min(failures - 1, 8), LONGEST_REST)
    await here.db.execute(
        "INSERT INTO remote_media (id, url, state, size_bytes, failures, retry_at, fetched_at, used_at)"
        " VALUES (:id, :url, 'failed', 0, :failures, :retry, :now, :now) ON CONFLICT (url) DO UPDATE SET"
        " key = NULL, state = excluded.state, size_bytes = 0, failures = excluded.failures,"
        " retry_at = excluded.retry_at, fetched_at = excluded.fetched_at, used_at = excluded.used_at",
        id=new_id(now),
        url=url,
        failures=failures,
        retry=now + rest,
        now=now,
    )


async def _touch(here: Instance, url: str, used_at: int, now: datetime) -> None:
    if used_at < to_milliseconds(now - TOUCH_AFTER):
        await here.db.execute("UPDATE remote_media SET used_at = :now WHERE url = :url", now=now, url=url)


def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        return None
    return f"{host}:{port}" if port else host
