"""Connections as they are made, kept, resumed and given up: S13, S18, S23 over real sockets."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from federation.errors import FetchError, Unreachable
from federation.transport import pool, wire
from federation.transport.client import Client
from federation.transport.guard import Guard
from federation.transport.pool import GuardedTransport
from federation.transport.wire import request_bytes

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
LOOPBACK = Guard((ipaddress.ip_network("127.0.0.0/8"),))


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops: what ours is served with behaves otherwise in places."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture(autouse=True)
def _one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading all authorities of this machine takes longer than a test; those with one of their own read them again."""
    monkeypatch.setattr(pool, "tls_context", _contexts)


_contexts = cache(pool.tls_context)


@dataclass
class Scripted:
    """A server that answers with bytes: by the number of the connection, and of the request on it. None hangs up."""

    answer: Callable[[int, int], bytes | None]
    port: int = 0
    requests: list[tuple[int, bytes]] = field(default_factory=list)
    hangs_up: bool = False
    connections: int = 0
    resumed: list[bool] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.connections = self.connections, self.connections + 1
        tls = writer.get_extra_info("ssl_object")
        if tls is not None:
            self.resumed.append(tls.session_reused)
        try:
            for request in range(1000):
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
                self.requests.append((number, await reader.readexactly(int(length or 0))))
                answer = self.answer(number, request)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if self.hangs_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    answer: Callable[[int, int], bytes | None] | bytes, tls: ssl.SSLContext | None = None, *, hangs_up: bool = False
) -> AsyncIterator[Scripted]:
    scripted = Scripted(answer if callable(answer) else lambda *_: answer, hangs_up=hangs_up)
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0, ssl=tls)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def reaching(seconds: float = 5.0, max_kept: int | None = None) -> AsyncIterator[Client]:
    client = Client(
        GuardedTransport(LOOPBACK, max_kept=max_kept),
        user_agent="test",
        any_scheme_and_port=True,
        total_seconds=seconds,
    )
    try:
        yield client
    finally:
        await client.aclose()


def transport_of(client: Client) -> GuardedTransport:
    assert isinstance(client.transport, GuardedTransport)
    return client.transport


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (b"", "malformed"),
        (b"SSH-2.0-OpenSSH\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "malformed"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello", "malformed"),
        (b"HTTP/1.1 200 OK\r\nX: a\nb: c\r\n\x00: d\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 20_000, "malformed"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "malformed"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000, "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: 1\r\n" * 20_000, "malformed"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 150 + b"Content-Length: 5\r\n\r\nhello", "headers"),
    ],
)
async def test_s18_what_is_not_one_answer_within_bounds_is_refused(answer: bytes, word: str) -> None:
    async with serving(answer, hangs_up=True) as server, reaching() as client:
        with pytest.raises(FetchError) as caught:
            await client.request("GET", f"http://a.localhost:{server.port}/", {})
        assert caught.value.word == word
        assert all(not host.under_way for host in transport_of(client)._hosts.values())


@pytest.mark.parametrize(
    ("answer", "body", "kept"),
    [
        (OK, b"hello", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK, b"hello", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: x\r\n\r\n", b"hello", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
        # Behind the answer comes what would be taken for the next one.
        (OK + OK, b"hello", False),
        (OK + b"x", b"hello", False),
    ],
)
async def test_s13_connections_are_used_again_only_after_a_clean_end(answer: bytes, body: bytes, kept: bool) -> None:
    async with serving(answer) as server, reaching() as client:
        for _ in range(3):
            found = await client.request("GET", f"http://a.localhost:{server.port}/", {})
            assert found.body == body
        assert server.connections == (1 if kept else 3)


async def test_s13_an_answer_that_nobody_asked_for_ends_the_connection() -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)

    accepted: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(early, "127.0.0.1", 0)
    async with reaching() as client:
        url = f"http://a.localhost:{server.sockets[0].getsockname()[1]}/"
        await client.request("GET", url, {})
        accepted[0].write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        await accepted[0].drain()
        for _ in range(100):
            await asyncio.sleep(0)
        assert (await client.request("GET", url, {})).body == b"hello"
        assert len(accepted) == 2
    for writer in accepted:
        writer.close()
    server.close()
    await server.wait_closed()


async def test_an_answer_may_end_with_its_connection() -> None:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 500_000)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(closing, "127.0.0.1", 0)
    async with reaching() as client:
        url = f"http://a.localhost:{server.sockets[0].getsockname()[1]}/"
        assert len((await client.request("GET", url, {})).body) == 500_000
        with pytest.raises(FetchError):
            await client.request("GET", url, {}, max_bytes=499_999)
        assert (await client.request("GET", url, {}, max_bytes=10, keep_body=False)).status == 200
        assert transport_of(client).open_connections == 0
    server.close()
    await server.wait_closed()


async def test_a_kept_connection_that_died_unnoticed_is_replaced_once() -> None:
    """A POST too: its receivers know the activity by its id, and it would come again from the outbox anyway."""
    async with (
        serving(lambda connection, request: OK if connection < 2 and request == 0 else None) as server,
        reaching() as client,
    ):
        url = f"http://a.localhost:{server.port}/"
        for body in (b"one", b"two"):
            assert (await client.request("POST", url, {}, body=body)).status == 200
        with pytest.raises(Unreachable):
            await client.request("POST", url, {}, body=b"three")
        assert server.requests == [(0, b"one"), (0, b"two"), (1, b"two"), (1, b"three"), (2, b"three")]


async def test_an_answer_that_has_begun_is_not_asked_for_again() -> None:
    broken = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\nhello"

    def answer(connection: int, request: int) -> bytes | None:
        return None if request == 2 else (OK, broken)[request]

    async with serving(answer) as server, reaching(0.3) as client:
        url = f"http://a.localhost:{server.port}/"
        await client.request("GET", url, {})
        with pytest.raises(Unreachable):
            await client.request("GET", url, {})
        assert server.connections == 1


async def test_s23_giving_up_frees_the_place_and_closes_the_connection() -> None:
    unfinished = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel"
    async with serving(unfinished) as server, reaching(0.05) as client:
        url = f"http://a.localhost:{server.port}/"
        for _ in range(pool.MAX_CONNECTIONS_PER_HOST + 1):
            with pytest.raises(Unreachable) as caught:
                await client.request("GET", url, {})
            assert caught.value.word == "slow"
        async with asyncio.TaskGroup() as group:  # more than may be open at once
            several = [group.create_task(_fails(client, url)) for _ in range(pool.MAX_CONNECTIONS_PER_HOST * 2)]
        assert all(task.done() for task in several)
        assert server.connections <= 3 * pool.MAX_CONNECTIONS_PER_HOST + 1
        assert transport_of(client).open_connections == 0
        assert not transport_of(client)._hosts


async def _fails(client: Client, url: str) -> None:
    with pytest.raises(Unreachable):
        await client.request("GET", url, {})


async def test_connections_are_kept_within_bounds_and_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(OK) as server, reaching(max_kept=3) as client:
        for _ in range(3):
            for host in ("alder", "birch", "cedar"):
                assert (await client.request("GET", f"http://{host}.localhost:{server.port}/", {})).status == 200
        assert server.connections == transport_of(client).open_connections == 3
        for host in ("dogwood", "elder"):
            await client.request("GET", f"http://{host}.localhost:{server.port}/", {})
        assert (server.connections, transport_of(client).open_connections) == (5, 3)
        await client.request("GET", f"http://alder.localhost:{server.port}/", {})
        assert server.connections == 6, "the one without use for the longest time was closed"
        monkeypatch.setattr(pool, "KEEP_SECONDS", 0.0)
        await client.request("GET", f"http://alder.localhost:{server.port}/", {})
        transport_of(client)._close_unused()
        assert (server.connections, transport_of(client).open_connections) == (6, 2)


@pytest.mark.parametrize(
    ("target", "name", "value"),
    [(b"/", b"X", b"a\r\nHost: b"), (b"/", b"X", b"a\nb"), (b"/", b"X\r\nY", b"a"), (b"/ HTTP/1.1\r\nX:", b"X", b"a")],
)
def test_s13_nothing_smuggles_a_second_header_or_request(target: bytes, name: bytes, value: bytes) -> None:
    with pytest.raises(httpx.LocalProtocolError):
        request_bytes("POST", target, [(name, value)], b"x")


def test_a_request_says_how_long_it_is() -> None:
    headers = [(b"Host", b"a"), (b"Transfer-Encoding", b"chunked"), (b"content-length", b"9")]
    assert request_bytes("POST", b"/", headers, b"xy") == b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy"
    assert request_bytes("GET", b"/", [], b"") == b"GET / HTTP/1.1\r\n\r\n"
    assert wire.MAX_HEAD_BYTES < 100_000


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alder.localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("alder.localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_pem = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, key_pem


def _tls(folder: Path) -> tuple[Path, ssl.SSLContext]:
    pem, key_pem = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key_pem)
    return pem, context


async def test_s13_certificates_are_checked_against_the_name_and_the_authorities(tmp_path: Path) -> None:
    pem, context = _tls(tmp_path)
    knowing, unknowing = GuardedTransport(LOOPBACK, ca_file=str(pem)), GuardedTransport(LOOPBACK)
    async with serving(OK, context) as server:
        client = Client(knowing, user_agent="test", any_scheme_and_port=True)
        url = f"https://alder.localhost:{server.port}/"
        assert (await client.request("GET", url, {})).body == b"hello"
        with pytest.raises(Unreachable):
            await client.request("GET", f"https://birch.localhost:{server.port}/", {})
        with pytest.raises(Unreachable, match="certificate"):
            await Client(unknowing, user_agent="test", any_scheme_and_port=True).request("GET", url, {})
        await knowing.aclose()
        await unknowing.aclose()


async def test_s13_what_was_agreed_with_one_name_is_not_resumed_with_another(tmp_path: Path) -> None:
    pem, context = _tls(tmp_path)
    transport = GuardedTransport(LOOPBACK, ca_file=str(pem))
    client = Client(transport, user_agent="test", any_scheme_and_port=True)
    async with serving(OK, context) as server:
        for number in range(3):
            url = f"https://alder.localhost:{server.port}/"
            assert (await client.request("GET", url, {})).status == 200
            for connection in list(transport._kept):
                transport._close(connection)
            assert server.resumed == [False, True, True][: number + 1]
        # The same server under a name that its certificate is not for: nothing is resumed, so it is looked at again.
        with pytest.raises(Unreachable):
            await client.request("GET", f"https://birch.localhost:{server.port}/", {})
        await client.aclose()
