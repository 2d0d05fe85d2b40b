"""Rows that are written together at the end of a block: many small inserts cost what one costs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from server.db.bulk import insert_many
from server.db.database import Database

_Waiting = dict[tuple[str, str], list[Mapping[str, Any]]]

_waiting: ContextVar[_Waiting | None] = ContextVar("waiting_rows", default=None)


async def insert(db: Database, table: str, row: Mapping[str, Any], *, conflict: str = "") -> None:
    """Insert a row now, or at the end of the `gathered` block that we are in. All rows of a table have one shape."""
    waiting = _waiting.get()
    if waiting is None:
        await insert_many(db, table, [row], conflict=conflict)
    else:
        waiting.setdefault((table, conflict), []).append(row)


@asynccontextmanager
async def gathered(db: Database) -> AsyncIterator[None]:
    """Write what is inserted in this block at its end, one statement a table, in the caller's transaction.

    For blocks that do not read what they insert. Nothing of it is written where the block fails.
    """
    if _waiting.get() is not None:
        yield
        return
    waiting: _Waiting = {}
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    for (table, conflict), rows in waiting.items():
        await insert_many(db, table, rows, conflict=conflict)
