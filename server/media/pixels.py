"""Pictures are decoded within limits, turned upright, and written anew without anything but their pixels."""

import io
import struct

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from server.media.errors import TooLarge, Unreadable
from server.media.images import FORMATS, MAX_IMAGE_PIXELS, THUMB_SIDE, Picture

_QUALITY = 82
_BROKEN = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError, struct.error)

# Beyond this Pillow warns, beyond twice as much it refuses; `_decode` refuses both before a pixel is decoded.
Image.MAX_IMAGE_PIXELS = MAX_IMAGE_PIXELS


def clean(data: bytes, side: int, thumb: bool, square: bool) -> Picture:
    """A picture as `images.clean_picture` gives it; raises MediaRefused."""
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
