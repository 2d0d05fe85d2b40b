"""Where files are kept: five methods, and their implementation on a file system (`s3` has the other)."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from server.errors import Full, Unavailable
from server.media.keys import CHUNK_BYTES, checked_key, is_key
from server.media.s3 import S3Storage
from server.settings import Settings, SettingsError
from server.trouble import NO_ROOM


class Storage(Protocol):
    """Keeps files under keys that we make ourselves."""

    async def save(self, key: str, data: bytes | bytearray) -> None:
        """Keep these bytes; whoever opens the key sees all of them or none."""
        ...

    def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield a part of a file. Raises FileNotFoundError at the first step if it is gone."""
        ...

    async def delete(self, key: str) -> None:
        """Forget a file; one that is not there is no error."""
        ...

    async def size(self, key: str) -> int | None:
        """How many bytes there are under this key; None if there is no such file."""
        ...

    def all_keys(self) -> AsyncIterator[str]:
        """All keys, in no order in particular."""
        ...


def open_storage(settings: Settings) -> Storage:
    """The storage that the settings name. Raises SettingsError for an address that cannot be one."""
    return storage_at(settings.media_url) if settings.media_url else FileStorage(settings.data_path / "media")


def storage_at(url: str) -> Storage:
    """The storage at an address. Raises SettingsError, as `PEERHALL_MEDIA_URL` does."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return S3Storage(url)
    if parts.scheme != "file":
        raise SettingsError("PEERHALL_MEDIA_URL: must start with file:// or s3://")
    if parts.netloc not in {"", "localhost"} or not parts.path.startswith("/") or parts.path == "/":
        raise SettingsError("PEERHALL_MEDIA_URL: a file address needs a full path, such as file:///srv/peerhall/media")
    return FileStorage(Path(unquote(parts.path)))


class FileStorage:
    """Files in a folder, readable by us alone."""

    def __init__(self, root: Path) -> None:
        """Use this folder; it is made when the first file comes."""
        self._root = root

    async def save(self, key: str, data: bytes | bytearray) -> None:
        """Write beside the place, flush to disk, then move into place. Raises Full or Unavailable."""
        try:
            await asyncio.to_thread(_write, self._path(key), data)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise Full("This server has no room for files at the moment. Try again later.") from error
            raise Unavailable("Files cannot be kept at the moment. Try again later.") from error

    async def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield `length` bytes from `start` on."""
        descriptor = await asyncio.to_thread(os.open, self._path(key), os.O_RDONLY)
        try:
            position, left = start, length
            while left > 0:
                chunk = await asyncio.to_thread(os.pread, descriptor, min(left, CHUNK_BYTES), position)
                if not chunk:
                    return
                position += len(chunk)
                left -= len(chunk)
                yield chunk
        finally:
            os.close(descriptor)

    async def delete(self, key: str) -> None:
        """Remove the file."""
        with suppress(FileNotFoundError):
            await asyncio.to_thread(self._path(key).unlink)

    async def size(self, key: str) -> int | None:
        """Ask the file system."""
        try:
            return (await asyncio.to_thread(self._path(key).stat)).st_size
        except FileNotFoundError:
            return None

    async def all_keys(self) -> AsyncIterator[str]:
        """Walk through the folder."""
        for folder in await asyncio.to_thread(_folders, self._root):
            for key in await asyncio.to_thread(_keys_in, folder):
                yield key

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def _keys_in(folder: Path) -> list[str]:
    names = (f"{folder.name}/{path.name}" for path in folder.iterdir())
    return sorted(name for name in names if is_key(name))


def _write(path: Path, data: bytes | bytearray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
