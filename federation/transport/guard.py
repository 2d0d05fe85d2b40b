"""Where outgoing requests may go (S13), and that none starts inside a transaction.

Addresses are checked where the connection is made: the name is resolved once, every answer is judged, and the socket is
opened to a judged address. Nothing is resolved twice, so DNS rebinding gains nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

import httpcore

from federation.errors import AddressRefused, InvalidDocument, Unreachable
from federation.vocab.base import host_of

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressRange = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

RESOLVE_SECONDS = 5.0
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
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections only to addresses that the guard allows, resolved here and nowhere else."""

    def __init__(self, guard: Guard, *, private_only: bool = False, resolver: Resolver = resolve) -> None:
        """`private_only` serves plain http and unusual ports."""
        self._guard = guard
        self._private_only = private_only
        self._resolver = resolver
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that answers; AddressRefused if any address of the name is not allowed."""
        check_no_transaction()
        addresses = await self._addresses(host, port)
        failure: Exception = Unreachable("The name has no address.")
        for address in addresses[:MAX_ADDRESSES]:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                addresses = await self._resolver(host.strip("[]"), port)
        except TimeoutError as error:
            raise Unreachable("The name could not be resolved in time.") from error
        except (OSError, UnicodeError) as error:
            raise Unreachable("The name could not be resolved.") from error
        if not addresses:
            raise Unreachable("The name has no address.")
        if not all(self._guard.allows(address, private_only=self._private_only) for address in addresses):
            raise AddressRefused("The name leads to an address that may not be reached.")
        return addresses

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise AddressRefused("Unix sockets may not be reached.")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
