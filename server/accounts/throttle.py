"""Slowing down guesses at passwords without locking owners out (S32).

Failures are counted per address and name, per address, and per name. A browser that signed in before carries a signed
cookie and is counted by itself: strangers who guess at a name do not lock its owner out (OWASP device cookies).

Every process counts in memory and tells the others, so that a hundred web processes let through no more than one. What
they tell each other is a digest of who tried what, nothing that could be read.
"""

import hashlib
import ipaddress
from collections import OrderedDict, deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from server.errors import Refused
from server.instance import Instance

CACHE = "accounts.throttle"
WINDOW = timedelta(minutes=15)
DEVICE_LIFE = timedelta(days=365)
PURPOSE = "device"
KEPT = 20_000

PER_PAIR, PER_ADDRESS, PER_NAME, PER_DEVICE = 6, 40, 60, 10


class TooMany(Refused):
    """Too many attempts; `retry_after` says in how many seconds one more is let through."""

    def __init__(self, retry_after: int) -> None:
        """Say when to come back."""
        minutes = max(1, round(retry_after / 60))
        words = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"That were too many attempts. Try again in {words}.")
        self.retry_after = retry_after


class Attempts:
    """Times of recent failures by key, bounded in memory: the oldest keys go first."""

    def __init__(self) -> None:
        """Start with none."""
        self._times: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait(self, key: str, most: int, now: datetime, window: timedelta = WINDOW) -> int:
        """Seconds until one more attempt is let through; 0 for now."""
        times = self._times.get(key)
        while times and now - times[0] > window:
            times.popleft()
        if not times or len(times) < most:
            return 0
        return int((times[0] + window - now).total_seconds()) + 1

    def note(self, key: str, now: datetime) -> None:
        """Count one."""
        times = self._times.setdefault(key, deque(maxlen=200))
        self._times.move_to_end(key)
        times.append(now)
        while len(self._times) > KEPT:
            self._times.popitem(last=False)


def device_cookie(here: Instance, account_id: str) -> str:
    """What a browser keeps after its owner signed in."""
    return here.signatures.sign(PURPOSE, account_id, until=here.clock.now() + DEVICE_LIFE)


def check(
    here: Instance, *, name: str, address: str, account_id: str | None, device: str, per_name: int = PER_NAME
) -> None:
    """Raise TooMany where this attempt comes too soon. Call it before looking at the password.

    `per_name` is how many strangers have with one name, from wherever they try.
    """
    now = here.clock.now()
    keys = _keys(here, name, address, account_id, device, per_name)
    waits = [_attempts(here).wait(key, most, now) for key, most in keys]
    if max(waits) > 0:
        raise TooMany(max(waits))


def failed(here: Instance, *, name: str, address: str, account_id: str | None, device: str) -> None:
    """Count a failure."""
    _count(here, [key for key, _ in _keys(here, name, address, account_id, device)])


def limit(here: Instance, what: str, address: str, most: int, *, window: timedelta = WINDOW) -> None:
    """Let through so many of something per address and quarter of an hour, or another time; counts this one."""
    key = _digest(f"{what} {network_of(address)}")
    seconds = _attempts(here).wait(key, most, here.clock.now(), window)
    if seconds:
        raise TooMany(seconds)
    _count(here, [key])


def heard(here: Instance, keys: list[str] | None) -> None:
    """Count what was tried in another process; None says that some may have been missed."""
    for key in keys or ():
        _attempts(here).note(key, here.clock.now())


def network_of(address: str) -> str:
    """One IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _keys(
    here: Instance, name: str, address: str, account_id: str | None, device: str, per_name: int = PER_NAME
) -> Iterator[tuple[str, int]]:
    owner = here.signatures.verify(PURPOSE, device, now=here.clock.now()) if device.count(".") == 2 else None
    if owner is not None and owner == account_id:
        yield _digest(f"device {device}"), PER_DEVICE
        return
    network = network_of(address)
    yield _digest(f"pair {network} {name[:100]}"), PER_PAIR
    yield _digest(f"address {network}"), PER_ADDRESS
    yield _digest(f"name {name[:100]}"), per_name


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _count(here: Instance, keys: list[str]) -> None:
    heard(here, keys)
    here.bus.tell_others(CACHE, keys)


def _attempts(here: Instance) -> Attempts:
    attempts: Attempts = here.caches.setdefault(CACHE, Attempts())
    return attempts
