"""Videos: MP4 (MOV of phones, too) and WebM, recognised by their content, rid of what is neither picture nor sound.

Nothing is decoded or written anew. What is blanked keeps its size, so that no offset changes: titles, places and times,
tracks of anything else (subtitles and sensors, which may know where it was filmed), and all bytes that no frame is made
of. What stands inside of a frame is not looked at. ISO/IEC 14496-12; Apple, QuickTime File Format.
"""

import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from server.media.audio import MAX_AUDIO_BYTES
from server.media.errors import TooLarge, UnknownKind, Unreadable
from server.media.images import in_thread
from server.media.webm import MAGIC, clean_webm

MEDIA_TYPES = {"mp4": "video/mp4", "webm": "video/webm"}

_BRANDS = {
    b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"avc1", b"M4V ", b"qt  ", b"3gp4", b"3gp5", b"MSNV",
}  # fmt: skip
_DAMAGED = "This video cannot be read. Save it as MP4 or WebM and add it again."
_IN_PIECES = "This video is stored in pieces. Save it as an ordinary MP4 or WebM and add it again."
_OTHER_CODEC = "Browsers cannot play this video. Save it as H.264 with AAC (“most compatible”) and add it again."
_KEPT = {
    b"moov": {b"mvhd", b"trak", b"iods"},
    b"trak": {b"tkhd", b"edts", b"mdia"},
    b"edts": {b"elst"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"vmhd", b"smhd", b"nmhd", b"hdlr", b"dinf", b"stbl"},
    b"dinf": {b"dref"},
    b"stbl": {
        b"stsd", b"stts", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stps", b"ctts", b"cslg", b"sdtp",
        b"sgpd", b"sbgp",
    },
}  # fmt: skip
_TIMED = {b"mvhd", b"tkhd", b"mdhd"}
_CODECS = {b"vide": {b"avc1", b"avc3", b"vp09", b"av01"}, b"soun": {b"mp4a", b"Opus", b"fLaC", b".mp3"}}
_MOST_BOXES = 4000
_MOST_ROWS = 600_000
"""So many rows have all tables together: an hour of pictures and sound has half of that. Each costs time and memory."""
_LONGEST_SECONDS = 24 * 3600
_WIDEST = 16_384


@dataclass(frozen=True, slots=True)
class Film:
    """A video as we keep it: pictures and sound, how long it is in seconds, and how large."""

    data: bytes | bytearray
    extension: str
    seconds: int
    width: int | None
    height: int | None

    @property
    def media_type(self) -> str:
        """The one type it is served with."""
        return MEDIA_TYPES[self.extension]


def looks_like_video(data: bytes | bytearray) -> bool:
    """Whether this is a video that we can read. Names and declared types do not count; an M4A is none."""
    if data[:4] == MAGIC:
        return True
    return data[4:8] == b"ftyp" and bytes(data[8:12]) in _BRANDS and _has_pictures(data)


async def clean_video(data: bytes | bytearray, most_bytes: int) -> Film:
    """Recognise a video and clean it; a bytearray is cleaned in place. Raises MediaRefused."""
    if not most_bytes:
        raise UnknownKind("Videos cannot be kept here. Put it where your organisation keeps videos, and link to it.")
    if len(data) > most_bytes:
        most = most_bytes // (1024 * 1024)
        raise TooLarge(f"A video may have up to {most} MB. Make it shorter or smaller, or share a link to it.")
    room = data if isinstance(data, bytearray) else bytearray(data)
    return await in_thread(lambda: _webm(room) if room[:4] == MAGIC else _mp4(room))


def _webm(data: bytearray) -> Film:
    found = clean_webm(data)
    return Film(data, "webm", found.seconds, found.width, found.height)


def _has_pictures(data: bytes | bytearray) -> bool:
    """Whether one of the tracks is of pictures, as far as the boxes on top can be read."""
    start = 0
    for _ in range(200):
        if start + 8 > len(data):
            return False
        size, kind = struct.unpack_from(">I4s", data, start)
        if size == 1 and start + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, start + 8)
        end = start + size if size else len(data)
        if size and size < 8:
            return False
        if kind in {b"moov", b"moof"}:
            at = data.find(b"hdlr", start, end)
            while at >= 0:
                if data[at + 12 : at + 16] == b"vide":
                    return True
                at = data.find(b"hdlr", at + 4, end)
        start = end
    # What stands at its end was not read of one that is too large.
    return start > len(data) > MAX_AUDIO_BYTES


@dataclass(slots=True)
class _Track:
    """What is said of one track. Times in parts of a second, sizes and offsets in bytes."""

    handler: bytes = b""
    scale: int = 0
    said: float = 0.0
    parts: float = 0.0
    steps: int = 0
    lasts: int = 0
    sizes: Sequence[int] = field(default_factory=lambda: array("I"))
    each: int = 0
    count: int = 0
    offsets: Sequence[int] = field(default_factory=lambda: array("Q"))
    runs: list[tuple[int, int]] = field(default_factory=list)
    width: int = 0
    height: int = 0


class _Movie:
    """An MP4 that is cleaned in place."""

    def __init__(self, data: bytearray) -> None:
        self.data = data
        self.left = _MOST_BOXES
        self.rows_left = _MOST_ROWS
        self.scale = 0
        self.said = 0.0
        self.bodies: list[tuple[int, int]] = []
        self.tracks: list[_Track] = []

    def clean(self) -> Film:
        movies = 0
        for kind, start, body, end in self._boxes(0, len(self.data), on_top=True):
            if kind in {b"moof", b"styp", b"sidx"}:
                raise Unreadable(_IN_PIECES)
            if kind == b"mdat":
                self.bodies.append((body, end))
            elif kind == b"moov":
                movies += 1
                self._movie(body, end)
            elif kind != b"ftyp" or end - start > 4096:
                self._blank(start, body, end)
        pictures = [track for track in self.tracks if track.handler == b"vide"]
        if movies != 1 or not pictures:
            raise Unreadable(_DAMAGED)
        self._forget_all_but(sorted(piece for track in self.tracks for piece in _pieces(track)))
        seconds = max([self.said, *(_length(track, self.scale) for track in self.tracks)])
        if not 0 < seconds <= _LONGEST_SECONDS:
            raise Unreadable(_DAMAGED)
        width, height = max((track.width, track.height) for track in pictures)
        fits = 0 < width <= _WIDEST and 0 < height <= _WIDEST
        return Film(self.data, "mp4", max(1, round(seconds)), width if fits else None, height if fits else None)

    def _boxes(self, start: int, end: int, *, on_top: bool = False) -> Iterator[tuple[bytes, int, int, int]]:
        """Kind, start, beginning of the body, and end of every box; what is behind the last is blanked."""
        while start + 8 <= end:
            self.left -= 1
            size, kind = struct.unpack_from(">I4s", self.data, start)
            head = 8
            if size == 1 and start + 16 <= end:
                (size,), head = struct.unpack_from(">Q", self.data, start + 8), 16
            elif size == 0 and on_top:
                size = end - start
            elif size == 0:
                break  # QuickTime ends some lists so
            if size < head or start + size > end or self.left < 0:
                raise Unreadable(_DAMAGED)
            yield bytes(kind), start, start + head, start + size
            start += size
        self.data[start:end] = bytes(end - start)

    def _blank(self, start: int, body: int, end: int) -> None:
        self.data[start + 4 : start + 8] = b"free"
        self.data[body:end] = bytes(end - body)

    def _movie(self, body: int, end: int) -> None:
        for kind, start, inner, until in self._boxes(body, end):
            if kind == b"mvex":
                raise Unreadable(_IN_PIECES)
            if kind == b"trak" and self._handler(inner, until) not in _CODECS:
                self._blank(start, inner, until)
            elif kind == b"trak":
                self.tracks.append(_Track())
                self._inside(kind, inner, until)
            elif kind in _KEPT[b"moov"]:
                self._keep(kind, inner, until)
            else:
                self._blank(start, inner, until)

    def _handler(self, body: int, end: int) -> bytes:
        """What a track is of."""
        for kind, _, inner, until in _plain(self.data, body, end):
            if kind == b"mdia":
                for name, _, at, behind in _plain(self.data, inner, until):
                    if name == b"hdlr" and at + 12 <= behind:
                        return bytes(self.data[at + 8 : at + 12])
        return b""

    def _inside(self, within: bytes, body: int, end: int) -> None:
        for kind, start, inner, until in self._boxes(body, end):
            if kind not in _KEPT[within]:
                self._blank(start, inner, until)
            elif kind in _KEPT:
                self._inside(kind, inner, until)
            else:
                self._keep(kind, inner, until)

    def _keep(self, kind: bytes, body: int, end: int) -> None:
        track = self.tracks[-1] if self.tracks else _Track()
        if kind in _TIMED:
            self._forget_times(kind, body, end, track)
        elif kind == b"hdlr":
            if (handler := bytes(self.data[body + 8 : body + 12])) in _CODECS:
                track.handler = handler
            self.data[body + 24 : end] = bytes(max(0, end - body - 24))
        elif kind == b"dref":
            self._references(body, end)
        elif kind == b"stsd":
            self._codecs(body, end, track)
        elif kind in _TABLES:
            _TABLES[kind](self, body, end, track)

    def _forget_times(self, kind: bytes, body: int, end: int, track: _Track) -> None:
        wide = self.data[body] == 1
        width = 16 if wide else 8
        self.data[body + 4 : body + 4 + width] = bytes(width)
        if kind == b"tkhd":
            return
        scale, length = struct.unpack_from(">IQ" if wide else ">II", self.data, body + 4 + width)
        if not scale or body + 8 + width > end:
            raise Unreadable(_DAMAGED)
        seconds = 0.0 if length in {0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF} else length / scale
        if kind == b"mvhd":
            self.scale, self.said = scale, seconds
        else:
            track.scale, track.said = scale, seconds

    def _references(self, body: int, end: int) -> None:
        """Pictures and sound are in this file; where else they could be is a path on somebody's disk."""
        for _, _, inner, until in self._boxes(body + 8, end):
            if not self.data[inner + 3] & 1:
                raise Unreadable(_DAMAGED)
            self.data[inner + 4 : until] = bytes(until - inner - 4)

    def _codecs(self, body: int, end: int, track: _Track) -> None:
        for kind, start, _, until in self._boxes(body + 8, end):
            if kind not in _CODECS.get(track.handler, ()):
                raise UnknownKind(_OTHER_CODEC)
            if track.handler == b"vide":
                if until - start < 86:
                    raise Unreadable(_DAMAGED)
                track.width, track.height = struct.unpack_from(">HH", self.data, start + 32)
                self.data[start + 50 : start + 82] = bytes(32)  # the name of what made it

    def _table(self, body: int, end: int, row: int) -> bytes:
        """The rows of a table, whose number stands before them."""
        (count,) = struct.unpack_from(">I", self.data, body + 4)
        self.rows_left -= count
        if self.rows_left < 0 or body + 8 + count * row > end:
            raise Unreadable(_DAMAGED)
        return bytes(self.data[body + 8 : body + 8 + count * row])

    def _times(self, body: int, end: int, track: _Track) -> None:
        track.steps = track.lasts = 0
        for count, each in struct.iter_unpack(">II", self._table(body, end, 8)):
            track.steps += count
            track.lasts += count * each

    def _sizes(self, body: int, end: int, track: _Track) -> None:
        track.each, track.count = struct.unpack_from(">II", self.data, body + 4)
        if not track.each:
            track.sizes = _numbers("I", self._table(body + 4, end, 4))

    def _small_sizes(self, body: int, end: int, track: _Track) -> None:
        width, track.count = self.data[body + 7], struct.unpack_from(">I", self.data, body + 8)[0]
        if width not in {8, 16}:
            raise Unreadable(_DAMAGED)
        track.sizes = _numbers("B" if width == 8 else "H", self._table(body + 4, end, width // 8))

    def _runs(self, body: int, end: int, track: _Track) -> None:
        rows = struct.iter_unpack(">III", self._table(body, end, 12))
        track.runs = [(first, each) for first, each, _ in rows]

    def _offsets(self, body: int, end: int, track: _Track) -> None:
        track.offsets = _numbers("I", self._table(body, end, 4))

    def _far_offsets(self, body: int, end: int, track: _Track) -> None:
        track.offsets = _numbers("Q", self._table(body, end, 8))

    def _edits(self, body: int, end: int, track: _Track) -> None:
        wide = self.data[body] == 1
        rows = struct.iter_unpack(">QqI" if wide else ">IiI", self._table(body, end, 20 if wide else 12))
        track.parts = float(sum(length for length, _, _ in rows))

    def _forget_all_but(self, pieces: list[tuple[int, int]]) -> None:
        """Blank what no frame is made of. Raises Unreadable where one is not in this file, as when it was cut off."""
        starts = [start for start, _ in self.bodies]
        behind = {start: start for start in starts}
        for start, end in pieces:
            place = bisect_right(starts, start) - 1
            if place < 0 or end > self.bodies[place][1]:
                raise Unreadable(_DAMAGED)
            body = starts[place]
            if start > behind[body]:
                self.data[behind[body] : start] = bytes(start - behind[body])
            behind[body] = max(behind[body], end)
        for body, end in self.bodies:
            self.data[behind[body] : end] = bytes(end - behind[body])


_TABLES = {
    b"stts": _Movie._times, b"stsz": _Movie._sizes, b"stz2": _Movie._small_sizes, b"stsc": _Movie._runs,
    b"stco": _Movie._offsets, b"co64": _Movie._far_offsets, b"elst": _Movie._edits,
}  # fmt: skip


def _plain(data: bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """The boxes as they are, as far as they can be read; nothing is changed."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size < 8 or start + size > end:
            return
        yield bytes(kind), start, start + 8, start + size
        start += size


def _numbers(kind: str, table: bytes) -> Sequence[int]:
    """A table of numbers, the largest end first, as few bytes."""
    found = array(kind, table)
    if sys.byteorder == "little":
        found.byteswap()
    return found


def _length(track: _Track, scale: int) -> float:
    """How long a track lasts, whichever of what it says is the most."""
    return max(track.said, track.lasts / track.scale if track.scale else 0.0, track.parts / scale if scale else 0.0)


def _pieces(track: _Track) -> Iterator[tuple[int, int]]:
    """Where the frames of a track are, run by run. Raises Unreadable where its tables say different things."""
    if track.steps != track.count or not track.scale:
        raise Unreadable(_DAMAGED)
    sums = None if track.each else array("Q", accumulate(track.sizes, initial=0))
    run, done = -1, 0
    for number, offset in enumerate(track.offsets, 1):
        while run + 1 < len(track.runs) and track.runs[run + 1][0] <= number:
            run += 1
        if run < 0:
            raise Unreadable(_DAMAGED)
        until = min(done + track.runs[run][1], track.count)
        yield offset, offset + ((until - done) * track.each if sums is None else sums[until] - sums[done])
        done = until
    if done != track.count:
        raise Unreadable(_DAMAGED)


def _mp4(data: bytearray) -> Film:
    try:
        return _Movie(data).clean()
    except (struct.error, IndexError, OverflowError) as error:
        raise Unreadable(_DAMAGED) from error
