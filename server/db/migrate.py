"""Bringing the tables up to date: numbered steps, each in explicit SQL for both databases, each all or nothing.

Tortoise's own migrations lose rows and indexes on SQLite (docs/adr/0004-databases.md), so they are not used. A step is
a module of `server.db.migrations` with the lists ``SQLITE`` and ``POSTGRES``. Before steps change a SQLite file that
holds data, a copy of it is put beside it.
"""

import importlib
import logging
import pkgutil
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
from tortoise.exceptions import IntegrityError, OperationalError

from server.db import migrations
from server.db.database import Database

log = logging.getLogger("peerhall.migrate")

ADVISORY_LOCK = 7_733_255
MARKER = "peerhall_unfinished"
"""A table of PostgreSQL that says: this database is being filled, or was not to the end (`server.transfer`)."""


class MigrationError(Exception):
    """A step failed; the database is as it was before."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration."""

    name: str
    sqlite: tuple[str, ...]
    postgres: tuple[str, ...]


def steps() -> list[Step]:
    """Every step of this version, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))
    modules = [importlib.import_module(f"{migrations.__name__}.{name}") for name in names]
    return [
        Step(name, tuple(module.SQLITE), tuple(module.POSTGRES)) for name, module in zip(names, modules, strict=True)
    ]


async def pending(db: Database) -> list[Step]:
    """The steps that this database has not seen. Raises MigrationError for one from a newer version, or half filled."""
    if db.dialect == "postgres" and await db.value("SELECT to_regclass(:marker) IS NOT NULL AS found", marker=MARKER):
        raise MigrationError(
            "this database is still being filled, or that was interrupted: let `peerhall move-database` or"
            f" `peerhall restore` finish, or repeat it; to give it up, DROP TABLE {MARKER}"
        )
    await _make_list(db)
    known = steps()
    applied = {row["name"] for row in await db.rows("SELECT name FROM schema_step ORDER BY name")}
    newer = applied - {step.name for step in known}
    if newer:
        raise MigrationError(f"this database was written by a newer Peerhall (it has {min(newer)}): upgrade first")
    return [step for step in known if step.name not in applied]


async def _make_list(db: Database) -> None:
    statement = "CREATE TABLE IF NOT EXISTS schema_step (name VARCHAR(120) PRIMARY KEY, applied_at BIGINT NOT NULL)"
    if db.dialect == "sqlite":
        await db.execute(statement)
    elif await db.value("SELECT to_regclass('schema_step') IS NULL AS missing"):
        async with db.transaction():  # IF NOT EXISTS does not help when two processes begin at once
            await db.rows(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            await db.execute(statement)


async def migrate(db: Database, now: datetime) -> list[str]:
    """Apply what is pending and return the names. Several processes may call it at once: one does the work."""
    waiting = await pending(db)
    if not waiting:
        return []
    if db.dialect == "sqlite":
        await _copy_aside(db, waiting[0].name)
    held = bool(await db.value("SELECT count(*) AS n FROM schema_step"))
    done = []
    for step in waiting:
        try:
            if await _apply(db, step, now):
                done.append(step.name)
        except (OperationalError, IntegrityError, asyncpg.PostgresError) as error:
            raise MigrationError(f"{step.name} failed, the database is as it was before it: {error}") from error
    if done and held and db.dialect == "postgres":
        # Only of what is new: else it knows by itself. SQLite is never told: it plans well without numbers, and with
        # them takes the average of an index for what is most of it, such as posts that answer nothing. Statements
        # that were misled so name their index (`Database.by`), so that ANALYZE does no harm; a test holds them to it.
        async with db.transaction():
            await db.rows("SELECT set_config('statement_timeout', '0', TRUE)")
            await db.connection().execute_query("ANALYZE")
    return done


async def _apply(db: Database, step: Step, now: datetime) -> bool:
    async with db.transaction():
        if db.dialect == "postgres":
            await db.rows("SELECT set_config('statement_timeout', '0', TRUE)")
            await db.rows(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
        if await db.value("SELECT name FROM schema_step WHERE name = :name", name=step.name):
            return False
        for statement in step.sqlite if db.dialect == "sqlite" else step.postgres:
            await db.connection().execute_query(statement)
        if db.dialect == "sqlite" and await db.connection().execute_query_dict("PRAGMA foreign_key_check"):
            raise MigrationError(f"{step.name} would break references between tables; nothing was changed")
        await db.execute("INSERT INTO schema_step (name, applied_at) VALUES (:name, :now)", name=step.name, now=now)
    log.info("migrated: %s", step.name)
    return True


async def _holds_data(db: Database) -> bool:
    """Whether any table has a row: one whose steps another process takes at this moment has none yet."""
    tables = await db.rows(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        " AND name NOT LIKE 'sqlite_%' AND name <> 'schema_step' ORDER BY name"
    )
    for table in tables:
        if await db.value(f'SELECT EXISTS (SELECT 1 FROM "{table["name"]}") AS found'):
            return True
    return False


async def _copy_aside(db: Database, step: str) -> None:
    path = db.path
    if path is None or str(path) == ":memory:" or not await _holds_data(db):
        return
    copy = Path(f"{path}.before-{step}")
    if copy.exists():
        return
    # Under a name of its own until it is whole: others may do the same at this moment, or have been killed doing it.
    part = Path(f"{copy}.{secrets.token_hex(4)}.part")
    try:
        await db.connection().execute_query("VACUUM INTO ?", [str(part)])
        part.chmod(0o600)
        part.replace(copy)
    except OperationalError as error:
        raise MigrationError(f"no copy could be put aside before {step}, nothing was changed: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    log.info("a copy of the database is in %s", copy)
