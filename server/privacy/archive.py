"""The files of an archive: ZIPs of bounded size, so that no archive is ever in memory as a whole."""

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

from server.instance import Instance
from server.media.keys import new_key
from server.media.queries import storage

PART_BYTES = 32 * 1024 * 1024
"""A part is ended when it has this much; one that is larger holds a single larger file."""
_WHEN = (1980, 1, 1, 0, 0, 0)
_MODE = 0o600 << 16


class ArchiveParts:
    """Takes files one after another, and keeps them in the storage under keys that nobody can guess."""

    def __init__(self, here: Instance, name: str) -> None:
        """Begin the first part. `name` is that of the archive, such as ``maya-2026-11-28``."""
        self._here = here
        self._name = name
        self.parts: list[dict[str, Any]] = []
        self._holds = False
        self._begin()

    async def add(self, path: str, data: bytes | str, *, packed: bool = True) -> None:
        """Add a file; `packed` where it is text, which gets smaller by it."""
        body = data.encode() if isinstance(data, str) else data
        if self._holds and self._file.tell() + len(body) > PART_BYTES:
            await self._end()
            self._begin()
        entry = zipfile.ZipInfo(path, _WHEN)
        entry.external_attr = _MODE
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        self._zip.writestr(entry, body)
        self._holds = True

    async def add_json(self, path: str, content: Any) -> None:
        """Add something as JSON that people can read."""
        await self.add(path, json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")

    async def end(self) -> list[dict[str, Any]]:
        """Keep the last part; returns all of them, with their names in the order in which they are read."""
        if self._holds:
            await self._end()
        several = len(self.parts) > 1
        for number, part in enumerate(self.parts, 1):
            part["name"] = f"{self._name}-{number}.zip" if several else f"{self._name}.zip"
        return self.parts

    async def discard(self) -> None:
        """Leave nothing in the storage."""
        await forget_parts(self._here, self.parts)

    def _begin(self) -> None:
        self._file = io.BytesIO()
        self._zip = zipfile.ZipFile(self._file, "w")
        self._holds = False

    async def _end(self) -> None:
        self._zip.close()
        key, data = new_key("zip"), self._file.getvalue()
        self.parts.append({"key": key, "name": "", "size_bytes": len(data)})
        await storage(self._here).save(key, data)


async def forget_parts(here: Instance, parts: Sequence[dict[str, Any]]) -> None:
    """Remove the bytes of an archive."""
    for part in parts:
        await storage(here).delete(part["key"])


async def read_file(here: Instance, key: str) -> bytes | None:
    """A file of the storage; None where it is gone."""
    size = await storage(here).size(key)
    if size is None:
        return None
    return b"".join([piece async for piece in storage(here).stream(key, 0, size)])
