"""What the signature schemes look at: one HTTP request, with our own origin instead of what its headers claim."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from federation.errors import Unauthenticated

CLOCK_SKEW = timedelta(hours=1)
LONGEST_VALIDITY = timedelta(hours=12)
"""Mastodon signs for up to 12 hours and says so with `created` and `expires`; everything else has an hour."""

_ONLY_ONCE = (
    "host",
    "date",
    "digest",
    "content-digest",
    "content-type",
    "content-length",
    "signature",
    "signature-input",
)


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """A received request. `origin` is ours, whatever Host says (S33); `target` is the path with the query.

    A signature made for another server therefore never fits.
    """

    method: str
    origin: str
    target: str
    headers: dict[str, tuple[str, ...]]
    body: bytes | None = None

    @classmethod
    def of(
        cls, method: str, origin: str, target: str, headers: Iterable[tuple[str, str]], body: bytes | None = None
    ) -> "HttpMessage":
        """From header pairs in their order."""
        found: dict[str, list[str]] = {}
        for name, value in headers:
            found.setdefault(name.lower(), []).append(value.strip())
        return cls(method.upper(), origin, target, {name: tuple(values) for name, values in found.items()}, body)

    @property
    def authority(self) -> str:
        """Our host, and port if unusual."""
        return self.origin.partition("://")[2]

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def one(self, name: str) -> str | None:
        """The value of a header that may come once; None if it does not come."""
        values = self.headers.get(name, ())
        if len(values) > 1:
            raise Unauthenticated(f"The header {name} comes more than once.", "ambiguous")
        return values[0] if values else None

    def joined(self, name: str) -> str | None:
        """All values of a header as one, as both schemes sign them."""
        values = self.headers.get(name)
        return None if values is None else ", ".join(values)

    @property
    def host(self) -> str:
        """What Host says, once `check_unambiguous` has found it to mean us."""
        return self.one("host") or self.authority

    def check_unambiguous(self) -> None:
        """Refuse a request whose important headers come twice, or that is addressed to another host (S2)."""
        for name in _ONLY_ONCE:
            self.one(name)
        host = self.host.lower()
        default_port = ":443" if self.origin.startswith("https:") else ":80"
        if self.authority not in (host, host.removesuffix(default_port)):
            raise Unauthenticated("The request is addressed to another host.", "ambiguous")


@dataclass(frozen=True, slots=True)
class Claim:
    """A signature that is well formed, covers enough and is in time; whether it is true, its key will tell.

    One of the `bases` must be what was signed: cavage implementations disagree whether the query belongs to the target.
    """

    key_id: str
    bases: tuple[bytes, ...]
    signature: bytes
    algorithm: str | None
    scheme: str
    covered: frozenset[str] = field(default_factory=frozenset)


_KEY_ID = re.compile(r'key_?id="([^"\\\s]{1,2000})"', re.IGNORECASE)


def claimed_key(message: HttpMessage) -> str:
    """The key that a request says it is signed with, for the record only; empty where it names none."""
    for name in ("signature-input", "signature"):
        for value in message.headers.get(name, ()):
            found = _KEY_ID.search(value[:4000])
            if found is not None:
                return found[1]
    return ""


def check_digests(message: HttpMessage) -> None:
    """Recompute every digest the request names; Unauthenticated if one differs or none is there."""
    body = message.body or b""
    checked = 0
    digest, content_digest = message.one("digest"), message.one("content-digest")
    for item in (digest or "").split(","):
        name, _, value = item.strip().partition("=")
        checked += _check_digest(name.lower(), value, body)
    for item in (content_digest or "").split(","):
        name, _, value = item.strip().partition("=")
        if value.startswith(":") and value.endswith(":") and len(value) > 2:
            checked += _check_digest(name.lower(), value[1:-1], body)
    if not checked:
        raise Unauthenticated("The request has no digest of its body that we know.", "digest")


def _check_digest(name: str, value: str, body: bytes) -> int:
    algorithm = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}.get(name)
    if algorithm is None:
        return 0
    if not hmac.compare_digest(from_base64(value), algorithm(body).digest()):
        raise Unauthenticated("The digest does not match the body.", "digest")
    return 1


def from_base64(text: str) -> bytes:
    """Standard base64; Unauthenticated for anything else."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated("A value is not base64.") from error


@lru_cache(maxsize=256)
def http_date(text: str) -> datetime:
    """A Date header as a moment; Unauthenticated for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise Unauthenticated("The date is not a date.", "time") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def unix_time(text: str) -> datetime:
    """Seconds since 1970 as a moment; Unauthenticated for anything else."""
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Unauthenticated("A time is not a number.", "time")
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Unauthenticated("A time is not a time.", "time") from error


def check_window(now: datetime, *, signed: datetime | None, expires: datetime | None) -> None:
    """Refuse what was signed too long ago, in the future, or has expired (S3)."""
    if signed is None:
        raise Unauthenticated("The signature does not say when it was made.", "time")
    oldest = LONGEST_VALIDITY + CLOCK_SKEW if expires is not None else CLOCK_SKEW
    if not now - oldest <= signed <= now + CLOCK_SKEW:
        raise Unauthenticated("The signature is too old or from the future.", "time")
    if expires is not None and (
        expires + CLOCK_SKEW < now or expires < signed or expires - signed > 2 * LONGEST_VALIDITY
    ):
        raise Unauthenticated("The signature has expired.", "time")
