"""Many rows as one parameter: a table that a statement reads from JSON, the same on both databases.

One statement with a fixed text serves any number of rows, so that it is prepared once and no list of parameters grows.
"""

import json
from collections.abc import Iterable, Mapping

TEXT, NUMBER, BOOLEAN = "text", "bigint", "boolean"


def given(dialect: str, **columns: str) -> str:
    """What stands after FROM, named ``given``, with these columns and their types; its rows are in ``:given``."""
    if dialect == "sqlite":
        fields = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
        return f"(SELECT {fields} FROM json_each(:given)) AS given"
    fields = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return f"jsonb_to_recordset(CAST(:given AS jsonb)) AS given({fields})"


def rows_given(rows: Iterable[Mapping[str, object]]) -> str:
    """The value of ``:given``. Letters that a database does not take, zero and halves of pairs, are left out."""
    return json.dumps([{name: _storable(value) for name, value in row.items()} for row in rows])


def hosts_given(hosts: Iterable[str]) -> str:
    """The value of ``:given`` for a table with the one column ``host``."""
    return rows_given({"host": host} for host in hosts)


def _storable(value: object) -> object:
    if isinstance(value, str) and not value.isascii():
        value = value.encode("utf-8", "replace").decode()
    return value.replace("\0", "") if isinstance(value, str) else value
