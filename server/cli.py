"""The command `peerhall`. Exit status 0 done, 1 refused with one line on standard error, 2 wrong usage."""

import os

import click

from server import serving
from server.commands.care import check, init
from server.commands.copies import backup, move, move_files, restore
from server.commands.inspect import inspect
from server.commands.peers import peers
from server.commands.people import community, user
from server.commands.serve import demo, migrate, serve, web, worker
from server.commands.tokens import token
from server.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--config", type=click.Path(dir_okay=False), help="Settings file; by default ./peerhall.toml if present.")
@click.version_option(VERSION, prog_name="peerhall")
def main(config: str | None) -> None:
    """Peerhall: a federated peer-learning network server."""
    os.umask(0o077)  # database, backups and exports hold keys and letters: they are for nobody else on this machine
    serving.raise_open_files()


for command in (
    init,
    serve,
    web,
    worker,
    demo,
    migrate,
    user,
    community,
    token,
    peers,
    inspect,
    backup,
    restore,
    move,
    move_files,
    check,
):
    main.add_command(command)
