"""Damages DICOM files by their structure: elements, VRs, lengths, fragments, nesting, and the values that rule pixels.

Seeded, so that a test that fails can be repeated. Every operator leaves a file that a reader has to take seriously.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import imagecodecs
import numpy as np
from PIL import Image
from pydicom import uid

from tests.fakes.dicom_files import dicom_file, encapsulated, header
from tests.fakes.image_files import gradient

LONG = (b"OB", b"OW", b"OF", b"OD", b"UN", b"SQ", b"UT")
VRS = (*LONG, b"US", b"SS", b"UL", b"DS", b"IS", b"CS", b"LO", b"UI", b"AT", b"FD", b"FL", b"PN", b"ZZ", b"\0\0", b"??")
PIXEL_TAGS = {
    "samples": 0x00280002, "photometric": 0x00280004, "planar": 0x00280006, "frames": 0x00280008, "rows": 0x00280010,
    "columns": 0x00280011, "allocated": 0x00280100, "stored": 0x00280101, "high": 0x00280102, "sign": 0x00280103,
    "padding": 0x00280120, "centre": 0x00281050, "width": 0x00281051, "intercept": 0x00281052, "slope": 0x00281053,
}  # fmt: skip
NUMBERS = (0, 1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 64, 255, 256, 4096, 32767, 32768, 65535)
TEXTS = (
    b"", b"0", b"-1", b"1e999", b"nan", b"inf", b"-inf", b"1\\2\\3", b"9" * 17, b"1.5", b"abc", b"1E-300",
    b"2147483648",
)  # fmt: skip
PHOTOMETRICS = (
    b"MONOCHROME1", b"MONOCHROME2", b"RGB", b"YBR_FULL", b"YBR_FULL_422", b"YBR_PARTIAL_422", b"YBR_ICT", b"YBR_RCT",
    b"PALETTE COLOR", b"CMYK", b"ARGB", b"HSV", b"", b"\xff\xfe", b"monochrome2",
)  # fmt: skip
SYNTAXES = tuple(
    text.encode()
    for text in (
        "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51",
        "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90",
        "1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.5", "",
        "1.2.3",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Element:
    """One element of an explicit little-endian file; `stated` is the length it claims."""

    tag: int
    vr: bytes
    value: bytes
    stated: int

    def bytes(self) -> bytes:
        """As it stands in a file."""
        head = struct.pack("<HH", self.tag >> 16 & 0xFFFF, self.tag & 0xFFFF) + self.vr
        if self.vr in LONG:
            return head + b"\0\0" + struct.pack("<I", self.stated & 0xFFFFFFFF) + self.value
        return head + struct.pack("<H", self.stated & 0xFFFF) + self.value


def elements(data: bytes) -> list[Element]:
    """The elements behind the preamble, sequences whole."""
    found, place = [], 132
    while place < len(data):
        group, element = struct.unpack_from("<HH", data, place)
        vr = data[place + 4 : place + 6]
        if vr in LONG:
            (length,), start = struct.unpack_from("<I", data, place + 8), place + 12
        else:
            (length,), start = struct.unpack_from("<H", data, place + 6), place + 8
        size = len(data) - start if length == 0xFFFFFFFF else length
        found.append(Element(group << 16 | element, vr, data[start : start + size], length))
        place = start + size
    return found


def seeds() -> list[bytes]:
    """One small valid file of each way in which pixels can stand in a file."""
    grey = gradient(16, 24, dtype="uint16") >> 4
    colour = gradient(16, 24, channels=3)
    ct = {"BitsAllocated": 16, "BitsStored": 12, "RescaleSlope": "1", "RescaleIntercept": "-1024"}
    ct |= {"WindowCenter": "40", "WindowWidth": "400", "PixelPaddingValue": 5}
    rgb = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0, "Modality": "US"}
    many = header(16, 24, NumberOfFrames=3, **ct)
    jpeg = io.BytesIO()
    Image.fromarray(colour).save(jpeg, "JPEG")
    lossless = bytes(imagecodecs.ljpeg_encode(grey, bitspersample=12))
    xl = bytes(imagecodecs.jpegxl_encode(grey, lossless=True))
    j2k = bytes(imagecodecs.jpeg2k_encode(grey, level=0, codecformat="j2k"))
    rle_rows = b"".join(b"\x0f" + bytes(grey.view(np.uint8).ravel()[n : n + 16]) for n in range(0, 384, 16))
    rle = struct.pack("<16I", 2, 64, 64 + len(rle_rows), *[0] * 13) + rle_rows * 2
    table = [0, 16 + len(j2k), 24 + 2 * len(j2k)]
    return [
        dicom_file(header(16, 24, **ct), grey.tobytes()),
        dicom_file(many, grey.tobytes() * 3),
        dicom_file(header(16, 24, **rgb), colour.tobytes(), vr="OB"),
        dicom_file(header(9, 11, BitsAllocated=1, NumberOfFrames=4), bytes(range(50)), vr="OB"),
        encapsulated(header(16, 24, **rgb | {"PhotometricInterpretation": "YBR_FULL_422"}), [jpeg.getvalue()],
                     uid.JPEGBaseline8Bit),
        encapsulated(header(16, 24, **ct), [lossless], uid.JPEGLosslessSV1),
        encapsulated(header(16, 24, **ct), [bytes(imagecodecs.jpegls_encode(grey))], uid.JPEGLSLossless),
        encapsulated(many, [j2k[:100], j2k[100:], j2k, j2k], uid.JPEG2000Lossless, table),
        encapsulated(header(16, 24, **ct), [bytes(imagecodecs.htj2k_encode(grey))], uid.HTJ2KLossless),
        encapsulated(header(16, 24, **ct), [rle], uid.RLELossless),
        encapsulated(header(16, 24, **ct), [xl], "1.2.840.10008.1.2.4.110"),
    ]  # fmt: skip


Parts = list[Element]
Operator = Callable[[Parts, np.random.Generator], Parts]


def _pick(rng: np.random.Generator, parts: Parts) -> int:
    """Any element, but every third time the pixels."""
    return len(parts) - 1 if rng.integers(0, 3) == 0 else int(rng.integers(0, len(parts)))


def _changed(parts: Parts, place: int, **values: object) -> Parts:
    return [*parts[:place], replace(parts[place], **values), *parts[place + 1 :]]


def tag(parts: Parts, rng: np.random.Generator) -> Parts:
    """An element gets another tag, is left out, comes twice, or changes places with another."""
    place = int(rng.integers(0, len(parts)))
    match int(rng.integers(0, 4)):
        case 0:
            return _changed(
                parts, place, tag=int(rng.choice([*PIXEL_TAGS.values(), 0x7FE00010, 0x00080005, 0xFFFEE000]))
            )
        case 1:
            return [*parts[:place], *parts[place + 1 :]] or parts
        case 2:
            return [*parts[: place + 1], parts[place], *parts[place + 1 :]]
    other = int(rng.integers(0, len(parts)))
    turned = [*parts]
    turned[place], turned[other] = turned[other], turned[place]
    return turned


def vr(parts: Parts, rng: np.random.Generator) -> Parts:
    """An element gets another VR; its value stays."""
    return _changed(parts, _pick(rng, parts), vr=VRS[int(rng.integers(0, len(VRS)))])


def length(parts: Parts, rng: np.random.Generator) -> Parts:
    """An element claims another length than it has."""
    place = _pick(rng, parts)
    stated = parts[place].stated
    claims = (0, 1, stated + 1, stated - 1, stated * 2, stated // 2, 0xFFFF, 0xFFFE, 0xFFFFFFFF, 0x7FFFFFFE, 0x10000)
    return _changed(parts, place, stated=int(claims[int(rng.integers(0, len(claims)))]))


def cut(parts: Parts, rng: np.random.Generator) -> Parts:
    """The file ends behind an element, or within one."""
    place = _pick(rng, parts)
    kept = parts[: place + 1]
    if rng.integers(0, 2):
        kept = _changed(kept, place, value=kept[place].value[: int(rng.integers(0, len(kept[place].value) + 1))])
    return kept


def fragments(parts: Parts, rng: np.random.Generator) -> Parts:
    """A word of the item headers and the offset table changes, or a part of the fragments goes or comes twice."""
    value = bytearray(parts[-1].value)
    starts = [n for n in range(0, len(value) - 8, 2) if value[n : n + 4] in (b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0")]
    if not starts:
        return damage(parts, rng)
    start = starts[int(rng.integers(0, len(starts)))]
    match int(rng.integers(0, 5)):
        case 0:
            claims = (0, 1, 2, 8, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, len(value), int(rng.integers(0, 2**32)))
            value[start + 4 : start + 8] = struct.pack("<I", claims[int(rng.integers(0, len(claims)))])
        case 1:
            value[start : start + 4] = (b"\xfe\xff\xdd\xe0", b"\xfe\xff\x0d\xe0", b"\0\0\0\0")[int(rng.integers(0, 3))]
        case 2:
            del value[start : start + int(rng.integers(1, 40))]
        case 3:
            value[start:start] = value[start : start + int(rng.integers(1, 80))]
        case _:
            place = starts[0] + 8 + 4 * int(rng.integers(0, 4))
            value[place : place + 4] = struct.pack("<I", int(rng.integers(0, 2 * len(value))))
    return _changed(parts, len(parts) - 1, value=bytes(value))


def nesting(parts: Parts, rng: np.random.Generator) -> Parts:
    """A sequence comes in before an element, some levels deep, with items that end or not, and elements inside."""
    place, depth = int(rng.integers(0, len(parts))), int(rng.integers(1, 60))
    inner = parts[int(rng.integers(0, len(parts)))].bytes()[:400]
    tags = (0x00081140, 0x52009229, 0x52009230, 0x00283000, 0x00289145, 0x00283010, 0x00091001)
    for _ in range(depth):
        item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(inner) if rng.integers(0, 2) else 0xFFFFFFFF) + inner
        item += b"\xfe\xff\x0d\xe0\0\0\0\0" if rng.integers(0, 2) else b""
        end = b"\xfe\xff\xdd\xe0\0\0\0\0" if rng.integers(0, 4) else b""
        number = tags[int(rng.integers(0, len(tags)))]
        inner = Element(number, b"SQ", item + end, 0xFFFFFFFF if end else len(item)).bytes()
    group, element = struct.unpack_from("<HH", inner)
    (stated,) = struct.unpack_from("<I", inner, 8)
    return [*parts[:place], Element(group << 16 | element, b"SQ", inner[12:], stated), *parts[place:]]


def pixel_module(parts: Parts, rng: np.random.Generator) -> Parts:
    """A value that rules the pixels is another, and its neighbours do not know."""
    names = [*PIXEL_TAGS]
    for _ in range(int(rng.integers(1, 4))):
        name = names[int(rng.integers(0, len(names)))]
        if name == "photometric":
            text = PHOTOMETRICS[int(rng.integers(0, len(PHOTOMETRICS)))]
            value, kind = text + b" " * (len(text) % 2), b"CS"
        elif name in ("frames", "centre", "width", "intercept", "slope"):
            text = TEXTS[int(rng.integers(0, len(TEXTS)))]
            value, kind = text + b" " * (len(text) % 2), b"IS" if name == "frames" else b"DS"
        else:
            value, kind = struct.pack("<H", NUMBERS[int(rng.integers(0, len(NUMBERS)))]), b"US"
        new = Element(PIXEL_TAGS[name], kind, value, len(value))
        before = [part for part in parts if part.tag != new.tag and part.tag < 0x7FE00010]
        parts = [*sorted([*before, new], key=lambda part: part.tag), *(p for p in parts if p.tag >= 0x7FE00010)]
    return parts


def syntax(parts: Parts, rng: np.random.Generator) -> Parts:
    """The file says that it is written in another syntax."""
    value = SYNTAXES[int(rng.integers(0, len(SYNTAXES)))]
    value += b"\0" * (len(value) % 2)
    return [replace(p, value=value, stated=len(value)) if p.tag == 0x00020010 else p for p in parts]


def damage(parts: Parts, rng: np.random.Generator) -> Parts:
    """Some bytes of one value flip; most often of the pixels, where the codecs are."""
    place = _pick(rng, parts)
    value = bytearray(parts[place].value)
    for _ in range(int(rng.integers(1, 9)) if value else 0):
        value[int(rng.integers(0, len(value)))] ^= int(rng.integers(1, 256))
    return _changed(parts, place, value=bytes(value))


OPERATORS: tuple[Operator, ...] = (
    tag, vr, length, cut, fragments, nesting, pixel_module, pixel_module, syntax, damage, damage,
)  # fmt: skip


def mutations(count: int, seed: int = 0) -> Iterator[bytes]:
    """`count` damaged files, by turns of every seed and operator, some damaged twice or without a preamble."""
    rng = np.random.default_rng(seed)
    originals = [(data[:132], elements(data)) for data in seeds()]
    for number in range(count):
        preamble, parts = originals[number % len(originals)]
        for step in range(1 + int(rng.integers(0, 3) == 0)):
            operator = OPERATORS[(number // len(originals) + 5 * step) % len(OPERATORS)]
            parts = operator(parts, rng)
        yield (b"" if rng.integers(0, 25) == 0 else preamble) + b"".join(part.bytes() for part in parts)
