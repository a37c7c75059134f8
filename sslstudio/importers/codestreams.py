"""Bare JPEG and JPEG 2000 codestreams that Pillow reads not at all or only in 8 bit; runs in the decode worker.

JPEG with 12 bits, lossless JPEG, JPEG-LS, and JPEG 2000 with any depth go to imagecodecs, which keeps every bit. What
their headers claim is read here first (ITU-T T.81 B.2.2, T.87 C.2.2, T.800 A.5.1): size is known before decoding.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.importers.reasons import Refused

_SIZ = b"\xff\x4f\xff\x51"
_NO_LENGTH = frozenset((0x01, 0xFF, *range(0xD0, 0xD9)))
_FRAMES = frozenset((*range(0xC0, 0xD0), 0xF7)) - {0xC4, 0xC8, 0xCC}
_LOSSLESS, _JPEG_LS = frozenset((0xC3, 0xC7, 0xCB, 0xCF)), 0xF7
_CMYK = b"colr\x01\x00\x00\x00\x00\x00\x0c"


@dataclass(frozen=True, slots=True)
class Codestream:
    """Size, number of components and bits of each, as the header claims; `process` is the marker of a JPEG frame."""

    width: int
    height: int
    samples: int
    bits: int
    process: int = 0

    @property
    def unusual(self) -> bool:
        """True for JPEG that needs more than an 8-bit decoder."""
        return self.bits != 8 or self.process in _LOSSLESS or self.process == _JPEG_LS


def jpeg_header(data: bytes) -> Codestream | None:
    """What the frame header of a JPEG or JPEG-LS file says, or None if there is none."""
    place = 2
    while place + 4 <= len(data):
        marker = data[place + 1]
        if data[place] != 0xFF or marker == 0xFF:
            place += 1
            continue
        if marker in _NO_LENGTH:
            place += 2
            continue
        if marker in _FRAMES and place + 10 <= len(data):
            bits, height, width, samples = struct.unpack_from(">BHHB", data, place + 4)
            return Codestream(width, height, samples, bits, marker)
        if marker == 0xDA:
            return None
        place += 2 + int(struct.unpack_from(">H", data, place + 2)[0])
    return None


def decode_jpeg(data: bytes, header: Codestream) -> NDArray[Any]:
    """(H, W) or (H, W, 3) values of a JPEG whose header is `unusual`."""
    import imagecodecs

    if header.process == _JPEG_LS:
        values = imagecodecs.jpegls_decode(data)
    elif header.process in _LOSSLESS:
        values = imagecodecs.jpegsof3_decode(data)
    else:
        values = imagecodecs.jpeg8_decode(data)
    return np.asarray(values)


def jpeg2000_header(data: bytes) -> Codestream:
    """What the codestream of a JP2 or bare JPEG 2000 file says of itself; raises Refused."""
    place = 0 if data.startswith(_SIZ) else _codestream(data)
    if data[place : place + 4] != _SIZ or place + 42 > len(data):
        raise Refused("truncated" if len(data) < place + 42 else "corrupt")
    right, bottom, left, top = struct.unpack_from(">4I", data, place + 8)
    (samples,) = struct.unpack_from(">H", data, place + 40)
    parts = data[place + 42 : place + 42 + 3 * samples]
    if len(parts) < 3 * samples or not samples:
        raise Refused("truncated")
    if set(parts[1::3] + parts[2::3]) != {1}:
        raise Refused("unsupported_pixels", content="subsampled colour")
    if _CMYK in data[:place]:
        raise Refused("unsupported_pixels", content="CMYK")
    return Codestream(right - left, bottom - top, samples, max((size & 0x7F) + 1 for size in parts[::3]))


def decode_jpeg2000(data: bytes) -> NDArray[Any]:
    """(H, W) or (H, W, C) values of the first picture of a file, signed ones too; palettes are applied."""
    import imagecodecs

    return np.asarray(imagecodecs.jpeg2k_decode(data, numthreads=1))


def _codestream(data: bytes) -> int:
    """Where the first codestream begins among the boxes of a JP2 file (T.800 I.4)."""
    place = 0
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        start = 16 if length == 1 else 8
        if kind == b"jp2c":
            return place + start
        if length == 1 and place + 16 <= len(data):
            (length,) = struct.unpack_from(">Q", data, place + 8)
        if length < start:
            break
        place += length
    raise Refused("truncated")
