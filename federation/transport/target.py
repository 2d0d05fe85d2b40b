"""An address, taken apart as it goes over the wire."""

import re
from typing import NamedTuple

import httpx

from federation.errors import AddressRefused

# Addresses that every reader takes apart in the same way: no escapes, no dots as segments, nothing that is not ASCII.
# httpx, which knows the rest, takes as long for one as a tenth of an RSA signature.
_SIMPLE = re.compile(
    r"(https?)://([a-z0-9][a-z0-9.-]*)(?::([1-9][0-9]{0,4}))?((?:/(?!\.)[A-Za-z0-9_~@=&.-]*)+(?:\?[A-Za-z0-9_=&.-]+)?)"
)

PORTS = {"http": 80, "https": 443}


class Target(NamedTuple):
    """Where a request goes: the host as in the address, the port, and path with query."""

    scheme: str
    host: str
    port: int
    path: str


def target(url: str) -> Target:
    """The parts of an address; AddressRefused for what cannot be asked for."""
    match = _SIMPLE.fullmatch(url)
    if match is not None:
        scheme, host, port, path = match.groups()
        return Target(scheme, host, int(port) if port else PORTS[scheme], path)
    try:
        parsed = httpx.URL(url)
        scheme = parsed.scheme
        return Target(
            scheme, parsed.raw_host.decode("ascii"), parsed.port or PORTS[scheme], parsed.raw_path.decode("ascii")
        )
    except (httpx.InvalidURL, UnicodeError, KeyError) as error:
        raise AddressRefused("This address cannot be fetched.") from error


def target_of(url: str) -> str:
    """Path and query exactly as they go over the wire."""
    return target(url).path
