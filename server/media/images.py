"""Pictures: decoded within limits, turned upright, and written anew without anything but their pixels."""

import asyncio
import io
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from server.media.errors import MediaRefused, TooLarge, Unreadable

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
_QUALITY = 82
_BROKEN = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError, struct.error)

# Beyond this Pillow warns, beyond twice as much it refuses; `_decode` refuses both before a pixel is decoded.
Image.MAX_IMAGE_PIXELS = MAX_IMAGE_PIXELS

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
    return await in_thread(lambda: _clean(data, side, thumb, square))


async def in_thread(work: Callable[[], T]) -> T:
    """Do heavy work on files off the loop, one after the other, and stop waiting when it takes too long."""
    try:
        async with asyncio.timeout(SECONDS):
            return await asyncio.get_running_loop().run_in_executor(_bench, work)
    except TimeoutError:
        raise MediaRefused("This file takes too long to read. Save it in a simpler form and add it again.") from None


def _clean(data: bytes, side: int, thumb: bool, square: bool) -> Picture:
    try:
        picture = _decode(data, side)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge("A picture may have up to 40 megapixels. Make it smaller and add it again.") from error
    except _BROKEN as error:
        raise Unreadable("This picture cannot be read. Open it, save it as JPEG or PNG and add it again.") from error
    if square:
        picture = ImageOps.fit(picture, (min(side, *picture.size),) * 2, Image.Resampling.LANCZOS)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    small = _shrunk(picture, THUMB_SIDE) if thumb and max(picture.size) > THUMB_SIDE else None
    return Picture(_encode(picture), picture.width, picture.height, small)


def _decode(data: bytes, side: int) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > MAX_IMAGE_PIXELS:
            raise Image.DecompressionBombError
        profile = opened.info.get("icc_profile")
        opened.draft("RGB", (side, side))
        opened.seek(0)
        opened.load()
        upright = ImageOps.exif_transpose(opened)
        has_alpha = "A" in upright.getbands() or "transparency" in upright.info
        if isinstance(profile, bytes):
            upright = _in_srgb(upright, profile)
        plain = upright.convert("RGBA" if has_alpha else "RGB")
    # Only the pixels go on: a new picture has no EXIF, XMP, comments, text chunks or profile.
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    return bare


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    if picture.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return picture
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        converted = ImageCms.profileToProfile(
            picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # a broken colour profile is no reason to refuse a picture
    return converted or picture


def _shrunk(picture: Image.Image, side: int) -> bytes:
    small = picture.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _encode(small)


def _encode(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "WEBP", quality=_QUALITY, method=4)
    return target.getvalue()
