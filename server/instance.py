"""One running Peerhall: the infrastructure that features share, and never a feature itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from federation.engine import Engine
from federation.outbox.audience import THREADIVERSE_SOFTWARE
from federation.ports import Clock, Deliveries, Reader, Served
from server.db import Bus, Database, Kept
from server.events import Events
from server.jobs.queue import Jobs
from server.jobs.worker import Worker
from server.mailer import Mailer
from server.secrets import Signatures
from server.settings import Settings

T = TypeVar("T")

WAKE = "wake"

DocumentProvider = Callable[[str, str | None, Reader], Awaitable[Served | None]]


class KeepSent(Protocol):
    """Keeps an activity of ours readable at its id (ActivityPub section 3.1)."""

    async def __call__(
        self,
        uri: str,
        body: dict[str, object],
        *,
        letters: bytes | None = None,
        post_id: str | None = None,
        is_public: bool = False,
    ) -> None:
        """Store it in the present transaction; `is_public`: anyone may read it, else nobody but through its post.

        `letters` is `body` as it was sent, where that matters.
        """
        ...


def _no_remote_pictures(url: str) -> str | None:
    return None


@dataclass(slots=True)
class Site:
    """How this organisation presents itself; read from the database at start and after each change."""

    name: str
    description: str
    accent: str
    domain: str
    origin: str
    registration: str
    sign_in_with: str = ""
    """What people sign in with besides a password here: the name of an OIDC provider; empty without one."""
    guidelines_source: str = ""
    guidelines_html: str = ""
    guidelines_version: int = 0
    contact: str = ""
    second_step_for: str = ""
    helplines_source: str = ""
    helplines_html: str = ""
    default_licence: str = "CC-BY-4.0"
    threadiverse_software: frozenset[str] = THREADIVERSE_SOFTWARE
    break_from: date | None = None
    break_until: date | None = None

    def on_break(self, moment: datetime) -> bool:
        """Whether it is term break then: no weekly mails, and nobody is asked for anything. The last day is outside."""
        day = moment.date()
        return bool(self.break_from and self.break_until and self.break_from <= day < self.break_until)


class Instance:
    """The first argument, `here`, of every action and query."""

    engine: Engine
    deliveries: Deliveries
    keep_sent: KeepSent
    media_url: Callable[[str], str | None]

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        db: Database,
        signatures: Signatures,
        mailer: Mailer,
    ) -> None:
        """Hold these together; `server.build` makes them."""
        self.settings = settings
        self.clock = clock
        self.db = db
        self.signatures = signatures
        self.mailer = mailer
        self.events = Events()
        self.bus = Bus(db)
        self.worker = Worker(lambda name: self.bus.tell(WAKE, name), self.refresh)
        self.bus.on(WAKE, self.worker.look)
        self.jobs = Jobs(db, clock, partial(self.worker.wake, "jobs"))
        self.documents: dict[str, DocumentProvider] = {}
        self.caches: dict[str, Any] = {}
        self._kept: list[Kept] = []
        self.leaving = asyncio.Event()
        self._leaving_calls: list[Callable[[], None]] = []
        self.media_url = _no_remote_pictures
        self.log = logging.getLogger(f"peerhall.{settings.domain}")
        self.site = Site(
            name=settings.name,
            description="",
            accent="#2f6f5e",
            domain=settings.domain,
            origin=settings.origin,
            registration=settings.registration,
            sign_in_with=settings.oidc_issuer and (settings.oidc_name or settings.oidc_issuer.split("/")[2]),
        )

    def url(self, path: str) -> str:
        """The absolute address of a path here; the only way that links and ids are made (S33)."""
        return self.settings.origin + path

    def is_local_uri(self, uri: str) -> bool:
        """Whether an id or address is ours."""
        return uri == self.settings.origin or uri.startswith(self.settings.origin + "/")

    def when_leaving(self, call: Callable[[], None]) -> None:
        """Call this when the process is about to end: what would go on for ever ends."""
        self._leaving_calls.append(call)

    def leave(self) -> None:
        """This process is about to end: it answers what it has begun, and begins nothing that lasts."""
        self.leaving.set()
        for call in self._leaving_calls:
            call()

    def keep(self, channel: str, read: Callable[[], Awaitable[None]]) -> None:
        """Have something in memory as the database has it; whoever changes it publishes on `channel`."""
        self._kept.append(Kept(self.bus, self.clock, channel, read, stale=self.worker.look))

    async def refresh(self) -> None:
        """Read again what is kept in memory and may be out of date; without a query where all of it is fresh."""
        now = self.clock.now()
        for kept in self._kept:
            if not kept.is_fresh(now):
                await kept.refresh()

    async def run(self, function: Callable[..., Awaitable[T]], *arguments: Any, **keywords: Any) -> T:
        """Call an action or query on this instance's database, from outside of a request or job."""
        with self.db.bind():
            return await function(*arguments, **keywords)
