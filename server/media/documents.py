"""Documents: recognised by their content, rid of their authors' names where that can be done, for download only."""

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass

from server.media.errors import MediaRefused, TooLarge, UnknownKind, Unreadable
from server.media.images import in_thread
from server.media.pdf import clean_pdf
from server.media.zipped import Archive, office_part, open_document_part, rewrite

MAX_DOCUMENT_BYTES = 25 * 1024 * 1024

_OFFICE = {
    "word/document.xml": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "ppt/presentation.xml": ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    "xl/workbook.xml": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_OPEN_DOCUMENT = {
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
}
_EPUB = "application/epub+zip"

# What these are served as, always as a download. Text is never served as HTML, whatever is in it.
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "txt": "text/plain; charset=utf-8",
    "md": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "epub": _EPUB,
    **{extension: media_type for extension, media_type in _OFFICE.values()},
    **{extension: media_type for media_type, extension in _OPEN_DOCUMENT.items()},
}

_WHICH = "Share a picture, a PDF, a text, a CSV table, an EPUB, or a document of Microsoft Office or LibreOffice."
_MARKUP = re.compile(
    r"<(?:!doctype|\?xml|html|head|body|svg|script|iframe|style|meta|link|object|embed|title)\b", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP_WITHIN = 4096
# Everything that `zipfile` raises for damaged archives.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document as we keep it."""

    data: bytes
    extension: str

    @property
    def media_type(self) -> str:
        """The one type it is served with."""
        return MEDIA_TYPES[self.extension]


async def clean_document(data: bytes, filename: str) -> Document:
    """Recognise a document and clean it; raises MediaRefused. The name decides only between kinds of plain text."""
    if len(data) > MAX_DOCUMENT_BYTES:
        raise TooLarge("A document may have up to 25 MB. Make it smaller, or share a link to it.")
    if not data:
        raise Unreadable("This file is empty. Add it again.")
    return await in_thread(lambda: _clean(data, filename))


def _clean(data: bytes, filename: str) -> Document:
    if data.startswith(b"%PDF-"):
        return Document(clean_pdf(data), "pdf")
    if data.startswith(b"PK\x03\x04"):
        return _clean_zipped(data)
    return _clean_text(data, filename)


def _clean_zipped(data: bytes) -> Document:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            archive = Archive.of(opened)
            extension = _zipped_kind(archive)
            if any(name.lower().endswith("vbaproject.bin") for name in archive.names):
                raise MediaRefused("This document contains macros. Save it without macros and add it again.")
            if extension in {"docx", "pptx", "xlsx"}:
                return Document(rewrite(archive, office_part), extension)
            return Document(rewrite(archive, open_document_part if extension != "epub" else None), extension)
    except _DAMAGED as error:
        raise Unreadable("This document is damaged. Open it, save it again, and add it once more.") from error


def _zipped_kind(archive: Archive) -> str:
    if "[Content_Types].xml" in archive.names:
        for part, (extension, _) in _OFFICE.items():
            if part in archive.names:
                return extension
    if archive.names and archive.names[0] == "mimetype":
        declared = archive.read("mimetype", limit=100).decode("ascii", "replace").strip()
        if declared == _EPUB:
            return "epub"
        if declared in _OPEN_DOCUMENT:
            return _OPEN_DOCUMENT[declared]
    raise UnknownKind(f"This kind of archive cannot be shared here. {_WHICH}")


def _clean_text(data: bytes, filename: str) -> Document:
    text = _decoded(data)
    if text is None or _CONTROL.search(text):
        raise UnknownKind(f"This kind of file cannot be shared here. {_WHICH}")
    if _MARKUP.match(_after_comments(text[:_MARKUP_WITHIN])):
        raise UnknownKind(f"Web pages and drawings in SVG cannot be shared here. {_WHICH}")
    suffix = filename.rpartition(".")[2].lower()
    extension = {"md": "md", "markdown": "md", "csv": "csv"}.get(suffix, "txt")
    return Document(text.encode("utf-8"), extension)


def _after_comments(text: str) -> str:
    text = text.lstrip()
    while text.startswith("<!--") and "-->" in text:
        text = text.partition("-->")[2].lstrip()
    return text


def _decoded(data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")  # Excel on Windows still writes CSV in the second
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
