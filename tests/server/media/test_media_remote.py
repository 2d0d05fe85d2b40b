"""Pictures from other servers: signed by us, only pictures, failures remembered, and never a wait for pages."""

import asyncio
import io
from datetime import timedelta

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from server.db import query_log
from server.media import queries, remote
from server.peers import actions as peers

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (30, 30), "green").save(target, "PNG")
    return target.getvalue()


class Elsewhere:
    """Another server that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = {
            "ok.png": (picture(), "image/png"),
            "page.png": (b"<html><script>alert(1)</script>", "text/html"),
            "liar.png": (b"<html><script>alert(1)</script>", "image/png"),
            "drawing.svg": (SVG, "image/svg+xml"),
            "typed.png": (picture(), "text/html"),
            "huge.png": (b"\x89PNG\r\n\x1a\n" + b"\0" * (11 * 1024 * 1024), "image/png"),
        }
        self.app = Starlette(routes=[Route("/{name}", self.answer)])

    async def answer(self, request) -> Response:
        name = request.path_params["name"]
        self.asked.append(name)
        if name not in self.answers:
            return Response(status_code=404)
        body, media_type = self.answers[name]
        return Response(body, media_type=media_type)


@pytest.fixture
def elsewhere(fediverse) -> Elsewhere:
    made = Elsewhere()
    fediverse.network.apps["elsewhere.example"] = made.app
    return made


async def show(here, url: str) -> str | None:
    signed = here.media_url(url).removeprefix(remote.PREFIX)
    return await here.run(remote.remote_picture, here, signed)


async def test_s25_an_address_that_we_did_not_sign_is_never_fetched(fediverse, elsewhere) -> None:
    here = await fediverse.start("alder.example")
    signed = here.media_url("https://elsewhere.example/ok.png").removeprefix(remote.PREFIX)
    other = here.signatures.sign("session", "https://elsewhere.example/ok.png", until=remote._FOREVER)
    for forged in (signed[:-1] + "A", signed[1:], other, "", "a.b.c", "x", signed.replace(".", "", 1), "é.1.x"):
        assert await here.run(remote.remote_picture, here, forged) is None
    assert elsewhere.asked == []


@pytest.mark.parametrize("name", ["page.png", "liar.png", "drawing.svg", "typed.png", "huge.png", "missing.png"])
async def test_s25_what_is_no_picture_is_not_shown_and_asked_for_once(fediverse, elsewhere, name: str) -> None:
    here = await fediverse.start("alder.example")
    for _ in range(3):
        assert await show(here, f"https://elsewhere.example/{name}") is None
    assert elsewhere.asked == [name]


async def test_s24_a_host_that_fails_rests_and_is_asked_again_later(fediverse, elsewhere) -> None:
    here = await fediverse.start("alder.example")
    fediverse.network.down.add("elsewhere.example")
    assert await show(here, "https://elsewhere.example/ok.png") is None
    fediverse.network.down.clear()
    for number in range(5):
        assert await show(here, f"https://elsewhere.example/other-{number}.png") is None
    assert elsewhere.asked == []
    fediverse.clock.advance(timedelta(hours=1).total_seconds())
    assert await show(here, "https://elsewhere.example/ok.png") is not None


async def test_s17_nothing_is_fetched_from_or_shown_of_a_blocked_host(fediverse, elsewhere) -> None:
    here = await fediverse.start("alder.example")
    await here.run(peers.note_seen, here, "elsewhere.example")
    signed = here.media_url("https://elsewhere.example/ok.png").removeprefix(remote.PREFIX)
    assert await here.run(remote.remote_picture, here, signed) is not None
    for grade in ("no_media", "blocked"):
        await here.run(peers.set_grade, here, "elsewhere.example", grade, "admin")
        assert here.media_url("https://elsewhere.example/ok.png") is None
        assert await here.run(remote.remote_picture, here, signed) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:image/png;base64,xx",
        "ftp://a.example/x",
        "https://u:p@a.example/x",
        "https://[",
        "https://a.example/" + "x" * 1000,
    ],
)
async def test_s13_other_addresses_get_no_address_here(fediverse, url: str) -> None:
    here = await fediverse.start("alder.example")
    assert here.media_url(url) is None


async def test_own_pictures_are_shown_as_they_are(fediverse) -> None:
    here = await fediverse.start("alder.example")
    assert here.media_url("https://alder.example/media/ab/cd.webp") == "/media/ab/cd.webp"
    assert here.media_url("https://alder.example/settings") is None


async def test_s18_many_at_once_are_one_fetch_and_later_ones_none(fediverse, elsewhere) -> None:
    here = await fediverse.start("alder.example")
    url = "https://elsewhere.example/ok.png"
    first = await asyncio.gather(*(show(here, url) for _ in range(8)))
    assert len(set(first)) == 1
    assert first[0] is not None
    assert await show(here, url) == first[0]
    assert elsewhere.asked == ["ok.png"]


async def test_s18_too_many_fetches_at_once_are_put_off(fediverse, elsewhere, monkeypatch) -> None:
    monkeypatch.setattr(remote, "MAX_WAITING", 0)
    here = await fediverse.start("alder.example")
    with pytest.raises(remote.Busy):
        await show(here, "https://elsewhere.example/ok.png")


async def test_making_an_address_asks_neither_network_nor_database(fediverse, elsewhere) -> None:
    here = await fediverse.start("alder.example")
    statements: list[str] = []
    token = query_log.set(statements)
    addresses = {here.media_url("https://elsewhere.example/ok.png") for _ in range(3)}
    query_log.reset(token)
    assert (len(addresses), statements, elsewhere.asked) == (1, [], [])


async def test_unused_pictures_are_forgotten_after_a_month(fediverse, elsewhere) -> None:
    here = await fediverse.start("alder.example")
    key = await show(here, "https://elsewhere.example/ok.png")
    fediverse.clock.advance(timedelta(days=20).total_seconds())
    assert await show(here, "https://elsewhere.example/ok.png") == key
    fediverse.clock.advance(timedelta(days=20).total_seconds())
    await here.run(remote.prune, here)
    assert await queries.storage(here).size(key) is not None
    fediverse.clock.advance(timedelta(days=20).total_seconds())
    await here.run(remote.prune, here)
    assert await queries.storage(here).size(key) is None


async def test_a_cache_over_its_limit_loses_what_was_unused_longest(fediverse, elsewhere, monkeypatch) -> None:
    here = await fediverse.start("alder.example")
    key = await show(here, "https://elsewhere.example/ok.png")
    monkeypatch.setattr(remote, "MAX_CACHE_BYTES", 10)
    await here.run(remote.prune, here)
    assert await queries.storage(here).size(key) is None
    assert await show(here, "https://elsewhere.example/ok.png") not in {None, key}
