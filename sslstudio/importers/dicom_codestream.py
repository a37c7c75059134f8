"""Reads the size that a compressed frame claims for itself, before any codec allocates memory for it.

JPEG and JPEG-LS: the frame header (ITU-T T.81 B.2.2, T.87 C.2.2); JPEG 2000 and HTJ2K: the SIZ segment (T.800 A.5.1),
also inside a JP2 file.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_NO_LENGTH = frozenset((0x01, *range(0xD0, 0xDA)))
_FRAME_HEADERS = frozenset((*range(0xC0, 0xD0), 0xF7)) - {0xC4, 0xC8, 0xCC}
_TAIL = 64


class Claim(NamedTuple):
    """What a codestream says it holds. `precision` is in bits; `process` the JPEG frame header's marker, else 0.

    `adobe` says that Adobe's marker names the colour space (T.872 6.5.3).
    """

    rows: int
    columns: int
    samples: int
    precision: int
    process: int = 0
    adobe: bool = False


def jpeg_claim(data: bytes) -> Claim | None:
    """The claim of a JPEG or JPEG-LS codestream; None when there is none to be found."""
    place, adobe = 2, False
    if data[:2] != b"\xff\xd8":
        return None
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _NO_LENGTH:
            place += 2
        elif marker in _FRAME_HEADERS:
            if place + 10 > len(data):
                return None
            precision, rows, columns, samples = struct.unpack_from(">BHHB", data, place + 4)
            return Claim(rows, columns, samples, precision, marker, adobe)
        else:
            (length,) = struct.unpack_from(">H", data, place + 2)
            adobe |= marker == 0xEE and data[place + 4 : place + 9] == b"Adobe"
            place += 2 + length
    return None


def jpeg2000_claim(data: bytes) -> Claim | None:
    """The claim of a JPEG 2000 codestream, bare or inside JP2 boxes; None when there is none to be found."""
    start = 0 if data[:4] == b"\xff\x4f\xff\x51" else data.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start < 0 or start + 43 > len(data):
        return None
    right, bottom, left, top = struct.unpack_from(">4I", data, start + 8)
    tile_width, tile_height = struct.unpack_from(">2I", data, start + 24)
    samples, precision = struct.unpack_from(">HB", data, start + 40)
    if right <= left or bottom <= top or not tile_width or not tile_height:
        return None
    return Claim(bottom - top, right - left, samples, (precision & 0x7F) + 1)


def is_ended(data: bytes) -> bool:
    """True if the end marker that JPEG 2000 prescribes stands at the end, but for padding."""
    return b"\xff\xd9" in data[-_TAIL:]
