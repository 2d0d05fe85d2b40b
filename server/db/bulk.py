"""Many rows in one statement: what a statement costs by itself is then paid once for all of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from server.db.database import Database, Row

MAX_PARAMETERS = 30_000
"""Both databases take 32,766 in one statement."""


async def insert_many(
    db: Database,
    table: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    conflict: str = "",
    returning: str = "",
    instead: bool = False,
) -> list[Row]:
    """Insert rows of one shape, in their order; `conflict` and `returning` are the ends of the statement.

    `instead` replaces rows with the same key (SQLite's `INSERT OR REPLACE`, for tables that know no `ON CONFLICT`).

    One statement, and so all or nothing by itself, up to `MAX_PARAMETERS` values; several beyond. Values are texts,
    numbers, booleans, times and None.
    """
    if not rows:
        return []
    names = list(rows[0])
    at_once = MAX_PARAMETERS // len(names)
    end = f" {conflict}" * bool(conflict) + f" RETURNING {returning}" * bool(returning)
    head = f"INSERT{' OR REPLACE' if instead else ''} INTO {table} ({', '.join(names)})"
    write = _write_sqlite if db.dialect == "sqlite" else _write_postgres
    found: list[Row] = []
    for start in range(0, len(rows), at_once):
        found += await write(db, head, names, rows[start : start + at_once], end)
    return found


async def _write_sqlite(
    db: Database, head: str, names: list[str], rows: Sequence[Mapping[str, Any]], end: str
) -> list[Row]:
    places = ", ".join(f"({', '.join(f':{name}_{number}' for name in names)})" for number in range(len(rows)))
    values = {f"{name}_{number}": row[name] for number, row in enumerate(rows) for name in names}
    return await db.rows(f"{head} VALUES {places}{end}", **values)


async def _write_postgres(
    db: Database, head: str, names: list[str], rows: Sequence[Mapping[str, Any]], end: str
) -> list[Row]:
    """One array for each column, so that the statement is the same, and prepared once, however many rows there are."""
    columns = {name: [row[name] for row in rows] for name in names}
    kinds = {name: _kind(values) for name, values in columns.items()}
    filled = [name for name in names if kinds[name]]
    if not filled:
        raise ValueError("rows without a value")
    wanted = ", ".join(f"part.{name}" if kinds[name] else "NULL" for name in names)
    arrays = ", ".join(f"CAST(:{name} AS {kinds[name]}[])" for name in filled)
    source = f"unnest({arrays}) WITH ORDINALITY AS part ({', '.join(filled)}, place_in_order)"
    arguments = {name: columns[name] for name in filled}
    return await db.rows(f"{head} SELECT {wanted} FROM {source} ORDER BY part.place_in_order{end}", **arguments)


def _kind(values: list[Any]) -> str:
    """What PostgreSQL calls the values of a column; empty where all of them are None."""
    value = next((value for value in values if value is not None), None)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "boolean"
    return "bigint" if isinstance(value, int | datetime) else "text"
