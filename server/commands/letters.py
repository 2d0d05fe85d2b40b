"""`peerhall mail-in`: what a mail server pipes in."""

import asyncio
import os
import sys

import click
from asyncpg import InvalidAuthorizationSpecificationError

from server.build import opened
from server.commands.common import CannotConnect, refuse, settings_of, tables
from server.db import InUse
from server.db.migrate import MigrationError, pending
from server.errors import Unavailable
from server.letterbox.actions import arrive
from server.letterbox.reading import MAX_BYTES, Arrived, read_mail
from server.settings import Settings

LATER = getattr(os, "EX_TEMPFAIL", 75)
"""Mail servers keep a message for which a command ends so, and try again (sysexits.h)."""
PIECE = 1024 * 1024


@click.command("mail-in")
@click.pass_context
def mail_in(context: click.Context) -> None:
    """Take one mail from standard input.

    Status 75 asks the mail server to try again later.
    """
    settings = settings_of(context)
    if not settings.reply_address:
        refuse("PEERHALL_REPLY_ADDRESS is not set, so that no mail can be an answer")
    arrived = read_mail(_whole_input(), settings.reply_address, settings.origin)
    try:
        asyncio.run(_keep(settings, arrived))
    except (*CannotConnect, InvalidAuthorizationSpecificationError, MigrationError, InUse, Unavailable) as error:
        click.echo(f"peerhall: cannot take mail now: {' '.join(str(error).split())}", err=True)
        sys.exit(LATER)


async def _keep(settings: Settings, arrived: Arrived) -> None:
    async with tables(settings) as db:
        if await pending(db):
            raise MigrationError("migrations wait: run peerhall migrate")
    async with opened(settings, migrate_first=False) as here:
        await arrive(here, arrived)


def _whole_input() -> bytes:
    """Everything, for mail servers stumble over who stops reading; of what is too large only the first part is kept."""
    kept = b""
    while piece := sys.stdin.buffer.read(PIECE):
        if len(kept) <= MAX_BYTES:
            kept += piece
    return kept
