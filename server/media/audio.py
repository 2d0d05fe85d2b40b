"""Recordings: MP3 and M4A, recognised by their content, rid of everything that is not sound, and measured."""

import struct
from dataclasses import dataclass

from server.media.errors import TooLarge, UnknownKind, Unreadable
from server.media.images import in_thread

MAX_AUDIO_BYTES = 25 * 1024 * 1024
MEDIA_TYPES = {"mp3": "audio/mpeg", "m4a": "audio/mp4"}

_BRANDS = {b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"3gp4", b"3gp5"}
_DAMAGED = "This recording cannot be read. Save it as MP3 or M4A and add it again."
_FEWEST_FRAMES = 8
_MOST_JUNK = 200_000  # steps in search of the next frame: bytes that are no sound must not cost seconds
# MPEG audio, layer III (ISO/IEC 11172-3 and 13818-3): kbit/s by the version, Hz by its two bits.
_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HERTZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
# What stays of an M4A (ISO/IEC 14496-12), by the box that it is in. Titles, places and pictures are elsewhere.
_KEPT = {
    b"": {b"ftyp", b"moov", b"mdat"},
    b"moov": {b"mvhd", b"trak", b"iods"},
    b"trak": {b"tkhd", b"edts", b"mdia"},
    b"edts": {b"elst"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"smhd", b"dinf", b"stbl", b"nmhd"},
    b"stbl": {b"stsd", b"stts", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"sgpd", b"sbgp", b"stss", b"ctts"},
}
_TIMED = {b"mvhd", b"tkhd", b"mdhd"}
_MOST_BOXES = 2000


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as we keep it: nothing but sound, and how long it is in seconds."""

    data: bytes
    extension: str
    seconds: int

    @property
    def media_type(self) -> str:
        """The one type it is served with."""
        return MEDIA_TYPES[self.extension]


def looks_like_audio(data: bytes) -> bool:
    """Whether the first bytes are those of a recording that we can read. Names and declared types do not count."""
    return data.startswith(b"ID3") or _frame(data, 0) is not None or (data[4:8] == b"ftyp" and data[8:12] in _BRANDS)


async def clean_audio(data: bytes) -> Recording:
    """Recognise a recording and clean it; raises MediaRefused."""
    if len(data) > MAX_AUDIO_BYTES:
        raise TooLarge("A recording may have up to 25 MB. Make it shorter, or share a link to it.")
    return await in_thread(lambda: _m4a(data) if data[4:8] == b"ftyp" else _mp3(data))


def _mp3(data: bytes) -> Recording:
    """Only the frames: tags before, between and behind them (ID3, APE, Lyrics3) are left out."""
    position, junk, frames, seconds = 0, 0, [], 0.0
    while data[position : position + 3] == b"ID3" and len(data) > position + 10:
        sizes = data[position + 6 : position + 10]
        position += 10 + sum((byte & 0x7F) << shift for byte, shift in zip(sizes, (21, 14, 7, 0), strict=True))
    while position + 4 <= len(data):
        found = _frame(data, position)
        if found is None or position + found[0] > len(data):
            position = data.find(b"\xff", position + 1)
            junk += 1
            if position < 0 or junk > _MOST_JUNK:
                break
            continue
        frames.append(data[position : position + found[0]])
        seconds += found[1]
        position += found[0]
    if len(frames) < _FEWEST_FRAMES or junk > _MOST_JUNK:
        raise Unreadable(_DAMAGED)
    return Recording(b"".join(frames), "mp3", round(seconds))


def _frame(data: bytes, at: int) -> tuple[int, float] | None:
    """Bytes and seconds of the frame that begins here; None where none does."""
    if len(data) < at + 4 or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    version, layer = data[at + 1] >> 3 & 3, data[at + 1] >> 1 & 3
    rate, hertz, padding = data[at + 2] >> 4, data[at + 2] >> 2 & 3, data[at + 2] >> 1 & 1
    if version == 1 or layer != 1 or rate in {0, 15} or hertz == 3:
        return None
    samples = 1152 if version == 3 else 576
    per_second = _HERTZ[version][hertz]
    bits = (_RATES_1 if version == 3 else _RATES_2)[rate] * 1000
    return samples // 8 * bits // per_second + padding, samples / per_second


class _Boxes:
    """An M4A that is cleaned in place: what is blanked keeps its size, so that no offset changes."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        self.left = _MOST_BOXES
        self.lengths: list[float] = []
        self.scale = 0
        self.has_sound = False

    def walk(self, start: int, end: int, within: bytes) -> None:
        while start + 8 <= end:
            self.left -= 1
            size, kind = struct.unpack_from(">I4s", self.data, start)
            head = 8
            if size == 1 and start + 16 <= end:
                (size,), head = struct.unpack_from(">Q", self.data, start + 8), 16
            elif size == 0 and not within:
                size = end - start
            if size < head or start + size > end or self.left < 0 or kind == b"moof":
                raise Unreadable(_DAMAGED)
            self._box(kind, start + head, start + size, within)
            start += size
        self.data[start:end] = bytes(end - start)

    def _box(self, kind: bytes, body: int, end: int, within: bytes) -> None:
        if kind not in _KEPT[within]:
            at = body - 4 if self.data[body - 4 : body] == kind else body - 12
            self.data[at : at + 4] = b"free"
            self.data[body:end] = bytes(end - body)
        elif kind in _KEPT:
            self.walk(body, end, kind)
        elif kind in _TIMED:
            self._forget_times(kind, body, end)
        elif kind == b"hdlr":
            self._handler(body, end)
        elif kind == b"stts":
            self._measure(body, end)

    def _forget_times(self, kind: bytes, body: int, end: int) -> None:
        wide = self.data[body] == 1
        width = 16 if wide else 8
        self.data[body + 4 : body + 4 + width] = bytes(width)
        if kind == b"mdhd" and body + 8 + width <= end:
            (self.scale,) = struct.unpack_from(">I", self.data, body + 4 + width)

    def _handler(self, body: int, end: int) -> None:
        kind = bytes(self.data[body + 8 : body + 12])
        if kind == b"vide":
            raise UnknownKind(
                "Videos cannot be kept here. Put it where your organisation keeps videos, and link to it."
            )
        self.has_sound = self.has_sound or kind == b"soun"
        self.data[body + 24 : end] = bytes(max(0, end - body - 24))

    def _measure(self, body: int, end: int) -> None:
        (count,) = struct.unpack_from(">I", self.data, body + 4)
        if not self.scale or body + 8 + 8 * count > end:
            raise Unreadable(_DAMAGED)
        pairs = struct.iter_unpack(">II", bytes(self.data[body + 8 : body + 8 + 8 * count]))
        self.lengths.append(sum(times * each for times, each in pairs) / self.scale)


def _m4a(data: bytes) -> Recording:
    boxes = _Boxes(data)
    try:
        boxes.walk(0, len(data), b"")
    except (struct.error, IndexError) as error:
        raise Unreadable(_DAMAGED) from error
    if not boxes.has_sound or not boxes.lengths or len(boxes.data) != len(data):
        raise Unreadable(_DAMAGED)
    return Recording(bytes(boxes.data), "m4a", round(max(boxes.lengths)))
