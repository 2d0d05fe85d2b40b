"""Drafts a migration step from the difference between the models and what the existing steps make.

``make migration NAME=add_something`` runs it. New tables are written out for both databases; each column or index that
differs is listed as a comment: what becomes of existing rows is a decision, to be written by hand.
"""

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from server.clock import SystemClock
from server.db.database import Database
from server.db.migrate import migrate, steps
from server.db.schema import Table, read_schema, wanted_sql
from server.features import model_modules


async def draft(name: str, postgres_url: str, workplace: Path) -> Path:
    """Write ``server/db/migrations/NNNN_NAME.py`` and return its path. `postgres_url` names an empty database."""
    sqlite_url = f"sqlite:///{workplace / 'draft.sqlite3'}"
    parts = {dialect: await _part(url) for dialect, url in (("SQLITE", sqlite_url), ("POSTGRES", postgres_url))}
    path = Path(__file__).parent / "db" / "migrations" / f"{len(steps()) + 1:04d}_{name}.py"
    lists = "\n".join(_listed(dialect, statements) for dialect, statements in parts.items())
    remarks = "".join(f"# to decide: {line}\n" for line in await _differences(workplace))
    path.write_text(f'"""{name.replace("_", " ").capitalize()}."""\n\n{remarks}{lists}', encoding="utf-8")
    return path


async def _part(url: str) -> list[str]:
    """The statements that make the new tables, in the dialect of this address."""
    db = Database(url, durable=False)
    await db.open(model_modules())
    try:
        with db.bind():
            await migrate(db, SystemClock().now())
            existing = await read_schema(db)
            return [statement for statement in wanted_sql(db) if _table_of(statement) not in existing]
    finally:
        await db.close()


async def _differences(workplace: Path) -> list[str]:
    """What differs in tables that exist already, one line each."""
    found: list[dict[str, Table]] = []
    for name, prepare in (("old", True), ("new", False)):
        db = Database(f"sqlite:///{workplace / name}.sqlite3", durable=False)
        await db.open(model_modules())
        try:
            with db.bind():
                if prepare:
                    await migrate(db, SystemClock().now())
                else:
                    for statement in wanted_sql(db):
                        await db.connection().execute_query(statement)
                found.append(await read_schema(db))
        finally:
            await db.close()
    before, after = found
    return [line for table in sorted(before) for line in _compared(table, before[table], after.get(table))]


def _compared(name: str, before: Table, after: Table | None) -> Iterator[str]:
    if after is None:
        yield f"table {name} is gone"
        return
    for column in sorted(before.columns.keys() | after.columns.keys()):
        old, new = before.columns.get(column), after.columns.get(column)
        if old != new:
            yield f"{name}.{column}: {old} becomes {new}"
    for unique, columns in sorted(before.indexes ^ after.indexes):
        verb = "is new" if (unique, columns) in after.indexes else "is gone"
        yield f"{'unique ' if unique else ''}index of {name} on {', '.join(columns)} {verb}"


def _table_of(statement: str) -> str:
    match = re.search(r'(?:CREATE TABLE|CREATE (?:UNIQUE )?INDEX .* ON) "?(\w+)"?', statement)
    return match[1] if match else ""


def _listed(dialect: str, statements: list[str]) -> str:
    return f"{dialect} = [\n" + "".join(f'    """{statement}""",\n' for statement in statements) + "]\n"


if __name__ == "__main__":
    print(asyncio.run(draft(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
