"""What the tables are: read from a database, and as the models want them."""

import re
from dataclasses import dataclass

from tortoise.utils import get_schema_sql

from server.db.database import Database


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the database describes it."""

    kind: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns by name, and its indexes as (unique, columns)."""

    columns: dict[str, Column]
    indexes: frozenset[tuple[bool, tuple[str, ...]]]


def wanted_sql(db: Database) -> list[str]:
    """The statements that create every table of the models on an empty database, in this database's dialect."""
    script = re.sub(r" /\*.*?\*/", "", get_schema_sql(db.connection(), safe=False), flags=re.DOTALL)
    statements = (statement.strip().rstrip(";") for statement in script.split(";\n"))
    return [statement for statement in statements if statement and not statement.startswith("COMMENT ON")]


async def read_schema(db: Database) -> dict[str, Table]:
    """The tables that exist, without the search index and the list of migrations.

    Partial indexes are left out: migrations make them, and no model can say them.
    """
    reader = _read_sqlite if db.dialect == "sqlite" else _read_postgres
    return {name: table for name, table in (await reader(db)).items() if not _is_internal(name)}


def _is_internal(name: str) -> bool:
    return name.startswith(("sqlite_", "search_")) or name == "schema_step"


async def _read_sqlite(db: Database) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    names = await db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    for row in names:
        name = row["name"]
        columns = {
            item["name"]: Column(item["type"].upper(), not item["notnull"] and not item["pk"])
            for item in (await db.connection().execute_query_dict(f'PRAGMA table_info("{name}")'))
        }
        indexes = set()
        for index in await db.connection().execute_query_dict(f'PRAGMA index_list("{name}")'):
            parts = await db.connection().execute_query_dict(f'PRAGMA index_info("{index["name"]}")')
            if index["origin"] != "pk" and not index["partial"]:
                indexes.add((bool(index["unique"]), tuple(part["name"] for part in parts)))
        tables[name] = Table(columns, frozenset(indexes))
    return tables


async def _read_postgres(db: Database) -> dict[str, Table]:
    columns: dict[str, dict[str, Column]] = {}
    for row in await db.rows(
        "SELECT table_name, column_name, data_type, is_nullable, character_maximum_length"
        " FROM information_schema.columns WHERE table_schema = current_schema()"
    ):
        length = f"({row['character_maximum_length']})" if row["character_maximum_length"] else ""
        kind = Column(row["data_type"].upper() + length, row["is_nullable"] == "YES")
        columns.setdefault(row["table_name"], {})[row["column_name"]] = kind
    indexes: dict[str, set[tuple[bool, tuple[str, ...]]]] = {name: set() for name in columns}
    for row in await db.rows(
        "SELECT t.relname AS table_name, ix.indisunique AS is_unique,"
        " string_agg(a.attname, ',' ORDER BY array_position(ix.indkey::int[], a.attnum::int)) AS names"
        " FROM pg_index ix JOIN pg_class i ON i.oid = ix.indexrelid JOIN pg_class t ON t.oid = ix.indrelid"
        " JOIN pg_namespace n ON n.oid = t.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(ix.indkey)"
        " WHERE n.nspname = current_schema() AND NOT ix.indisprimary AND ix.indpred IS NULL"
        " GROUP BY t.relname, ix.indisunique, i.oid"
    ):
        indexes[row["table_name"]].add((row["is_unique"], tuple(row["names"].split(","))))
    return {name: Table(found, frozenset(indexes[name])) for name, found in columns.items()}
