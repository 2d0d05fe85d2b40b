"""The command `peerhall`. Exit status 0 done, 1 refused with one line on standard error, 2 wrong usage."""

import os
from importlib import import_module

import click

from server import serving
from server.version import VERSION

COMMANDS = {
    "init": "care",
    "serve": "serve",
    "web": "serve",
    "worker": "serve",
    "demo": "demo",
    "migrate": "serve",
    "user": "people",
    "community": "people",
    "token": "tokens",
    "peers": "peers",
    "inspect": "inspect",
    "mail-in": "letters",
    "backup": "copies",
    "restore": "copies",
    "move-database": "copies",
    "move-media": "copies",
    "check": "care",
    "export": "private",
    "break-glass": "private",
}
"""Which module of `server.commands` has a command."""


class _Commands(click.Group):
    """Loads the module of a command when that is called: a server keeps nothing in memory that it never runs (P9)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        commands = vars(import_module(f"server.commands.{COMMANDS[cmd_name]}")).values()
        return next(each for each in commands if isinstance(each, click.Command) and each.name == cmd_name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--config", type=click.Path(dir_okay=False), help="Settings file; by default ./peerhall.toml if present.")
@click.version_option(VERSION, prog_name="peerhall")
def main(config: str | None) -> None:
    """Peerhall: a federated peer-learning network server."""
    os.umask(0o077)  # database, backups and exports hold keys and letters: they are for nobody else on this machine
    serving.raise_open_files()
