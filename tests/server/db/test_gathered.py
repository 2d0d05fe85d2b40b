"""Rows that are written together."""

import pytest

from server.db import gathered, insert, query_log
from tests.conftest import Fediverse


async def test_rows_of_a_block_are_one_statement_and_nothing_where_it_fails(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")

    async def add(uri: str) -> None:
        row = {"uri": uri, "body": "{}", "actor": "x", "post_id": None, "is_public": True, "created_at": 1}
        await insert(here.db, "sent_activity", row, conflict="ON CONFLICT (uri) DO NOTHING")

    with here.db.bind():
        with pytest.raises(RuntimeError):
            async with here.db.transaction(), gathered(here.db):
                await add("lost")
                raise RuntimeError
        log: list[str] = []
        token = query_log.set(log)
        async with here.db.transaction(), gathered(here.db):
            await add("a")
            async with gathered(here.db):
                await add("b")
            await add("a")
        query_log.reset(token)
        assert len(log) == 1
        await add("c")
        rows = await here.db.rows("SELECT uri FROM sent_activity WHERE actor = 'x' ORDER BY uri LIMIT 10")
    assert [row["uri"] for row in rows] == ["a", "b", "c"]
