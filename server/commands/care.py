"""`peerhall init` and `check`: looking after an installation."""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import click

from server.accounts import actions as accounts
from server.accounts import queries as account_queries
from server.actors.policy import check_username
from server.build import opened
from server.checkup import lines
from server.commands.common import CannotConnect, refuse, run, settings_of, tables
from server.db.migrate import MigrationError, pending
from server.errors import Refused
from server.settings import Settings, SettingsError, load

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
    written = "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())
    written += f"data_dir = {_toml(str(found.data_path.absolute()))}\n"
    _check_before_writing(values)
    heading = "# Settings of this Peerhall. The README explains each; the environment wins.\n"
    target.write_text(heading + written, encoding="utf-8")
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
    found = [lines.of_origin(settings)]

    async def action() -> None:
        try:
            async with tables(settings) as db:
                waiting = await pending(db)
            if waiting:
                found.append(lines.Line(False, "database", "database_waits", {"count": str(len(waiting))}))
                return
            async with opened(settings, migrate_first=False) as here:
                found.extend(await lines.of_instance(here))
        except (*CannotConnect, MigrationError) as error:
            words = " ".join(str(error).split())
            found.append(lines.Line(False, "database", "database_broken", {"error": words}))

    if _has_database(settings):
        run(action())
    else:
        found.append(lines.Line(True, "database", "database_none"))
    found += run(lines.of_settings(settings))
    for line in found:
        click.echo(f"{'ok  ' if line.good else 'FAIL'}  {line.subject:<11} {line.words}")
    if not all(line.good for line in found):
        sys.exit(1)


def _has_database(settings: Settings) -> bool:
    url = settings.database_url
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).is_file()
