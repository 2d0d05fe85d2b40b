"""Signing requests of ours: many at once in a few threads, so that the event loop goes on and all cores work."""

import asyncio
import base64
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation.signatures import keys

MAX_AT_ONCE = 16
"""So many signatures of a batch are made one after the other in a thread: some ten milliseconds."""

CAVAGE, RFC9421, ED25519 = "cavage", "rfc9421", "ed25519"
"""The ways to sign: draft-cavage and RFC 9421 with the RSA key, RFC 9421 with the Ed25519 key."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A request that is ready to be signed: its headers, the bytes to sign, and where the signature goes."""

    headers: dict[str, str]
    base: bytes
    put: Callable[[str], dict[str, str]]

    def signed(self, signature: bytes) -> dict[str, str]:
        """All headers, with the signature."""
        return self.headers | self.put(base64.b64encode(signature).decode("ascii"))


@lru_cache(maxsize=32)
def sha256_base64(body: bytes) -> str:
    """The digest of a body, worked out once for the many servers that it goes to."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


class SigningThreads:
    """As many threads as cores. What is asked for at the same time is signed in batches: a hop costs up to 0.1 ms."""

    def __init__(self, threads: int | None = None) -> None:
        """Threads are started when they are needed."""
        self._threads = threads or min(os.cpu_count() or 1, 8)
        self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="sign")
        self._waiting: list[tuple[keys.PrivateKeyObject, bytes, asyncio.Future[bytes]]] = []
        self._flush_is_due = False
        self.made = 0
        """How many signatures were made since the start."""

    async def sign(self, key: keys.PrivateKeyObject, message: bytes) -> bytes:
        """One signature. Ed25519 takes less time than the way to a thread."""
        self.made += 1
        if isinstance(key, Ed25519PrivateKey):
            return keys.sign(key, message)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bytes] = loop.create_future()
        self._waiting.append((key, message, future))
        if not self._flush_is_due:
            self._flush_is_due = True
            loop.call_soon(self._flush, loop)
        return await future

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand out what has gathered, in parts for all threads."""
        waiting, self._waiting, self._flush_is_due = self._waiting, [], False
        size = min(MAX_AT_ONCE, -(-len(waiting) // self._threads))
        for start in range(0, len(waiting), size):
            part = waiting[start : start + size]
            work = loop.run_in_executor(self._executor, _sign_all, [(key, message) for key, message, _ in part])
            work.add_done_callback(partial(_hand_back, [future for *_, future in part]))

    def close(self) -> None:
        """End the threads; what was not begun is cancelled."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _sign_all(wanted: list[tuple[keys.PrivateKeyObject, bytes]]) -> list[bytes]:
    return [keys.sign(key, message) for key, message in wanted]


def _hand_back(futures: list[asyncio.Future[bytes]], work: asyncio.Future[list[bytes]]) -> None:
    error = None if work.cancelled() else work.exception()
    for number, future in enumerate(futures):
        if future.done():
            continue
        if work.cancelled():
            future.cancel()
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(work.result()[number])
