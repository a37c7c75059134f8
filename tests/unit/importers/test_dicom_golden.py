"""Golden values of DICOM pixels: every expectation is worked out here from the standard's text, number by number.

Nothing of the code under test takes part in an expectation; raw bytes are packed with `struct`.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from sslstudio.importers.decoding import DecodedFrame
from sslstudio.importers.windowing import to_uint8
from tests.fakes.dicom_files import dicom_file, encapsulated, frames, header, meant, write

LITTLE, BIG, IMPLICIT = uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.ImplicitVRLittleEndian
PLAIN, DEFLATED_FRAMES, RLE = "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1", uid.RLELossless
LETTERS = {8: "B", 16: "H", 32: "I", 64: "Q"}


def pack(values: list[int], bits: int, order: str = "<") -> bytes:
    """Integers as two's complement in `bits` bits."""
    return struct.pack(f"{order}{len(values)}{LETTERS[bits]}", *(value % (1 << bits) for value in values))


def flat(frame: DecodedFrame) -> list[float]:
    """The values of a grey frame in the unit of the source, in one row."""
    return [value for row in meant(frame) for value in row]


def shown(data: bytes) -> list[list[int]]:
    """The 8-bit picture of a one-frame file."""
    (frame,) = frames(data)
    picture: list[list[int]] = to_uint8(frame.stored, frame.facts.low, frame.facts.high)[:, :, 0].tolist()
    return picture


def rle(data: bytes, bits: int) -> bytes:
    """An RLE frame (PS3.5 G) of literal runs, most significant byte plane first."""
    width = bits // 8
    planes = [data[plane::width] for plane in reversed(range(width))]
    segments = []
    for plane in planes:
        runs = b"".join(bytes((len(run) - 1,)) + run for run in (plane[n : n + 128] for n in range(0, len(plane), 128)))
        segments.append(runs + b"\0" * (len(runs) % 2))
    offsets = [64 + sum(len(segment) for segment in segments[:n]) for n in range(len(segments))]
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)


def a_file(kind: str, dataset: Dataset, values: list[int], bits: int) -> bytes:
    """The same numbers in a file of the named kind."""
    little = pack(values, bits)
    match kind:
        case "little":
            return dicom_file(dataset, little, LITTLE)
        case "implicit":
            return dicom_file(dataset, little, IMPLICIT)
        case "big":
            return dicom_file(dataset, pack(values, bits, ">"), BIG, "OB" if bits == 8 else "OW")
        case "deflated":
            whole = dicom_file(dataset, little, LITTLE)
            return deflated(whole)
        case "plain":
            return encapsulated(dataset, [little], PLAIN)
        case "deflated frames":
            squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
            return encapsulated(dataset, [squeeze.compress(little) + squeeze.flush()], DEFLATED_FRAMES)
        case _:
            return encapsulated(dataset, [rle(little, bits)], RLE)


def deflated(whole: bytes) -> bytes:
    """A little-endian file as its deflated twin (PS3.5 A.5)."""
    start = whole.index(b"\x08\x00\x16\x00UI")
    meta = whole[:start].replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x16\x001.2.840.10008.1.2.1.99")
    length = struct.unpack_from("<I", meta, 140)[0] + 2
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return meta[:140] + struct.pack("<I", length) + meta[144:] + squeeze.compress(whole[start:]) + squeeze.flush()


KINDS = ("little", "implicit", "big", "deflated", "plain", "deflated frames", "rle")
DEPTHS = [
    (8, 8, False), (8, 8, True), (8, 6, False), (8, 5, True), (16, 16, False), (16, 16, True), (16, 12, False),
    (16, 12, True), (16, 10, True), (16, 9, False), (32, 12, False), (32, 16, True),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("allocated", "stored", "signed"), DEPTHS)
def test_every_depth_and_sign_in_every_uncompressed_form(kind: str, allocated: int, stored: int, signed: bool) -> None:
    low = -(1 << (stored - 1)) if signed else 0
    top = low + (1 << stored) - 1
    values = [low, low + 1, 0, 1, top - 1, top]
    dirty = 0
    if stored < allocated:
        dirty = ((1 << allocated) - 1) ^ ((1 << stored) - 1)
    raw = [(value % (1 << stored)) | (dirty if n % 2 else 0) for n, value in enumerate(values)]
    dataset = header(
        2, 3, BitsAllocated=allocated, BitsStored=stored, PixelRepresentation=int(signed), RescaleSlope="2",
        RescaleIntercept="-5",
    )  # fmt: skip
    (frame,) = frames(a_file(kind, dataset, raw, allocated))
    assert meant(frame) == [[2 * v - 5 for v in values[:3]], [2 * v - 5 for v in values[3:]]]
    assert (frame.stored.dtype, frame.facts.bits) == (np.uint8 if stored <= 8 else np.uint16, stored)


@pytest.mark.parametrize("signed", [False, True])
def test_wide_numbers_keep_their_range_in_sixteen_bits(signed: bool) -> None:
    values = [-2_000_000_000, -1, 0, 2_000_000_000] if signed else [0, 1, 2_000_000_000, 4_000_000_000]
    dataset = header(2, 2, BitsAllocated=32, PixelRepresentation=int(signed))
    (frame,) = frames(dicom_file(dataset, pack(values, 32)))
    step = 4_000_000_000 / 65535
    for found, value in zip(flat(frame), values, strict=True):
        assert abs(found - value) <= step / 2 + 1
    assert frame.stored.ravel()[[0, -1]].tolist() == [0, 65535]


def test_sixty_four_bits() -> None:
    values = [0, 1, 2, 60_000]
    (frame,) = frames(dicom_file(header(2, 2, BitsAllocated=64), pack(values, 64)))
    assert flat(frame) == values


@pytest.mark.parametrize("overlay", [0b0000, 0b1010])
def test_values_in_the_high_bits_over_an_overlay_in_the_low_ones(overlay: int) -> None:
    """HighBit 15 with 12 bits stored: the value is the upper twelve bits, whatever stands in the lower four."""
    values = [0, 1, 2048, 4095]
    dataset = header(2, 2, BitsAllocated=16, BitsStored=12, HighBit=15)
    (frame,) = frames(dicom_file(dataset, pack([value << 4 | overlay for value in values], 16)))
    assert flat(frame) == values
    signed = header(2, 2, BitsAllocated=16, BitsStored=12, HighBit=15, PixelRepresentation=1)
    (frame,) = frames(dicom_file(signed, pack([value << 4 | overlay for value in values], 16)))
    assert flat(frame) == [0, 1, -2048, -1]


def test_a_high_bit_that_lies_is_not_believed() -> None:
    values = [7, 1, 2047, 4095]
    dataset = header(2, 2, BitsAllocated=16, BitsStored=12, HighBit=15)
    (frame,) = frames(dicom_file(dataset, pack(values, 16)))
    assert flat(frame) == values


def test_an_overlay_in_the_unused_high_bits_is_not_part_of_the_picture() -> None:
    values = [5, 10, 900, 1023]
    raw = [value | (1 << 12) * (n % 2) for n, value in enumerate(values)]
    dataset = header(2, 2, BitsAllocated=16, BitsStored=10)
    dataset.add_new(0x60000102, "US", 12)
    (frame,) = frames(dicom_file(dataset, pack(raw, 16)))
    assert flat(frame) == values


@pytest.mark.parametrize("stated", [0, 17, 99])
def test_stored_bits_that_cannot_be_are_taken_as_all(stated: int) -> None:
    dataset = header(1, 2, BitsAllocated=16, BitsStored=stated, HighBit=11)
    (frame,) = frames(dicom_file(dataset, pack([3, 65535], 16)))
    assert meant(frame) == [[3, 65535]]


@pytest.mark.parametrize("kind", ["little", "big", "plain"])
@pytest.mark.parametrize("columns", [8, 11, 3])
def test_one_bit_frames_begin_within_a_byte(kind: str, columns: int) -> None:
    """The first pixel is the lowest bit (PS3.5 8.1.1); frames follow each other without a gap."""
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 2, (1, columns)).tolist() for _ in range(9)]
    bits = "".join(str(bit) for picture in pictures for row in picture for bit in row)
    whole = int(bits[::-1], 2).to_bytes(-(-len(bits) // 8), "little")
    dataset = header(1, columns, BitsAllocated=1, NumberOfFrames=9)
    if kind == "plain":
        each = [int("".join(str(b) for b in p[0])[::-1], 2).to_bytes(-(-columns // 8), "little") for p in pictures]
        data = encapsulated(dataset, each, PLAIN)
    else:
        data = dicom_file(dataset, whole, LITTLE if kind == "little" else BIG, "OB")
    assert [meant(frame) for frame in frames(data)] == pictures


@pytest.mark.parametrize("tag", [0x0008, 0x0009])
def test_floating_point_pixels(tag: int) -> None:
    values = [-0.5, 0.25, 1.0, math.nan, math.inf, 1.5]
    letter, bits = ("f", 32) if tag == 0x0008 else ("d", 64)
    dataset = header(2, 3, BitsAllocated=bits, BitsStored=None, PixelRepresentation=None)
    vr = "OF" if tag == 0x0008 else "OD"
    (frame,) = frames(write(dataset, struct.pack(f"<6{letter}", *values), LITTLE, vr, float_tag=tag))
    found = flat(frame)
    assert [found[0], found[5]] == pytest.approx([-0.5, 1.5])
    assert found[1:3] == pytest.approx([0.25, 1.0], abs=2 / 65535)
    assert found[3] == found[4] == found[0], "what is no number is as dark as the darkest number"


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_polarity(photometric: str) -> None:
    dataset = header(1, 3, BitsStored=8, PhotometricInterpretation=photometric, WindowCenter="128", WindowWidth="256")
    turned = photometric == "MONOCHROME1"
    assert shown(dicom_file(dataset, bytes([0, 100, 255]))) == [[255, 155, 0] if turned else [0, 100, 255]]
    (frame,) = frames(dicom_file(dataset, bytes([0, 100, 255])))
    assert meant(frame) == [[0, 100, 255]]


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("stored", [8, 12, 16])
def test_twins_of_either_polarity_are_equal(stored: int, signed: bool) -> None:
    allocated = 8 if stored == 8 else 16
    low = -(1 << (stored - 1)) if signed else 0
    top = low + (1 << stored) - 1
    values = [low, low + 3, low + 100, top - 9, top - 1, top]
    facts = {"BitsAllocated": allocated, "BitsStored": stored, "PixelRepresentation": int(signed)}
    one = header(2, 3, PhotometricInterpretation="MONOCHROME1", **facts)
    two = header(2, 3, PhotometricInterpretation="MONOCHROME2", **facts)
    (first,) = frames(dicom_file(one, pack([low + top - value for value in values], allocated)))
    (second,) = frames(dicom_file(two, pack(values, allocated)))
    assert first.stored.tolist() == second.stored.tolist()
    assert (first.facts.low, first.facts.high) == (second.facts.low, second.facts.high)


@pytest.mark.parametrize(
    ("slope", "intercept"),
    [("1", "0"), ("1", "-1024"), ("0.25", "3.5"), ("-1", "0"), ("-2.5", "100"), ("1e-3", "-1"), (None, None)],
)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_rescale(slope: str | None, intercept: str | None, photometric: str) -> None:
    raw = [0, 1, 1000, 4095]
    dataset = header(
        1, 4, BitsAllocated=16, BitsStored=12, RescaleSlope=slope, RescaleIntercept=intercept,
        PhotometricInterpretation=photometric,
    )  # fmt: skip
    (frame,) = frames(dicom_file(dataset, pack(raw, 16)))
    expected = [value * float(slope or 1) + float(intercept or 0) for value in raw]
    assert meant(frame)[0] == pytest.approx(expected, abs=1e-9)
    rising = (float(slope or 1) > 0) == (photometric == "MONOCHROME2")
    stored = frame.stored[0, :, 0].tolist()
    assert stored == sorted(stored, reverse=not rising), "stored values rise with brightness"


def test_a_slope_of_nothing_counts_as_one() -> None:
    (frame,) = frames(dicom_file(header(1, 2, RescaleSlope="0", RescaleIntercept="7"), bytes([1, 9])))
    assert meant(frame) == [[8, 16]]


PADDING: list[tuple[dict[str, Any], list[int], list[bool]]] = [
    ({"PixelPaddingValue": -2000}, [-2000, -1999, 5, 900], [True, False, False, False]),
    ({"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1000}, [-2000, -1500, -1000, -999], [1, 1, 1, 0]),
    ({"PixelPaddingValue": -1000, "PixelPaddingRangeLimit": -2000}, [-2000, -1500, -1000, -999], [1, 1, 1, 0]),
    ({"PixelPaddingValue": 63536}, [-2000, 10, 20, 30], [True, False, False, False]),
    ({"PixelPaddingValue": 4096}, [1, 2, 3, 4], [False] * 4),
    ({}, [-2000, 10, 20, 30], [False] * 4),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "raw", "padded"), PADDING)
def test_padding(facts: dict[str, Any], raw: list[int], padded: list[bool]) -> None:
    """Padding is as dark as the darkest real value, and no part of the window."""
    dataset = header(1, 4, BitsAllocated=16, PixelRepresentation=1, **facts)
    for keyword in facts:
        dataset[keyword].VR = "US" if facts[keyword] > 0 else "SS"
    (frame,) = frames(dicom_file(dataset, pack(raw, 16)))
    darkest = min(value for value, gone in zip(raw, padded, strict=True) if not gone)
    assert meant(frame) == [[darkest if gone else value for value, gone in zip(raw, padded, strict=True)]]
    assert frame.facts.low * frame.facts.slope + frame.facts.intercept >= darkest


def test_padding_of_fewer_stored_bits() -> None:
    """-2000 in 12 stored bits stands as 2096; written with a dirty top it is the same value."""
    dataset = header(1, 3, BitsAllocated=16, BitsStored=12, PixelRepresentation=1, PixelPaddingValue=-2000)
    dataset["PixelPaddingValue"].VR = "SS"
    (frame,) = frames(dicom_file(dataset, pack([0x0830, 0xF830, 40], 16)))
    assert meant(frame) == [[40, 40, 40]]


def table(first: int, entries: list[int], bits: int = 16, packed: bool = False, vr: str = "US") -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    if packed:
        item.add_new("LUTData", "OW", bytes(entries) + b"\0" * (len(entries) % 2))
    elif vr == "OW":
        item.add_new("LUTData", "OW", struct.pack(f"<{len(entries)}H", *entries))
    else:
        item.add_new("LUTData", "US", entries)
    return item


@pytest.mark.parametrize("form", ["US", "OW", "packed"])
def test_modality_table(form: str) -> None:
    """Entry n is for input first + n; what lies below or above takes the first or the last (PS3.3 C.11.1.1.1)."""
    entries = [10, 20, 40, 80, 160]
    item = table(3, entries, 8 if form == "packed" else 16, form == "packed", form)
    dataset = header(1, 7, BitsAllocated=16, BitsStored=12, ModalityLUTSequence=[item])
    (frame,) = frames(dicom_file(dataset, pack([0, 3, 4, 5, 6, 7, 4000], 16)))
    assert meant(frame) == [[10, 10, 20, 40, 80, 160, 160]]


@pytest.mark.parametrize("first", [-3, 65533])
def test_modality_table_of_signed_input_in_either_sign(first: int) -> None:
    dataset = header(1, 4, BitsAllocated=16, PixelRepresentation=1, ModalityLUTSequence=[table(first, [7, 8, 9, 1000])])
    (frame,) = frames(dicom_file(dataset, pack([-9, -3, -1, 5], 16)))
    assert meant(frame) == [[7, 7, 9, 1000]]


def test_modality_table_of_a_turned_picture_with_padding() -> None:
    dataset = header(
        1, 4, PhotometricInterpretation="MONOCHROME1", ModalityLUTSequence=[table(0, [100, 50, 20, 10])],
        PixelPaddingValue=3,
    )  # fmt: skip
    dataset["PixelPaddingValue"].VR = "US"
    (frame,) = frames(dicom_file(dataset, bytes([0, 1, 2, 3])))
    assert meant(frame) == [[100, 50, 20, 100]], "padding is black, which is the highest value of MONOCHROME1"


def window(x: float, centre: float, width: float) -> int:
    """PS3.3 C.11.2.1.2.1, for an output of 0 to 255."""
    if x <= centre - 0.5 - (width - 1) / 2:
        return 0
    if x > centre - 0.5 + (width - 1) / 2:
        return 255
    return round(((x - (centre - 0.5)) / (width - 1) + 0.5) * 255)


@pytest.mark.parametrize(("centre", "width"), [(40.0, 400.0), (600.0, 2000.0), (100.5, 33.0)])
def test_linear_window(centre: float, width: float) -> None:
    raw = [0, 824, 900, 1024, 1063, 1064, 1065, 1224, 1264, 2000, 4095]
    dataset = header(
        1, len(raw), BitsAllocated=16, BitsStored=12, RescaleSlope="1", RescaleIntercept="-1024",
        WindowCenter=str(centre), WindowWidth=str(width),
    )  # fmt: skip
    picture = shown(dicom_file(dataset, pack(raw, 16)))[0]
    assert picture == pytest.approx([window(value - 1024, centre, width) for value in raw], abs=1)
    assert picture[0] == window(-1024, centre, width)


def test_the_first_of_several_windows_counts() -> None:
    raw = [0, 50, 100, 150, 200]
    dataset = header(1, 5, WindowCenter=["100", "10"], WindowWidth=["101", "3"])
    assert shown(dicom_file(dataset, bytes(raw)))[0] == [window(value, 100, 101) for value in raw]


def test_exact_window_and_sigmoid() -> None:
    dataset = header(1, 3, WindowCenter="100", WindowWidth="200", VOILUTFunction="LINEAR_EXACT")
    assert shown(dicom_file(dataset, bytes([0, 100, 200]))) == [[0, 128, 255]]
    dataset.VOILUTFunction = "SIGMOID"
    found = shown(dicom_file(dataset, bytes([0, 100, 200])))[0]
    assert found[0] == 0 and found[1] == 128 and found[2] == 255


def test_voi_table_over_negative_input() -> None:
    """A table that rises from -50 to 50 shows this range, however its first input is written."""
    for first in (-50, 65486):
        item = table(first, [*range(101)], 8)
        dataset = header(1, 3, BitsAllocated=16, PixelRepresentation=1, VOILUTSequence=[item])
        (frame,) = frames(dicom_file(dataset, pack([-100, 0, 100], 16)))
        ends = [end * frame.facts.slope + frame.facts.intercept for end in (frame.facts.low, frame.facts.high)]
        assert ends == pytest.approx([-50, 50])


COLOURS = [(0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (200, 100, 50)]


@pytest.mark.parametrize("kind", ["little", "big", "plain", "rle"])
@pytest.mark.parametrize("planar", [0, 1])
def test_rgb(kind: str, planar: int) -> None:
    dataset = header(2, 3, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=planar)
    together = bytes(value for colour in COLOURS for value in colour)
    apart = bytes(colour[n] for n in range(3) for colour in COLOURS)
    if kind == "rle":
        runs = [bytes((5,)) + apart[n * 6 : n * 6 + 6] + b"\0" for n in range(3)]
        frame = struct.pack("<16I", 3, 64, 72, 80, *[0] * 12) + b"".join(runs)
        data = encapsulated(dataset, [frame], RLE)
    elif kind == "plain":
        data = encapsulated(dataset, [apart if planar else together], PLAIN)
    else:
        data = dicom_file(dataset, apart if planar else together, LITTLE if kind == "little" else BIG, "OB")
    (found,) = frames(data)
    assert [tuple(pixel) for row in found.stored.tolist() for pixel in row] == COLOURS


def test_rgb_of_sixteen_bits_with_twelve_stored() -> None:
    values = [0, 4095, 17, 300, 2, 1]
    raw = [value | 0xF000 for value in values]
    dataset = header(
        1, 2, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0, BitsAllocated=16, BitsStored=12
    )
    (frame,) = frames(dicom_file(dataset, pack(raw, 16)))
    assert frame.stored.ravel().tolist() == values and (frame.facts.low, frame.facts.high) == (0, 4095)


@pytest.mark.parametrize("width", [3, 4])
def test_big_endian_words_of_8_bit_values(width: int) -> None:
    """PS3.5 7.3: bytes of OW are swapped pairwise across frames of an odd length too."""
    pictures = [[n * 10 + k for k in range(width)] for n in range(5)]
    flat = bytes(value for picture in pictures for value in picture)
    flat += b"\0" * (len(flat) % 2)
    swapped = b"".join(bytes((flat[n + 1], flat[n])) for n in range(0, len(flat), 2))
    data = dicom_file(header(1, width, NumberOfFrames=5), swapped, BIG, "OW")
    assert [meant(frame)[0] for frame in frames(data)] == pictures


def full_ybr(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """PS3.3 C.7.6.3.1.2."""
    return (
        0.2990 * red + 0.5870 * green + 0.1140 * blue,
        -0.1687 * red - 0.3313 * green + 0.5000 * blue + 128,
        0.5000 * red - 0.4187 * green - 0.0813 * blue + 128,
    )


def partial_ybr(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """PS3.3 C.7.6.3.1.2, of the edition that still had it."""
    return (
        0.2568 * red + 0.5041 * green + 0.0979 * blue + 16,
        -0.1482 * red - 0.2910 * green + 0.4392 * blue + 128,
        0.4392 * red - 0.3678 * green - 0.0714 * blue + 128,
    )


def bytes_of(triple: tuple[float, float, float]) -> list[int]:
    return [min(255, max(0, round(value))) for value in triple]


def test_full_ybr() -> None:
    raw = bytes(value for colour in COLOURS for value in bytes_of(full_ybr(*colour)))
    dataset = header(2, 3, SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL", PlanarConfiguration=0)
    (frame,) = frames(dicom_file(dataset, raw))
    found = [tuple(pixel) for row in frame.stored.tolist() for pixel in row]
    assert all(abs(a - b) <= 2 for one, two in zip(found, COLOURS, strict=True) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize(("name", "to_ybr"), [("YBR_FULL_422", full_ybr), ("YBR_PARTIAL_422", partial_ybr)])
def test_halved_colour(name: str, to_ybr: Any) -> None:
    """Two pixels share their colour: Y1 Y2 Cb Cr."""
    pairs = [((250, 10, 20), (250, 10, 20)), ((0, 0, 0), (0, 0, 0)), ((90, 180, 30), (90, 180, 30))]
    raw = bytearray()
    for one, two in pairs:
        (y1, cb, cr), (y2, _, _) = bytes_of(to_ybr(*one)), bytes_of(to_ybr(*two))
        raw += bytes((y1, y2, cb, cr))
    dataset = header(1, 6, SamplesPerPixel=3, PhotometricInterpretation=name, PlanarConfiguration=0)
    (frame,) = frames(dicom_file(dataset, bytes(raw)))
    expected = [colour for pair in pairs for colour in pair]
    found = frame.stored[0].tolist()
    assert all(abs(a - b) <= 3 for one, two in zip(found, expected, strict=True) for a, b in zip(one, two, strict=True))


def palette(entries: list[tuple[int, int, int]], bits: int, first: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for channel, name in enumerate(("Red", "Green", "Blue")):
        found[f"{name}PaletteColorLookupTableDescriptor"] = [len(entries), first, bits]
        values = [entry[channel] for entry in entries]
        packed = struct.pack(f"<{len(values)}H", *values) if bits == 16 else bytes(values)
        found[f"{name}PaletteColorLookupTableData"] = packed + b"\0" * (len(packed) % 2)
    return found


@pytest.mark.parametrize("bits", [8, 16])
def test_palette(bits: int) -> None:
    colours = [(0, 0, 0), (255, 1, 2), (3, 254, 4), (5, 6, 253)]
    entries = colours if bits == 8 else [tuple(value << 8 for value in colour) for colour in colours]
    dataset = header(1, 5, PhotometricInterpretation="PALETTE COLOR", **palette(entries, bits, first=10))
    (frame,) = frames(dicom_file(dataset, bytes([0, 10, 11, 13, 200])))
    assert frame.stored[0].tolist() == [[0, 0, 0], [0, 0, 0], [255, 1, 2], [5, 6, 253], [5, 6, 253]]


def test_a_dark_frame_of_a_wide_palette_is_not_brighter_than_its_neighbours() -> None:
    entries = [(0, 0, 0), (200, 200, 200), (65535, 65535, 65535)]
    dataset = header(1, 2, PhotometricInterpretation="PALETTE COLOR", NumberOfFrames=2, **palette(entries, 16))
    dark, bright = frames(dicom_file(dataset, bytes([0, 1, 1, 2])))
    assert dark.stored[0].tolist() == [[0, 0, 0], [0, 0, 0]] and bright.stored[0].tolist() == [[0] * 3, [255] * 3]


@pytest.mark.parametrize("name", ["jpeg lossless", "jpeg ls", "jpeg 2000", "jpeg xl", "htj2k"])
@pytest.mark.parametrize(("stored", "signed"), [(8, False), (12, False), (12, True), (16, False), (16, True)])
def test_lossless_codecs_give_back_what_was_put_in(name: str, stored: int, signed: bool) -> None:
    import imagecodecs

    allocated = 8 if stored == 8 else 16
    rng = np.random.default_rng(stored)
    low = -(1 << (stored - 1)) if signed else 0
    values = rng.integers(low, low + (1 << stored), (16, 24))
    if name in ("jpeg 2000", "htj2k") and signed:
        image = values.astype(np.int16)
    else:
        image = (values % (1 << stored)).astype(np.uint8 if allocated == 8 else np.uint16)
    match name:
        case "jpeg lossless":
            syntax, frame = uid.JPEGLosslessSV1, imagecodecs.ljpeg_encode(image, bitspersample=stored)
        case "jpeg ls":
            syntax, frame = uid.JPEGLSLossless, imagecodecs.jpegls_encode(image)
        case "jpeg 2000":
            syntax = uid.JPEG2000Lossless
            frame = imagecodecs.jpeg2k_encode(image, level=0, codecformat="j2k", bitspersample=stored)
        case "htj2k":
            syntax, frame = uid.HTJ2KLossless, imagecodecs.htj2k_encode(image)
        case _:
            syntax, frame = uid.UID("1.2.840.10008.1.2.4.110"), imagecodecs.jpegxl_encode(image, lossless=True)
    dataset = header(16, 24, BitsAllocated=allocated, BitsStored=stored, PixelRepresentation=int(signed))
    (found,) = frames(encapsulated(dataset, [bytes(frame)], syntax))
    assert meant(found) == values.tolist()


@pytest.mark.parametrize("transform", [0, 1])
def test_a_jpeg_whose_colour_space_only_adobes_marker_tells(transform: int) -> None:
    """Adobe's marker says RGB (0) or YCbCr (1); the header says YBR either way (T.872 6.5.3)."""
    import io

    from PIL import Image

    colours = np.zeros((16, 16, 3), np.uint8) + np.array((220, 60, 20), np.uint8)
    stream = io.BytesIO()
    if transform:
        Image.fromarray(colours).save(stream, "JPEG", quality=100, subsampling=0)
    else:
        Image.fromarray(colours).save(stream, "JPEG", quality=100, subsampling=0, keep_rgb=True)
    jpeg = stream.getvalue()
    while jpeg[2:4] in (b"\xff\xe0", b"\xff\xee"):  # drop the marker of JFIF, and Pillow's own of Adobe
        jpeg = jpeg[:2] + jpeg[4 + struct.unpack_from(">H", jpeg, 4)[0] :]
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes((transform,))
    dataset = header(16, 16, SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL_422", PlanarConfiguration=0)
    (frame,) = frames(encapsulated(dataset, [jpeg[:2] + adobe + jpeg[2:]], uid.JPEGBaseline8Bit))
    assert np.abs(frame.stored.astype(int) - colours).max() <= 3
