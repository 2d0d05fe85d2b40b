"""Reading JSON from strangers: strict about bytes, tolerant about shapes.

ActivityPub documents come as plain JSON to us. JSON-LD processing is never done: `@context` changes nothing of what we
read (security invariant S11), so a renamed term is simply a term we do not know.
"""

import ipaddress
import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NoReturn

import httpx

from federation.errors import InvalidDocument

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
AS2 = "https://www.w3.org/ns/activitystreams"

MAX_DOCUMENT_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_ITEMS = 50_000
MAX_IDS = 1_000
MAX_URI_LENGTH = 2_048

_PLAIN_ORIGIN = re.compile(r"(https?)://([A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?)(?::([0-9]{1,5}))?(?=[/?#]|\Z)")
_HOST = re.compile(r"[a-z0-9_.-]+\Z")
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]*\Z")
_UNSAFE_IN_URI = re.compile(r"[\x00-\x20\x7f\\<>\"{}|^`\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_UNSAFE_IN_HANDLE = re.compile(r"[\s/?#%\\&=\x00-\x1f\x7f]")
_SURROGATE_OR_NUL = re.compile("[\x00\ud800-\udfff]")
# The closing quote is optional, so that every quote matches at once: a search that can fail is quadratic.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?\s*([Zz]|[+-]\d{2}:?\d{2})?\Z",
    re.ASCII,
)
# Keys that say who, what and to whom: readers that disagree on which of two counts could be played against each other.
# For other keys the last counts, as with everybody: Pleroma has sent polls with two `closed` and two `content`.
_ONLY_ONCE = frozenset(
    {"@context", "@id", "@type", "id", "type", "actor", "attributedTo", "object", "target", "origin", "inReplyTo"}
    | {"to", "cc", "bto", "bcc", "audience", "inbox", "outbox", "endpoints", "sharedInbox", "followers", "movedTo"}
    | {"proof", "proofValue", "verificationMethod", "cryptosuite", "proofPurpose", "signature", "alsoKnownAs"}
    | {"publicKey", "publicKeyPem", "publicKeyMultibase", "assertionMethod", "owner", "controller", "preferredUsername"}
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def parse_json(raw: bytes) -> dict[str, object]:
    """A JSON object from untrusted bytes.

    Refused with InvalidDocument: over 1 MiB, deeper than 32, more than 50,000 values, a key twice that says who or
    what, NaN and infinite numbers, NUL, lone surrogates, anything but UTF-8, and anything whose top is not an object.
    """
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise InvalidDocument("The document is too large.", "too-large")
    # Half a million small values take the parser 140 ms, so they are counted first; commas in texts do not count.
    if raw.count(b",") > MAX_ITEMS and _STRING.sub(b"", raw).count(b",") > MAX_ITEMS:
        raise InvalidDocument("The document has too many values.", "too-complex")
    try:
        document = _DECODER.decode(raw.decode("utf-8"))
    except InvalidDocument:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidDocument("This is not JSON.") from error
    if not isinstance(document, dict):
        raise InvalidDocument("The document is not a JSON object.")
    _check_limits(document, look_into_strings=b"\\u" in raw or b"\x00" in raw)
    return document


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen and key in _ONLY_ONCE:
                raise InvalidDocument("A key occurs twice.")
            seen.add(key)
    return found


def _constant(name: str) -> NoReturn:
    raise InvalidDocument(f"{name} is not a JSON number.")


def _integer(text: str) -> int:
    if len(text) > 25:
        raise InvalidDocument("A number is too large.", "too-complex")
    return int(text)


def _float(text: str) -> float:
    number = float(text) if len(text) <= 100 else math.inf
    if not math.isfinite(number):
        raise InvalidDocument("A number is too large.", "too-complex")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float, strict=True
)


def _check_limits(document: dict[str, object], *, look_into_strings: bool) -> None:
    seen = 0
    level: list[object] = [document]
    for _ in range(MAX_DEPTH + 1):
        below: list[object] = []
        for container in level:
            if isinstance(container, dict):
                children: Iterable[object] = container.values()
                seen += len(container)
                if look_into_strings:
                    _check_strings(container.keys())
            else:
                assert isinstance(container, list)
                children = container
                seen += len(container)
            if look_into_strings:
                _check_strings(children)
            below.extend(child for child in children if isinstance(child, dict | list))
        if seen > MAX_ITEMS:
            raise InvalidDocument("The document has too many values.", "too-complex")
        if not below:
            return
        level = below
    raise InvalidDocument("The document is nested too deeply.", "too-complex")


def _check_strings(values: Iterable[object]) -> None:
    for value in values:
        if isinstance(value, str) and _SURROGATE_OR_NUL.search(value):
            raise InvalidDocument("A string contains NUL or half a character.")


def id_of(value: object) -> str | None:
    """The id in a value given by id, embedded, as a Link, or as a list of one."""
    if isinstance(value, list):
        return id_of(value[0]) if len(value) == 1 and not isinstance(value[0], list) else None
    if isinstance(value, dict):
        found = value.get("id")
        if found is None and "Link" in types_of(value):
            found = value.get("href")
        value = found
    if isinstance(value, str) and 0 < len(value) <= MAX_URI_LENGTH and not _UNSAFE_IN_URI.search(value):
        return value
    return None


def ids_of(value: object, *, limit: int = MAX_IDS) -> tuple[str, ...]:
    """All ids in a value: in order, each once, Public in its long form, at most `limit`."""
    found: dict[str, None] = {}
    for item in items_of(value, limit=limit):
        uri = id_of(item)
        if uri is not None:
            found[PUBLIC if uri in ("as:Public", "Public") else uri] = None
    return tuple(found)


def items_of(value: object, *, limit: int) -> list[object]:
    """A value as a list: nothing, one or many; at most `limit`."""
    if value is None:
        return []
    return value[:limit] if isinstance(value, list) else [value]


def dicts_of(value: object, *, limit: int) -> Iterator[dict[str, object]]:
    """The embedded objects among the items of a value."""
    for item in items_of(value, limit=limit):
        if isinstance(item, dict):
            yield item


def types_of(document: dict[str, object]) -> tuple[str, ...]:
    """The type or types of a document."""
    found = document.get("type")
    if isinstance(found, str):
        return (found,)
    if isinstance(found, list):
        return tuple(item for item in found[:10] if isinstance(item, str))
    return ()


def type_of(document: dict[str, object], known: frozenset[str] = frozenset()) -> str:
    """The one type to go by: the first that is known, else the first; InvalidDocument where there is none."""
    types = types_of(document)
    if not types:
        raise InvalidDocument("The document has no type.")
    return next((name for name in types if name in known), types[0])[:100]


@lru_cache(maxsize=8192)
def _origin(uri: str) -> tuple[str, str]:
    """Scheme and host[:port] of an http(s) URL, after parsing it; ports that go without saying are left out."""
    if len(uri) > MAX_URI_LENGTH or _UNSAFE_IN_URI.search(uri):
        raise InvalidDocument("This is not a web address.")
    plain = _PLAIN_ORIGIN.match(uri)
    if plain and ".." not in plain[2]:
        scheme, host, port = plain[1], plain[2].lower(), plain[3]
        _refuse_odd_numbers(host)
        # A label in punycode goes through IDNA below, so that a malformed one is noticed.
        if "xn--" not in host:
            return scheme, _host_and_port(scheme, host, port)
    scheme, _, rest = uri.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if scheme not in _DEFAULT_PORTS or not authority or "@" in authority or "%" in authority:
        raise InvalidDocument("This is not a web address.")
    try:
        url = httpx.URL(f"{scheme}://{authority}/")
        host = url.raw_host.decode("ascii").lower()
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise InvalidDocument("This is not a web address.") from error
    if not host or host.startswith(".") or host.endswith(".") or ".." in host:
        raise InvalidDocument("This is not a web address.")
    if ":" in host:
        host = f"[{host}]"
    elif not _HOST.match(host):
        raise InvalidDocument("This is not a web address.")
    else:
        _refuse_odd_numbers(host)
    return scheme, _host_and_port(scheme, host, str(url.port) if url.port is not None else None)


@lru_cache(maxsize=8192)
def _refuse_odd_numbers(host: str) -> None:
    """Refuse addresses in other spellings than four decimal numbers: octal, hexadecimal, shortened (S13).

    Who connects reads them in ways of their own; a name whose last part is a number cannot exist otherwise.
    """
    last = host.rpartition(".")[2]
    if last.isdigit() or _HEXADECIMAL.match(last):
        try:
            ipaddress.IPv4Address(host)
        except ValueError as error:
            raise InvalidDocument("This is not a web address.", "address") from error


def site_of(host: str) -> str:
    """The domain that a host and its neighbours share, to count them together: a guess, good enough for limits."""
    name = host.partition(":")[0] if not host.startswith("[") else host
    labels = name.split(".")
    if host.startswith("[") or labels[-1].isdigit() or len(labels) < 3:
        return name
    # Two short labels are most likely one registry: co.uk, com.au.
    length = 3 if len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    return ".".join(labels[-length:])


def _host_and_port(scheme: str, host: str, port: str | None) -> str:
    if port is None or port == _DEFAULT_PORTS[scheme]:
        return host
    if not 0 < int(port) < 65536:
        raise InvalidDocument("This is not a web address.")
    return f"{host}:{int(port)}"


def host_of(uri: object) -> str:
    """Host, and port if unusual, of an http(s) id: lower case, in ASCII; InvalidDocument for anything else."""
    if not isinstance(uri, str):
        raise InvalidDocument("This is not a web address.")
    return _origin(uri)[1]


def split_handle(handle: str) -> tuple[str, str]:
    """Name and host of ``user@host``, ``@user@host`` or ``acct:user@host``; InvalidDocument for anything else."""
    name, at, host = handle.strip().removeprefix("acct:").removeprefix("@").rpartition("@")
    if not at or not name or "@" in name or len(handle) > 400 or _UNSAFE_IN_HANDLE.search(name + host):
        raise InvalidDocument("This is not a handle.")
    return name, host_of(f"https://{host}/")


def origin_of(uri: str) -> str:
    """The origin of an http(s) id as FEP-fe34 means it: ``scheme://host[:port]``."""
    scheme, host = _origin(uri)
    return f"{scheme}://{host}"


def same_origin(a: object, b: object) -> bool:
    """Whether two ids have one origin (FEP-fe34); False for whatever is not an http(s) URL."""
    if not isinstance(a, str) or not isinstance(b, str):
        return False
    try:
        return _origin(a) == _origin(b)
    except InvalidDocument:
        return False


def is_web_uri(uri: object) -> bool:
    """Whether this is an http(s) URL that we would take as an id."""
    try:
        host_of(uri)
    except InvalidDocument:
        return False
    return True


def without_fragment(uri: str) -> str:
    """The URI up to ``#``."""
    return uri.partition("#")[0]


def text_of(value: object) -> str:
    """Text from a string, a language map, a JSON-LD value or a list of those; empty when there is none."""
    for _ in range(4):
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            value = next((item for item in value[:10] if isinstance(item, str | dict)), "")
        elif isinstance(value, dict):
            inner = value.get("@value")
            if inner is None:
                inner = next((item for item in list(value.values())[:50] if isinstance(item, str) and item), "")
            value = inner
        else:
            return ""
    return ""


def timestamp_of(value: object) -> datetime | None:
    """An RFC 3339 moment in UTC, however precise and with or without offset; None for what is not one.

    Mobilizon and Pleroma send 7 to 9 digits of seconds, Lemmy used to leave out the offset.
    """
    if not isinstance(value, str) or len(value) > 50:
        return None
    match = _TIMESTAMP.match(value.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            min(int(second or 0), 59),
            int((fraction or "0")[:6].ljust(6, "0")),
            tzinfo=_zone(offset),
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if 1900 <= moment.year < 2200 else None


def _zone(offset: str | None) -> timezone:
    if offset is None or offset in "Zz":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return timezone(timedelta(minutes=minutes if offset[0] == "+" else -minutes))


def timestamp(moment: datetime) -> str:
    """A moment as we write it: RFC 3339, UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def non_negative(value: object) -> int | None:
    """A plausible count, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None
