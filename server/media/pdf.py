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
MAX_TIMES_READ = 8
"""So many times its size a file is read over: one made of unfinished strings and packets would be read without end."""
_AT_LEAST = 64 * 1024 * 1024
TOKEN_COST = 32
"""A bracket or escape costs as much as so many other bytes."""

_NAMES = rb"Author|Creator|Producer|Company|Manager|LastModifiedBy|SourceModified|Keywords"
_KEY = re.compile(rb"/(?:" + _NAMES + rb")\s*(?=[(<\d])")
_REFERENCE = re.compile(rb"(\d{1,9})\s+(\d{1,5})\s+R\b")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,9})\s+(\d{1,5})\s+obj\s*(?=[(<])")
_IN_STRING = re.compile(rb"\\.|[()]", re.DOTALL)
_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_PACKET = re.compile(rb"<\?xpacket begin=.{0,200}?\?>", re.DOTALL)
_METADATA = re.compile(rb"<x:xmpmeta\b")
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
    found, effort = bytearray(data), Effort(max(_AT_LEAST, MAX_TIMES_READ * len(data)))
    _blank_values(found, effort)
    _blank_packets(found)
    _blank_in_streams(found, effort)
    return blank_exif(bytes(found))


class Effort:
    """How many bytes may still be read for one file; raises Unreadable when there are none left (S34)."""

    def __init__(self, left: int) -> None:
        """Begin with so many."""
        self._left = left

    def spend(self, count: int) -> None:
        """Read so many of them."""
        self._left -= count
        if self._left < 0:
            raise _unusual()


def _unusual() -> Unreadable:
    return Unreadable("This PDF is put together in an unusual way. Save it again and add it once more.")


def _blank_values(found: bytearray, effort: Effort) -> None:
    data, objects, end = bytes(found), dict[bytes, int](), 0
    for match in _KEY.finditer(data):
        start = match.end()
        reference = _REFERENCE.match(data, start)
        if reference is not None:
            objects = objects or _objects(data)
            at = objects.pop(b"%d %d" % (int(reference[1]), int(reference[2])), None)
            if at is not None:
                _blank_text(found, data, at, effort)
        elif start >= end:  # what looks like a name inside a text is none
            end = _blank_text(found, data, start, effort)


def _objects(data: bytes) -> dict[bytes, int]:
    """Where texts begin that are objects of their own, by number and generation."""
    places: dict[bytes, int] = {b"": 0}
    for place in _OBJECT.finditer(data):
        places.setdefault(b"%d %d" % (int(place[1]), int(place[2])), place.end())
    return places


def _blank_text(found: bytearray, data: bytes, start: int, effort: Effort) -> int:
    """Overwrite a literal or hexadecimal string (ISO 32000-1, 7.3.4) that starts here; returns where it ends."""
    if data[start : start + 2] == b"<<" or data[start : start + 1] not in {b"<", b"("}:
        return start
    if data[start : start + 1] == b"<":
        end = data.find(b">", start)
        effort.spend((len(data) if end == -1 else end) - start)
        if end == -1:
            raise _unusual()
        found[start + 1 : end] = b"20" * ((end - start - 1) // 2) + b"0" * ((end - start - 1) % 2)
        return end
    depth, last = 1, start + 1
    for token in _IN_STRING.finditer(data, start + 1):
        effort.spend(token.end() - last + TOKEN_COST)
        last = token.end()
        depth += {b"(": 1, b")": -1}.get(token[0], 0)
        if not depth:
            found[start + 1 : token.start()] = b" " * (token.start() - start - 1)
            return token.start()
    raise _unusual()


def _blank_packets(found: bytearray) -> None:
    for opening, inside, closing in ((_PACKET, True, b"<?xpacket end="), (_METADATA, False, b"</x:xmpmeta>")):
        data, position = bytes(found), 0
        while (match := opening.search(data, position)) is not None:
            end = data.find(closing, match.end())
            if end == -1:
                break  # nor does any other end
            start, stop = (match.end(), end) if inside else (match.start(), end + len(closing))
            found[start:stop] = b" " * (stop - start)
            position = end + len(closing)


def _blank_in_streams(found: bytearray, effort: Effort) -> None:
    data = bytes(found)
    for kind in (_OBJECT_STREAM, _METADATA_STREAM):
        done = -1
        for match in kind.finditer(data):
            opening = _STREAM.search(data, match.end(), match.end() + 1000)
            if opening is None or opening.end() <= done:
                continue
            start = done = opening.end()
            end = data.find(b"endstream", start)
            if end == -1:
                break  # nor does any other stream end
            fresh = _blank_packed(data[start:end], effort, everything=kind is _METADATA_STREAM)
            found[start : start + len(fresh)] = fresh


def _blank_packed(packed: bytes, effort: Effort, *, everything: bool) -> bytes:
    """Unpack, blank, and pack into the same number of bytes; a stream that does not unpack stays as it is."""
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(packed, MAX_STREAM_BYTES)
    except zlib.error:
        return packed
    effort.spend(len(packed) + len(plain))
    if unpacker.unconsumed_tail or not unpacker.eof:
        return packed
    blanked = bytearray(b" " * len(plain)) if everything else bytearray(plain)
    if not everything:
        _blank_values(blanked, effort)
    if bytes(blanked) == plain:
        return packed
    fresh = zlib.compress(bytes(blanked), 9)
    # Readers stop at the end of the packed data; what is over is filled, so that /Length stays true.
    return fresh.ljust(len(packed), b"\n") if len(fresh) <= len(packed) else packed
