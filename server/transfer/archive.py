"""The file that a backup is: a tar of small members, compressed, written and read as a stream.

In this order: ``peerhall-backup`` (what this is, as JSON), ``secret-key`` where it is not a setting, ``media/KEY`` for
each file, ``tables/NAME/NUMBER`` with rows as lines of JSON, and ``manifest.json`` with what there must be of all that.
Readers take these names and sizes and nothing else, so an archive can neither reach another place nor fill the memory.
"""

import fcntl
import gzip
import hashlib
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from server.media.keys import is_key
from server.transfer.canonical import TransferRefused

FORMAT = 2
"""Format 1 was a copy of a SQLite file, before there was a release."""

HEADER = "peerhall-backup"
KEY = "secret-key"
MANIFEST = "manifest.json"
MEDIA = "media/"
TABLES = "tables/"

MAX_HEADER_BYTES = 1024 * 1024
MAX_KEY_BYTES = 4096
MAX_MANIFEST_BYTES = 64 * 1024 * 1024
MAX_MEDIA_BYTES = 64 * 1024 * 1024
MAX_ROWS_BYTES = 128 * 1024 * 1024

COMPRESSION = 3
GZIP = 31
"""What zlib calls its largest window with the header of gzip."""
PIECE = 1024 * 1024

T = TypeVar("T", bound=msgspec.Struct)

_ROWS = re.compile(r"tables/([a-z_]{1,60})/\d{8}")


class Header(msgspec.Struct, frozen=True):
    """What is known before anything is read."""

    format: int
    version: str
    made: str
    origin: str
    dialect: str
    steps: list[str]
    tables: dict[str, list[str]]


class Manifest(msgspec.Struct, frozen=True):
    """What is known after everything was written. `sums` has rows and checksum of each table."""

    sums: dict[str, tuple[int, str]]
    sequences: dict[str, int]
    files: int
    file_bytes: int
    unwanted: list[str]
    digest: str


class ArchiveWriter:
    """Writes beside the target, and takes its place only when everything is on the disk."""

    def __init__(self, target: Path) -> None:
        """Refuse a target that is there, and whom somebody else writes to at this moment."""
        self._target = target
        self._part = target.with_name(f"{target.name}.part")
        if target.exists():
            raise TransferRefused(f"{target} exists already: choose another name")
        descriptor = os.open(self._part, os.O_RDWR | os.O_CREAT, 0o600)
        self._descriptor = descriptor
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise TransferRefused(f"another backup is being written to {target}") from None
        os.ftruncate(descriptor, 0)  # what a killed one left
        self._compress = zlib.compressobj(COMPRESSION, zlib.DEFLATED, GZIP)
        self._digest = hashlib.sha256()
        self._left = 0
        self._padding = 0

    def add(self, name: str, data: bytes) -> None:
        """Add a member."""
        self.begin(name, len(data))
        self.write(data)
        self.end()

    def begin(self, name: str, size: int) -> None:
        """Begin a member of this size; raises OSError for one that nobody would read."""
        if size > limit(name):
            raise OSError(f"{name} is too large to be kept in a backup: {size} bytes")
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        head = info.tobuf(tarfile.USTAR_FORMAT)
        self._digest.update(head)
        self._write(head)
        self._left, self._padding = size, -size % tarfile.BLOCKSIZE

    def write(self, data: bytes) -> None:
        """Go on with the member."""
        self._left -= len(data)
        self._digest.update(data)
        self._write(data)

    def end(self) -> None:
        """End the member; raises OSError if it has not the size that was said."""
        if self._left:
            raise OSError(f"a file is {-self._left:+} bytes from the size that the storage said")
        self._write(b"\0" * self._padding)

    @property
    def digest(self) -> str:
        """SHA-256 of names, sizes and contents so far."""
        return self._digest.hexdigest()

    def commit(self) -> int:
        """End the archive, bring it to the disk and to its name; returns its size."""
        self._write(b"\0" * (2 * tarfile.BLOCKSIZE))
        self._write_all(self._compress.flush())
        os.fsync(self._descriptor)
        if self._target.exists():
            raise TransferRefused(f"{self._target} came to be meanwhile: choose another name")
        self._part.rename(self._target)
        os.close(self._descriptor)
        folder = os.open(self._target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        return self._target.stat().st_size

    def abort(self) -> None:
        """Leave nothing."""
        self._part.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _write(self, data: bytes) -> None:
        self._write_all(self._compress.compress(data))

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


class Body:
    """What is left of one member."""

    def __init__(self, reader: "ArchiveReader", size: int) -> None:
        """Read so much, and no more."""
        self._reader = reader
        self._left = size

    def read(self, size: int = -1) -> bytes:
        """Read the rest, or as much of it."""
        data = self._reader.take(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data


class ArchiveReader:
    """Reads an archive from its beginning to its end, once. Raises TransferRefused for what cannot be one."""

    def __init__(self, source: Path) -> None:
        """Open it and read its header."""
        self._source = source
        self._digest = hashlib.sha256()
        try:
            self._file = source.open("rb")
        except OSError as error:
            raise TransferRefused(f"{source} cannot be read: {error.strerror}") from None
        self._stream = gzip.GzipFile(fileobj=self._file, mode="rb")
        self._members = self._read_members()
        try:
            name, size, body = next(self._members)
            if name != HEADER:
                raise TransferRefused(f"{source} is not a backup of Peerhall")
            self.header = self._parse(body.read(size), Header)
        except (StopIteration, TransferRefused):
            self.close()
            raise TransferRefused(f"{source} is not a backup of Peerhall") from None
        if self.header.format != FORMAT:
            self.close()
            raise TransferRefused(
                f"{source} has format {self.header.format}, of Peerhall {self.header.version}: this one reads {FORMAT}"
            )
        self.manifest: Manifest | None = None

    def members(self) -> Iterator[tuple[str, int, Body]]:
        """Every member between header and manifest: name, size, and something to read it from before the next."""
        for name, size, body in self._members:
            if name == MANIFEST:
                digest = self._before
                self.manifest = self._parse(body.read(size), Manifest)
                if self.manifest.digest != digest:
                    raise TransferRefused(f"{self._source} is damaged: its checksum does not match")
                self._read_end()
                return
            yield name, size, body
        raise TransferRefused(f"{self._source} is not complete: its end is missing")

    def take(self, size: int) -> bytes:
        """The next bytes of a member."""
        data = self._exactly(size)
        self._digest.update(data)
        return data

    @property
    def position(self) -> int:
        """How much of the file was read."""
        return self._file.tell()

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()
        self._file.close()

    def _read_members(self) -> Iterator[tuple[str, int, Body]]:
        while True:
            self._before = self._digest.hexdigest()
            head = self._exactly(tarfile.BLOCKSIZE)
            if not head.strip(b"\0"):
                return
            try:
                info = tarfile.TarInfo.frombuf(head, "utf-8", "strict")
            except (tarfile.TarError, UnicodeDecodeError, ValueError):
                raise TransferRefused(f"{self._source} is damaged") from None
            if info.type != tarfile.REGTYPE or info.size < 0 or info.size > limit(info.name):
                raise TransferRefused(f"{self._source} holds what no backup holds: {info.name[:80]!r}")
            self._digest.update(head)
            body = Body(self, info.size)
            yield info.name, info.size, body
            while body.read(PIECE):
                pass
            self._exactly(-info.size % tarfile.BLOCKSIZE)

    def _exactly(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except (EOFError, OSError, ValueError, zlib.error) as error:
            raise TransferRefused(f"{self._source} is damaged or not complete: {error}") from None
        if len(data) != size:
            raise TransferRefused(f"{self._source} is not complete")
        return data

    def _read_end(self) -> None:
        """To the end, where the checksum of the compression is."""
        is_end = next(self._members, None) is None
        self._exactly(tarfile.BLOCKSIZE)
        try:
            more = self._stream.read(1)
        except (EOFError, OSError, zlib.error) as error:
            raise TransferRefused(f"{self._source} is damaged or not complete: {error}") from None
        if more or not is_end:
            raise TransferRefused(f"{self._source} goes on after its end")

    def _parse(self, data: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise TransferRefused(f"{self._source} is damaged: {error}") from None


def table_of(name: str) -> str | None:
    """The table whose rows a member holds."""
    found = _ROWS.fullmatch(name)
    return found[1] if found else None


def limit(name: str) -> int:
    """How large a member of this name may be; less than nothing where none may have it."""
    if name.startswith(MEDIA):
        return MAX_MEDIA_BYTES if is_key(name.removeprefix(MEDIA)) else -1
    if table_of(name):
        return MAX_ROWS_BYTES
    return {HEADER: MAX_HEADER_BYTES, KEY: MAX_KEY_BYTES, MANIFEST: MAX_MANIFEST_BYTES}.get(name, -1)
