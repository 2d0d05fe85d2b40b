"""Databases to copy from and to."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from server.db.migrate import steps
from server.settings import Settings
from tests.populate import fill_sqlite, make_sqlite, rows_for


@pytest.fixture
async def empty(template: Any) -> AsyncIterator[str]:
    """The address of an empty PostgreSQL database."""
    if template.server is None:
        pytest.skip("needs PostgreSQL: python -m tests.postgres")
    address = f"{template.server}/postgres"
    connection = await asyncpg.connect(address)
    name = f"{template.name}_empty"
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await connection.execute(f'CREATE DATABASE "{name}"')
    yield f"{template.server}/{name}"
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.close()


def full_sqlite(folder: Path, count: int = 3) -> Settings:
    """Settings of an instance whose every table has rows with odd values."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        origin="https://hall.example",
        domain="hall.example",
        data_dir=str(folder),
        database_url=f"sqlite:///{folder / 'peerhall.sqlite3'}",
    )
    connection = sqlite3.connect(folder / "peerhall.sqlite3", isolation_level=None)
    for statement in ("PRAGMA synchronous = OFF", "PRAGMA journal_mode = WAL", "BEGIN"):
        connection.execute(statement)
    make_sqlite(connection, steps())
    fill_sqlite(connection, rows_for(connection, count))
    connection.execute("COMMIT")
    connection.close()
    return settings
