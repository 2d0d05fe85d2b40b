"""One delivery: sign, send, and say what to do next. When and how often is the caller's business."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from federation.errors import AddressRefused, FetchError, InvalidDocument, Unreachable
from federation.outbox.retry import retry_after_seconds
from federation.ports import Actors, Clock, PeerPolicy, Signer
from federation.signatures.signing import CAVAGE, SigningThreads
from federation.transport.client import Answer, Client
from federation.transport.signed import other_schemes, signed_headers
from federation.vocab.base import host_of, same_origin

Headers = Mapping[str, str]
OutcomeKind = Literal["delivered", "retry", "refused", "gone"]
MAX_ANSWER_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a delivery went: ``delivered``; ``retry`` later; ``refused`` for good; ``gone``: forget this inbox.

    `scheme` is the way of signing that was taken, of something delivered.
    """

    kind: OutcomeKind
    status: int | None = None
    detail: str = ""
    retry_after: float | None = None
    scheme: str = ""


class Courier:
    """Delivers bodies to inboxes."""

    def __init__(
        self, *, client: Client, origin: str, actors: Actors, peers: PeerPolicy, clock: Clock, threads: SigningThreads
    ) -> None:
        """`threads` make the signatures: one of RSA takes 0.6 ms and lets other threads run."""
        self._client = client
        self._origin = origin
        self._actors = actors
        self._peers = peers
        self._clock = clock
        self._threads = threads

    async def deliver(
        self, *, sender: str, inbox: str, body: bytes, headers: Headers | None = None, scheme: str | None = None
    ) -> Outcome:
        """Deliver `body` signed by the local actor `sender`, with further headers, which are signed too.

        First contact is signed the draft-cavage way; a 400 or 401 is knocked a second time with RFC 9421 (or the other
        way round), and what works is remembered for the host: by the caller, where it says which `scheme` worked last
        (empty for none), else by the policy of peers, which is asked, too.
        """
        try:
            host = host_of(inbox)
        except InvalidDocument:
            return Outcome("refused", detail="not an address")
        # Asked again for every delivery: a block takes effect in queues too (S17).
        if not self._peers.may_send_to(host):
            return Outcome("refused", detail="we do not talk to this server")
        if same_origin(inbox, self._origin):
            return Outcome("refused", detail="our own inbox")
        signer = await self._actors.signer(sender)
        if signer is None:
            return Outcome("refused", detail="no such sender")
        known = await self._peers.signature_scheme(host) if scheme is None else scheme
        tried = known or CAVAGE
        try:
            answer = await self._post(tried, inbox, body, signer, headers)
            if answer.status in (400, 401):
                first, before = answer, tried
                (tried,) = other_schemes(tried)
                answer = await self._post(tried, inbox, body, signer, headers)
                if answer.status in (400, 401):
                    answer, tried = first, before
        except Unreachable as error:
            return Outcome("retry", detail=str(error))
        except (AddressRefused, FetchError) as error:
            return Outcome("refused", detail=str(error))
        outcome = _outcome(answer, self._clock.now())
        if outcome.kind != "delivered":
            return outcome
        if scheme is None and tried != known:
            await self._peers.remember_signature_scheme(host, tried)
        return replace(outcome, scheme=tried)

    @property
    def signatures_made(self) -> int:
        """How many requests were signed since the start."""
        return self._threads.made

    @property
    def open_connections(self) -> int:
        """How many connections to other servers are open now."""
        return int(getattr(self._client.transport, "open_connections", 0))

    async def _post(self, scheme: str, inbox: str, body: bytes, signer: Signer, further: Headers | None) -> Answer:
        headers = await signed_headers(
            self._threads, scheme, "POST", inbox, body, signer=signer, clock=self._clock, further=further
        )
        return await self._client.request(
            "POST", inbox, headers, body=body, max_bytes=MAX_ANSWER_BYTES, keep_body=False
        )


def _outcome(answer: Answer, now: datetime) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Outcome("delivered", status)
    if status == 410:
        return Outcome("gone", status, "the inbox is gone")
    # A redirect is not followed: what is signed is for this address. It mostly says that a proxy is being worked on.
    if status in (401, 408, 425, 429) or status >= 500 or 300 <= status < 400:
        wait = retry_after_seconds(answer.headers.get("retry-after"), now)
        return Outcome("retry", status, f"the other server answers {status}", wait)
    return Outcome("refused", status, f"the other server answers {status}")
