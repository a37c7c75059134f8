"""Opens a DICOM file as far as its pixels: the header as a data set, and where the pixel data lie; nothing is decoded.

The pixels themselves stay where they are (in memory, or in a mapped file), so that a file of thousands of frames costs
no more than one frame. Deflated files are inflated only as far as their own header justifies.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

import pydicom
from pydicom import uid
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_preamble

from sslstudio.importers.decoding import FRAME_LIMIT, DecodeSettings
from sslstudio.importers.dicom_elements import Elements, number, text
from sslstudio.importers.dicom_plain import Buffer, read_plain
from sslstudio.importers.dicom_syntax import is_ordinary
from sslstudio.importers.reasons import Refused

_KEYWORDS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_UNDEFINED = 0xFFFFFFFF
_LONG = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", b"SQ", b"UT", b"UC", b"UR", b"SV", b"UV")
_EXPLICIT = bytes(128) + b"DICM\x02\x00\x10\x00UI\x14\x00" + uid.ExplicitVRLittleEndian.encode() + b"\0"
_DEFLATED = uid.DeflatedExplicitVRLittleEndian.encode()
_META_LIMIT = 1 << 16
_PLAIN_LIMIT = 1 << 16
_HEADER_LIMIT = 64 << 20
"""A single header element beyond this is passed over; a deflated file may have so much beside its pixels."""


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data stand: value at `offset`, `length` bytes (None: undefined, in fragments)."""

    keyword: str
    offset: int
    length: int | None
    vr: str
    little: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file: `header` without pixels, `pixels` in `buffer` (None if the file has none), the syntax's UID.

    `size` is where the file ends, `cut` that it ends within an element of the header. `buffer` is None when only the
    header was read.
    """

    header: Elements
    syntax: str
    pixels: PixelElement | None
    size: int
    buffer: Buffer | None = None
    cut: bool = False


def open_buffer(buffer: Buffer, settings: DecodeSettings) -> Source:
    """The file in `buffer`; raises Refused or whatever pydicom raises on a damaged header."""
    if source := _plain_source(buffer, len(buffer), lambda: _stream(buffer)):
        return replace(source, buffer=buffer)
    buffer = _inflated(buffer, settings)
    return replace(_open_any(_stream(buffer)), buffer=buffer)


def open_header(stream: BinaryIO, settings: DecodeSettings) -> Source:
    """The file in `stream`, of which only the header is read; raises as `open_buffer` does."""
    head = stream.read(_PLAIN_LIMIT)
    size = stream.seek(0, io.SEEK_END)
    if source := _plain_source(head, size, lambda: stream):
        return source
    if _is_deflated(stream):
        stream.seek(0)
        return open_buffer(stream.read(), settings)
    return _open_any(stream)


def _stream(buffer: Buffer) -> BinaryIO:
    return io.BytesIO(buffer) if isinstance(buffer, bytes) else cast(BinaryIO, buffer)


def _plain_source(data: Buffer, size: int, stream: Callable[[], BinaryIO]) -> Source | None:
    """The file that begins with `data`, if its header is a plain one; `stream` gives the whole file."""
    plain = read_plain(data, is_ordinary, lambda: _parse(stream()))
    if plain is None:
        return None
    found = plain.pixels
    return Source(
        plain.elements,
        plain.syntax,
        PixelElement(_KEYWORDS[found.tag], found.offset, found.length, found.vr, True),
        size,
    )


def _parse(stream: BinaryIO) -> Dataset:
    stream.seek(0)
    return pydicom.dcmread(stream, force=True, stop_before_pixels=True, defer_size=_HEADER_LIMIT)


def _open_any(stream: BinaryIO) -> Source:
    """The file in `stream`, whatever its header is like."""
    stream.seek(0, io.SEEK_END)
    size = stream.tell()
    try:
        dataset = _parse(stream)
    except EOFError:
        raise Refused("truncated") from None
    meta = dataset.file_meta
    if (
        text(meta, "MediaStorageSOPClassUID") == uid.MediaStorageDirectoryStorage
        or "DirectoryRecordSequence" in dataset
    ):
        raise Refused("dicom_directory")
    cut = _is_cut(dataset, stream.tell(), size)
    implicit, little = dataset.original_encoding
    pixels = _pixel_element(stream, bool(implicit), bool(little))
    if pixels is not None and "Rows" not in dataset:
        dataset = _out_of_order(stream) or dataset
    syntax = text(meta, "TransferSyntaxUID")
    if not syntax:
        if pixels is not None and pixels.length is None:
            raise Refused("missing_syntax")
        syntax = uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian
        syntax = syntax if little else uid.ExplicitVRBigEndian
    return Source(dataset, syntax, pixels, size, cut=cut)


def _pixel_element(stream: BinaryIO, implicit: bool, little: bool) -> PixelElement | None:
    """The element at which reading stopped (PS3.5 7.1), or None at the end of the file."""
    order = "<" if little else ">"
    head = stream.read(8)
    if len(head) < 8:
        return None
    group, element = struct.unpack_from(f"{order}HH", head)
    keyword = _KEYWORDS.get(group << 16 | element)
    if keyword is None:
        return None
    vr = head[4:6]
    if implicit or not b"AA" <= vr <= b"ZZ":
        (length,) = struct.unpack_from(f"{order}I", head, 4)
        vr = b"OW"
    elif vr in _LONG:
        more = stream.read(4)
        if len(more) < 4:
            raise Refused("truncated")
        (length,) = struct.unpack(f"{order}I", more)
    else:
        (length,) = struct.unpack_from(f"{order}H", head, 6)
    return PixelElement(keyword, stream.tell(), None if length == _UNDEFINED else length, vr.decode("ascii"), little)


def _is_cut(dataset: Dataset, place: int, size: int) -> bool:
    """True if the last element of the header should be longer than what is left of the file."""
    last = dataset.get_item([*dataset.keys()][-1]) if len(dataset) else None
    if place > size or not isinstance(last, RawDataElement):
        return place > size
    return last.value is not None and last.length != _UNDEFINED and len(last.value) < last.length


def _out_of_order(stream: BinaryIO) -> Dataset | None:
    """The whole data set of a file whose header goes on behind its pixels; None where it does not."""
    stream.seek(0)
    whole = pydicom.dcmread(stream, force=True, defer_size=_HEADER_LIMIT)
    return whole if "Rows" in whole else None


def _is_deflated(stream: BinaryIO) -> bool:
    """Whether the meta header names the deflated syntax; it is parsed only where the UID stands near the start."""
    stream.seek(0)
    if _DEFLATED not in stream.read(_META_LIMIT):
        return False
    stream.seek(0)
    read_preamble(stream, force=True)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    return bool(meta.get("TransferSyntaxUID") == uid.DeflatedExplicitVRLittleEndian)


def _inflated(buffer: Buffer, settings: DecodeSettings) -> Buffer:
    """A deflated file (PS3.5 A.5) as if it were not: a meta header that says explicit VR, then the inflated data set.

    It is inflated as far as the size that its own header claims, once that is within the limits of an import.
    """
    stream = io.BytesIO(buffer[: 1 << 20])
    if not _is_deflated(stream):
        return buffer
    start = stream.tell()
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        parts = [inflate.decompress(buffer[start:], 1 << 20)]
        limit = _claimed(parts[0], settings) + _HEADER_LIMIT // 4
        inflated = len(parts[0])
        while not inflate.eof and (inflate.unconsumed_tail or parts[-1]) and inflated <= limit:
            parts.append(inflate.decompress(inflate.unconsumed_tail, 8 << 20))
            inflated += len(parts[-1])
    except zlib.error:
        raise Refused("corrupt") from None
    if inflated > limit:
        raise Refused("too_large")
    if not inflate.eof:
        raise Refused("truncated")
    return b"".join((_EXPLICIT, *parts))


def _claimed(start: bytes, settings: DecodeSettings) -> int:
    """How many bytes of pixels the data set that begins with `start` announces; raises Refused if they are too many."""
    try:
        header = read_dataset(io.BytesIO(start), False, True, stop_when=lambda tag, vr, length: tag.group >= 0x7FE0)
    except Exception:  # cut in the middle of an element: a header of this size is no image's
        return 0
    claimed = 1.0
    for keyword in ("Rows", "Columns"):
        claimed *= number(header, keyword) or 0
    for keyword in ("SamplesPerPixel", "NumberOfFrames"):
        claimed *= max(number(header, keyword) or 1, 1)
    if claimed > FRAME_LIMIT * settings.max_pixels:
        raise Refused("too_large")
    size = int(claimed * max(number(header, "BitsAllocated") or 8, 1) / 8)
    if size > settings.memory_bytes // 4:
        raise Refused("too_large")
    return size
