"""Files in object storage: refusals first, then the same as in a folder, over a socket and with checked signatures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.errors import Unavailable
from server.media import actions as media
from server.media import s3
from server.media.keys import CHUNK_BYTES, new_key
from server.media.storage import Storage, open_storage
from server.settings import Settings, SettingsError
from server.transfer.media import move_media
from tests.objects import ACCESS_KEY, BUCKET, SECRET_KEY, Objects, objects


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setattr(s3, "RETRIES", 0)
    with objects() as running:
        yield running


def storage_on(server: Objects, bucket: str = BUCKET) -> Storage:
    return open_storage(Settings(media_url=url_of(server, bucket)))


def url_of(server: Objects, bucket: str = BUCKET) -> str:
    return f"s3://{bucket}/school/media?endpoint={server.endpoint}&region=eu-1"


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3:///folder",
        "s3://key:secret@bucket",
        "s3://bucket?secret=1",
        "s3://bucket?endpoint=http://s3.example.org",
        "s3://bucket?endpoint=http://169.254.169.254",
        "s3://bucket?endpoint=http://8.8.8.8",
        "s3://bucket?endpoint=https://u:p@s3.example.org",
        "s3://bucket?endpoint=https://s3.example.org/path",
        "s3://bucket?endpoint=gopher://s3",
        "s3://bucket?style=other",
    ],
)
def test_s35_an_address_that_cannot_be_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^PEERHALL_MEDIA_URL: [^\n]+$") as caught:
        open_storage(Settings(media_url=url))
    assert "secret@" not in str(caught.value)


def test_without_the_extra_the_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "obstore", None)
    with pytest.raises(SettingsError, match="extra `s3`"):
        open_storage(Settings(media_url="s3://bucket"))


async def test_r10_storage_that_refuses_or_fails_says_what_to_do_and_no_secret(
    server: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key("webp")

    async def told(storage: Storage) -> str:
        with pytest.raises(Unavailable) as caught:
            await storage.save(key, b"x")
        for secret in (SECRET_KEY, ACCESS_KEY, "Signature="):
            assert secret not in caught.value.message
        return caught.value.message

    storage = storage_on(server)
    assert "no bucket" in await told(storage_on(server, "other"))
    server.trouble = 503
    assert "try later" in await told(storage)
    with pytest.raises(Unavailable):
        await storage.size(key)
    server.trouble = 0
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert "AWS_SECRET_ACCESS_KEY is not the right one" in await told(storage_on(server))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
    assert "does not know AWS_ACCESS_KEY_ID" in await told(storage_on(server))
    assert server.objects == {}
    with pytest.raises(ValueError, match="is not a key"):
        await storage.save("../escaped", b"x")
    away = open_storage(Settings(media_url=f"s3://{BUCKET}?endpoint=http://127.0.0.1:9"))
    assert "cannot be reached" in await told(away)


async def test_files_are_kept_read_in_parts_listed_and_forgotten(server: Objects) -> None:
    storage = storage_on(server)
    key, data = new_key("webp"), bytes(range(256)) * 4000
    assert await storage.size(key) is None
    with pytest.raises(FileNotFoundError):
        await anext(storage.stream(key, 0, 10))
    await storage.delete(key)
    await storage.save(key, data)
    assert server.objects == {f"school/media/{key}": data}
    assert await storage.size(key) == len(data)
    pieces = [piece async for piece in storage.stream(key, 300, len(data) - 300)]
    assert b"".join(pieces) == data[300:]
    assert len(pieces) > 2
    assert max(len(piece) for piece in pieces) < 4 * CHUNK_BYTES
    assert [piece async for piece in storage.stream(key, 5, 0)] == []
    server.cut = 100
    with pytest.raises(Unavailable):
        assert [piece async for piece in storage.stream(key, 0, 1000)]
    server.cut = 0
    others = sorted(new_key("pdf") for _ in range(7))
    for other in others:
        await storage.save(other, b"x")
    server.objects["school/media/README"] = b"not ours"
    assert sorted([found async for found in storage.all_keys()]) == sorted([key, *others])
    await storage.delete(key)
    assert await storage.size(key) is None


async def test_uploads_are_served_from_there_and_moving_there_copies_everything_once(
    fediverse: Any, server: Objects, tmp_path: Path
) -> None:
    alder = await fediverse.start("alder.example")
    maya = await fediverse.person(alder, "maya")
    text = b"How we began the lesson, in three steps."
    file = await alder.run(media.upload_document, alder, maya.id, text, "notes.txt")
    url = url_of(server)
    assert (await move_media(alder.settings, url)).copied == 1
    server.objects = {name: b"damaged" + data[7:] for name, data in server.objects.items()}
    assert (await move_media(alder.settings, url)).copied == 1
    assert (await move_media(alder.settings, url)).there == 1
    assert list(server.objects.values()) == [text]
    birch = await fediverse.start("birch.example", media_url=url)
    tom = await fediverse.person(birch, "tom")
    sent = await birch.run(media.upload_document, birch, tom.id, text, "notes.txt")
    async with fediverse.client(birch, as_=tom) as browser:
        got = await browser.get(sent.url, headers={"range": "bytes=4-9"})
        assert (got.status_code, got.content) == (206, text[4:10])
        server.trouble = 503
        got = await browser.get(sent.url)
        assert (got.status_code, got.headers["retry-after"]) == (503, "60")
    assert file.size_bytes == len(text)
