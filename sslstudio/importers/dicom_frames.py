"""Finds the bytes of each frame in the pixel data of a DICOM file, one at a time; refuses what would shift a frame.

Fragments are listed by their item headers alone. Offset tables are believed only where they point at fragments; else
the fragments themselves say where a frame begins (PS3.5 A.4, PS3.3 C.7.6.3.1.8).
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

from sslstudio.importers.dicom_elements import value
from sslstudio.importers.dicom_source import Source
from sslstudio.importers.dicom_syntax import Syntax
from sslstudio.importers.reasons import Refused

Fragment = tuple[int, int]
"""Where the bytes of a fragment begin, and how many there are."""

_ITEM, _DELIMITER = 0xFFFEE000, 0xFFFEE0DD
_STARTS = {
    "jpeg": (b"\xff\xd8",),
    "jpegls": (b"\xff\xd8",),
    "jpeg2000": (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP"),
    "jpegxl": (b"\xff\x0a", b"\x00\x00\x00\x0cJXL"),
}
_RLE_GAIN = 64
"""A pair of bytes of RLE (PS3.5 G.3) becomes at most 128."""


def native_frames(source: Source, frames: int, bits: int) -> Iterator[bytes]:
    """The bytes of each uncompressed frame of `bits` bits; the bits of one-bit frames are put at the start of a byte.

    Raises Refused when not all frames are there.
    """
    pixels, buffer = source.pixels, source.buffer
    assert pixels is not None and buffer is not None
    if pixels.length is None:
        raise Refused("contradiction", content="the compression")
    if min(source.size - pixels.offset, pixels.length) < -(-bits * frames // 8):
        raise Refused("truncated")
    swapped = not pixels.little and pixels.vr == "OW" and bits % 8 == 0
    for index in range(frames):
        start, end = index * bits, (index + 1) * bits
        first, last = pixels.offset + start // 8, pixels.offset - (-end // 8)
        if start % 8:
            yield _from_bit(buffer[first:last], start % 8, bits)
        elif swapped and (start // 8 % 2 or end // 8 % 2):
            yield buffer[first - start // 8 % 2 : last + end // 8 % 2]
        else:
            yield buffer[first:last]


def _from_bit(data: bytes, skip: int, bits: int) -> bytes:
    """`bits` bits of `data` from bit `skip` on, the lowest bit of a byte being its first (PS3.5 8.1.1)."""
    number = int.from_bytes(data, "little") >> skip & ((1 << bits) - 1)
    return number.to_bytes(-(-bits // 8), "little")


def coded_frames(source: Source, syntax: Syntax, frames: int, frame_bytes: int) -> Iterator[bytes]:
    """The bytes of each frame that stands in fragments. Raises Refused when their number or extent is not certain.

    `frame_bytes` is what a frame has when it is decoded.
    """
    buffer = source.buffer
    assert buffer is not None
    table, fragments = _fragments(source)
    groups = _frames(source, syntax, frames, table, fragments)
    for group in groups:
        if syntax.kind == "rle" and sum(length for _, length in group) * _RLE_GAIN < frame_bytes:
            raise Refused("truncated")
        parts = [buffer[start : start + length] for start, length in group]
        yield parts[0] if len(parts) == 1 else b"".join(parts)


def _fragments(source: Source) -> tuple[list[int], list[Fragment]]:
    """The basic offset table, and all fragments behind it."""
    pixels, buffer = source.pixels, source.buffer
    assert pixels is not None and buffer is not None
    place = pixels.offset
    end = source.size if pixels.length is None else min(source.size, place + pixels.length)
    found: list[Fragment] = []
    while end - place >= 8:
        group, element, length = struct.unpack_from("<HHI", buffer, place)
        tag = group << 16 | element
        if tag == _DELIMITER:
            break
        if tag != _ITEM:
            raise Refused("contradiction", content="where frames begin" if found else "the compression")
        place += 8
        if length > end - place:
            raise Refused("truncated")
        found.append((place, length))
        place += length
    if len(found) < 2:
        raise Refused("truncated")
    start, length = found[0]
    return list(struct.unpack_from(f"<{length // 4}I", buffer, start)), found[1:]


def _frames(
    source: Source, syntax: Syntax, frames: int, table: list[int], fragments: list[Fragment]
) -> list[list[Fragment]]:
    """The fragments of each frame."""
    if len(fragments) == frames:
        return [[fragment] for fragment in fragments]
    if len(fragments) < frames:
        raise Refused("truncated")
    if syntax.kind in ("rle", "plain", "deflated"):
        raise Refused("contradiction", content="the number of frames")
    base = fragments[0][0] - 8
    places = [start - 8 - base for start, _ in fragments]
    for offsets in (_extended(source), table):
        if len(offsets) == frames and offsets[0] == 0 and _all_in(offsets, places):
            cuts = [bisect_left(places, offset) for offset in offsets]
            return _cut(fragments, cuts, len(fragments))
    buffer = source.buffer
    assert buffer is not None
    starts = [n for n, (start, _) in enumerate(fragments) if buffer[start : start + 6].startswith(_STARTS[syntax.kind])]
    if starts[:1] == [0] and len(starts) >= frames:
        return _cut(fragments, starts[:frames], starts[frames] if len(starts) > frames else len(fragments))
    if frames == 1:
        return [fragments]
    raise Refused("contradiction", content="the number of frames")


def _all_in(offsets: list[int], places: list[int]) -> bool:
    known = set(places)
    return all(offset in known for offset in offsets) and all(a < b for a, b in pairwise(offsets))


def _cut(fragments: list[Fragment], cuts: list[int], end: int) -> list[list[Fragment]]:
    return [fragments[a:b] for a, b in zip(cuts, [*cuts[1:], end], strict=True)]


def _extended(source: Source) -> list[int]:
    """The extended offset table, or []."""
    data = value(source.header, "ExtendedOffsetTable")
    return list(struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8])) if isinstance(data, bytes) else []
