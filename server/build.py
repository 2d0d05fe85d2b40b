"""Putting one instance together from its settings."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx

from federation.engine import Engine
from federation.ports import Clock
from server.actors.actions import ensure_service_actors
from server.clock import SystemClock
from server.db import Database
from server.db.migrate import migrate
from server.features import FEATURES, model_modules
from server.fediverse import recovery
from server.fediverse.adapters import ServerActors, ServerObjects, ServerPeerPolicy
from server.fediverse.inbox import ServerReceipts
from server.fediverse.outbox import ServerDeliveries
from server.fediverse.refusals import ServerRefusals
from server.fediverse.sent import Sent
from server.instance import Instance
from server.mailer import Mailer
from server.secrets import Signatures, load_or_create_key
from server.settings import Settings
from server.unfinished import refuse_unfinished
from server.version import VERSION

log = logging.getLogger("peerhall.build")

STATEMENT_SECONDS = 60
"""So long one statement may take, or a transaction that nobody goes on with, in service (R12)."""


async def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    durable: bool = True,
    migrate_first: bool = True,
    runs: bool = False,
) -> Instance:
    """Open the database, bring it up to date, and install every feature. Close the result with `close`.

    `transport` replaces the network (tests); `durable=False` skips waiting for the disk (tests, the demo). `runs`: its
    worker is to run, so that on SQLite nobody else may; raises InUse where somebody does.
    """
    refuse_unfinished(settings.data_path)
    settings.data_path.mkdir(parents=True, exist_ok=True, mode=0o700)
    db = Database(
        settings.database_url,
        durable=durable,
        connections=settings.database_connections,
        statement_seconds=STATEMENT_SECONDS,
    )
    here = Instance(
        settings,
        clock=clock or SystemClock(),
        db=db,
        signatures=Signatures(load_or_create_key(settings.secret_key, settings.data_path)),
        mailer=Mailer(settings.smtp_url, settings.domain, settings.name),
    )
    try:
        is_alone = runs and db.own()
        await db.open(model_modules())
        with db.bind():
            if migrate_first:
                await migrate(db, here.clock.now())
            await _assemble(here, transport)
            if is_alone:
                await recovery.give_back(here)
    except BaseException:
        await db.close()
        raise
    return here


async def build_beside(first: Instance, *, transport: httpx.AsyncBaseTransport | None = None) -> Instance:
    """What another process of an instance has in memory, in this process and on the same connections.

    For tests of what several processes do together. Close its engine only: the database is the first one's.
    """
    here = Instance(first.settings, clock=first.clock, db=first.db, signatures=first.signatures, mailer=first.mailer)
    here.bus.join(first.bus)
    with here.db.bind():
        await _assemble(here, transport)
    return here


async def close(here: Instance) -> None:
    """Close connections; an open database keeps the interpreter from ending."""
    try:
        await here.engine.aclose()
    finally:
        await here.db.close()


@asynccontextmanager
async def opened(settings: Settings, *, migrate_first: bool = True) -> AsyncIterator[Instance]:
    """An instance for the length of one command, bound to the present task."""
    here = await build(settings, migrate_first=migrate_first)
    try:
        with here.db.bind():
            yield here
    finally:
        await close(here)


async def _assemble(here: Instance, transport: httpx.AsyncBaseTransport | None) -> None:
    settings = here.settings
    here.deliveries = ServerDeliveries(here)
    here.keep_sent = Sent(here)
    here.engine = Engine(
        origin=settings.origin,
        domain=settings.domain,
        software_version=VERSION,
        actors=ServerActors(here),
        objects=ServerObjects(here),
        receipts=ServerReceipts(here),
        deliveries=here.deliveries,
        peers=ServerPeerPolicy(here),
        clock=here.clock,
        transport=transport,
        allowed_private=settings.private_networks,
        ca_file=settings.ca_file or None,
        authorized_fetch=settings.authorized_fetch,
        refusals=ServerRefusals(here),
    )
    for feature in FEATURES:
        feature.install(here)
    here.worker.add("kept", partial(_keep_fresh, here))
    here.worker.add("leases", recovery.Recovery(here).step)
    await here.refresh()
    await ensure_service_actors(here)
    await here.jobs.schedule_periodic()


async def _keep_fresh(here: Instance) -> bool:
    """A source of the worker that never has work: what another process changed counts in long batches, too."""
    await here.refresh()
    return False
