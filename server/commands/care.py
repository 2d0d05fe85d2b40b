"""`peerhall init` and `check`: looking after an installation."""

import asyncio
import os
import secrets
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import click

from server.accounts import actions as accounts
from server.accounts import queries as account_queries
from server.actors.policy import check_username
from server.build import opened
from server.clock import SystemClock
from server.commands.common import CannotConnect, refuse, run, settings_of, tables
from server.db.migrate import MigrationError, pending
from server.errors import Refused
from server.fediverse.queries import queue_state
from server.instance import Instance
from server.letterbox.mailbox import Mailbox, MailboxError
from server.media.keys import new_key
from server.media.storage import Storage, open_storage
from server.settings import Settings, SettingsError, load

LOW_DISK_BYTES = 500 * 1024 * 1024
QUEUE_TOO_OLD_SECONDS = 900
FIRST_ADMIN = "first_admin"


def _ask(question: str, setting: str, default: str, *, ask: bool) -> str:
    """The answer to a question, asked again until it can be a value of this setting."""
    return str(click.prompt(question, default=default, value_proc=_possible(setting))) if ask else default


def _possible(setting: str) -> Callable[[str], str]:
    def checked(answer: str) -> str:
        try:
            load({f"PEERHALL_{setting}": answer}, Path(os.devnull))
        except SettingsError as error:
            raise click.UsageError(str(error).partition(": ")[2]) from error
        return answer.strip()

    return checked


def _handle(answer: str) -> str:
    try:
        return check_username(answer)
    except Refused as error:
        raise click.UsageError(error.message) from error


def _own_handle() -> str:
    """The name of who types this, where it can be a handle: `root` and `peerhall`, for instance, are kept free."""
    try:
        return check_username(os.environ.get("USER", ""))
    except Refused:
        return FIRST_ADMIN


@click.command()
@click.option("--non-interactive", is_flag=True, help="Ask nothing; take settings from the environment.")
@click.option("--force", is_flag=True, help="Replace an existing peerhall.toml.")
@click.pass_context
def init(context: click.Context, non_interactive: bool, force: bool) -> None:
    """Ask five questions; write settings, data and first admin."""
    target = Path(context.find_root().params.get("config") or "peerhall.toml")
    if target.exists() and not force:
        refuse(f"{target} exists already; use --force to replace it")
    try:
        found = load(config=Path(os.devnull))
    except SettingsError as error:
        refuse(str(error))
    ask = not non_interactive
    origin = _ask("1. Public address of this server", "ORIGIN", found.origin, ask=ask)
    name = _ask("2. Name of your organisation", "NAME", found.name, ask=ask)
    registration = _ask(
        "3. Who may join: invite, approval, open or closed", "REGISTRATION", found.registration, ask=ask
    )
    federation = _ask("4. Other servers: consortium, careful, open or closed", "FEDERATION", found.federation, ask=ask)
    handle = _own_handle()
    if ask:
        handle = click.prompt("5. Handle of the first admin", default=handle, value_proc=_handle)
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
@click.pass_context
def check(context: click.Context) -> None:
    """Say what would go wrong in service, one line each."""
    settings = settings_of(context)
    lines: list[tuple[bool, str, str]] = [_settings_line(settings)]

    async def action() -> None:
        try:
            async with tables(settings) as db:
                waiting = await pending(db)
            if waiting:
                lines.append((False, "database", f"{len(waiting)} migrations wait: run peerhall migrate"))
                return
            async with opened(settings, migrate_first=False) as here:
                lines.append(await _database_line(here))
                lines.append(await _queue_line(here))
        except (*CannotConnect, MigrationError) as error:
            lines.append((False, "database", f"cannot be used: {' '.join(str(error).split())}"))

    if _has_database(settings):
        run(action())
    else:
        lines.append((True, "database", "none yet: it is made at the first start"))
    lines += [run(_storage_line(settings)), run(_mail_line(settings)), _clock_line(settings)]
    lines += [run(_answers_line(settings))] if settings.reply_address else []
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
    people = await here.db.value("SELECT count(*) AS n FROM account")
    return True, "database", f"{here.db.dialect}, up to date, {people} accounts"


async def _queue_line(here: Instance) -> tuple[bool, str, str]:
    state = await queue_state(here)
    words = f"{state.inbound_waiting} to process, {state.hosts_waiting} servers to deliver to"
    if state.oldest_inbound_seconds > QUEUE_TOO_OLD_SECONDS:
        return False, "queue", f"{words}; the oldest waits for {state.oldest_inbound_seconds / 60:.0f} minutes"
    return True, "queue", words


async def _storage_line(settings: Settings) -> tuple[bool, str, str]:
    path = settings.data_path
    existing = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        return False, "storage", f"{existing} cannot be written to"
    free = shutil.disk_usage(existing).free
    words = f"{path}: {free / 1e9:.1f} GB free"
    try:
        await _try_storage(open_storage(settings))
    except SettingsError as error:
        return False, "storage", str(error)
    except Refused as error:
        return False, "storage", error.message
    return free > LOW_DISK_BYTES, "storage", f"{words}; a file was written, read and deleted"


async def _try_storage(storage: Storage) -> None:
    """Write, read and delete a file; raises Refused."""
    key, data = new_key("txt"), secrets.token_bytes(64)
    await storage.save(key, data)
    try:
        if b"".join([piece async for piece in storage.stream(key, 0, len(data))]) != data:
            raise Refused("a file came back from the storage as another one")
    finally:
        await storage.delete(key)
    if await storage.size(key) is not None:
        raise Refused("a deleted file is still in the storage")


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


async def _answers_line(settings: Settings) -> tuple[bool, str, str]:
    if not settings.imap_url:
        return True, "answers", f"mail to {settings.reply_address} has to be piped into peerhall mail-in"
    mailbox = Mailbox(settings.imap_url, settings.reply_address, settings.origin)
    try:
        await asyncio.to_thread(mailbox.try_it)
    except MailboxError as error:
        return False, "answers", str(error)
    finally:
        await asyncio.to_thread(mailbox.close)
    return True, "answers", f"mail to {settings.reply_address} is fetched from {urlsplit(settings.imap_url).hostname}"


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
