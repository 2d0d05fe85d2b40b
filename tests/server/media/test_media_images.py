"""Pictures: what is refused, and that nothing but pixels is kept (S34)."""

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from server.media.errors import MediaRefused, TooLarge, Unreadable
from server.media.images import MAX_IMAGE_BYTES, clean_picture, looks_like_image

AUTHOR = b"Amara Okafor of Northfield"


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def photo(width: int = 60, height: int = 40, orientation: int = 1) -> bytes:
    """A JPEG as a telephone makes it: left half red, with place, device, author and a comment."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = AUTHOR.decode()
    exif[0x010F] = "Telephone Works"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[29] = "N", (52.0, 31.0, 12.0), "2026:11:20"
    return encoded(
        picture,
        "JPEG",
        exif=exif,
        comment=b"taken by " + AUTHOR,
        xmp=b"<x:xmpmeta>" + AUTHOR + b"</x:xmpmeta>",
        quality=95,
    )


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims to be this large and holds nearly nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(100_000, 100_000), (7_000, 7_000), (40_000_001, 1), (20_000, 4_100)])
async def test_s34_decompression_bombs_are_refused_before_decoding(width: int, height: int) -> None:
    with pytest.raises(TooLarge):
        await clean_picture(png_header(width, height))


async def test_s34_too_many_bytes_are_refused() -> None:
    with pytest.raises(TooLarge):
        await clean_picture(b"\xff\xd8\xff" + b"\0" * MAX_IMAGE_BYTES)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        b"GIF89a\x01",
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
        b"\x00\x00\x00\x1cftypheic\x00\x00\x00\x00mif1heic",
        photo()[:700],
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    ],
)
async def test_s34_broken_and_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        await clean_picture(data)


@pytest.mark.parametrize(
    "data", [b"<svg/>", b"<html>", b"%PDF-1.7", b"PK\x03\x04", b"MZ", b"", b"BM1234567890", b"II*\x00", b"8BPS"]
)
async def test_s34_only_known_kinds_of_picture_look_like_one(data: bytes) -> None:
    assert not looks_like_image(data)


async def test_s34_place_device_author_and_comments_are_gone() -> None:
    original = photo()
    assert AUTHOR in original
    cleaned = await clean_picture(original)
    for data in (cleaned.data, cleaned.thumb or b""):
        for trace in (AUTHOR, b"Telephone", b"Exif", b"EXIF", b"xmp", b"XMP", b"2026:11:20", b"ICCP"):
            assert trace not in data
    with Image.open(io.BytesIO(cleaned.data)) as kept:
        assert (kept.format, dict(kept.getexif()), kept.info.keys() & {"exif", "xmp", "icc_profile", "comment"}) == (
            "WEBP",
            {},
            set(),
        )


async def test_s34_text_chunks_of_png_are_gone() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", AUTHOR.decode())
    info.add_itxt("Comment", AUTHOR.decode(), zip=False)
    original = encoded(Image.new("RGBA", (20, 20), (1, 2, 3, 128)), "PNG", pnginfo=info)
    assert AUTHOR in original
    cleaned = await clean_picture(original)
    assert AUTHOR not in cleaned.data
    with Image.open(io.BytesIO(cleaned.data)) as kept:
        assert kept.mode == "RGBA"


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04 and an archive", b"%PDF-1.4 /JS"])
async def test_s34_what_hides_behind_a_picture_is_gone(tail: bytes) -> None:
    cleaned = await clean_picture(photo() + tail)
    assert tail not in cleaned.data


async def test_s34_a_script_in_a_comment_of_a_gif_is_gone() -> None:
    data = encoded(Image.new("P", (9, 9)), "GIF", comment=b"<script>alert(1)</script>")
    assert b"<script>" in data
    assert b"<script>" not in (await clean_picture(data)).data


async def test_a_picture_taken_sideways_stands_upright() -> None:
    cleaned = await clean_picture(photo(60, 40, orientation=6))
    assert (cleaned.width, cleaned.height) == (40, 60)
    with Image.open(io.BytesIO(cleaned.data)) as kept:
        top, bottom = kept.getpixel((20, 5)), kept.getpixel((20, 55))
    assert top[0] > 200 > 60 > top[2]
    assert bottom[2] > 200 > 60 > bottom[0]


async def test_an_animation_becomes_its_first_picture() -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "green", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    with Image.open(io.BytesIO((await clean_picture(data)).data)) as kept:
        assert getattr(kept, "n_frames", 1) == 1
        assert kept.convert("RGB").getpixel((15, 15))[0] > 200


async def test_large_pictures_shrink_and_get_a_small_version() -> None:
    cleaned = await clean_picture(encoded(Image.new("RGB", (3000, 1500)), "JPEG"))
    assert (cleaned.width, cleaned.height) == (2048, 1024)
    assert cleaned.thumb is not None
    with Image.open(io.BytesIO(cleaned.thumb)) as small:
        assert small.size == (640, 320)


async def test_small_pictures_stay_as_large_as_they_are() -> None:
    cleaned = await clean_picture(photo(60, 40))
    assert (cleaned.width, cleaned.height, cleaned.thumb) == (60, 40, None)


async def test_a_square_is_cut_from_the_middle() -> None:
    cleaned = await clean_picture(encoded(Image.new("RGB", (900, 500)), "PNG"), side=400, thumb=False, square=True)
    assert (cleaned.width, cleaned.height) == (400, 400)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
async def test_every_kind_of_pixel_is_understood(mode: str) -> None:
    cleaned = await clean_picture(encoded(Image.new(mode, (12, 8)), "PNG"))
    assert (cleaned.width, cleaned.height) == (12, 8)


async def test_a_cmyk_photo_is_understood() -> None:
    assert (await clean_picture(encoded(Image.new("CMYK", (12, 8)), "JPEG"))).width == 12


async def test_refusals_say_what_to_do_and_name_the_field() -> None:
    with pytest.raises(MediaRefused) as refused:
        await clean_picture(b"\xff\xd8\xffnothing")
    assert (refused.value.field, refused.value.message.endswith(".")) == ("files", True)
