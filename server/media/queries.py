"""Reading what was uploaded."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from server.instance import Instance
from server.media import audio, video
from server.media.documents import MEDIA_TYPES
from server.media.images import MEDIA_TYPE
from server.media.keys import is_key
from server.media.storage import Storage

CACHE = "media"
MAX_FILES = 50

_COLUMNS = (
    "media.id, media.kind, media.key, media.thumb_key, media.media_type, media.size_bytes, media.width, media.height,"
    " media.alt, media.decorative, media.original_name, media.attached,"
    " media.focus, media.seconds"
)


@dataclass(frozen=True, slots=True)
class MediaFile:
    """An uploaded file, ready to show. `url` and `preview_url` are paths here; `here.url(…)` makes them absolute."""

    id: str
    kind: str
    url: str
    preview_url: str
    media_type: str
    size_bytes: int
    width: int | None
    height: int | None
    alt: str
    decorative: bool
    name: str
    attached: bool
    focus: str = ""
    seconds: int | None = None

    @property
    def needs_alt(self) -> bool:
        """Whether this is a picture that nobody has described yet, nor called decoration."""
        return self.kind == "image" and not self.alt and not self.decorative


@dataclass(frozen=True, slots=True)
class ServedFile:
    """What a request for ``/media/<key>`` is answered with. `download_name` is set for what is never shown inline."""

    key: str
    media_type: str
    size_bytes: int
    download_name: str | None = None


def storage(here: Instance) -> Storage:
    """The storage of this instance."""
    opened: Storage = here.caches[CACHE]
    return opened


def most_video_bytes(here: Instance) -> int:
    """How large a video may be that somebody adds here; 0 where none are kept."""
    return here.settings.video_mb * 1024 * 1024


def media_path(key: str) -> str:
    """The path of a file on this server."""
    return f"/media/{key}"


async def media_file(here: Instance, media_id: str, *, owner_id: str) -> MediaFile | None:
    """One file of somebody's own."""
    found = await files(here, [media_id], owner_id=owner_id)
    return found[0] if found else None


async def files(here: Instance, media_ids: Sequence[str], *, owner_id: str | None = None) -> list[MediaFile]:
    """Files by id, in the order asked for; only the owner's, where one is given. Unknown ones are left out."""
    wanted = list(dict.fromkeys(media_ids))[:MAX_FILES]
    if not wanted:
        return []
    places = ", ".join(f":id_{number}" for number in range(len(wanted)))
    rows = await here.db.rows(
        f"SELECT {_COLUMNS} FROM media WHERE media.id IN ({places})"
        + (" AND media.owner_id = :owner" if owner_id is not None else ""),
        **{f"id_{number}": media_id for number, media_id in enumerate(wanted)},
        owner=owner_id,
    )
    by_id = {row["id"]: _media_file(row) for row in rows}
    return [by_id[media_id] for media_id in wanted if media_id in by_id]


async def waiting(here: Instance, owner_id: str) -> list[MediaFile]:
    """Somebody's uploads that belong to nothing yet, newest first."""
    rows = await here.db.rows(
        f"SELECT {_COLUMNS} FROM media WHERE media.owner_id = :owner AND NOT media.attached"
        " ORDER BY media.created_at DESC, media.id DESC LIMIT :limit",
        owner=owner_id,
        limit=MAX_FILES,
    )
    return [_media_file(row) for row in rows]


async def served(here: Instance, key: str) -> ServedFile | None:
    """What to send for a key. Keys cannot be guessed: who has the address of a file was shown what it belongs to."""
    if not is_key(key):
        return None
    row = await here.db.row("SELECT kind, original_name FROM media WHERE key = :key OR thumb_key = :key", key=key)
    size = None if row is None else await storage(here).size(key)
    if row is None or size is None:
        return None
    if row["kind"] == "image":
        return ServedFile(key, MEDIA_TYPE, size)
    extension = key.rpartition(".")[2]
    if row["kind"] in {"audio", "video"}:
        return ServedFile(key, {**audio.MEDIA_TYPES, **video.MEDIA_TYPES}[extension], size)
    name = row["original_name"]
    stem = name.rpartition(".")[0] or name or "document"
    return ServedFile(key, MEDIA_TYPES[extension], size, f"{stem}.{extension}")


async def remote_file(here: Instance, key: str) -> ServedFile | None:
    """What to send for a picture from elsewhere, stored under this key."""
    size = await storage(here).size(key)
    return None if size is None else ServedFile(key, MEDIA_TYPE, size)


def read(here: Instance, file: ServedFile, start: int, length: int) -> AsyncIterator[bytes]:
    """A part of a file, in pieces."""
    return storage(here).stream(file.key, start, length)


def _media_file(row: dict[str, Any]) -> MediaFile:
    url = media_path(row["key"])
    return MediaFile(
        id=row["id"],
        kind=row["kind"],
        url=url,
        preview_url=media_path(row["thumb_key"]) if row["thumb_key"] else url,
        media_type=row["media_type"],
        size_bytes=row["size_bytes"],
        width=row["width"],
        height=row["height"],
        alt=row["alt"],
        decorative=bool(row["decorative"]),
        name=row["original_name"],
        attached=bool(row["attached"]),
        focus=row["focus"],
        seconds=row["seconds"],
    )
