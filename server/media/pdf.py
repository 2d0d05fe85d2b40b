"""PDF: names of people are blanked in place, byte for byte, so that every offset in the file stays true.

What is reached: the information dictionary (also inside compressed object streams), XMP packets, EXIF of JPEG pictures.
"""

import io
import re
import zipfile
import zlib

from server.media.errors import MediaRefused, Unreadable
from server.media.segments import blank_exif

MAX_STREAM_BYTES = 8 * 1024 * 1024
TAIL_BYTES = 2048

_NAMES = rb"Author|Creator|Producer|Company|Manager|LastModifiedBy|SourceModified|Keywords"
_KEY = re.compile(rb"/(?:" + _NAMES + rb")\s*(?=[(<\d])")
_REFERENCE = re.compile(rb"(\d{1,9})\s+(\d{1,5})\s+R\b")
_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_PACKET = re.compile(rb"(<\?xpacket begin=.{0,200}?\?>)(.*?)(<\?xpacket end=)", re.DOTALL)
_METADATA = re.compile(rb"<x:xmpmeta\b.*?</x:xmpmeta>", re.DOTALL)
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")
_STREAM = re.compile(rb"stream\r?\n")
_METADATA_STREAM = re.compile(rb"/Type\s*/Metadata\b")


def clean_pdf(data: bytes) -> bytes:
    """The same PDF without names of people; raises MediaRefused for one that is locked, cut off, or also an archive."""
    end = data.rfind(b"%%EOF")
    if end == -1 or len(data) - end > TAIL_BYTES:
        raise Unreadable("This PDF is damaged or cut off. Save it again and add it once more.")
    data = data[: end + 5] + b"\n"
    if zipfile.is_zipfile(io.BytesIO(data)):
        raise Unreadable("This file is a PDF and an archive at once. Save it as a PDF again and add it once more.")
    if _ENCRYPTED.search(data):
        raise MediaRefused("This PDF is protected by a password. Save it without and add it again.")
    found = bytearray(data)
    _blank_values(found)
    _blank_packets(found)
    _blank_in_streams(found)
    return blank_exif(bytes(found))


def _blank_values(found: bytearray) -> None:
    data = bytes(found)
    for match in _KEY.finditer(data):
        start = match.end()
        reference = _REFERENCE.match(data, start)
        if reference is not None:
            _blank_object(found, data, reference[1], reference[2])
        else:
            _blank_text(found, data, start)


def _blank_object(found: bytearray, data: bytes, number: bytes, generation: bytes) -> None:
    place = re.search(rb"(?<!\d)" + number + rb"\s+" + generation + rb"\s+obj\s*(?=[(<])", data)
    if place is not None:
        _blank_text(found, data, place.end())


def _blank_text(found: bytearray, data: bytes, start: int) -> None:
    """Overwrite a literal or hexadecimal string (ISO 32000-1, 7.3.4) that starts here."""
    if data[start : start + 1] == b"<":
        end = data.find(b">", start)
        if data[start : start + 2] != b"<<" and end != -1:
            found[start + 1 : end] = b"20" * ((end - start - 1) // 2) + b"0" * ((end - start - 1) % 2)
        return
    if data[start : start + 1] != b"(":
        return
    depth, position = 1, start + 1
    while position < len(data) and depth:
        character = data[position]
        if character == 0x5C:
            position += 1
        elif character == 0x28:
            depth += 1
        elif character == 0x29:
            depth -= 1
        position += 1
    if not depth:
        found[start + 1 : position - 1] = b" " * (position - start - 2)


def _blank_packets(found: bytearray) -> None:
    for match in _PACKET.finditer(bytes(found)):
        start, end = match.span(2)
        found[start:end] = b" " * (end - start)
    for match in _METADATA.finditer(bytes(found)):
        start, end = match.span()
        found[start:end] = b" " * (end - start)


def _blank_in_streams(found: bytearray) -> None:
    data = bytes(found)
    for kind in (_OBJECT_STREAM, _METADATA_STREAM):
        for match in kind.finditer(data):
            opening = _STREAM.search(data, match.end(), match.end() + 1000)
            if opening is None:
                continue
            start, end = opening.end(), data.find(b"endstream", opening.end())
            if end != -1:
                fresh = _blank_packed(data[start:end], everything=kind is _METADATA_STREAM)
                found[start : start + len(fresh)] = fresh


def _blank_packed(packed: bytes, *, everything: bool) -> bytes:
    """Unpack, blank, and pack into the same number of bytes; a stream that does not unpack stays as it is."""
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(packed, MAX_STREAM_BYTES)
    except zlib.error:
        return packed
    if unpacker.unconsumed_tail or not unpacker.eof:
        return packed
    blanked = bytearray(b" " * len(plain)) if everything else bytearray(plain)
    if not everything:
        _blank_values(blanked)
    if bytes(blanked) == plain:
        return packed
    fresh = zlib.compress(bytes(blanked), 9)
    # Readers stop at the end of the packed data; what is over is filled, so that /Length stays true.
    return fresh.ljust(len(packed), b"\n") if len(fresh) <= len(packed) else packed
