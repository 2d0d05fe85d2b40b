"""The migrations make exactly the tables that the models want, on the database under test."""

from pathlib import Path
from typing import Any

import asyncpg

from server.db import Database, migrations
from server.db.schema import Table, read_schema, wanted_sql
from server.features import model_modules


async def wanted_schema(url: str) -> dict[str, Table]:
    """The tables of the models on an empty database."""
    db = Database(url, durable=False)
    await db.open(model_modules())
    try:
        with db.bind():
            for statement in wanted_sql(db):
                await db.connection().execute_query(statement)
            return await read_schema(db)
    finally:
        await db.close()


def test_steps_are_numbered_one_after_the_other() -> None:
    """Two of one number come about where two people draft at the same time, and nothing else would notice."""
    folder = Path(migrations.__file__).parent
    numbers = sorted(int(path.name[:4]) for path in folder.glob("[0-9]*.py"))
    assert numbers == list(range(1, len(numbers) + 1))


async def test_migrations_and_models_make_the_same_tables(fediverse: Any, template: Any, tmp_path: Path) -> None:
    here = await fediverse.start("alder.example")
    with here.db.bind():
        migrated = await read_schema(here.db)
    if template.server is None:
        wanted = await wanted_schema(f"sqlite:///{tmp_path / 'wanted.sqlite3'}")
    else:
        connection = await asyncpg.connect(f"{template.server}/postgres")
        try:
            await connection.execute('CREATE DATABASE "wanted"')
            try:
                wanted = await wanted_schema(f"{template.server}/wanted")
            finally:
                await connection.execute('DROP DATABASE "wanted" WITH (FORCE)')
        finally:
            await connection.close()
    assert set(migrated) == set(wanted), "run: make migration NAME=…"
    for name, table in wanted.items():
        assert migrated[name].columns == table.columns, name
        assert migrated[name].indexes == table.indexes, name


async def test_every_foreign_key_has_an_index(fediverse: Any) -> None:
    """Neither database makes one by itself, and a deletion would read the whole table."""
    here = await fediverse.start("alder.example")
    if here.db.dialect != "sqlite":
        return
    missing = []
    with here.db.bind():
        for name, table in (await read_schema(here.db)).items():
            keys = await here.db.connection().execute_query_dict(f'PRAGMA foreign_key_list("{name}")')
            info = await here.db.connection().execute_query_dict(f'PRAGMA table_info("{name}")')
            primary = [row["name"] for row in sorted(info, key=lambda row: row["pk"]) if row["pk"]][:1]
            first = {columns[0] for _, columns in table.indexes} | set(primary)
            missing += [f"{name}.{key['from']}" for key in keys if key["from"] not in first]
    assert missing == []
