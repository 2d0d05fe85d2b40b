"""The storage: keys are ours alone, writes are whole, settings are checked."""

from pathlib import Path

import pytest

from server.media.keys import CHUNK_BYTES, is_key, new_key, thumb_key
from server.media.storage import FileStorage, open_storage
from server.settings import Settings, SettingsError


@pytest.mark.parametrize(
    "key",
    ["", "../secret-key", "ab/../../secret-key", "/etc/passwd", "ab/x.webp", "AB/" + "a" * 40 + ".webp", "ab/a b.webp"],
)
async def test_s34_nothing_but_our_own_keys_reaches_the_disk(tmp_path: Path, key: str) -> None:
    assert not is_key(key)
    storage = FileStorage(tmp_path)
    with pytest.raises(ValueError, match="is not a key"):
        await storage.save(key, b"x")
    with pytest.raises(ValueError, match="is not a key"):
        await storage.size(key)


@pytest.mark.parametrize("url", ["s4://bucket/folder", "file://relative", "file://host/path", "file:///"])
def test_a_storage_that_we_do_not_have_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^PEERHALL_MEDIA_URL: [^\n]+$"):
        open_storage(Settings(media_url=url))


async def test_a_file_is_kept_read_in_parts_and_forgotten(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path / "media")
    key = new_key("webp")
    data = bytes(range(256)) * 1200
    assert await storage.size(key) is None
    await storage.save(key, data)
    assert await storage.size(key) == len(data) > CHUNK_BYTES
    assert b"".join([chunk async for chunk in storage.stream(key, 0, len(data))]) == data
    assert b"".join([chunk async for chunk in storage.stream(key, 300, 7)]) == data[300:307]
    path = tmp_path / "media" / key
    assert path.stat().st_mode & 0o077 == 0
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    await storage.delete(key)
    await storage.delete(key)
    assert await storage.size(key) is None


async def test_a_folder_of_ones_own_can_be_named(tmp_path: Path) -> None:
    storage = open_storage(Settings(media_url=f"file://{tmp_path}/elsewhere"))
    key = new_key("pdf")
    await storage.save(key, b"x")
    assert (tmp_path / "elsewhere" / key).read_bytes() == b"x"


def test_keys_of_small_versions_are_keys_too() -> None:
    assert is_key(thumb_key(new_key("webp")))
