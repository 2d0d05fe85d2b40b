"""Rows for every table, with values at the edges of their types: for whatever copies or changes tables whole."""

import functools
import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from server.db.migrate import Step, steps

ROWS = 3
LARGEST = 2**63 - 1
ODD_TEXT = '{"a":"é\\u0000\\n😀","b":[1,"\'"]} \\N \\. \t\r\n" ; -- \u202e\uffff'

Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]


def make_sqlite(connection: sqlite3.Connection, some: Sequence[Step]) -> None:
    """The tables as these steps leave them."""
    connection.execute("CREATE TABLE schema_step (name VARCHAR(120) PRIMARY KEY, applied_at BIGINT NOT NULL)")
    for step in some:
        apply_sqlite(connection, step)


def apply_sqlite(connection: sqlite3.Connection, step: Step) -> None:
    for statement in step.sqlite:
        connection.execute(statement)
    connection.execute("INSERT INTO schema_step VALUES (?, 1)", (step.name,))


def rows_for(connection: sqlite3.Connection, count: int = ROWS, first: int = 0) -> Rows:
    """`count` rows for each table of a SQLite database, in an order in which references hold; all differ by number."""
    tables = [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
            " AND name NOT LIKE 'search~_%' ESCAPE '~' AND name <> 'schema_step' ORDER BY name"
        )
    ]
    found: Rows = {}
    while len(found) < len(tables):
        for table in tables:
            keys = list(connection.execute(f'PRAGMA foreign_key_list("{table}")'))
            if table not in found and all(key[2] in found or key[2] == table for key in keys):
                found[table] = _rows(connection, table, {key[3]: key[2] for key in keys}, range(first, first + count))
    return found


def _rows(
    connection: sqlite3.Connection, table: str, references: dict[str, str], numbers: range
) -> tuple[list[str], list[tuple[Any, ...]]]:
    columns = list(connection.execute(f'PRAGMA table_info("{table}")'))
    rows = []
    for number in numbers:
        row: list[Any] = []
        for _, name, kind, is_needed, _, key in columns:
            if name in references:
                before = number - 1 if references[name] == table else number
                row.append(_text("id", 26, before) if before >= numbers.start else None)
            elif number % 3 == 2 and not is_needed and not key:
                row.append(None)
            else:
                row.append(_value(name, kind.upper(), number, is_key=bool(key)))
        rows.append(tuple(row))
    return [column[1] for column in columns], rows


def _value(name: str, kind: str, number: int, *, is_key: bool) -> Any:
    if kind.startswith("VARCHAR"):
        return _text("id" if is_key and name == "id" else name, int(re.sub(r"\D", "", kind)), number)
    if name == "body":
        return f'{{"actor":"https://é.example/😀","n":{number}}}'
    if kind == "TEXT":
        return ("", ODD_TEXT, "x" * 3000)[number % 3]
    if kind == "INTEGER" or is_key:
        return number + 1 if number % 3 else number + 1_000_000_000_000
    if name in booleans():
        return number % 2
    limit = 2**31 if kind == "INT" else 2**63
    return (limit - 1, -limit, 0)[number % 3] if number < 3 else number


def _text(name: str, length: int, number: int) -> str:
    """The longest, the shortest and others, all different."""
    text = f"{number}{name}"
    return (text + "é😀'\\" * (length // 4 + 1))[:length] if number % 3 == 0 else text[:length]


@functools.cache
def booleans() -> set[str]:
    """Names of columns that are numbers in SQLite and truth values in PostgreSQL."""
    text = "\n".join(statement for step in steps() for statement in step.postgres)
    return set(re.findall(r'"(\w+)" BOOL', text))


def fill_sqlite(connection: sqlite3.Connection, rows: Rows, *, search: bool = True) -> None:
    for table, (columns, values) in rows.items():
        connection.executemany(f"INSERT INTO {_into(table, columns)}", values)
    for kind in ("post", "actor") if search else ():
        for number in range(min(ROWS, len(rows["post"][1]))):
            connection.execute(
                "INSERT INTO search_thing (kind, thing_id, at) VALUES (?, ?, ?)", (kind, _text("id", 26, number), 7)
            )
            connection.execute(
                "INSERT INTO search_text (rowid, title, body) VALUES (last_insert_rowid(), ?, ?)",
                (f"title{number}", f"{kind} fractions {number}"),
            )


async def fill_postgres(connection: asyncpg.Connection, rows: Rows) -> None:
    truths = booleans()
    for table, (columns, values) in rows.items():
        places = [place for place, column in enumerate(columns) if column in truths]
        changed = [tuple(bool(v) if i in places and v is not None else v for i, v in enumerate(row)) for row in values]
        await connection.copy_records_to_table(table, records=changed, columns=columns)
    # As where PostgreSQL has given all these numbers itself: what comes next is no number twice.
    for row in await connection.fetch(
        "SELECT table_name, column_name, pg_get_serial_sequence(table_name, column_name) AS sequence"
        " FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL"
    ):
        most = f'SELECT max("{row["column_name"]}") FROM "{row["table_name"]}"'
        await connection.execute(
            f"SELECT setval('{row['sequence']}', ({most})) WHERE EXISTS ({most} HAVING count(*) > 0)"
        )


def _into(table: str, columns: Iterable[str]) -> str:
    names = [f'"{name}"' for name in columns]
    return f'"{table}" ({", ".join(names)}) VALUES ({", ".join("?" for _ in names)})'
