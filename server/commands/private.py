"""`peerhall export`, to take an instance elsewhere, and `peerhall break-glass`, to read what cannot be left unread."""

from pathlib import Path

import click

from server.clock import SystemClock
from server.commands.common import run, settings_of, with_instance
from server.instance import Instance
from server.privacy import glass
from server.privacy.glass import OnlyTheirs
from server.transfer.export import write_export


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_context
def export(context: click.Context, file: str) -> None:
    """Write what others may have as one open ZIP file."""
    done = run(write_export(settings_of(context), Path(file), SystemClock().now()))
    click.echo(
        f"{file}: {done.rows:,} rows, {done.files:,} files; without what is one person’s alone or for people"
        f" named ({done.left_out:,} posts and what belongs to them), and what opens doors.\n"
        "The format is in docs/export.md. For a copy to run elsewhere, use peerhall backup."
    )


@click.group("break-glass")
def break_glass() -> None:
    """Read what is private: two admins, one reason, once."""


@break_glass.command("ask")
@click.argument("name")
@click.option("--by", required=True, help="The admin in whose name you ask.")
@click.option("--reason", required=True, help="Why it cannot be avoided; the other admin and the person read it.")
@click.option("--withhold", default="", help="The law that forbids to tell the person; else they are told.")
@click.pass_context
def ask(context: click.Context, name: str, by: str, reason: str, withhold: str) -> None:
    """Ask; another admin confirms under /admin/break-glass within a day."""

    async def action(here: Instance) -> str:
        return await glass.ask(here, by=by, person=name, reason=reason, withheld=withhold)

    click.echo(with_instance(context, action))
    click.echo("now another admin confirms under /admin/break-glass, within a day", err=True)


@break_glass.command("read")
@click.argument("request")
@click.pass_context
def read(context: click.Context, request: str) -> None:
    """Read it, once; it is written to standard output, and the person is told."""

    async def action(here: Instance) -> list[OnlyTheirs]:
        return await glass.read(here, request)

    for item in with_instance(context, action):
        click.echo(f"== {item.at:%Y-%m-%d %H:%M} UTC, {item.what}: {item.title}".rstrip(": "))
        click.echo(f"{item.text}\n")
