"""Taking files from people, giving them to posts, and forgetting them.

`attach` and `discard` join the caller's transaction; the other actions open their own.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from server.actors.events import PicturesChanged
from server.errors import NotFound
from server.ids import new_id
from server.instance import Instance
from server.media.audio import clean_audio, looks_like_audio
from server.media.documents import clean_document
from server.media.errors import TooManyUploads, UnknownKind
from server.media.images import AVATAR_SIDE, MEDIA_TYPE, Picture, clean_picture, looks_like_image
from server.media.keys import new_key, thumb_key
from server.media.models import Media
from server.media.queries import MediaFile, files, media_path, most_video_bytes, storage, waiting
from server.media.video import clean_video, looks_like_video

PATH = media_path("")
DELETE_JOB = "media.delete"
MAX_WAITING = 40
ORPHAN_AFTER = timedelta(days=1)
SWEEP_AT_ONCE = 200
ALT_LIMIT = 1500

_FORBIDDEN_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069]')


async def upload(
    here: Instance,
    owner_id: str,
    data: bytes | bytearray,
    filename: str = "",
    alt: str = "",
    *,
    decorative: bool = False,
    recordings: bool = False,
) -> MediaFile:
    """Take a picture or a document, whichever its bytes say it is; raises MediaRefused.

    `recordings`: also those, and videos, for places that ask for a transcript. A bytearray may be cleaned in place.
    """
    if looks_like_video(data):
        if not recordings:
            raise UnknownKind("Videos are kept in the library of a community, with captions. Add it there.")
        return await upload_video(here, owner_id, data, filename)
    data = bytes(data)
    if looks_like_image(data):
        return await upload_image(here, owner_id, data, filename, alt, decorative=decorative)
    if looks_like_audio(data):
        if not recordings:
            raise UnknownKind("Recordings are kept in the library of a community, with a transcript. Add it there.")
        return await upload_audio(here, owner_id, data, filename)
    return await upload_document(here, owner_id, data, filename, alt)


async def upload_image(
    here: Instance, owner_id: str, data: bytes, filename: str = "", alt: str = "", *, decorative: bool = False
) -> MediaFile:
    """Take a picture: kept as WebP without metadata, with a smaller version. Raises MediaRefused."""
    await _check_waiting(here, owner_id)
    return await _keep_picture(here, owner_id, await clean_picture(data), filename, alt, decorative=decorative)


async def upload_avatar(here: Instance, owner_id: str, data: bytes) -> MediaFile:
    """Take a picture of a person: a square cut from the middle, which waits for its profile. Raises MediaRefused."""
    await _check_waiting(here, owner_id)
    picture = await clean_picture(data, side=AVATAR_SIDE, thumb=False, square=True)
    return await _keep_picture(here, owner_id, picture, "", "", decorative=True)


async def upload_header(here: Instance, owner_id: str, data: bytes) -> MediaFile:
    """Take the wide picture of a profile, which waits for it. Raises MediaRefused."""
    await _check_waiting(here, owner_id)
    return await _keep_picture(here, owner_id, await clean_picture(data, thumb=False), "", "", decorative=True)


async def upload_document(here: Instance, owner_id: str, data: bytes, filename: str, alt: str = "") -> MediaFile:
    """Take a document; served as a download only. Raises MediaRefused."""
    await _check_waiting(here, owner_id)
    document = await clean_document(data, filename)
    key = new_key(document.extension)
    await storage(here).save(key, document.data)
    return await _record(
        here,
        owner_id,
        kind="document",
        key=key,
        media_type=document.media_type.partition(";")[0],
        size_bytes=len(document.data),
        alt=alt.strip()[:ALT_LIMIT],
        original_name=safe_name(filename),
    )


async def upload_audio(here: Instance, owner_id: str, data: bytes, filename: str) -> MediaFile:
    """Take a recording: kept without anything but its sound. Raises MediaRefused."""
    await _check_waiting(here, owner_id)
    recording = await clean_audio(data)
    key = new_key(recording.extension)
    await storage(here).save(key, recording.data)
    return await _record(
        here,
        owner_id,
        kind="audio",
        key=key,
        media_type=recording.media_type,
        size_bytes=len(recording.data),
        seconds=recording.seconds,
        original_name=safe_name(filename),
    )


async def upload_video(here: Instance, owner_id: str, data: bytes | bytearray, filename: str) -> MediaFile:
    """Take a video: kept without anything but its pictures and sound. Raises MediaRefused."""
    await _check_waiting(here, owner_id)
    film = await clean_video(data, most_video_bytes(here))
    key = new_key(film.extension)
    await storage(here).save(key, film.data)
    return await _record(
        here,
        owner_id,
        kind="video",
        key=key,
        media_type=film.media_type,
        size_bytes=len(film.data),
        seconds=film.seconds,
        width=film.width,
        height=film.height,
        original_name=safe_name(filename),
    )


async def describe(here: Instance, owner_id: str, media_id: str, alt: str, *, decorative: bool = False) -> None:
    """Say what a picture shows, or that it shows nothing that needs saying. Raises NotFound for another's."""
    changed = await here.db.execute(
        "UPDATE media SET alt = :alt, decorative = :decorative WHERE id = :id AND owner_id = :owner",
        alt=alt.strip()[:ALT_LIMIT],
        decorative=decorative,
        id=media_id,
        owner=owner_id,
    )
    if not changed:
        raise NotFound


async def amend(
    here: Instance, owner_id: str, media_id: str, *, alt: str | None = None, focus: str | None = None
) -> None:
    """Say anew what a picture shows, or what of it matters (`Media.focus`); None leaves it. NotFound for another's."""
    changed = await here.db.execute(
        "UPDATE media SET alt = COALESCE(:alt, alt), focus = COALESCE(:focus, focus)"
        " WHERE id = :id AND owner_id = :owner",
        alt=None if alt is None else alt.strip()[:ALT_LIMIT],
        focus=focus,
        id=media_id,
        owner=owner_id,
    )
    if not changed:
        raise NotFound


async def attach(here: Instance, owner_id: str, media_ids: Sequence[str]) -> list[MediaFile]:
    """Give files to something, in the caller's transaction. Raises NotFound if one is not the owner's."""
    found = await files(here, media_ids, owner_id=owner_id)
    if len(found) != len(set(media_ids)):
        raise NotFound("One of the files is gone. Add it again.")
    for file in found:
        await here.db.execute("UPDATE media SET attached = TRUE WHERE id = :id", id=file.id)
    return [replace(file, attached=True) for file in found]


async def discard(here: Instance, media_ids: Sequence[str]) -> None:
    """Forget files whose owner deleted what they belonged to, in the caller's transaction; the bytes go right after."""
    for media_id in media_ids:
        await here.db.execute("UPDATE media SET attached = FALSE WHERE id = :id", id=media_id)
        await here.jobs.enqueue(DELETE_JOB, {"id": media_id}, unique=f"{DELETE_JOB}:{media_id}")


async def pictures_changed(here: Instance, event: PicturesChanged) -> None:
    """New pictures of a profile belong to it, and those before them are forgotten (S27)."""
    for media_id in await _own_at(here, event.actor_id, event.new):
        await here.db.execute("UPDATE media SET attached = TRUE WHERE id = :id", id=media_id)
    await discard(here, await _own_at(here, event.actor_id, event.gone))


async def _own_at(here: Instance, owner_id: str, addresses: Sequence[str]) -> list[str]:
    keys = {f"key{number}": address.removeprefix(PATH) for number, address in enumerate(addresses)}
    if not keys:
        return []
    named = ", ".join(f":{name}" for name in keys)
    rows = await here.db.rows(
        f"SELECT id FROM media WHERE owner_id = :owner AND key IN ({named}) ORDER BY id",
        owner=owner_id,
        **keys,
    )
    return [row["id"] for row in rows]


async def set_free(here: Instance, media_ids: Sequence[str]) -> None:
    """Let files belong to nothing, as when they came, in the caller's transaction: whoever needs them has a day."""
    for media_id in media_ids:
        await here.db.execute(
            "UPDATE media SET attached = FALSE, created_at = :now WHERE id = :id", id=media_id, now=here.clock.now()
        )


async def discard_own(here: Instance, owner_id: str, media_id: str) -> None:
    """Take back an upload that belongs to nothing yet. Raises NotFound for any other."""
    async with here.db.transaction():
        found = await files(here, [media_id], owner_id=owner_id)
        if not found or found[0].attached:
            raise NotFound
        await discard(here, [media_id])


async def discard_all_of(here: Instance, owner_id: str) -> None:
    """Forget everything somebody uploaded, in the caller's transaction: their account is being deleted."""
    rows = await here.db.rows("SELECT id FROM media WHERE owner_id = :owner ORDER BY id", owner=owner_id)
    await discard(here, [row["id"] for row in rows])


async def delete_file(here: Instance, media_id: str) -> None:
    """Remove the bytes, then the row, of a file that belongs to nothing. Bears being run twice."""
    row = await here.db.row(
        "SELECT key, thumb_key FROM media WHERE id = :id AND NOT attached",
        id=media_id,
    )
    if row is None:
        return
    for key in (row["key"], row["thumb_key"]):
        if key:
            await storage(here).delete(key)
    await here.db.execute("DELETE FROM media WHERE id = :id AND NOT attached", id=media_id)


async def sweep(here: Instance) -> None:
    """Remove uploads that have belonged to nothing for a day."""
    rows = await here.db.rows(
        "SELECT id FROM media WHERE NOT attached AND created_at < :before ORDER BY created_at LIMIT :limit",
        before=here.clock.now() - ORPHAN_AFTER,
        limit=SWEEP_AT_ONCE,
    )
    for row in rows:
        await delete_file(here, row["id"])


def safe_name(filename: str) -> str:
    """A file name that is safe to show and to save under: no path, no control or direction characters."""
    name = unicodedata.normalize("NFC", filename.replace("\\", "/").rpartition("/")[2])
    name = " ".join(_FORBIDDEN_IN_NAMES.sub("", name).split()).strip(". ")
    return name[-120:]


async def _check_waiting(here: Instance, owner_id: str) -> None:
    if len(await waiting(here, owner_id)) >= MAX_WAITING:
        raise TooManyUploads("Many of your files wait to be used. Publish or remove some of them first.")


async def _keep_picture(
    here: Instance, owner_id: str, picture: Picture, filename: str, alt: str, *, decorative: bool
) -> MediaFile:
    key = new_key("webp")
    small = thumb_key(key) if picture.thumb else None
    await storage(here).save(key, picture.data)
    if small and picture.thumb:
        await storage(here).save(small, picture.thumb)
    return await _record(
        here,
        owner_id,
        kind="image",
        key=key,
        thumb_key=small,
        media_type=MEDIA_TYPE,
        size_bytes=len(picture.data),
        width=picture.width,
        height=picture.height,
        alt=alt.strip()[:ALT_LIMIT],
        decorative=decorative,
        original_name=safe_name(filename),
    )


async def _record(here: Instance, owner_id: str, **values: Any) -> MediaFile:
    now = here.clock.now()
    media = await Media.create(id=new_id(now), owner_id=owner_id, created_at=now, **values)
    found = await files(here, [media.id])
    return found[0]
