"""S18: forms have a size, for those who are not signed in a small one, whatever length they declare."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conftest import Fediverse, Person
from web import request as limits

PART = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="x"\r\n\r\n'
REFUSED = {400, 413}  # 400: too many fields
KINDS = {
    "multipart/form-data; boundary=b": (PART, b"x" * 100_000),
    "application/x-www-form-urlencoded": (b"name=", b"a=b&" * 25_000),
}


async def sent(client: httpx.AsyncClient, path: str, kind: str, pieces: int, *, declared: bool = False) -> int:
    begin, piece = KINDS[kind]

    async def body() -> AsyncIterator[bytes]:
        yield begin
        for _ in range(pieces):
            yield piece

    headers = {"content-type": kind} | ({"content-length": str(len(begin) + pieces * len(piece))} if declared else {})
    return (await client.post(path, content=body(), headers=headers)).status_code


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-up"])
async def test_s18_a_stranger_cannot_send_much(fediverse: Fediverse, kind: str, path: str, declared: bool) -> None:
    here = await fediverse.start("alder.example")
    async with fediverse.client(here) as stranger:
        assert await sent(stranger, path, kind, 30, declared=declared) in REFUSED


async def test_s18_a_member_sends_pictures_but_not_without_end(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await fediverse.start("alder.example")
    maya: Person = await fediverse.person(here, "maya")
    monkeypatch.setattr(limits, "MAX_FORM_BYTES", 3_000_000)
    async with fediverse.client(here, maya) as client:
        for kind in KINDS:
            assert await sent(client, "/settings/profile", kind, 50) in REFUSED
        kept = "x" * 1_900_000
        answer = await client.post("/settings/profile", data={"summary": kept})
        assert answer.status_code != 413
