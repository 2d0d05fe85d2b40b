"""The power fails: what SQLite had not forced to the disk may be there, in part or not at all (R1).

A small library notes every write to the database's files and every fsync, in order (`recorder.c`; it needs a C
compiler). A round picks moments from those notes and makes the files as a disk could hold them then: all that was
forced, and of the rest any part, torn at any sector. They must open clean and hold all that was acknowledged by then.
"""

import asyncio
import random
import shutil
import sqlite3
import struct
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.checks import LOST, WRONG, Violation, check
from tests.chaos.load import Load
from tests.chaos.report import Options, Round
from tests.chaos.storage import Sqlite
from tests.chaos.world import World, world

CUTS = 6
"""So many moments are looked at in each round."""
SECTOR = 512
NOTE = struct.Struct("=c c 6x q q q d")


@dataclass(frozen=True, slots=True)
class Note:
    """A write (W), a truncation (T), or the beginning (B) or end (S) of forcing a file to the disk."""

    what: str
    wal: bool
    inode: int
    offset: int
    data: bytes
    at: float


async def power(options: Options) -> AsyncIterator[Round]:
    """Rounds of load, each with some moments at which the power might have failed."""
    with tempfile.TemporaryDirectory(prefix="peerhall-power-") as name:
        library, record = _compiled(Path(name)), Path(name) / "record"
        async with world("sqlite", preload=library) as scene:
            base = Path(name) / "base.sqlite3"
            shutil.copyfile(_file(scene), base)
            scene.more_environment["CHAOS_RECORD"] = str(record)
            await scene.start()
            load, seen = Load(scene), 0
            for number in range(options.rounds):
                seed = options.seed + number
                rng, before = random.Random(seed), load.acknowledged
                await load.round(random.Random(rng.random()))
                await scene.drain()
                notes = await asyncio.to_thread(read, record)
                found = await check(load)
                for _ in range(CUTS):
                    cut = rng.randrange(seen, len(notes))
                    found += await asyncio.to_thread(_look, load, base, notes, cut, rng)
                seen = len(notes)
                yield Round(seed, load.acknowledged - before, found)


def _file(scene: World) -> Path:
    assert isinstance(scene.storage, Sqlite)
    return scene.storage.path


def _compiled(folder: Path) -> Path:
    library = folder / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    command = ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return library


def read(record: Path) -> list[Note]:
    """Everything that was noted."""
    raw, notes, place = record.read_bytes(), [], 0
    while place < len(raw):
        what, kind, inode, offset, length, at = NOTE.unpack_from(raw, place)
        place += NOTE.size
        data = raw[place : place + length] if what == b"W" else b""
        place += len(data)
        notes.append(Note(what.decode(), kind == b"w", inode, offset, data, at))
    return notes


def as_on_disk(base: bytes, notes: Sequence[Note], cut: int, rng: random.Random) -> tuple[bytes, bytes]:
    """What database and log may hold if the power fails after so many notes."""
    safe: dict[int, int] = {}
    begun: dict[int, int] = {}
    for number, note in enumerate(notes[:cut]):
        if note.what == "B":
            begun[note.inode] = number
        elif note.what == "S":
            safe[note.inode] = begun[note.inode]
    keep = rng.random()
    files: dict[int, bytearray] = {}
    database = log = 0
    for number, note in enumerate(notes[:cut]):
        if note.inode not in files:
            files[note.inode] = bytearray() if note.wal else bytearray(base)
        if note.wal:
            log = note.inode
        else:
            database = note.inode
        data = note.data
        if number >= safe.get(note.inode, -1):
            if rng.random() > keep:
                continue
            if rng.random() < 0.2:
                data = data[: rng.randrange(0, len(data) + 1, SECTOR)]
        _apply(files[note.inode], note, data)
    return bytes(files.get(database, base)), bytes(files.get(log, b""))


def _apply(file: bytearray, note: Note, data: bytes) -> None:
    if note.what == "T":
        del file[note.offset :]
        file.extend(bytes(max(0, note.offset - len(file))))
    elif note.what == "W":
        file.extend(bytes(max(0, note.offset - len(file))))
        file[note.offset : note.offset + len(data)] = data


def _look(load: Load, base: Path, notes: Sequence[Note], cut: int, rng: random.Random) -> list[Violation]:
    database, log = as_on_disk(base.read_bytes(), notes, cut, rng)
    moment = notes[cut].at
    with tempfile.TemporaryDirectory(prefix="peerhall-after-") as name:
        path = Path(name) / "peerhall.sqlite3"
        path.write_bytes(database)
        Path(f"{path}-wal").write_bytes(log)
        connection = sqlite3.connect(path)
        try:
            health = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if health != "ok":
                return [Violation(WRONG, f"after a power cut at note {cut} the file is broken: {health}")]
            there = {row[0] for row in connection.execute("SELECT activity_id FROM inbox_receipt")}
            words = {row[0] for row in connection.execute("SELECT source_md FROM post WHERE is_local")}
            words |= {row[0] for row in connection.execute("SELECT source_md FROM post_version")}
            gone = {row[0] for row in connection.execute("SELECT id FROM post WHERE state = 'deleted'")}
        except sqlite3.DatabaseError as error:
            return [Violation(WRONG, f"after a power cut at note {cut} the file cannot be read: {error}")]
        finally:
            connection.close()
    found = []
    for host in load.world.neighbours.hosts.values():
        for sent in host.sent:
            if sent.taken_at is not None and sent.taken_at < moment and sent.activity["id"] not in there:
                found.append(Violation(LOST, f"{sent.activity['id']} after a power cut at note {cut}"))
    ended = {post_id[-8:] for post_id in gone}
    for written in load.written:
        for act in written.acts:
            if act.taken and act.at < moment and act.text and act.text not in words and written.short not in ended:
                found.append(Violation(LOST, f"{act.text!r} after a power cut at note {cut}"))
    return found
