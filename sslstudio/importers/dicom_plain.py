"""The header of an ordinary DICOM file, read without pydicom: what is asked for, and nothing else, becomes a value.

Most of an import's time went into parsing headers of a hundred elements of which thirty are asked for. Here they are
only stepped over (PS3.5 7.1). Whatever is not plain - another byte order, damage, elements out of order, a value that
is not simply text or numbers - is left to pydicom, and what is read here equals what pydicom reads.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from struct import Struct
from struct import error as StructError

from pydicom import uid
from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

Buffer = bytes | mmap.mmap

META_START = 132
"""Where the first element stands: behind the preamble and its "DICM"."""

_UNDEFINED = 0xFFFFFFFF
_DEEPEST = 16
_LONGEST = 1 << 16
"""A longer value is no plain text and no plain number."""
_ITEM, _ITEM_END, _ITEMS_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_EXPLICIT, _IMPLICIT, _LENGTH = Struct("<HH2sH"), Struct("<HHI"), Struct("<I")
_NUMBERS = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d"}
_CODES = frozenset((b"AS", b"CS", b"DA", b"DT", b"TM", b"UI"))
_TEXTS = frozenset((b"SH", b"LO", b"PN"))
_PLAIN_NAME = re.compile(rb"[ -<>-\[\]-~]*[ \0]*")
_ENCODINGS = {"": "latin-1", "ISO_IR 6": "latin-1", "ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}
_ABSENT = b"-"
_NUMERIC = frozenset((_ABSENT, b"DS", b"IS"))
_CHARACTER_SET, _SYNTAX, _CLASS, _ROWS, _DIRECTORY = 0x00080005, 0x00020010, 0x00020002, 0x00280010, 0x00041220

Element = tuple[bytes, int, int]
"""Value representation (b"" where the file does not say), place and length of a value."""


class _OddError(Exception):
    """The file is not plain."""


@dataclass(frozen=True, slots=True)
class PlainPixels:
    """The pixel data element: as `dicom_source.PixelElement`, `length` None where it is undefined."""

    tag: int
    offset: int
    length: int | None
    vr: str


class PlainElements:
    """The elements of one plain header by tag, as numbers or text; `whole` reads it with pydicom, for all else."""

    def __init__(
        self, data: Buffer, elements: dict[int, Element], encoding: str, *, implicit: bool, read: Callable[[], Dataset]
    ) -> None:
        self.original_encoding = (implicit, True)
        self._data, self._elements, self._encoding = data, elements, encoding
        self._read = read
        self._whole: Dataset | None = None

    def whole(self) -> Dataset:
        """The header as pydicom reads it."""
        if self._whole is None:
            self._whole = self._read()
        return self._whole

    def __len__(self) -> int:
        return len(self._elements)

    def numbers(self, tag: int) -> list[float] | None:
        """The numbers of an element, [] where it is absent or empty; None where pydicom has to say."""
        vr, data = self._raw(tag)
        try:
            if (code := _NUMBERS.get(vr)) is not None:
                return [*map(float, _unpacker(code, len(data)).unpack(data))]
            if not data and vr in _NUMERIC:
                return []
            if vr == b"DS":
                return [*map(float, data.decode("latin-1").strip().rstrip(" \0").split("\\"))]
            if vr == b"IS":
                return [float(int(part)) for part in data.decode("latin-1").rstrip(" \0").split("\\")]
        except (ValueError, OverflowError, StructError):
            pass
        return None

    def texts(self, tag: int) -> list[str] | None:
        """The values of a text element as pydicom strips them, [] where it is absent; None where pydicom has to say."""
        vr, data = self._raw(tag)
        if vr in _CODES:
            return data.decode("latin-1").rstrip(" \0").split("\\")
        if vr == _ABSENT:
            return []
        if vr not in _TEXTS or b"\x1b" in data or (vr == b"PN" and not _PLAIN_NAME.fullmatch(data)):
            return None
        try:
            text = data.decode(self._encoding)
        except UnicodeDecodeError:
            return None
        return [part.rstrip("\0 ") for part in text.split("\\")]

    def __contains__(self, tag: int) -> bool:
        return tag in self._elements

    def _raw(self, tag: int) -> tuple[bytes, bytes]:
        """Representation and bytes of an element; the former is b"" where it is not plain."""
        element = self._elements.get(tag)
        if element is None:
            return _ABSENT, b""
        vr, start, length = element
        if length > _LONGEST:
            return b"", b""
        return vr or _known(tag), self._data[start : start + length]


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain file: its elements, its syntax's UID and its pixels."""

    elements: PlainElements
    syntax: str
    pixels: PlainPixels


def read_plain(data: Buffer, syntaxes: Callable[[str], bool], read: Callable[[], Dataset]) -> Plain | None:
    """The header in `data`, the file or its start; None where the file is not plain, or goes on behind `data`.

    `syntaxes` tells whether a transfer syntax is little endian and not deflated; `read` is asked for all that is not
    plain.
    """
    try:
        meta, place = _meta(data)
        syntax = _uid(data, meta.get(_SYNTAX))
        if not syntaxes(syntax) or _uid(data, meta.get(_CLASS)) == uid.MediaStorageDirectoryStorage:
            return None
        implicit = syntax == uid.ImplicitVRLittleEndian
        elements, pixels = _index(data, place, implicit)
        if _ROWS not in elements or _DIRECTORY in elements:
            return None
        encoding = _encoding(data, elements.get(_CHARACTER_SET))
    except (_OddError, StructError, UnicodeDecodeError):
        return None
    return Plain(PlainElements(data, elements, encoding, implicit=implicit, read=read), syntax, pixels)


def _meta(data: Buffer) -> tuple[dict[int, Element], int]:
    """The elements of group 2 (PS3.10 7.1), and where the data set begins."""
    if data[128:META_START] != b"DICM":
        raise _OddError
    place = META_START
    found: dict[int, Element] = {}
    while True:
        group, element, vr, length = _EXPLICIT.unpack_from(data, place)
        if group != 2:
            return found, place
        start = place + 8
        if vr in _LONG:
            (length,) = _LENGTH.unpack_from(data, start)
            start += 4
        elif vr not in _SHORT:
            raise _OddError
        place = start + length
        found[group << 16 | element] = (vr, start, length)


def _uid(data: Buffer, element: Element | None) -> str:
    if element is None or element[0] != b"UI":
        return ""
    return data[element[1] : element[1] + element[2]].decode("ascii").rstrip("\0 ")


def _encoding(data: Buffer, element: Element | None) -> str:
    """How text is coded (PS3.3 C.12.1.1.2): "ascii" where only that much is certain."""
    if element is None:
        return "latin-1"
    vr, start, length = element
    if vr not in (b"", b"CS"):
        raise _OddError
    said = data[start : start + length].decode("ascii").rstrip(" \0")
    if any(part not in python_encoding for part in said.split("\\")):
        raise _OddError
    return _ENCODINGS.get(said, "ascii")


def _index(data: Buffer, place: int, implicit: bool) -> tuple[dict[int, Element], PlainPixels]:
    """Where the values of a data set stand, up to its pixels."""
    size, last = len(data), 0x0007FFFF
    found: dict[int, Element] = {}
    unpack_from = _EXPLICIT.unpack_from
    if implicit and b"AA" <= data[place + 4 : place + 6] <= b"ZZ":
        raise _OddError
    while True:
        if implicit:
            group, element, length = _IMPLICIT.unpack_from(data, place)
            vr, start = b"", place + 8
        else:
            group, element, vr, length = unpack_from(data, place)
            start = place + 8
            if vr in _LONG:
                (length,) = _LENGTH.unpack_from(data, start)
                start += 4
            elif vr not in _SHORT:
                raise _OddError
        tag = group << 16 | element
        if tag <= last or group == 0xFFFE:
            raise _OddError
        if tag in _PIXELS:
            if vr in _SHORT:
                raise _OddError
            known = None if length == _UNDEFINED else length
            return found, PlainPixels(tag, start, known, vr.decode("ascii") or "OW")
        last = tag
        if length == _UNDEFINED:
            place = _past_items(data, start, implicit, _is_sequence(data, tag, vr, start), 0)
            found[tag] = (b"SQ", start, place - start)
        else:
            place = start + length
            found[tag] = (vr, start, length)
        if place > size:
            raise _OddError


def _is_sequence(data: Buffer, tag: int, vr: bytes, start: int) -> bool:
    """Whether an element of undefined length is certainly a sequence."""
    if vr:
        return vr == b"SQ"
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        group, element = _IMPLICIT.unpack_from(data, start)[:2]
        return bool(group << 16 | element == _ITEM)


def _past_items(data: Buffer, place: int, implicit: bool, sequence: bool, depth: int) -> int:
    """Where a sequence of undefined length ends; all that it holds must fit exactly."""
    if not sequence or depth > _DEEPEST:
        raise _OddError
    while True:
        group, element, length = _IMPLICIT.unpack_from(data, place)
        tag = group << 16 | element
        place += 8
        if tag == _ITEMS_END:
            return place
        if tag != _ITEM:
            raise _OddError
        place = _past_elements(data, place, implicit, None if length == _UNDEFINED else place + length, depth)


def _past_elements(data: Buffer, place: int, implicit: bool, end: int | None, depth: int) -> int:
    """Where an item's elements end: at `end`, or behind the item's delimiter."""
    while place != end:
        if implicit:
            group, element, length = _IMPLICIT.unpack_from(data, place)
            vr, start = b"", place + 8
        else:
            group, element, vr, length = _EXPLICIT.unpack_from(data, place)
            start = place + 8
        tag = group << 16 | element
        if tag == _ITEM_END and end is None:
            return start
        if not implicit and vr in _LONG:
            (length,) = _LENGTH.unpack_from(data, start)
            start += 4
        if group == 0xFFFE or not (implicit or vr in _SHORT or vr in _LONG):
            raise _OddError
        if length == _UNDEFINED:
            place = _past_items(data, start, implicit, _is_sequence(data, tag, vr, start), depth + 1)
        else:
            place = start + length
        if place > (len(data) if end is None else end):
            raise _OddError
    return place


@cache
def _unpacker(code: str, size: int) -> Struct:
    """For `size` bytes of such numbers; raises struct.error later where these do not fill them."""
    return Struct(f"<{size // Struct(code).size}{code}")


@cache
def _known(tag: int) -> bytes:
    """The representation of a tag as the dictionary of PS3.6 has it; b"" where that is not one."""
    try:
        found = dictionary_VR(tag)
    except KeyError:
        return b""
    return found.encode("ascii") if len(found) == 2 else b""
