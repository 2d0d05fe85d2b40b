"""Documents: kinds by content, hostile archives refused, names of people gone (S34)."""

import io
import random
import re
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from test_media_images import AUTHOR, encoded, photo

from server.media.documents import MAX_DOCUMENT_BYTES, MEDIA_TYPES, _clean, clean_document
from server.media.errors import MediaRefused, TooLarge, UnknownKind, Unreadable
from server.media.pdf import clean_pdf
from server.media.segments import bare_jpeg, bare_png

NAME = AUTHOR.decode()
ODT = "application/vnd.oasis.opendocument.text"


def archive(parts: dict[str, bytes | str], *, stored: tuple[str, ...] = ("mimetype",)) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data, zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)
    return target.getvalue()


def docx(**more: bytes | str) -> bytes:
    return archive(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f'<w:document><w:ins w:author="{NAME}" w:initials="AO">text</w:ins></w:document>',
            "word/people.xml": f'<w15:people><w15:person w15:author="{NAME}"/></w15:people>',
            "docProps/core.xml": f"<cp:coreProperties><dc:creator>{NAME}</dc:creator></cp:coreProperties>",
            "docProps/app.xml": f"<Properties><Company>{NAME}</Company></Properties>",
            "docProps/custom.xml": f"<Properties><property>{NAME}</property></Properties>",
            "word/media/image1.jpeg": photo(),
            **more,
        }
    )


def odt(mimetype: str = ODT, **more: bytes | str) -> bytes:
    return archive(
        {
            "mimetype": mimetype,
            "content.xml": f"<office:annotation><dc:creator>{NAME}</dc:creator>note</office:annotation>",
            "meta.xml": f"<office:meta><meta:initial-creator>{NAME}</meta:initial-creator></office:meta>",
            **more,
        }
    )


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def pdf(info: bytes = b"", more: bytes = b"") -> bytes:
    body = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n2 0 obj\n<< " + info + b" >>\nendobj\n" + more
    return body + b"trailer\n<< /Root 1 0 R /Info 2 0 R >>\nstartxref\n9\n%%EOF\n"


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xef\xbb\xbf  <?xml version='1.0'?><svg/>",
        b"<!DOCTYPE html><title>hello</title>",
        b"<!-- hi --> <html><script>alert(1)</script>",
        b"\n\n<ScRiPt>alert(1)</script>",
        "<html>".encode("utf-16"),
        b"MZ\x90\x00\x03",
        b"\x7fELF\x02\x01\x01\x00",
        b"#!/bin/sh\x00\x01",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old office",
        archive({"notes.txt": "just an archive"}),
        archive({"mimetype": "text/html", "index.html": "<script>"}),
        archive({"a.txt": "x", "mimetype": ODT}),
    ],
)
async def test_s34_foreign_kinds_are_refused_whatever_they_are_called(data: bytes) -> None:
    for name in ("lesson.txt", "lesson.pdf", "lesson.docx", "lesson.csv"):
        with pytest.raises((UnknownKind, Unreadable)):
            await clean_document(data, name)


async def test_s34_an_archive_that_unpacks_to_much_is_refused() -> None:
    bomb = docx(**{"word/media/zeros.bin": b"\0" * (151 * 1024 * 1024)})
    assert len(bomb) < 1024 * 1024
    with pytest.raises(TooLarge):
        await clean_document(bomb, "a.docx")


async def test_s34_an_archive_that_lies_about_its_size_is_refused() -> None:
    honest = docx(**{"word/zeros.bin": b"\0" * 5_000_000})
    lying = honest.replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != honest
    with pytest.raises((Unreadable, TooLarge)):
        await clean_document(lying, "a.docx")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "word\\..\\evil.xml"])
async def test_s34_strange_names_in_an_archive_are_refused(name: str) -> None:
    with pytest.raises(Unreadable):
        await clean_document(docx(**{name: "x"}), "a.docx")


async def test_s34_macros_passwords_and_odd_packing_are_refused() -> None:
    with pytest.raises(MediaRefused, match="macros"):
        await clean_document(docx(**{"word/vbaProject.bin": b"x"}), "a.docx")
    locked = bytearray(docx())
    for match in re.finditer(b"PK\x01\x02", bytes(locked)):
        locked[match.start() + 8] |= 1
    with pytest.raises(MediaRefused, match="password"):
        await clean_document(bytes(locked), "a.docx")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_BZIP2) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("word/document.xml", "<x/>")
    with pytest.raises(Unreadable):
        await clean_document(target.getvalue(), "a.docx")


async def test_s34_too_large_and_empty_documents_are_refused() -> None:
    with pytest.raises(TooLarge):
        await clean_document(b"a" * (MAX_DOCUMENT_BYTES + 1), "a.txt")
    with pytest.raises(Unreadable):
        await clean_document(b"", "a.txt")


async def test_s34_a_damaged_archive_is_refused_with_a_sentence() -> None:
    with pytest.raises(Unreadable):
        await clean_document(docx()[:-60], "a.docx")


async def test_s34_a_pdf_that_is_cut_off_locked_or_an_archive_is_refused() -> None:
    for data in (
        b"%PDF-1.7\n",
        pdf()[:-8],
        pdf() + b"x" * 5000,
        pdf(more=b"/Encrypt 5 0 R\n"),
        pdf(more=archive({"evil.html": "<script>"})),
    ):
        with pytest.raises(MediaRefused):
            await clean_document(data, "a.pdf")


async def test_s34_what_follows_the_end_of_a_pdf_is_cut_off() -> None:
    cleaned = await clean_document(pdf() + b"<script>alert(1)</script>", "a.pdf")
    assert cleaned.data.endswith(b"%%EOF\n")


@pytest.mark.parametrize(
    "info",
    [
        b"/Author (" + AUTHOR + b") /Title (Exit tickets)",
        b"/Author(" + AUTHOR + rb" \(science\) (nested)) /Title (Exit tickets)",
        b"/Author <" + AUTHOR.hex().encode() + b"> /Title (Exit tickets)",
        b"/Author 7 0 R /Title (Exit tickets) >>\nendobj\n7 0 obj\n(" + AUTHOR + b")\nendobj\n3 0 obj\n<< ",
    ],
)
async def test_s34_the_author_of_a_pdf_is_gone_and_every_offset_stays(info: bytes) -> None:
    original = pdf(info)
    cleaned = clean_pdf(original)
    assert len(cleaned) == len(original)
    assert AUTHOR not in cleaned
    assert AUTHOR.hex().encode() not in cleaned
    assert b"(Exit tickets)" in cleaned
    assert cleaned.index(b"trailer") == original.index(b"trailer")


async def test_s34_names_inside_packed_streams_of_a_pdf_are_gone() -> None:
    plain = b"10 0 << /Author (" + AUTHOR + b") /Title (Exit tickets) >>" + b" filler" * 40
    packed = zlib.compress(plain, 1)
    stream = b"9 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    original = pdf(more=stream + packed + b"\nendstream\nendobj\n")
    cleaned = clean_pdf(original)
    assert len(cleaned) == len(original)
    start = cleaned.index(b"stream\n") + 7
    found = zlib.decompressobj().decompress(cleaned[start : start + len(packed)])
    assert len(found) == len(plain)
    assert AUTHOR not in found
    assert b"(Exit tickets)" in found


async def test_c23_s34_xmp_and_exif_inside_a_pdf_are_gone() -> None:
    packet = (
        b"<?xpacket begin='' id='W5M0'?><x:xmpmeta><dc:creator>"
        + AUTHOR
        + b"</dc:creator></x:xmpmeta><?xpacket end='w'?>"
    )
    original = pdf(more=packet + b"stream\n" + photo() + b"\nendstream\n")
    cleaned = clean_pdf(original)
    assert len(cleaned) == len(original)
    assert b"Telephone" not in cleaned
    assert cleaned.count(AUTHOR) < original.count(AUTHOR)
    assert b"<dc:creator>" not in cleaned


async def test_s34_names_in_a_word_document_are_gone_and_its_text_stays() -> None:
    cleaned = await clean_document(docx(), "anything.bin")
    parts = unpacked(cleaned.data)
    assert cleaned.extension == "docx"
    assert not [name for name, data in parts.items() if AUTHOR in data or b"Telephone" in data]
    assert b">text</w:ins>" in parts["word/document.xml"]


async def test_s34_comment_authors_in_tables_and_slides_are_gone() -> None:
    sheet = archive(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": "<workbook/>",
            "xl/comments1.xml": f"<comments><authors><author>{NAME}</author></authors></comments>",
            "xl/persons/person.xml": f'<personList><person displayName="{NAME}" userId="{NAME}"/></personList>',
        }
    )
    slides = archive(
        {
            "[Content_Types].xml": "<Types/>",
            "ppt/presentation.xml": "<p:presentation/>",
            "ppt/commentAuthors.xml": f'<p:cmAuthorLst><p:cmAuthor name="{NAME}" initials="AO"/></p:cmAuthorLst>',
        }
    )
    for data, extension in ((sheet, "xlsx"), (slides, "pptx")):
        cleaned = await clean_document(data, "x")
        assert cleaned.extension == extension
        assert not [name for name, part in unpacked(cleaned.data).items() if AUTHOR in part]


async def test_s34_names_in_open_documents_are_gone_and_the_kind_stays_readable() -> None:
    cleaned = await clean_document(odt(), "x")
    parts = unpacked(cleaned.data)
    assert cleaned.extension == "odt"
    assert not [name for name, data in parts.items() if AUTHOR in data]
    assert b"note" in parts["content.xml"]
    assert cleaned.data[30:38] == b"mimetype"
    assert cleaned.data[38 : 38 + len(ODT)] == ODT.encode()


async def test_s34_what_hides_before_and_behind_an_archive_is_gone() -> None:
    cleaned = await clean_document(docx() + b"", "x.docx")
    hidden = docx()[:-22] + b"<script>alert(1)</script>" + docx()[-22:]
    for data in (hidden, docx() + b"\0" * 4):
        try:
            cleaned = await clean_document(data, "x.docx")
        except Unreadable:
            continue
        assert b"<script>alert" not in cleaned.data


async def test_an_epub_keeps_its_author_who_is_part_of_it() -> None:
    book = archive({"mimetype": "application/epub+zip", "content.opf": f"<dc:creator>{NAME}</dc:creator>"})
    cleaned = await clean_document(book, "book.epub")
    assert (cleaned.extension, AUTHOR in unpacked(cleaned.data)["content.opf"]) == ("epub", True)


@pytest.mark.parametrize(
    ("data", "name", "extension"),
    [
        ("Grüße, 5 < 6".encode(), "notes.txt", "txt"),
        (b"# Exit tickets\n\n<details>", "plan.md", "md"),
        ("pupils;grade\r\n28;gut für".encode("cp1252"), "data.csv", "csv"),
        ("text".encode("utf-16"), "notes.exe", "txt"),
        (b"name,score\n", "scores.CSV", "csv"),
    ],
)
async def test_texts_are_kept_as_utf8_and_never_served_as_pages(data: bytes, name: str, extension: str) -> None:
    cleaned = await clean_document(data, name)
    assert cleaned.extension == extension
    cleaned.data.decode("utf-8")
    assert MEDIA_TYPES[extension].startswith("text/")
    assert "html" not in cleaned.media_type


def test_pictures_inside_documents_still_open_without_their_metadata() -> None:
    for data, bare in ((photo(), bare_jpeg), (_png_with_text(), bare_png)):
        cleaned = bare(data)
        assert AUTHOR not in cleaned
        with Image.open(io.BytesIO(cleaned)) as opened:
            opened.load()


def _png_with_text() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", NAME)
    return encoded(Image.new("RGB", (20, 20)), "PNG", pnginfo=info)


@settings(max_examples=50, deadline=None)
@given(
    st.binary(max_size=600), st.sampled_from([b"", b"%PDF-1.4\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"])
)
def test_s34_any_bytes_are_taken_or_refused(data: bytes, start: bytes) -> None:
    bare_jpeg(start + data)
    bare_png(start + data)
    try:
        _clean(start + data + b"%%EOF", "x.txt")
    except MediaRefused:
        return


def test_s34_a_damaged_document_is_taken_or_refused_wherever_it_is_damaged() -> None:
    chance = random.Random(7)
    original = docx()
    for _ in range(150):
        damaged = bytearray(original)
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            _clean(bytes(damaged), "x.docx")
        except MediaRefused:
            continue


# Each of these took minutes to for ever when it was read with patterns that try again from everywhere.
MANY = 2_000_000
ENDLESS_PDF = [
    *(
        b"/Author(",
        b"/Author (\\(",
        b"/Author <",
        b"/Author 2 0 R ",
        b"/Encrypt ",
        b"<?xpacket begin=?>",
        b"<x:xmpmeta ",
    ),
    *(b"/Type /ObjStm stream\n", b"/Type /Metadata ", b"1 0 obj ", b"1 ", b"Exif\x00\x00"),
]


@pytest.mark.parametrize("piece", ENDLESS_PDF)
async def test_s34_an_unfinished_pdf_is_read_to_its_end_once_or_refused(piece: bytes) -> None:
    try:
        cleaned = await clean_document(pdf(more=piece * (MANY // len(piece))), "a.pdf")
    except Unreadable:
        return
    assert cleaned.data.endswith(b"%%EOF\n")


async def test_s34_one_stream_that_is_announced_often_is_unpacked_once() -> None:
    packed = zlib.compress(b"\x00" * 8_000_000 + b"/Author (" + AUTHOR + b")")
    stream = b"<< " + b"/Type /ObjStm " * 60 + b">>\nstream\n" + packed + b"\nendstream\n"
    assert len(await _cleaned_pdf(stream)) > 0
    with pytest.raises(Unreadable):
        await _cleaned_pdf(stream * 40)


async def _cleaned_pdf(more: bytes) -> bytes:
    return (await clean_document(pdf(more=more), "a.pdf")).data


@pytest.mark.parametrize(
    "piece", ["<author ", "<author>", "<w:person ", "<a:cmAuthor name='", " w:author=", ' name="', "<" + "a" * 99]
)
async def test_s34_an_unfinished_part_of_a_document_is_read_once(piece: str) -> None:
    for name in ("word/people.xml", "ppt/commentAuthors.xml"):
        cleaned = await clean_document(docx(**{name: piece * (MANY // len(piece))}), "a.docx")
        assert name in unpacked(cleaned.data)


@pytest.mark.parametrize("piece", ["<dc:creator ", "<dc:creator>", "<meta:initial-creator "])
async def test_s34_an_unfinished_part_of_an_open_document_is_read_once(piece: str) -> None:
    cleaned = await clean_document(odt(**{"content.xml": piece * (MANY // len(piece))}), "a.odt")
    assert "content.xml" in unpacked(cleaned.data)


@pytest.mark.parametrize("begins", ["<!---->" * 500, "<!-- -->\n" * 400, "<!--" * 1000, " " * 4000, "<!-->" * 800])
async def test_s34_comments_before_a_text_are_read_once(begins: str) -> None:
    assert (await clean_document(f"{begins}x".encode(), "a.txt")).extension == "txt"
