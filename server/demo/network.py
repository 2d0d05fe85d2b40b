"""Running the demo: seeds the organisations through memory, then serves them on loopback, federating for real."""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click

from federation.testing import Network
from server.asgi import create_app
from server.build import build, close
from server.demo.facts import DemoOrganisation
from server.demo.lakeside import LAKESIDE
from server.demo.northfield import NORTHFIELD
from server.demo.riverside import RIVERSIDE
from server.demo.seed import PASSWORD, Seeder, is_seeded
from server.instance import Instance
from server.serving import Listener, bind, serve, set_up_logging
from server.settings import Settings, load
from web.demo.pages import with_demo_pages

ORGANISATIONS = (NORTHFIELD, RIVERSIDE, LAKESIDE)
WATCHED = ("federation", "server", "web")


@dataclass(slots=True)
class DemoClock:
    """The real time, moved by `offset`: seeding happens in the past."""

    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        """The shifted moment."""
        return datetime.now(UTC) + self.offset


def demo_settings(organisation: DemoOrganisation, port: int, folder: Path) -> Settings:
    """The settings of one demo organisation; they federate over plain HTTP on loopback."""
    host = f"{organisation.slug}.localhost:{port}"
    data = folder / organisation.slug
    return load(
        {
            "PEERHALL_ORIGIN": f"http://{host}",
            "PEERHALL_NAME": organisation.name,
            "PEERHALL_DATA_DIR": str(data),
            "PEERHALL_DATABASE_URL": f"sqlite:///{data / 'peerhall.sqlite3'}",
            "PEERHALL_REGISTRATION": "approval",
            "PEERHALL_FEDERATION": "careful",
            "PEERHALL_ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8,::1/128",
            "PEERHALL_LOG": "warning",
        },
        Path(os.devnull),
    )


async def run(instances: int, port: int, keep: Path | None) -> None:
    """Seed where needed, print addresses and sign-ins, serve until interrupted."""
    chosen = ORGANISATIONS[:instances]
    for number in range(instances):
        bind("127.0.0.1", port + number).close()
    with _folder(keep) as folder:
        settings = [demo_settings(organisation, port + i, folder) for i, organisation in enumerate(chosen)]
        set_up_logging(settings[0])
        if not all([await is_seeded(one) for one in settings]):
            click.echo("Making three organisations with people in them…" if instances == 3 else "Making demo people…")
            await _seed(chosen, settings)
        logging.getLogger("peerhall.mail").setLevel(logging.INFO)
        addresses = [one.origin for one in settings]
        opened: list[Instance] = [await build(one, durable=keep is not None, runs=True) for one in settings]
        try:
            listeners = [
                Listener(
                    with_demo_pages(create_app(here), here, addresses),
                    "127.0.0.1",
                    port + i,
                    here.settings.origin,
                    here.leave,
                )
                for i, here in enumerate(opened)
            ]
            await serve(settings[0], listeners, when_ready=partial(_announce, chosen, settings))
        finally:
            for here in opened:
                await close(here)


async def _seed(organisations: tuple[DemoOrganisation, ...], settings: list[Settings]) -> None:
    for one in settings:
        shutil.rmtree(one.data_dir, ignore_errors=True)
    clock, network = DemoClock(), Network()
    opened: dict[str, Instance] = {}
    try:
        for organisation, one in zip(organisations, settings, strict=True):
            here = await build(one, clock=clock, transport=network, durable=False)
            opened[organisation.slug] = here
            network.apps[one.domain] = create_app(here, work=False)
        await Seeder(organisations, opened, clock).run()
    finally:
        for here in opened.values():
            await close(here)


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="peerhall-demo-") as folder:
        yield Path(folder)


def _announce(organisations: tuple[DemoOrganisation, ...], settings: list[Settings]) -> None:
    click.echo("\nPeerhall demo: everybody in it is invented.\n")
    for organisation, one in zip(organisations, settings, strict=True):
        click.echo(f"  {organisation.name:<20} {one.origin}")
    click.echo(f"\nStart with the tour:   {settings[0].origin}/demo")
    click.echo(f"Sign in as             maya (a teacher), ana (an admin) at {organisations[0].name}")
    for organisation in organisations[1:]:
        click.echo(f"                       {organisation.people[0].handle} at {organisation.name}")
    click.echo(f"Password of everybody  {PASSWORD}\n\nStop with Ctrl-C.\n")


def watch_and_restart(instances: int, port: int, keep: str | None) -> None:
    """Run the demo in a child process and start it again whenever a file of ours changes."""
    folder = keep or ".dev/demo"
    command = [sys.argv[0], "demo", "--instances", str(instances), "--port", str(port), "--keep", folder]
    root = Path(__file__).resolve().parents[2]
    while True:
        child = subprocess.Popen(command)  # noqa: S603  # our own command, started again
        seen = _fingerprint(root)
        try:
            while child.poll() is None and _fingerprint(root) == seen:
                time.sleep(0.7)
        except KeyboardInterrupt:
            child.send_signal(signal.SIGINT)
            child.wait()
            return
        if child.poll() is None:
            click.echo("The code has changed: starting again.")
            child.send_signal(signal.SIGINT)
        child.wait()
        while _fingerprint(root) == seen:
            time.sleep(0.7)


def _fingerprint(root: Path) -> int:
    suffixes = {".py", ".html", ".css", ".js", ".po"}
    files = (path for name in WATCHED for path in (root / name).rglob("*") if path.suffix in suffixes)
    return hash(tuple(sorted((str(path), path.stat().st_mtime_ns) for path in files)))
