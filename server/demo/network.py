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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
from starlette.types import ASGIApp

from federation.testing import Network
from server.asgi import create_app
from server.build import build, close
from server.demo.deeds import Cast
from server.demo.facts import DemoOrganisation
from server.demo.lakeside import LAKESIDE
from server.demo.northfield import NORTHFIELD
from server.demo.riverside import RIVERSIDE
from server.demo.seed import PASSWORD, Seeder, is_seeded
from server.demo.sofia import Sofia
from server.demo.wire import Wire
from server.instance import Instance
from server.serving import Listener, bind, serve, set_up_logging
from server.settings import Settings, load
from web.demo.pages import with_demo_pages
from web.demo.viewer import sofias_app, viewer_app

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


def sofias_server(port: int, folder: Path, settings: Settings, **ports: Any) -> Sofia:
    """The server of somebody on other software, beside the organisations; `ports` are a clock and perhaps a network."""
    private = settings.private_networks
    return Sofia(f"http://elsewhere.localhost:{port}", folder / "elsewhere", allowed_private=private, **ports)


async def run(instances: int, port: int, keep: Path | None) -> None:
    """Seed where needed, print addresses and sign-ins, serve until interrupted."""
    chosen = ORGANISATIONS[:instances]
    for number in range(instances + 1):
        bind("127.0.0.1", port + number).close()
    with _folder(keep) as folder:
        settings = [demo_settings(organisation, port + i, folder) for i, organisation in enumerate(chosen)]
        set_up_logging(settings[0])
        if not all([await is_seeded(one) for one in settings]):
            click.echo("Making three organisations with people in them…" if instances == 3 else "Making demo people…")
            await _seed(chosen, settings, port + instances, folder)
        logging.getLogger("peerhall.mail").setLevel(logging.INFO)
        opened: list[Instance] = [await build(one, durable=keep is not None, runs=True) for one in settings]
        sofia = sofias_server(port + instances, folder, settings[0], clock=opened[0].clock)
        cast = make_cast(chosen, opened, [create_app(here) for here in opened], sofia)
        try:
            listeners = [
                Listener(with_demo_pages(wire, here, cast), "127.0.0.1", port + i, here.settings.origin, here.leave)
                for i, (here, wire) in enumerate(zip(opened, cast.wires.values(), strict=True))
            ]
            listeners.append(Listener(viewer_app(cast), "127.0.0.1", port + instances, sofia.origin))
            await serve(settings[0], listeners, when_ready=partial(_announce, chosen, settings, sofia))
        finally:
            await sofia.close()
            for here in opened:
                await close(here)


def make_cast(
    organisations: Sequence[DemoOrganisation], opened: Sequence[Instance], apps: Sequence[ASGIApp], sofia: Sofia
) -> Cast:
    """Everybody who plays in the demo, with their servers and the wires into them."""
    slugs = [organisation.slug for organisation in organisations]
    wires = [Wire(app, here.settings.origin, here.clock.now) for app, here in zip(apps, opened, strict=True)]
    return Cast(dict(zip(slugs, opened, strict=True)), dict(zip(slugs, wires, strict=True)), sofia)


async def _seed(organisations: tuple[DemoOrganisation, ...], settings: list[Settings], port: int, folder: Path) -> None:
    for data in [*(one.data_path for one in settings), folder / "elsewhere"]:
        shutil.rmtree(data, ignore_errors=True)
    clock, network = DemoClock(), Network()
    sofia = sofias_server(port, folder, settings[0], clock=clock, transport=network)
    network.apps[sofia.domain] = Wire(sofias_app(sofia), sofia.origin, clock.now, sofia.memory.letters)
    opened: dict[str, Instance] = {}
    try:
        for organisation, one in zip(organisations, settings, strict=True):
            here = await build(one, clock=clock, transport=network, durable=False)
            opened[organisation.slug] = here
            network.apps[one.domain] = create_app(here, work=False)
        await Seeder(organisations, opened, clock, sofia).run()
    finally:
        await sofia.close()
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


def _announce(organisations: tuple[DemoOrganisation, ...], settings: list[Settings], sofia: Sofia) -> None:
    click.echo("\nPeerhall demo: everybody in it is invented.\n")
    for organisation, one in zip(organisations, settings, strict=True):
        click.echo(f"  {organisation.name:<20} {one.origin}")
    click.echo(f"  {'Sofia, on Mastodon':<20} {sofia.origin}")
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
