"""`peerhall export`: an instance in one open ZIP file, to read, to search, or to bring into other software.

Unlike a backup, which has everything and is for Peerhall alone, it leaves out what opens doors and what is one person's
alone: each person takes that along themselves. docs/export.md says what is in it.
"""

import json
import os
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from server.media.storage import Storage, open_storage
from server.privacy.classes import SECRET
from server.settings import Settings
from server.transfer.backup import opened_reader
from server.transfer.canonical import Reader, Table, TransferRefused, Value
from server.transfer.postgres import troubles
from server.version import VERSION

FORMAT, FORMAT_VERSION = "peerhall-export", 1
TAKEN = frozenset(
    """
    account actor ask audit_entry boost challenge challenge_answer coauthor collection collection_item community
    consortium consortium_member consortium_report endorsement erasure event_discussant event_facts event_pack_item
    featured_tag follow followed_tag guidelines_acceptance guidelines_version heard_round idea media membership
    need_today network_plan pad pad_revision pad_section pad_writer peer peer_vouch poll poll_option post
    post_attachment post_like post_mention post_tag post_version practice profile_pin remix remix_credit remix_offer
    resource resource_file resource_use retention_rule retention_run round_turn site_ban site_value stamp subject
    thanks together tombstone topic tried_place tried_report tried_tally unnamed
    """.split()  # noqa: SIM905  # a list would say no more
)
"""Tables that are in it. A new one is not, until somebody has thought about whose it is."""
WITHOUT = {
    "account": frozenset({"email", "why_join", "stuck_with"}),
    "membership": frozenset({"answers", "note"}),
    "erasure": frozenset({"report_to"}),
}
COLUMNS = (SECRET - {"key"}) | {"private_pem"}
OF_POSTS = ("id", "post_id", "poll_id", "event_id", "parent_id", "practice_id", "round_id")
README = """An export of {origin}, made on {day} with Peerhall {version}.

manifest.json    what is in here
tables/          one file for each kind of thing, a JSON object on each line
media/           files that people added, by the key that the tables name

What it means, and what is left out: docs/export.md in the source of Peerhall.
"""


@dataclass(slots=True)
class Exported:
    """How much is in it."""

    rows: int = 0
    files: int = 0
    left_out: int = 0
    tables: dict[str, dict[str, object]] = field(default_factory=dict)


async def write_export(settings: Settings, target: Path, now: datetime) -> Exported:
    """Write it and return how much that was. Raises TransferRefused."""
    if not target.parent.is_dir():
        raise TransferRefused(f"there is no folder {target.parent}")
    if target.exists():
        raise TransferRefused(f"{target} exists already: choose another name")
    part = target.with_name(f"{target.name}.part")
    async with troubles("the export could not be written, nothing is left of it"):
        try:
            with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
                done = await _write(settings, file, now)
            part.rename(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return done


async def _write(settings: Settings, file: IO[bytes], now: datetime) -> Exported:
    done = Exported()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        async with opened_reader(settings) as reader:
            hidden = await _hidden_posts(reader)
            for table in sorted(reader.tables, key=lambda item: item.name):
                if table.name not in TAKEN:
                    continue
                await _write_table(archive, reader, table, hidden, done)
            keys = [key async for key in reader.keys()]  # noqa: SIM118  # it is no dict
            media = await _media_of(reader, hidden)
        storage = open_storage(settings)
        for key in sorted(set(keys) & media):
            done.files += await _write_file(archive, storage, key)
        about = {
            "format": FORMAT, "version": FORMAT_VERSION, "software": f"peerhall {VERSION}", "made": now.isoformat(),
            "origin": settings.origin, "domain": settings.domain, "tables": done.tables, "files": done.files,
        }  # fmt: skip
        archive.writestr("manifest.json", json.dumps(about, indent=2, ensure_ascii=False) + "\n")
        archive.writestr("README.txt", README.format(origin=settings.origin, day=now.date(), version=VERSION))
    return done


async def _write_table(
    archive: zipfile.ZipFile, reader: Reader, table: Table, hidden: set[Value], done: Exported
) -> None:
    rows = 0
    columns = [name for name in table.columns if name not in COLUMNS | WITHOUT.get(table.name, frozenset())]
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as out:
        async for row in _rows(reader, table):
            if any(row.get(name) in hidden for name in OF_POSTS if row.get(name) is not None):
                done.left_out += 1
                continue
            line = json.dumps({name: _value(row[name]) for name in columns}, ensure_ascii=False)
            out.write(line.encode() + b"\n")
            rows += 1
    done.tables[table.name] = {"rows": rows, "columns": columns}
    done.rows += rows


async def _hidden_posts(reader: Reader) -> set[Value]:
    """What is for its author alone, or for those whom it names."""
    table = next(item for item in reader.tables if item.name == "post")
    return {
        row["id"]
        async for row in _rows(reader, table)
        if row["visibility"] in {"private", "direct"} or row["state"] in {"draft", "deleted"}
    }


async def _media_of(reader: Reader, hidden: set[Value]) -> set[str]:
    """The keys of files that belong to what is in the export, and of pictures of people."""
    tables = {item.name: item for item in reader.tables}
    private: set[Value] = set()
    shared: set[Value] = set()
    async for row in _rows(reader, tables["post_attachment"]):
        (private if row["post_id"] in hidden else shared).add(row["media_id"])
    keys: set[str] = set()
    async for row in _rows(reader, tables["media"]):
        if row["attached"] and (row["id"] in shared or row["id"] not in private):
            keys |= {str(row[name]) for name in ("key", "thumb_key") if row[name]}
    return keys


async def _rows(reader: Reader, table: Table) -> AsyncIterator[dict[str, Value]]:
    async for batch in reader.batches(table):
        for row in batch.rows:
            yield dict(zip(table.columns, row, strict=True))


async def _write_file(archive: zipfile.ZipFile, storage: Storage, key: str) -> int:
    size = await storage.size(key)
    if size is None:
        return 0
    entry = zipfile.ZipInfo(f"media/{key}")
    entry.compress_type = zipfile.ZIP_STORED
    with archive.open(entry, "w", force_zip64=True) as out:
        async for piece in storage.stream(key, 0, size):
            out.write(piece)
    return 1


def _value(value: Value) -> object:
    """JSON that a column holds as what it says."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
