"""Fetching documents of other servers and believing them only as far as their origin goes (FEP-fe34).

Every fetch is signed by the instance actor, counted against a budget, and its failure remembered.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin

from federation.errors import (
    AddressRefused,
    BudgetExceeded,
    FetchError,
    Gone,
    InvalidDocument,
    NotFound,
    Unreachable,
)
from federation.ports import Clock, PeerPolicy, Refusal, Refusals, Signer
from federation.signatures.signing import SigningThreads
from federation.transport.client import MAX_DOCUMENT_BYTES, MAX_REDIRECTS, Answer, Client
from federation.transport.signed import other_schemes, signed_headers
from federation.vocab.base import (
    host_of,
    id_of,
    is_web_uri,
    parse_json,
    same_origin,
    types_of,
    without_fragment,
)

ACCEPT = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'

REDIRECTS = frozenset({301, 302, 303, 307, 308})
FAILURE_MEMORY_SECONDS = 60.0
GONE_MEMORY_SECONDS = 600.0
MAX_FAILURES_KEPT = 10_000
HOST_WINDOW_SECONDS = 60.0
HOST_MAX_UNREACHABLE = 3
HOST_MAX_FAILURES = 20
PER_HOST_CONCURRENCY = 4


@dataclass(slots=True)
class Budget:
    """What one inbound activity may cause: fetches, bytes and seconds (S22). Shared by everything it leads to."""

    fetches: int = 30
    bytes: int = 8 * 1024 * 1024
    seconds: float = 60.0
    blame: str = ""
    """The host whose activity causes it all, where that is certain."""
    _started: float = field(default_factory=time.monotonic)

    def take_fetch(self) -> float:
        """Count one fetch; returns the seconds it may take."""
        left = self.seconds - (time.monotonic() - self._started)
        if self.fetches <= 0 or self.bytes <= 0 or left <= 0:
            raise BudgetExceeded("This has caused enough work.")
        self.fetches -= 1
        return left

    def take_bytes(self, count: int) -> None:
        """Count bytes that were received."""
        self.bytes -= count


@dataclass(frozen=True, slots=True)
class FetchedBytes:
    """A file as fetched; its type is what the other server says, which proves nothing."""

    content_type: str
    body: bytes
    final_url: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One look at an address: every address on the way with its status, and what came of it.

    `answer` is the last answer, whatever its status; None where there was none, and `error` says why.
    """

    steps: tuple[tuple[str, int], ...]
    answer: Answer | None
    error: str = ""


def is_activitypub_type(content_type: str) -> bool:
    """Whether a Content-Type is one that ActivityPub documents come with (S6)."""
    media_type, _, parameters = content_type.partition(";")
    media_type = media_type.strip().lower()
    if media_type == "application/activity+json":
        return True
    return media_type == "application/ld+json" and "https://www.w3.org/ns/activitystreams" in parameters


class Failures:
    """What could not be fetched lately, by address and by host, so that it is not asked for again and again (S24)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_url: OrderedDict[str, tuple[float, FetchError]] = OrderedDict()
        self._by_host: OrderedDict[str, deque[tuple[float, bool]]] = OrderedDict()

    def check(self, url: str) -> None:
        """Raise what happened the last time, if that was lately; Unreachable for a host that keeps failing."""
        now = self._clock.now().timestamp()
        known = self._by_url.get(url)
        if known is not None:
            if now < known[0]:
                raise type(known[1])(str(known[1]), known[1].word)
            del self._by_url[url]
        recent = self._by_host.get(host_of(url))
        if recent:
            while recent and recent[0][0] < now - HOST_WINDOW_SECONDS:
                recent.popleft()
            if len(recent) >= HOST_MAX_FAILURES or sum(down for _, down in recent) >= HOST_MAX_UNREACHABLE:
                raise Unreachable("This server has failed too often just now.", "failing")

    def remember(self, url: str, error: FetchError) -> None:
        """Note a failure."""
        now = self._clock.now().timestamp()
        seconds = GONE_MEMORY_SECONDS if isinstance(error, Gone) else FAILURE_MEMORY_SECONDS
        self._by_url[url] = (now + seconds, error)
        if len(self._by_url) > MAX_FAILURES_KEPT:
            self._by_url.popitem(last=False)
        host = host_of(url)
        self._by_host.setdefault(host, deque(maxlen=HOST_MAX_FAILURES)).append((now, isinstance(error, Unreachable)))
        self._by_host.move_to_end(host)
        if len(self._by_host) > MAX_FAILURES_KEPT:
            self._by_host.popitem(last=False)

    def forget(self, url: str) -> None:
        """Note a success."""
        self._by_url.pop(url, None)
        self._by_host.pop(host_of(url), None)


class Documents:
    """Signed GETs with every check that makes their answer believable."""

    def __init__(
        self,
        *,
        client: Client,
        origin: str,
        signer: Callable[[], Awaitable[Signer]],
        peers: PeerPolicy,
        clock: Clock,
        threads: SigningThreads,
        refusals: Refusals,
    ) -> None:
        """`signer` gives the instance actor; `origin` is ours and is never fetched."""
        self.client = client
        self.failures = Failures(clock)
        self._origin = origin
        self._signer = signer
        self._peers = peers
        self._clock = clock
        self._threads = threads
        self._refusals = refusals
        self._hosts: dict[str, tuple[asyncio.Semaphore, int]] = {}

    async def fetch(self, uri: str, *, budget: Budget, any_id: bool = False) -> dict[str, object]:
        """The document at an id, from its own origin, saying that it has this id.

        A document that says another id is fetched again at that id, once. `any_id` skips this for key documents, whose
        id may be their owner's; their origin must still be that of the address asked.
        """
        address = without_fragment(uri)
        for _ in range(2):
            document, final = await self._document(address, budget)
            if "Tombstone" in types_of(document):
                raise self._failed(address, Gone("It was deleted."), budget)
            found = id_of(document.get("id"))
            if found is None or not same_origin(found, final):
                if any_id and found is None and same_origin(uri, final):
                    return document
                if found is None or found == address:
                    raise self._failed(
                        address,
                        FetchError("The document does not belong to the server that sent it.", "origin"),
                        budget,
                    )
            elif found in (uri, address) or (any_id and same_origin(found, uri)):
                return document
            address = uri = without_fragment(found)
        raise self._failed(address, FetchError("The document does not stand at the id it claims.", "origin"), budget)

    async def _document(self, url: str, budget: Budget) -> tuple[dict[str, object], str]:
        answer = await self.get(url, accept=ACCEPT, budget=budget, signed=True)
        if not is_activitypub_type(answer.content_type):
            raise self._failed(url, FetchError("The answer is not an ActivityPub document.", "content-type"), budget)
        try:
            return parse_json(answer.body), answer.url
        except InvalidDocument as error:
            raise self._failed(url, FetchError("The answer cannot be read.", "malformed"), budget) from error

    async def get(
        self, url: str, *, accept: str, budget: Budget, signed: bool, max_bytes: int = MAX_DOCUMENT_BYTES
    ) -> Answer:
        """GET through the guard, following at most three redirects, each judged anew; 200 or a FetchError."""
        asked = url
        for _ in range(MAX_REDIRECTS + 1):
            self._check_host(url, asked, budget)
            async with self._turn(host_of(url)):
                # After the wait for a turn: those before may have found out that nobody answers.
                self.failures.check(url)
                try:
                    answer = await self._once(url, accept, budget, signed, max_bytes)
                    location = answer.headers.get("location")
                    if answer.status in REDIRECTS and location:
                        url = _redirected(url, location)
                        continue
                    _check_status(answer.status)
                except FetchError as error:
                    self._failed(asked, error, budget, url)
                    if asked != url:
                        self.failures.remember(url, error)
                    raise
            self.failures.forget(url)
            return answer
        raise self._failed(asked, FetchError("Too many redirects.", "redirects"), budget)

    async def trace(self, url: str, *, scheme: str | None, budget: Budget) -> Trace:
        """Look at an address as `get` would, in one way of signing or unsigned, and tell what happens on the way.

        Nothing is remembered of it, and no earlier failure counts: somebody wants to know how things are now.
        """
        steps: list[tuple[str, int]] = []
        answer: Answer | None = None
        try:
            for _ in range(MAX_REDIRECTS + 1):
                self._judge_host(url)
                headers = {"Accept": ACCEPT} if scheme is None else await self._sign(scheme, url, ACCEPT)
                answer = await self._send(url, headers, budget, MAX_DOCUMENT_BYTES)
                steps.append((url, answer.status))
                location = answer.headers.get("location")
                if answer.status not in REDIRECTS or not location:
                    return Trace(tuple(steps), answer)
                url = without_fragment(urljoin(url, location))
        except (FetchError, BudgetExceeded) as error:
            return Trace(tuple(steps), None, str(error))
        return Trace(tuple(steps), answer, "Too many redirects.")

    def _failed(self, asked: str, error: FetchError, budget: Budget, url: str | None = None) -> FetchError:
        self.failures.remember(asked, error)
        self._note(asked, error, budget, url or asked)
        return error

    def _note(self, asked: str, error: FetchError, budget: Budget, url: str) -> None:
        """Note what was refused, once: not what is merely missing or out of order.

        To blame is whose activity caused it, else who was asked: also for where it redirects to.
        """
        if isinstance(error, Gone | NotFound) or (isinstance(error, Unreachable) and error.word == Unreachable.word):
            return
        host = budget.blame or (host_of(asked) if is_web_uri(asked) else "")
        certain = bool(budget.blame)
        self._refusals.note(Refusal("fetch", host, error.word, str(error), subject=url, certain=certain))

    def _check_host(self, url: str, asked: str, budget: Budget) -> None:
        try:
            self._judge_host(url)
        except AddressRefused as error:
            self._note(asked, error, budget, url)
            raise

    def _judge_host(self, url: str) -> None:
        try:
            host = host_of(url)
        except InvalidDocument as error:
            raise AddressRefused("This address cannot be fetched.") from error
        if same_origin(url, self._origin):
            raise AddressRefused("Our own documents are not fetched.")
        if not self._peers.may_send_to(host):
            raise AddressRefused("We do not talk to this server.", "blocked")

    async def _once(self, url: str, accept: str, budget: Budget, signed: bool, max_bytes: int) -> Answer:
        if not signed:
            return await self._send(url, {"Accept": accept}, budget, max_bytes)
        return await self._signed(url, host_of(url), accept, budget, max_bytes)

    @asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        """One of the few requests that a host gets at once."""
        limit, waiting = self._hosts.get(host, (asyncio.Semaphore(PER_HOST_CONCURRENCY), 0))
        self._hosts[host] = (limit, waiting + 1)
        try:
            async with limit:
                yield
        finally:
            limit, waiting = self._hosts[host]
            if waiting <= 1:
                del self._hosts[host]
            else:
                self._hosts[host] = (limit, waiting - 1)

    async def _signed(self, url: str, host: str, accept: str, budget: Budget, max_bytes: int) -> Answer:
        known = await self._peers.signature_scheme(host)
        first = known or "cavage"
        answer = await self._send(url, await self._sign(first, url, accept), budget, max_bytes)
        if answer.status in (400, 401):
            (second,) = other_schemes(first)
            answer = await self._send(url, await self._sign(second, url, accept), budget, max_bytes)
            if answer.status == 200:
                await self._peers.remember_signature_scheme(host, second)
        return answer

    async def _sign(self, scheme: str, url: str, accept: str) -> Mapping[str, str]:
        signer = await self._signer()
        headers = await signed_headers(self._threads, scheme, "GET", url, None, signer=signer, clock=self._clock)
        return {"Accept": accept, **headers}

    async def _send(self, url: str, headers: Mapping[str, str], budget: Budget, max_bytes: int) -> Answer:
        seconds = budget.take_fetch()
        answer = await self.client.request(
            "GET", url, headers, max_bytes=min(max_bytes, max(budget.bytes, 1)), seconds=seconds
        )
        budget.take_bytes(len(answer.body))
        return answer


def _redirected(url: str, location: str) -> str:
    try:
        return without_fragment(urljoin(url, location))
    except ValueError as error:
        raise AddressRefused("The redirect leads nowhere.") from error


def _check_status(status: int) -> None:
    if status == 200:
        return
    if status == 410:
        raise Gone("It was deleted.")
    if status == 404:
        raise NotFound("There is no such document.")
    if status in (408, 425, 429) or status >= 500:
        raise Unreachable(f"The other server answers {status}.")
    raise FetchError(f"The other server answers {status}.")
