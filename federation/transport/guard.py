"""Where outgoing requests may go (S13), and that none starts inside a transaction.

Addresses are checked where the connection is made: the name is resolved once, every answer is judged, and the socket is
opened to a judged address. Nothing is resolved twice, so DNS rebinding gains nothing.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import httpx

from federation.errors import AddressRefused, InvalidDocument, Unreachable
from federation.vocab.base import host_of

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressRange = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
P = TypeVar("P", bound=asyncio.Protocol)

RESOLVE_SECONDS = 5.0
CONNECT_SECONDS = 5.0
RESOLVING_THREADS = 16
MAX_ADDRESSES = 4

forbid_network: ContextVar[bool] = ContextVar("forbid_network", default=False)
"""True while a transaction is open in this context: any request then raises NetworkInTransaction."""

# Ranges that `is_global` lets through and that still lead elsewhere: NAT64, 6to4, Teredo, and their like.
_TRANSLATED = (
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("2002::/16"),
    ipaddress.ip_network("2001::/32"),
    ipaddress.ip_network("::/96"),
    ipaddress.ip_network("fec0::/10"),
    ipaddress.ip_network("192.88.99.0/24"),
)

# Threads of their own: a name server that does not answer holds a thread for half a minute, and must hold up neither
# what else runs in threads nor, with only the four that uvloop has for this, the names of all other servers.
_resolving = ThreadPoolExecutor(RESOLVING_THREADS, thread_name_prefix="resolve")


class NetworkInTransaction(RuntimeError):
    """A request was about to be made while a transaction is open: a programming error."""


def check_no_transaction() -> None:
    """Raise NetworkInTransaction where the network is forbidden."""
    if forbid_network.get():
        raise NetworkInTransaction("No request may be made while a transaction is open.")


def is_public(address: Address) -> bool:
    """Whether an address is out in the open, looking through IPv6 forms that carry an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.scope_id is not None:
            return False
    if any(address.version == net.version and address in net for net in _TRANSLATED):
        return False
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )


@dataclass(frozen=True, slots=True)
class Guard:
    """The rule for outgoing addresses: public ones, and the private ones that the settings allow."""

    allowed_private: tuple[AddressRange, ...] = ()

    def allows(self, address: str, *, private_only: bool = False) -> bool:
        """Whether a connection to this address may be made; `private_only` for plain http and unusual ports."""
        try:
            parsed: Address = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        if any(parsed.version == net.version and parsed in net for net in self.allowed_private):
            return True
        return not private_only and is_public(parsed)


def check_url(url: str, *, any_scheme_and_port: bool) -> bool:
    """Judge an address by its text; True where it is plain https on its usual port.

    False means that only allowed private addresses may be reached by it. AddressRefused for what is never allowed:
    other schemes, credentials, or (unless `any_scheme_and_port`) plain http and ports other than 80 and 443.
    """
    try:
        host = host_of(url)
    except InvalidDocument as error:
        raise AddressRefused("This address cannot be fetched.") from error
    port = host.rpartition("]")[2].rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
    plain = url.startswith("https://") and port in ("", "80")
    if not plain and not any_scheme_and_port:
        raise AddressRefused("Only https on its usual port may be fetched.")
    return plain


async def resolve(host: str, port: int) -> Sequence[str]:
    """Addresses of a name. ``localhost`` and names under it are the loopback address (RFC 6761), without asking."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return ("127.0.0.1",)
    look = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    found = await asyncio.get_running_loop().run_in_executor(_resolving, look)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Dialler:
    """Opens connections only to addresses that the guard allows, resolved here and nowhere else."""

    def __init__(self, guard: Guard, *, private_only: bool = False, resolver: Resolver = resolve) -> None:
        """`private_only` serves plain http and unusual ports."""
        self._guard = guard
        self._private_only = private_only
        self._resolver = resolver

    async def connect(
        self,
        protocol: Callable[[], P],
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None,
        seconds: float = CONNECT_SECONDS,
    ) -> P:
        """A connection to the first address that answers; AddressRefused if any address of the name is not allowed.

        With `tls` its certificate must be for `host`. Raises httpx.ConnectError or httpx.ConnectTimeout.
        """
        check_no_transaction()
        loop = asyncio.get_running_loop()
        name = host.strip("[]")
        failure: Exception = Unreachable("The name has no address.")
        for address in (await self._addresses(name, port))[:MAX_ADDRESSES]:
            try:
                async with asyncio.timeout(seconds):
                    # The address is a number: nothing is resolved here.
                    _, made = await loop.create_connection(
                        protocol, address, port, ssl=tls, server_hostname=name if tls is not None else None
                    )
                return made
            except TimeoutError:
                failure = httpx.ConnectTimeout("it did not answer in time")
            except (OSError, ValueError) as error:  # ValueError: a name that no certificate can be for
                failure = httpx.ConnectError(str(error) or type(error).__name__)
        raise failure

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                addresses = await self._resolver(host, port)
        except TimeoutError as error:
            raise Unreachable("The name could not be resolved in time.") from error
        except (OSError, UnicodeError) as error:
            raise Unreachable("The name could not be resolved.") from error
        if not addresses:
            raise Unreachable("The name has no address.")
        if not all(self._guard.allows(address, private_only=self._private_only) for address in addresses):
            raise AddressRefused("The name leads to an address that may not be reached.")
        return addresses
