"""`peerhall demo`."""

from pathlib import Path

import click
import uvloop

from server.commands.common import run
from server.demo import network


@click.command()
@click.option("--instances", default=3, show_default=True, type=click.IntRange(1, 3), help="How many organisations.")
@click.option("--port", default=8801, show_default=True, type=click.IntRange(1024, 65000), help="Port of the first.")
@click.option("--keep", type=click.Path(file_okay=False), help="Keep the data in this folder.")
@click.option("--reload", is_flag=True, help="Start again when the code changes, for developers.")
def demo(instances: int, port: int, keep: str | None, reload: bool) -> None:
    """Run three organisations that federate, with people in them."""
    uvloop.install()
    if reload:
        network.watch_and_restart(instances, port, keep)
        return
    run(network.run(instances, port, Path(keep) if keep else None))
