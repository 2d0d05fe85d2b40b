"""`peerhall init`, `backup`, `restore` and `check`: looking after an installation."""

import asyncio
import os
import secrets
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from server.accounts import actions as accounts
from server.accounts import queries as account_queries
from server.backup import restore_backup, write_backup
from server.build import opened
from server.clock import SystemClock
from server.commands.common import refuse, run, settings_of
from server.db.migrate import pending
from server.fediverse.queries import queue_state
from server.instance import Instance
from server.settings import Settings, SettingsError, load

LOW_DISK_BYTES = 500 * 1024 * 1024
QUEUE_TOO_OLD_SECONDS = 900


def _ask(question: str, default: str, *, ask: bool) -> str:
    return str(click.prompt(question, default=default)) if ask else default


@click.command()
@click.option("--non-interactive", is_flag=True, help="Ask nothing; take settings from the environment.")
@click.option("--force", is_flag=True, help="Replace an existing peerhall.toml.")
@click.pass_context
def init(context: click.Context, non_interactive: bool, force: bool) -> None:
    """Ask five questions, write peerhall.toml, create the data folder and the first admin."""
    target = Path(context.find_root().params.get("config") or "peerhall.toml")
    if target.exists() and not force:
        refuse(f"{target} exists already; use --force to replace it")
    try:
        found = load(config=Path(os.devnull))
    except SettingsError as error:
        refuse(str(error))
    ask = not non_interactive
    origin = _ask("1. Public address of this server", found.origin, ask=ask)
    name = _ask("2. Name of your organisation", found.name, ask=ask)
    registration = _ask("3. Who may join: invite, approval, open or closed", found.registration, ask=ask)
    federation = _ask("4. Other servers: consortium, careful, open or closed", found.federation, ask=ask)
    handle = _ask("5. Handle of the first admin", os.environ.get("USER", "admin") or "admin", ask=ask)
    values = {"origin": origin, "name": name, "registration": registration, "federation": federation}
    lines = "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())
    lines += f"data_dir = {_toml(str(found.data_path.absolute()))}\n"
    _check_before_writing(values)
    heading = "# Settings of this Peerhall. The README explains each; the environment wins.\n"
    target.write_text(heading + lines, encoding="utf-8")
    target.chmod(0o600)
    settings = load(config=target)
    password = secrets.token_urlsafe(12)

    async def action() -> None:
        async with opened(settings) as here:
            if not await account_queries.admin_actor_ids(here):
                await accounts.create_account(
                    here, name=handle, email=None, password=password, role="admin", display_name=handle, confirmed=True
                )
                click.echo(f"first admin  {handle.lower()}\npassword     {password}\n(change it after signing in)")

    run(action())
    click.echo(f"settings     {target}\ndata         {settings.data_path}\nstart with   peerhall serve")


def _check_before_writing(values: dict[str, str]) -> None:
    environment = {f"PEERHALL_{key.upper()}": value for key, value in values.items()}
    try:
        load(environment, Path(os.devnull))
    except SettingsError as error:
        refuse(str(error))


def _toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_context
def backup(context: click.Context, file: str) -> None:
    """Save database, keys and uploads into one file; the server may run meanwhile."""
    settings = settings_of(context)

    async def action() -> int:
        return await asyncio.to_thread(write_backup, settings, Path(file), SystemClock().now())

    click.echo(f"{file}: {run(action()) / 1e6:.1f} MB")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_context
def restore(context: click.Context, file: str) -> None:
    """Unpack a backup into an empty data folder."""
    settings = settings_of(context)

    async def action() -> int:
        return await asyncio.to_thread(restore_backup, settings, Path(file))

    click.echo(f"restored {run(action())} files into {settings.data_path}; start with: peerhall serve")


@click.command()
@click.pass_context
def check(context: click.Context) -> None:
    """Look at settings, database, storage, mail, clock, certificate and queue; one line each."""
    settings = settings_of(context)
    lines: list[tuple[bool, str, str]] = [_settings_line(settings)]

    async def action() -> None:
        async with opened(settings, migrate_first=False) as here:
            lines.append(await _database_line(here))
            lines.append(await _queue_line(here))

    if _has_database(settings):
        run(action())
    else:
        lines.append((True, "database", "none yet: it is made at the first start"))
    lines += [_storage_line(settings), run(_mail_line(settings)), _clock_line(settings)]
    lines.append(run(_certificate_line(settings)))
    for good, subject, words in lines:
        click.echo(f"{'ok  ' if good else 'FAIL'}  {subject:<11} {words}")
    if not all(good for good, _, _ in lines):
        sys.exit(1)


def _has_database(settings: Settings) -> bool:
    url = settings.database_url
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).is_file()


def _settings_line(settings: Settings) -> tuple[bool, str, str]:
    host = urlsplit(settings.origin).hostname or ""
    local = host == "localhost" or host.endswith(".localhost") or host.startswith("127.")
    if not settings.is_https and not local:
        return False, "settings", f"{settings.origin} is not https: other servers will not talk to it"
    return True, "settings", f"{settings.origin}, handles end in @{settings.domain}"


async def _database_line(here: Instance) -> tuple[bool, str, str]:
    waiting = await pending(here.db)
    if waiting:
        return False, "database", f"{len(waiting)} migrations wait: run peerhall migrate"
    people = await here.db.value("SELECT count(*) AS n FROM account")
    return True, "database", f"{here.db.dialect}, up to date, {people} accounts"


async def _queue_line(here: Instance) -> tuple[bool, str, str]:
    state = await queue_state(here)
    words = f"{state.inbound_waiting} to process, {state.hosts_waiting} servers to deliver to"
    if state.oldest_inbound_seconds > QUEUE_TOO_OLD_SECONDS:
        return False, "queue", f"{words}; the oldest waits for {state.oldest_inbound_seconds / 60:.0f} minutes"
    return True, "queue", words


def _storage_line(settings: Settings) -> tuple[bool, str, str]:
    path = settings.data_path
    existing = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        return False, "storage", f"{existing} cannot be written to"
    free = shutil.disk_usage(existing).free
    return free > LOW_DISK_BYTES, "storage", f"{path}: {free / 1e9:.1f} GB free"


async def _mail_line(settings: Settings) -> tuple[bool, str, str]:
    if not settings.smtp_url:
        return True, "mail", "no mail server: messages are written to the log"
    parts = urlsplit(settings.smtp_url)
    port = parts.port or (465 if parts.scheme == "smtps" else 587)
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(parts.hostname, port), 10)
    except (OSError, TimeoutError) as error:
        return False, "mail", f"{parts.hostname}:{port} does not answer: {error}"
    writer.close()
    return True, "mail", f"{parts.hostname}:{port} answers"


def _clock_line(settings: Settings) -> tuple[bool, str, str]:
    now = SystemClock().now()
    database = Path(settings.database_url.removeprefix("sqlite:///"))
    if settings.database_url.startswith("sqlite:///") and database.is_file():
        ahead = database.stat().st_mtime - now.timestamp()
        if ahead > 60:
            return False, "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC is {ahead:.0f} s before the last write to the database"
    return True, "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC"


async def _certificate_line(settings: Settings) -> tuple[bool, str, str]:
    if not settings.is_https:
        return True, "certificate", "none needed for http on this machine"
    parts = urlsplit(settings.origin)
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(parts.hostname, parts.port or 443, ssl=True), 10)
    except (OSError, TimeoutError) as error:
        return False, "certificate", f"{settings.origin} cannot be reached over TLS: {error}"
    writer.close()
    return True, "certificate", f"{settings.origin} has a valid one"
