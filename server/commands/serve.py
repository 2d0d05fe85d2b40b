"""`peerhall serve`, `web`, `worker` and `migrate`."""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable

import click
import uvloop

from server.asgi import create_app
from server.build import build, close
from server.clock import SystemClock
from server.commands.common import refuse, run, settings_of, tables
from server.db.migrate import migrate as bring_up_to_date
from server.db.migrate import pending
from server.fediverse.sending import HOSTS_AT_ONCE, sender_of
from server.serving import Handover, Listener
from server.serving import serve as serve_listeners
from server.settings import Settings

log = logging.getLogger("peerhall")


def settle_memory() -> None:
    """What is in memory now stays: it need not be looked through for rubbish, and new rubbish less often.

    With Python's own thresholds a tenth of the time that an activity takes goes into walking modules and models.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _announced(settings: Settings, host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port} (public address {settings.origin})"


async def _serve(settings: Settings, host: str, port: int, handover: Handover, *, work: bool) -> None:
    here = await build(settings, runs=True)
    try:
        app = create_app(here, work=work)
        settle_memory()
        listener = Listener(app, host, port, _announced(settings, host, port), here.leave)
        await serve_listeners(settings, [listener], handover=handover)
    finally:
        await close(here)


def _listens(command: Callable[..., None]) -> Callable[..., None]:
    """The options of what listens on a port."""
    options = (
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
        click.option(
            "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on."
        ),
        click.option("--reuse-port", is_flag=True, help="Listen although another process of ours still does."),
        click.option(
            "--drain",
            default=0.0,
            show_default=True,
            type=click.FloatRange(0, 300),
            help="Seconds to answer on after a signal to end, while /health says 503.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_listens
@click.pass_context
def serve(context: click.Context, host: str, port: int, reuse_port: bool, drain: float) -> None:
    """Run one instance, pages and worker in one process."""
    settings = settings_of(context, serving=True)
    uvloop.install()
    run(_serve(settings, host, port, Handover(reuse_port, drain), work=True))


@click.command()
@_listens
@click.pass_context
def web(context: click.Context, host: str, port: int, reuse_port: bool, drain: float) -> None:
    """Run pages and endpoints only, any number (PostgreSQL)."""
    settings = settings_of(context, serving=True)
    _needs_postgres(settings, "web")
    uvloop.install()
    run(_serve(settings, host, port, Handover(reuse_port, drain), work=False))


@click.command()
@click.option(
    "--concurrency",
    default=HOSTS_AT_ONCE,
    show_default=True,
    type=click.IntRange(1, 400),
    help="Hosts sent to at once.",
)
@click.pass_context
def worker(context: click.Context, concurrency: int) -> None:
    """Run background work only, any number (PostgreSQL)."""
    settings = settings_of(context, serving=True)
    _needs_postgres(settings, "worker")
    uvloop.install()
    run(_work(settings, concurrency))


async def _work(settings: Settings, concurrency: int) -> None:
    here = await build(settings, runs=True)
    try:
        sender_of(here).hosts_at_once = concurrency
        settle_memory()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, here.worker.stop)
        with here.db.bind():
            async with here.bus.listening():
                log.info("working, for %s hosts at once", concurrency)
                await here.worker.run()
    finally:
        await close(here)


def _needs_postgres(settings: Settings, role: str) -> None:
    if settings.database_url.startswith("sqlite:"):
        refuse(f"`peerhall {role}` needs PostgreSQL (PEERHALL_DATABASE_URL); with SQLite use `peerhall serve`")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.pass_context
def migrate(context: click.Context, dry_run: bool) -> None:
    """Bring the tables up to date."""
    settings = settings_of(context)

    async def main() -> list[str]:
        async with tables(settings) as db:
            if dry_run:
                return [step.name for step in await pending(db)]
            return await bring_up_to_date(db, SystemClock().now())

    names = run(main())
    for name in names:
        click.echo(f"{'would apply' if dry_run else 'applied'} {name}")
    if not names:
        click.echo("the tables are up to date")
