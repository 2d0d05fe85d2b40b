"""WebM, cleaned in place: only pictures and sound in codecs of the open web, and how long they are. RFC 8794, RFC 9559.

What is left out becomes a Void of the same size, so that no offset changes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from server.media.errors import UnknownKind, Unreadable

MAGIC = b"\x1a\x45\xdf\xa3"

_DAMAGED = "This video cannot be read. Save it as MP4 or WebM and add it again."
_OTHER = "This video has something in it besides pictures and sound. Save it as an ordinary WebM and add it again."
_OTHER_CODEC = "Browsers cannot play this kind of video. Save it as VP8, VP9 or AV1 with Opus and add it again."
_EBML, _DOC_TYPE, _SEGMENT, _VOID = 0x1A45DFA3, 0x4282, 0x18538067, 0xEC
_SEEK, _INFO, _TRACKS, _CLUSTER, _CUES = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B
_ON_TOP = {_SEEK, _INFO, _TRACKS, _CLUSTER, _CUES, 0x1254C367, 0x1941A469, 0x1043A770}
"""What a cluster of unknown size ends with; the last three are tags, attachments and chapters."""
_SCALE, _DURATION, _BY = 0x2AD7B1, 0x4489, {0x4D80, 0x5741}
_ENTRY, _NUMBER, _TYPE, _CODEC, _VIDEO, _ENCODINGS = 0xAE, 0xD7, 0x83, 0x86, 0xE0, 0x6D80
_OF_ENTRY = {
    _NUMBER, 0x73C5, _TYPE, 0xB9, 0x88, 0x55AA, 0x9C, 0x23E383, 0x22B59C, _CODEC, 0x63A2, 0x56AA, 0x56BB, _VIDEO, 0xE1,
    0x6DE7, 0x6DF8, 0x55EE,
}  # fmt: skip
_WIDTH, _HEIGHT = 0xB0, 0xBA
_TIME, _SIMPLE, _GROUP, _BLOCK, _LASTS = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B
_OF_CLUSTER = {_TIME, _SIMPLE, _GROUP, 0xAB, 0xA7}
_OF_GROUP = {_BLOCK, _LASTS, 0xFB, 0x75A2}
_CODECS = {1: {"V_VP8", "V_VP9", "V_AV1"}, 2: {"A_OPUS"}}
_MOST_ELEMENTS = 600_000
_MOST_IN_GROUP = 50
_LONGEST_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Measured:
    """How long and how large a video is; None where it does not say."""

    seconds: int
    width: int | None
    height: int | None


def clean_webm(data: bytearray) -> Measured:
    """Clean a WebM in place. Raises MediaRefused."""
    try:
        return _WebM(data).clean()
    except (struct.error, IndexError, OverflowError) as error:
        raise Unreadable(_DAMAGED) from error


class _WebM:
    def __init__(self, data: bytearray) -> None:
        self.data = data
        self.left = _MOST_ELEMENTS
        self.scale = 1_000_000
        self.said = 0.0
        self.last = 0
        self.tracks: dict[int, int] = {}
        self.width = self.height = 0

    def clean(self) -> Measured:
        top = list(islice(self._elements(0, len(self.data), _SEGMENT), 2))
        if [found for found, *_ in top] != [_EBML, _SEGMENT] or not self._is_webm(*top[0][2:]):
            raise Unreadable(_DAMAGED)
        _, _, body, end = top[1]
        del self.data[end:]
        for found, start, inner, until in self._elements(body, end, _CLUSTER):
            if found == _INFO:
                self._info(inner, until)
            elif found == _TRACKS:
                self._tracks(inner, until)
            elif found == _CLUSTER:
                self._cluster(inner, until)
            elif found not in {_SEEK, _CUES}:
                self._void(start, until)
        if 1 not in self.tracks.values():
            raise Unreadable(_DAMAGED)
        seconds = max(self.said, float(self.last)) * self.scale / 1e9
        if not 0 < seconds <= _LONGEST_SECONDS:
            raise Unreadable(_DAMAGED)
        fits = 0 < self.width <= 16_384 and 0 < self.height <= 16_384
        return Measured(max(1, round(seconds)), self.width if fits else None, self.height if fits else None)

    def _elements(self, start: int, end: int, open_ended: int = 0) -> Iterator[tuple[int, int, int, int]]:
        """Id, start, beginning of the body, and end of every element; `open_ended` may be of unknown size."""
        while start < end:
            self.left -= 1
            first = self.data[start]
            width = 9 - first.bit_length()
            if width > 4 or self.left < 0:
                raise Unreadable(_DAMAGED)
            found = int.from_bytes(self.data[start : start + width], "big")
            size, body = self._size(start + width)
            if size is None and (found != open_ended or not open_ended):
                raise Unreadable(_DAMAGED)
            until = (end if found == _SEGMENT else self._end_of_cluster(body, end)) if size is None else body + size
            if until > end:
                raise Unreadable(_DAMAGED)
            yield found, start, body, until
            start = until

    def _size(self, at: int) -> tuple[int | None, int]:
        first = self.data[at]
        width = 9 - first.bit_length()
        if width > 8:
            raise Unreadable(_DAMAGED)
        value = int.from_bytes(self.data[at : at + width], "big") & ((1 << 7 * width) - 1)
        return (None if value == (1 << 7 * width) - 1 else value), at + width

    def _end_of_cluster(self, body: int, end: int) -> int:
        at = body
        while at + 4 <= end and int.from_bytes(self.data[at : at + 4], "big") not in _ON_TOP:
            self.left -= 1
            width = 9 - self.data[at].bit_length()
            size, inner = self._size(at + width)
            if size is None or width > 4 or self.left < 0:
                raise Unreadable(_DAMAGED)
            at = inner + size
        return min(at, end) if at + 4 > end else at

    def _void(self, start: int, end: int) -> None:
        length = end - start
        if length < 2:
            raise Unreadable(_DAMAGED)
        if length - 2 <= 126:
            head = bytes((_VOID, 0x80 | (length - 2)))
        else:
            head = bytes((_VOID, 0x01)) + (length - 9).to_bytes(7, "big")
        self.data[start:end] = head + bytes(length - len(head))

    def _number(self, body: int, end: int) -> int:
        return int.from_bytes(self.data[body : min(end, body + 8)], "big")

    def _is_webm(self, body: int, end: int) -> bool:
        kinds = [self.data[inner:until] for found, _, inner, until in self._elements(body, end) if found == _DOC_TYPE]
        return [bytes(kind).rstrip(b"\0") for kind in kinds] == [b"webm"]

    def _info(self, body: int, end: int) -> None:
        for found, start, inner, until in self._elements(body, end):
            if found == _SCALE:
                self.scale = self._number(inner, until)
            elif found == _DURATION and until - inner in {4, 8}:
                (self.said,) = struct.unpack_from(">f" if until - inner == 4 else ">d", self.data, inner)
            elif found in _BY:
                self.data[inner:until] = bytes(until - inner)
            else:
                self._void(start, until)
        if not 0 < self.scale <= 1_000_000_000 or not 0 <= self.said < 1e15:
            raise Unreadable(_DAMAGED)

    def _tracks(self, body: int, end: int) -> None:
        for found, start, inner, until in self._elements(body, end):
            if found == _ENTRY:
                self._track(inner, until)
            else:
                self._void(start, until)

    def _track(self, body: int, end: int) -> None:
        number, kind, codec = 0, 0, ""
        for found, start, inner, until in self._elements(body, end):
            if found == _ENCODINGS:
                raise UnknownKind(_OTHER)
            if found not in _OF_ENTRY:
                self._void(start, until)
            elif found == _NUMBER:
                number = self._number(inner, until)
            elif found == _TYPE:
                kind = self._number(inner, until)
            elif found == _CODEC:
                codec = bytes(self.data[inner:until]).rstrip(b"\0").decode("ascii", "replace")
            elif found == _VIDEO:
                self._picture(inner, until)
        if kind not in _CODECS or not number or number in self.tracks:
            raise UnknownKind(_OTHER)
        if codec not in _CODECS[kind]:
            raise UnknownKind(_OTHER_CODEC)
        self.tracks[number] = kind

    def _picture(self, body: int, end: int) -> None:
        for found, _, inner, until in self._elements(body, end):
            if found == _WIDTH:
                self.width = self._number(inner, until)
            elif found == _HEIGHT:
                self.height = self._number(inner, until)

    def _cluster(self, body: int, end: int) -> None:
        at = 0
        for found, start, inner, until in self._elements(body, end):
            if found == _TIME:
                at = self._number(inner, until)
                self.last = max(self.last, at)
            elif found == _GROUP:
                self._group(start, inner, until, at)
            elif found not in _OF_CLUSTER or (found == _SIMPLE and not self._is_frame(inner, until, at, 0)):
                self._void(start, until)

    def _group(self, start: int, body: int, end: int, at: int) -> None:
        inside = list(islice(self._elements(body, end), _MOST_IN_GROUP + 1))
        if len(inside) > _MOST_IN_GROUP:
            raise Unreadable(_DAMAGED)
        lasts = next((self._number(inner, until) for found, _, inner, until in inside if found == _LASTS), 0)
        blocks = [(inner, until) for found, _, inner, until in inside if found == _BLOCK]
        if len(blocks) != 1 or not self._is_frame(*blocks[0], at, lasts):
            self._void(start, end)
            return
        for found, begin, _, until in inside:
            if found not in _OF_GROUP:
                self._void(begin, until)

    def _is_frame(self, body: int, end: int, at: int, lasts: int) -> bool:
        """Whether a block is of a track that stays; notes when it ends."""
        number, inner = self._size(body)
        if number not in self.tracks or inner + 3 > end:
            return False
        (shift,) = struct.unpack_from(">h", self.data, inner)
        self.last = max(self.last, at + shift + lasts)
        return True
