"""`peerhall move-media`: files from the storage of the settings to another, compared, as often as one likes."""

import hashlib
from dataclasses import dataclass

from server.media.storage import Storage, open_storage, storage_at
from server.settings import Settings
from server.transfer.backup import opened_reader
from server.transfer.canonical import TransferRefused
from server.transfer.progress import Progress


@dataclass(slots=True)
class Copied:
    """What was done. `missing`: named by the database, and not in the old storage."""

    copied: int = 0
    there: int = 0
    missing: int = 0
    size_bytes: int = 0


async def move_media(settings: Settings, url: str) -> Copied:
    """Copy every file that the database names, and read each back; what is there already and equal is left alone."""
    if url == settings.media_url:
        raise TransferRefused("the files are there already: PEERHALL_MEDIA_URL")
    source, target = open_storage(settings), storage_at(url)
    done = Copied()
    async with opened_reader(settings) as reader:
        total = 0
        async for _ in reader.keys():
            total += 1
        progress = Progress(total)
        async for key in reader.keys():
            await _copy(source, target, key, done)
            progress("files", 1)
        progress.end()
    return done


async def _copy(source: Storage, target: Storage, key: str, done: Copied) -> None:
    size = await source.size(key)
    if size is None:
        done.missing += 1
        return
    wanted = await _sum(source, key, size)
    done.size_bytes += size
    if await target.size(key) == size and await _sum(target, key, size) == wanted:
        done.there += 1
        return
    data = b"".join([piece async for piece in source.stream(key, 0, size)])
    await target.save(key, data)
    if await target.size(key) != size or await _sum(target, key, size) != wanted:
        raise TransferRefused(f"{key} did not arrive as it was sent: try again")
    done.copied += 1


async def _sum(storage: Storage, key: str, size: int) -> bytes:
    digest = hashlib.sha256()
    async for piece in storage.stream(key, 0, size):
        digest.update(piece)
    return digest.digest()
