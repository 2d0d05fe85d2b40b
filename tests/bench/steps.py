"""What reading costs by SQLite's own count: instructions of its virtual machine, which no other load changes.

What the index of words reads for itself is counted as far as it asks its own tables for it; documents that are answered
by a glance (`server.db.glance`) are not counted.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from server.instance import Instance

EVERY = 10
"""Counted in tens: to be called for each instruction takes longer than it does."""


class Steps:
    """A connection that counts."""

    def __init__(self, file: str) -> None:
        self.count = 0
        self._connection = sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("SELECT seq FROM search_thing LIMIT 1").fetchone()  # the tables are known by now
        self._connection.set_progress_handler(self._on, EVERY)

    async def read(self, query: str, values: Sequence[Any] | None) -> list[sqlite3.Row]:
        """The rows, as the instance's own connections give them."""
        return self._connection.execute(query, values or ()).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _on(self) -> int:
        self.count += EVERY
        return 0


@contextmanager
def counted(here: Instance) -> Iterator[Steps]:
    """All reads of an instance on SQLite go through a connection that counts, as long as this lasts."""
    path = here.db.path
    assert path is not None
    with here.db.bind():
        client = here.db.connection()
    steps = Steps(str(path))
    client._read = steps.read
    try:
        yield steps
    finally:
        del client._read
        steps.close()
