"""Pictures: what is taken for one, within which limits, and the one thread in which they are read."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from typing import TypeVar, cast

from server.media.errors import MediaRefused, TooLarge

T = TypeVar("T")

MAX_IMAGE_BYTES = 10 * 1024 * 1024
MAX_IMAGE_PIXELS = 40_000_000
MAX_SIDE = 2048
THUMB_SIDE = 640
AVATAR_SIDE = 400
REMOTE_SIDE = 1280
SECONDS = 30
MEDIA_TYPE = "image/webp"

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")

# AVIF, and HEIC from telephones: that one cannot be read, and is told from unknown kinds of file to say so kindly.
_BRANDS = {b"avif", b"avis", b"mif1", b"heic", b"heix", b"msf1"}

# One picture at a time in the whole process: 40 megapixels are up to 160 MB while they are decoded.
_bench = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as we keep it: WebP, and a smaller one for lists where that is worth it."""

    data: bytes
    width: int
    height: int
    thumb: bytes | None = None


def looks_like_image(data: bytes) -> bool:
    """Whether the first bytes are those of a picture that we can read. Names and declared types do not count."""
    return (
        data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"))
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        or (data[4:8] == b"ftyp" and data[8:12] in _BRANDS)
    )


async def clean_picture(data: bytes, *, side: int = MAX_SIDE, thumb: bool = True, square: bool = False) -> Picture:
    """Decode, turn upright, shrink to `side`, and encode anew; raises MediaRefused.

    `square` cuts out the middle. An animation becomes its first picture.
    """
    if len(data) > MAX_IMAGE_BYTES:
        raise TooLarge("A picture may have up to 10 MB. Make it smaller and add it again.")

    def clean() -> Picture:
        # What reads pictures takes megabytes, which a server has for something else until there is one (P9).
        return cast(Picture, import_module("server.media.pixels").clean(data, side, thumb, square))

    return await in_thread(clean)


async def in_thread(work: Callable[[], T]) -> T:
    """Do heavy work on files off the loop, one after the other, and stop waiting when it takes too long."""
    try:
        async with asyncio.timeout(SECONDS):
            return await asyncio.get_running_loop().run_in_executor(_bench, work)
    except TimeoutError:
        raise MediaRefused("This file takes too long to read. Save it in a simpler form and add it again.") from None
