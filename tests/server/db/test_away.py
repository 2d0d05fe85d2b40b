"""A database that is locked or away: clear answers, nothing kept for ever, and nobody has to restart us (R10, R12)."""

import asyncio
import sqlite3
import time
from contextlib import closing
from typing import Any

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from server.db import sqlite
from server.errors import Unavailable
from server.trouble import DATABASE, trouble_of
from tests.conftest import Fediverse
from tests.interop.live import free_port
from tests.posting import Stranger, write

_FIELDS = b"SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
_GOODBYE = b"E" + (4 + len(_FIELDS)).to_bytes(4) + _FIELDS
"""What PostgreSQL says to everybody who is connected before it ends."""


async def test_r10_what_cannot_be_written_now_is_refused_and_later_taken(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MILLISECONDS", 50)
    here = await fediverse.start("alder.example")
    if here.db.dialect != "sqlite":
        return
    maya = await fediverse.person(here, "maya")
    post = await write(maya, "Hello")
    stranger = Stranger(fediverse, "birch.example")
    follow = stranger.activity("Follow", stranger.actor("tom"), maya.uri)
    async with fediverse.client(here, maya) as client:
        await stranger.send(here, stranger.activity("Like", stranger.actor("tom"), post.uri))
        with closing(sqlite3.connect(str(here.db.path), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
            refused = await asyncio.gather(
                *(client.post(f"/p/{post.short}/reply", data={"content": "x"}) for _ in "abc")
            )
            assert time.monotonic() - begun < 20
            assert [answer.status_code for answer in refused] == [503] * 3
            assert refused[0].headers["retry-after"] == str(Unavailable.retry_after_seconds)
            assert "Nothing was changed" in refused[0].text
            assert await stranger.send(here, follow) >= 500, "it comes again"
            assert (await client.get(post.url)).status_code == 200, "reading goes on"
            other.execute("ROLLBACK")
        assert (await client.post(f"/p/{post.short}/reply", data={"content": "x"})).status_code == 303
        assert await stranger.send(here, follow) == 202


async def test_r10_a_database_that_comes_back_is_used_again(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    if here.db.dialect != "postgres":
        return
    maya = await fediverse.person(here, "maya")
    pool = here.db.connection()
    async with fediverse.client(here, maya) as client:
        await _cut(here)
        assert (await client.get("/week")).status_code == 200, "connections are made anew"
        port = pool.port
        await pool.close()
        pool.port = free_port()
        page = await client.get("/week")
        assert (page.status_code, page.headers["retry-after"]) == (503, str(Unavailable.retry_after_seconds))
        assert "Nothing was changed" in page.text
        for address in ("/health", maya.uri):
            answer = await client.get(address, headers={"accept": "application/activity+json"})
            assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
        pool.port = port
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/week")).status_code == 200


async def test_r10_connections_on_which_the_database_said_goodbye_are_not_used(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    if here.db.dialect != "postgres":
        return
    pool = here.db.connection()._pool

    async def goodbye() -> None:
        held = [await pool.acquire() for _ in range(pool.get_size())]
        for connection in held:
            connection._con._protocol.data_received(_GOODBYE)
        for connection in held:
            await pool.release(connection)

    async def written() -> object:
        async with here.db.transaction():
            return await here.db.value("SELECT 3 AS n")

    await goodbye()
    assert await here.run(here.db.value, "SELECT 1 AS n") == 1
    await goodbye()
    assert await here.run(here.db.execute, "DELETE FROM mail_token") == 0
    await goodbye()
    assert await here.run(written) == 3

    async def within() -> None:
        async with here.db.transaction():
            here.db.connection()._connection._con._protocol.data_received(_GOODBYE)
            await here.db.value("SELECT 4 AS n")

    with pytest.raises(DATABASE) as failed:
        await here.run(within)
    assert trouble_of(failed.value), "what was begun is not begun again behind the back of who began it"
    assert await here.run(here.db.value, "SELECT 5 AS n") == 5


async def test_r12_a_transaction_that_fails_gives_its_connection_back(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    if here.db.dialect != "postgres":
        return

    async def fail() -> None:
        async with here.db.transaction():
            await here.db.rows("SELECT pg_terminate_backend(pg_backend_pid())")

    for _ in range(14):  # more than there are connections
        with pytest.raises(DATABASE) as failed:
            await here.run(fail)
        assert trouble_of(failed.value)
    assert await here.run(here.db.value, "SELECT 1 AS one") == 1


async def test_r10_a_task_goes_on_after_the_database_went_away_within_its_transaction(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await fediverse.start("alder.example")
    if here.db.dialect != "postgres":
        return
    release = asyncpg.Pool.release

    async def fails(self: Any, connection: Any, **options: Any) -> None:
        await release(self, connection, **options)
        raise ConnectionError("the database went away while the connection was given back")

    with here.db.bind():
        await here.db.value("SELECT 1")
        with monkeypatch.context() as patch:
            patch.setattr(asyncpg.Pool, "release", fails)
            with pytest.raises(ConnectionError):
                async with here.db.transaction():
                    await here.db.value("SELECT 1")
        assert await here.db.value("SELECT 1") == 1, "not on the connection that was given back"


async def test_short_reads_are_answered_at_once_and_long_ones_elsewhere(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    if here.db.dialect != "sqlite":
        return
    quick = here.db.connection()._quick
    long = (
        "SELECT count(*) AS n FROM (WITH RECURSIVE c(x) AS"
        " (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 50000) SELECT x FROM c)"
    )
    before = quick.reads
    for _ in range(40):
        assert await here.run(here.db.value, "SELECT 1 AS one") == 1
        assert await here.run(here.db.value, long) == 50_000
    assert quick.reads - before == 40
    with pytest.raises(OperationalError):
        await here.run(here.db.rows, "SELECT nothing FROM nowhere")


async def _cut(here: Any) -> None:
    """What a restart of the database does to everybody who is connected."""
    with pytest.raises(DATABASE):
        await here.run(
            here.db.rows,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <>"
            " pg_backend_pid() UNION ALL SELECT pg_terminate_backend(pg_backend_pid())",
        )
