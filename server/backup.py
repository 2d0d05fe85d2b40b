"""Backups of a one-machine instance: database, keys and uploads in one archive, consistent while the server runs."""

import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
import tempfile
from datetime import datetime
from pathlib import Path

from server.errors import Refused
from server.settings import Settings
from server.version import VERSION

FORMAT = 1
DATABASE = "peerhall.sqlite3"
KEY = "secret-key"
MEDIA = "media"


class BackupRefused(Refused):
    """The backup or the place for it cannot be used; nothing was changed."""


def write_backup(settings: Settings, target: Path, now: datetime) -> int:
    """Write a backup and return its size in bytes. The server may run and write meanwhile."""
    database = _sqlite_path(settings)
    if target.exists():
        raise BackupRefused(f"{target} exists already: choose another name")
    if not database.is_file():
        raise BackupRefused(f"there is no database at {database}")
    with tempfile.TemporaryDirectory(dir=target.parent if target.parent.is_dir() else None) as folder:
        copy = Path(folder) / DATABASE
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        connection.close()
        unfinished = Path(folder) / "backup.tar.gz"
        sums = {}
        with tarfile.open(unfinished, "w:gz", compresslevel=5) as archive:
            for path, name in [(copy, DATABASE), *_files(settings)]:
                sums[name] = _sum(path)
                archive.add(path, arcname=name)
            manifest = {
                "format": FORMAT,
                "version": VERSION,
                "made": now.isoformat(),
                "origin": settings.origin,
                "sha256": sums,
            }
            body = json.dumps(manifest, indent=1).encode()
            info = tarfile.TarInfo("manifest.json")
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
        unfinished.chmod(0o600)
        shutil.move(unfinished, target)
    return target.stat().st_size


def restore_backup(settings: Settings, source: Path) -> int:
    """Unpack a backup into an empty data folder; returns how many files it held. Wrong or partial ones are refused."""
    data = settings.data_path
    database = _sqlite_path(settings)
    if database.exists() or (data.exists() and any(data.iterdir())):
        raise BackupRefused(f"{data} is not empty: restore into an empty folder")
    if not source.is_file():
        raise BackupRefused(f"there is no file {source}")
    data.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data.parent) as folder:
        place = Path(folder) / "unpacked"
        try:
            with tarfile.open(source, "r:gz") as archive:
                archive.extractall(place, filter="data")
            manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
            sums = dict(manifest["sha256"])
            right = manifest["format"] == FORMAT and all(_sum(place / name) == sums[name] for name in sums)
        except (tarfile.TarError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
            raise BackupRefused(f"{source} is not a complete backup: {error}") from None
        if not right or DATABASE not in sums:
            raise BackupRefused(f"{source} is damaged: a checksum does not match")
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(place / DATABASE, database)
        for name in sums:
            if name != DATABASE:
                (data / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(place / name, data / name)
        key = data / KEY
        if key.exists():
            key.chmod(0o600)
    return len(sums)


def _sqlite_path(settings: Settings) -> Path:
    if not settings.database_url.startswith("sqlite:///"):
        raise BackupRefused(
            "this instance uses PostgreSQL: save it with pg_dump, and the data folder with the tool of your choice"
        )
    return Path(settings.database_url.removeprefix("sqlite:///"))


def _files(settings: Settings) -> list[tuple[Path, str]]:
    found = []
    key = settings.data_path / KEY
    if key.is_file():
        found.append((key, KEY))
    media = settings.data_path / MEDIA
    if media.is_dir():
        files = (path for path in sorted(media.rglob("*")) if path.is_file())
        found += [(path, str(path.relative_to(settings.data_path))) for path in files]
    return found


def _sum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
