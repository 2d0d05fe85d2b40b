"""Documents that are ZIP archives: written anew within limits, without their authors' names.

Writing anew also neutralises polyglots: nothing before, between or after the parts survives.
"""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from server.media.errors import TooLarge, Unreadable
from server.media.segments import bare_jpeg, bare_png

MAX_PARTS = 4000
MAX_UNPACKED_BYTES = 150 * 1024 * 1024

_START = (1980, 1, 1, 0, 0, 0)
_NS = "http://schemas.openxmlformats.org"

CleanPart = Callable[[str, bytes], bytes]

_CORE = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties'
    f' xmlns:cp="{_NS}/package/2006/metadata/core-properties"/>'
).encode()
_APP = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties'
    f' xmlns="{_NS}/officeDocument/2006/extended-properties"/>'
).encode()
_CUSTOM = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties'
    f' xmlns="{_NS}/officeDocument/2006/custom-properties"/>'
).encode()
_META = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-meta'
    b' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.2"><office:meta/>'
    b"</office:document-meta>"
)

# Who wrote a comment or a tracked change: w:author, w:initials; userId and name in lists of people and comment authors.
_NAMED = re.compile(rb'(\s(?:w(?:15|16\w*)?:)?(?:author|initials|userId|displayName|lastModifiedBy)=)"[^"]*"')
# A tag ends at the next one at the latest: else unfinished ones would each be read to the end of the part (S34).
_AUTHOR_NAME = re.compile(rb'(<[\w:]{0,40}(?:cmAuthor|author|person)\b[^<>]*?\sname=)"[^"<]*"')
_AUTHOR_ELEMENT = re.compile(rb"(<author\b[^<>]*>)[^<]*(</author>)")
_CREATOR_ELEMENT = re.compile(rb"(<(?:dc:creator|meta:creator-initials|meta:initial-creator)\b[^<>]*>)[^<]*(</)")


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose list of parts has been checked; reading counts what comes out."""

    file: zipfile.ZipFile
    names: list[str]

    @classmethod
    def of(cls, file: zipfile.ZipFile) -> "Archive":
        """Check the list of parts. Raises Unreadable for a strange one, TooLarge for a bomb."""
        parts = file.infolist()
        names = [part.filename for part in parts]
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
            raise TooLarge("This document unpacks to more than 150 MB. Make it smaller, or share a link to it.")
        if len(set(names)) != len(names):
            raise Unreadable("This document has the same part twice. Save it again and add it once more.")
        for part in parts:
            strange_name = part.filename.startswith("/") or "\\" in part.filename or ".." in part.filename.split("/")
            if strange_name or part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise Unreadable("This document is put together in an unusual way. Save it again and add it once more.")
            if part.flag_bits & 1:
                raise Unreadable("This document is protected by a password. Save it without and add it again.")
        return cls(file, names)

    def read(self, name: str, *, limit: int) -> bytes:
        """One part, at most `limit` bytes of it; more raises TooLarge."""
        with self.file.open(name) as part:
            data = part.read(limit + 1)
        if len(data) > limit:
            raise TooLarge("A part of this document is too large. Make it smaller, or share a link to it.")
        return data


def rewrite(archive: Archive, clean: CleanPart | None) -> bytes:
    """The same parts in a fresh archive, each passed through `clean`, dates and comments left out."""
    target = io.BytesIO()
    left = MAX_UNPACKED_BYTES
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as fresh:
        for name in archive.names:
            if name.endswith("/"):
                continue
            data = archive.read(name, limit=left)
            left -= len(data)
            data = _bare(data if clean is None else clean(name, data))
            part = zipfile.ZipInfo(name, _START)
            part.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            part.external_attr = 0o600 << 16
            fresh.writestr(part, data)
    return target.getvalue()


def office_part(name: str, data: bytes) -> bytes:
    """A part of a Word, PowerPoint or Excel document, without names of people."""
    lower = name.lower()
    if lower.startswith("docprops/core") or lower.endswith(".psmdcp"):
        return _CORE
    if lower.startswith("docprops/app"):
        return _APP
    if lower.startswith("docprops/custom"):
        return _CUSTOM
    if lower.endswith(".xml") and lower.startswith(("word/", "ppt/", "xl/")):
        data = _NAMED.sub(rb'\1""', data)
        data = _AUTHOR_ELEMENT.sub(rb"\1\2", data)
        if "author" in lower or "people" in lower or "person" in lower:
            data = _AUTHOR_NAME.sub(rb'\1""', data)
    return data


def open_document_part(name: str, data: bytes) -> bytes:
    """A part of a LibreOffice document, without names of people."""
    if name == "meta.xml":
        return _META
    if name.endswith(".xml"):
        return _CREATOR_ELEMENT.sub(rb"\1\2", data)
    return data


def _bare(data: bytes) -> bytes:
    if data.startswith(b"\xff\xd8\xff"):
        return bare_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return bare_png(data)
    return data
