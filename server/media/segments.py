"""Taking the metadata out of JPEG and PNG bytes without decoding them: for pictures inside documents."""

import struct

_PNG_HEADER = b"\x89PNG\r\n\x1a\n"
_PNG_PRIVATE = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}

# APP1 (EXIF, XMP), APP3 to APP13 (IPTC, Photoshop and makers' own), APP15, COM. APP0, APP2 (colour) and APP14 stay.
_JPEG_PRIVATE = {0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE}
_START_OF_SCAN = 0xDA


def bare_jpeg(data: bytes) -> bytes:
    """The same JPEG without EXIF, XMP, IPTC and comments; bytes that are not one come back as they are."""
    kept = [data[:2]]
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker == _START_OF_SCAN:
            break
        (length,) = struct.unpack_from(">H", data, position + 2)
        if length < 2:
            return data
        if marker not in _JPEG_PRIVATE:
            kept.append(data[position : position + 2 + length])
        position += 2 + length
    else:
        return data
    end = data.rfind(b"\xff\xd9")
    kept.append(data[position : end + 2] if end > position else data[position:])
    return b"".join(kept)


def bare_png(data: bytes) -> bytes:
    """The same PNG without texts, times and EXIF; bytes that are not one come back as they are."""
    kept = [_PNG_HEADER]
    position = len(_PNG_HEADER)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        chunk = data[position : position + 12 + length]
        if len(chunk) < 12 + length:
            return data
        if kind not in _PNG_PRIVATE:
            kept.append(chunk)
        position += 12 + length
        if kind == b"IEND":
            return b"".join(kept)
    return data


def blank_exif(data: bytes) -> bytes:
    """Bytes of the same length, with every EXIF block of a JPEG inside them overwritten: for pictures in a PDF."""
    found = bytearray(data)
    position = data.find(b"Exif\x00\x00")
    while position != -1:
        if position >= 4 and data[position - 4 : position - 2] == b"\xff\xe1":
            (length,) = struct.unpack_from(">H", data, position - 2)
            end = min(position - 2 + length, len(found))
            found[position + 6 : end] = bytes(max(0, end - position - 6))
        position = data.find(b"Exif\x00\x00", position + 6)
    return bytes(found)
