"""Rows in the one form that both databases share, and sums over them that do not depend on their order."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from server.db.migrate import Step, steps
from server.errors import Refused

Value = int | str | None
Row = tuple[Value, ...]

SEARCH = "search_thing"
"""The search index is the one table that differs: SQLite keeps its texts in FTS5, PostgreSQL beside the rest."""
SEARCH_TEXTS = ("title", "body")

BATCH_BYTES = 4 * 1024 * 1024
BATCH_ROWS = 5_000
FETCH_ROWS = 100

_BITS = 128


class TransferRefused(Refused):
    """The copy cannot be made or used; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its columns, sorted by name, without what the database computes by itself."""

    name: str
    columns: tuple[str, ...]


@dataclass(slots=True)
class Batch:
    """Some rows, and each of them as the line of JSON that is hashed and stored. `cleaned`: rows that held NUL."""

    rows: list[Row] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    size_bytes: int = 0
    cleaned: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it holds as much as one batch may: memory is bounded by this."""
        return self.size_bytes >= BATCH_BYTES or len(self.rows) >= BATCH_ROWS

    def add(self, row: Row) -> None:
        """Add a row, without the NUL characters that SQLite keeps and PostgreSQL refuses (docs/adr/0004)."""
        line = msgspec.json.encode(row)
        if b"\\u0000" in line and any(isinstance(value, str) and "\x00" in value for value in row):
            row = tuple(value.replace("\x00", "") if isinstance(value, str) else value for value in row)
            line = msgspec.json.encode(row)
            self.cleaned += 1
        self.rows.append(row)
        self.lines.append(line)
        self.size_bytes += len(line)


@dataclass(slots=True)
class Sum:
    """How many rows there are, and the sum of their hashes: equal for equal rows in any order."""

    rows: int = 0
    total: int = 0

    def add(self, lines: Sequence[bytes]) -> None:
        """Take lines in."""
        total = self.total
        for line in lines:
            total += int.from_bytes(hashlib.blake2b(line, digest_size=_BITS // 8).digest(), "big")
        self.total = total % (1 << _BITS)
        self.rows += len(lines)

    def __str__(self) -> str:
        """As it is printed and stored."""
        return f"{self.total:032x}"


Sums = dict[str, Sum]


class Reader(Protocol):
    """One database as it was at one moment."""

    @property
    def tables(self) -> Sequence[Table]:
        """What it holds."""
        ...

    @property
    def steps(self) -> Sequence[str]:
        """The migrations that it has seen, in order."""
        ...

    async def count(self, table: Table) -> int:
        """How many rows a table has."""
        ...

    def batches(self, table: Table) -> AsyncIterator[Batch]:
        """All rows of a table, in no order in particular."""
        ...

    async def sequences(self) -> Mapping[str, int]:
        """The highest number that each table with generated keys has ever given out."""
        ...

    def keys(self) -> AsyncIterator[str]:
        """The storage keys of all files that the tables name."""
        ...


class Writer(Protocol):
    """A new database that nobody sees until `commit`."""

    @property
    def tables(self) -> Sequence[Table]:
        """What it holds, once it is begun."""
        ...

    async def begin(self, names: Sequence[str]) -> None:
        """Make the tables as these migrations leave them, without indexes."""
        ...

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows."""
        ...

    async def finish(self, sequences: Mapping[str, int]) -> None:
        """Make indexes and references, check the latter, and let generated keys go on after these numbers."""
        ...

    def reader(self) -> Reader:
        """What was written, read back."""
        ...

    async def commit(self) -> None:
        """Let it be seen."""
        ...

    async def abort(self) -> None:
        """Leave nothing of it."""
        ...


def matching_steps(names: Sequence[str], what: str) -> list[Step]:
    """The migrations of these names. Refuses what was written by a newer version, or is not ours."""
    known = steps()
    newer = set(names) - {step.name for step in known}
    if newer:
        raise TransferRefused(f"{what} was written by a newer Peerhall (it has {min(newer)}): upgrade first")
    if not names or list(names) != [step.name for step in known[: len(names)]]:
        raise TransferRefused(f"{what} is not a complete database of Peerhall")
    return known[: len(names)]


def decode_row(line: bytes, width: int) -> Row:
    """A row from its line; raises ValueError for anything else."""
    values = msgspec.json.decode(line, type=list[int | str | None])
    if len(values) != width:
        raise ValueError("a row has another number of values than its table has columns")
    return tuple(values)


def media_columns(tables: Sequence[Table]) -> list[tuple[str, str]]:
    """The columns that name files, of those that exist in these tables."""
    known = {table.name: table.columns for table in tables}
    named = [("media", "key"), ("media", "thumb_key"), ("remote_media", "key")]
    return [(table, column) for table, column in named if column in known.get(table, ())]


async def sum_all(reader: Reader, moved: "Moved") -> Sums:
    """The sums of all tables."""
    sums: Sums = {}
    for table in reader.tables:
        total = sums[table.name] = Sum()
        async for batch in reader.batches(table):
            total.add(batch.lines)
            moved(table.name, len(batch.rows))
    return sums


class Moved(Protocol):
    """Hears of progress."""

    def __call__(self, subject: str, steps: int) -> None:
        """So many more steps of this are done."""
        ...


def differences(one: Sums, other: Sums) -> list[str]:
    """The tables whose sums differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
