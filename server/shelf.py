"""Documents that were made once, kept next to a digest of every row they were made from.

Before one is given out, those rows are read again, in one statement by keys, and compared: a document that changed, was
deleted or became private is never given out again, whichever process of whichever version wrote that. Only what anybody
may have is kept. What nobody asks for goes first when the room is needed.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from federation.ports import Served
from server.db import Database

ROOM_BYTES = 8 * 1024 * 1024
BESIDES_BYTES = 800
"""About what an entry takes besides its body."""

Make = Callable[[], Awaitable[Served | None]]


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """Rows that a document is made from: those of `table`, called ``t``, that fit `where`, or `columns` of them.

    `where` speaks of the row that the document is about by the name of its table. `only_if` spares the look.
    """

    table: str
    where: str
    columns: tuple[str, ...] = ()
    order: str = "t.id"
    limit: int | None = None
    only_if: str = ""


@dataclass(slots=True)
class _Kept:
    version: int | None
    digest: bytes
    served: Served


class Shelf:
    """The documents of one kind of thing, each found by the id of a row of `table`.

    `verifying` is for tests: what is kept is made again, and has to be the same.
    """

    verifying = False

    def __init__(self, db: Database, table: str, parts: Sequence[MadeFrom], *, room: int = ROOM_BYTES) -> None:
        """Keep documents about rows of `table`, made from that row and from `parts`."""
        self._db = db
        self._table = table
        self._parts = tuple(parts)
        self._room = room
        self._taken = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._statement = ""

    async def get(self, uri: str, make: Make, *, besides: str = "") -> Served | None:
        """The document at `uri`, kept or made; `besides` is what it depends on that stands in no table."""
        version = self._db.glance.version()
        if version is None and self._db.dialect == "sqlite":
            return await make()  # in memory: what is kept could not be looked at again
        kept = self._kept.get(uri)
        if kept is not None and version is not None and kept.version == version:
            return await self._found(uri, kept, make)
        digest = await self._digest(uri, besides)
        if kept is not None and kept.digest == digest:
            kept.version = version
            return await self._found(uri, kept, make)
        self._drop(uri)
        served = await make()
        # Twice the same: what was made in between is made from these rows and no others.
        keeps = served is not None and served.status == 200 and served.public and digest is not None
        if keeps and served is not None and digest is not None and await self._digest(uri, besides) == digest:
            self._keep(uri, _Kept(version, digest, served))
        return served

    async def _found(self, uri: str, kept: _Kept, make: Make) -> Served:
        self._kept.move_to_end(uri)
        if self.verifying:
            made = await make()
            if made is None or (made.status, made.public, made.etag) != (200, True, kept.served.etag):
                raise AssertionError(f"what is kept of {uri} is not what would be made now")
        return kept.served

    def _keep(self, uri: str, kept: _Kept) -> None:
        self._drop(uri)
        self._kept[uri] = kept
        self._taken += len(kept.served.body) + BESIDES_BYTES
        while self._taken > self._room:
            self._drop(next(iter(self._kept)))

    def _drop(self, uri: str) -> None:
        dropped = self._kept.pop(uri, None)
        if dropped is not None:
            self._taken -= len(dropped.served.body) + BESIDES_BYTES

    async def _digest(self, uri: str, besides: str) -> bytes | None:
        statement = self._statement = self._statement or self._build()
        row = await self._db.glance.row(statement, uri=uri)
        if row is None:
            return None
        return hashlib.blake2b(repr((besides, row)).encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _build(self) -> str:
        parts = ", ".join(self._part(part, number) for number, part in enumerate(self._parts))
        itself = self._whole(self._table, self._table, ())
        return (
            f"SELECT {itself} AS itself, {parts} FROM {self._table}"
            f" WHERE {self._table}.uri = :uri AND {self._table}.is_local"
        )

    def _part(self, part: MadeFrom, number: int) -> str:
        limit = "" if part.limit is None else f" LIMIT {part.limit}"
        rows = f"SELECT t.* FROM {part.table} AS t WHERE {part.where} ORDER BY {part.order}{limit}"
        gather = "json_group_array" if self._db.dialect == "sqlite" else "array_agg"
        text = "" if self._db.dialect == "sqlite" else "::text"
        found = f"(SELECT {gather}({self._whole(part.table, 't', part.columns)}){text} FROM ({rows}) AS t)"
        return f"{f'CASE WHEN {part.only_if} THEN {found} END' if part.only_if else found} AS part{number}"

    def _whole(self, table: str, alias: str, columns: Sequence[str]) -> str:
        """A row as text: PostgreSQL can say it as a whole."""
        if self._db.dialect == "postgres":
            return f"ROW({', '.join(f'{alias}.{name}' for name in columns)})::text" if columns else f"{alias}::text"
        names = columns or self._db.glance.columns(table)
        return f"json_array({', '.join(f'{alias}.{name}' for name in names)})"
