"""What commands share: settings, one clear line for a refusal, and running one action on an instance."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from asyncpg import InvalidAuthorizationSpecificationError

from federation.errors import FederationError
from server.build import opened
from server.db import Database, InUse
from server.db.migrate import MigrationError
from server.errors import Refused
from server.features import model_modules
from server.instance import Instance
from server.serving import CannotListen, set_up_logging
from server.settings import Settings, SettingsError, load
from server.unfinished import refuse_unfinished

T = TypeVar("T")
CannotConnect = (OSError, InvalidAuthorizationSpecificationError)
"""What a database raises that is away, is not there, or does not let us in."""


def refuse(message: str) -> NoReturn:
    """End with status 1 and one line on standard error."""
    click.echo(f"peerhall: {' '.join(message.split())}", err=True)
    sys.exit(1)


def settings_of(context: click.Context, *, serving: bool = False) -> Settings:
    """The settings of this command, with logging set up; a wrong one ends it.

    What serves logs what it does; the others say what they have to say themselves, unless `debug` is asked for.
    """
    config = context.find_root().params.get("config")
    try:
        settings = load(config=Path(config) if config else None)
    except SettingsError as error:
        refuse(str(error))
    set_up_logging(settings if serving or settings.log != "info" else replace(settings, log="warning"))
    return settings


def run(coroutine: Awaitable[T]) -> T:
    """Run to the end, turning what may be refused into one line."""

    async def main() -> T:
        return await coroutine

    try:
        return asyncio.run(main())
    except Refused as error:
        refuse(error.message)
    except (FederationError, MigrationError, CannotListen, InUse, SettingsError) as error:
        refuse(str(error))
    except InvalidAuthorizationSpecificationError as error:
        refuse(f"the database does not let us in: {error}")
    except OSError as error:
        refuse(f"{error.strerror or error} {error.filename or ''}")


def with_instance(context: click.Context, action: Callable[[Instance], Awaitable[T]]) -> T:
    """Run an action on the instance of these settings."""
    settings = settings_of(context)

    async def main() -> T:
        async with opened(settings) as here:
            return await action(here)

    return run(main())


@asynccontextmanager
async def tables(settings: Settings) -> AsyncIterator[Database]:
    """The database alone, as it is: for looking at its tables before an instance can be built on them."""
    refuse_unfinished(settings.data_path)
    db = Database(settings.database_url)
    await db.open(model_modules())
    try:
        with db.bind():
            yield db
    finally:
        await db.close()


def table(rows: list[tuple[Any, ...]]) -> None:
    """Print rows in aligned columns."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))] if rows else []
    for row in rows:
        click.echo("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
