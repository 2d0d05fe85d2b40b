"""`peerhall backup`, `restore`, `move-database` and `move-media`: copies of a whole instance."""

from contextlib import suppress
from pathlib import Path

import click

from server.checkup.actions import note_backup
from server.clock import SystemClock
from server.commands.common import run, settings_of, table, tables
from server.settings import Settings
from server.transfer.backup import write_backup
from server.transfer.canonical import Sums
from server.transfer.media import move_media
from server.transfer.move import Report, dry_run, move_database
from server.transfer.progress import spoken
from server.transfer.restore import restore_backup
from server.trouble import DATABASE


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_context
def backup(context: click.Context, file: str) -> None:
    """Save database, keys and uploads in one file, while running."""
    settings = settings_of(context)
    size = run(_backup(settings, Path(file)))
    click.echo(f"{file}: {size / 1e6:.1f} MB")


async def _backup(settings: Settings, file: Path) -> int:
    """Write it, and note that it was; a database that takes no note has been saved all the same."""
    size = await write_backup(settings, file, SystemClock().now())
    with suppress(*DATABASE):
        async with tables(settings) as db:
            await note_backup(db, SystemClock().now(), size)
    return size


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_context
def restore(context: click.Context, file: str) -> None:
    """Unpack a backup where nothing is, on either database."""
    settings = settings_of(context)
    found = run(restore_backup(settings, Path(file), SystemClock().now()))
    rows = sum(number for number, _ in found.sums.values())
    click.echo(f"restored {rows:,} rows and {found.files:,} files; start with: peerhall serve")


@click.command("move-database")
@click.argument("url")
@click.option("--dry-run", "only_look", is_flag=True, help="Check and count everything, write nothing.")
@click.pass_context
def move(context: click.Context, url: str, only_look: bool) -> None:
    """Move everything from SQLite to an empty PostgreSQL."""
    settings = settings_of(context)
    now = SystemClock().now()
    report = run((dry_run if only_look else move_database)(settings, url, now))
    _show(report.sums, "would move" if only_look else "moved, and compared on both sides")
    _remarks(report)
    if only_look:
        click.echo(f"nothing was written; the move will take about {spoken(report.seconds)}")
        if report.in_use:
            click.echo("the database is in use: stop the server before you move (systemctl stop peerhall)")
        return
    click.echo(
        f"done in {spoken(report.seconds)}. Now set PEERHALL_DATABASE_URL (database_url in peerhall.toml) to the new\n"
        "database and start the server. The SQLite file is as it was: as long as nothing was written to the new\n"
        "database, setting PEERHALL_DATABASE_URL back goes back. Later, `peerhall backup` from PostgreSQL and\n"
        "`peerhall restore` with SQLite settings and an empty data folder do."
    )


@click.command("move-media")
@click.argument("url")
@click.pass_context
def move_files(context: click.Context, url: str) -> None:
    """Copy all files to another storage, and compare."""
    done = run(move_media(settings_of(context), url))
    click.echo(
        f"{done.copied:,} files copied, {done.there:,} were there, {done.size_bytes / 1e6:,.1f} MB compared"
        + (f"; {done.missing:,} are missing here as well" if done.missing else "")
        + "\nTo change over: stop the server, run this again for what came meanwhile, set PEERHALL_MEDIA_URL, start."
    )


def _show(sums: Sums, verb: str) -> None:
    table([("table", "rows", "checksum"), *((name, f"{total.rows:,}", str(total)) for name, total in sums.items())])
    click.echo(f"{sum(total.rows for total in sums.values()):,} rows {verb}")


def _remarks(report: Report) -> None:
    if report.repeated:
        click.echo("an interrupted move of this database was there; it left nothing, and this one began anew")
    if report.cleaned:
        click.echo(f"{report.cleaned} rows held NUL characters, which PostgreSQL does not take: they were left out")
