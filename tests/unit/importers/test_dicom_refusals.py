"""Headers that lie, pixels that are missing, bombs: each is refused with its cause, none gives a wrong picture."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from sslstudio.importers import dicom
from sslstudio.importers.decode_pool import COMMAND
from sslstudio.importers.reasons import TEXTS, Refused, reason
from tests.fakes.dicom_files import SETTINGS, dicom_file, encapsulated, frames, header, items, meant, with_syntax, write

LITTLE, RLE, JPEG, J2K = uid.ExplicitVRLittleEndian, uid.RLELossless, uid.JPEGBaseline8Bit, uid.JPEG2000Lossless
GREY = np.arange(16 * 16, dtype=np.uint8).reshape(16, 16)


def jpeg(pixels: np.ndarray = GREY) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=100)
    return stream.getvalue()


def j2k(pixels: np.ndarray = GREY) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="j2k"))


def refusal(data: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        frames(data)
    return caught.value


def coded(fragments: list[bytes], syntax: str, table: tuple[int, ...] = (), **facts: object) -> bytes:
    return encapsulated(header(16, 16, **facts), fragments, syntax, table)


LIES: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a jpeg of another size": (lambda: coded([jpeg(GREY[:8])], JPEG), "contradiction", "the size"),
    "a jpeg 2000 of another size": (lambda: coded([j2k(GREY[:8])], J2K), "contradiction", "the size"),
    "a colour jpeg that is said to be grey": (
        lambda: coded([jpeg(np.dstack([GREY] * 3))], JPEG), "contradiction", "the number of colours"),
    "sixteen bits in eight": (lambda: coded([j2k(GREY.astype(np.uint16) * 99)], J2K), "contradiction", "the bit depth"),
    "fewer frames than said": (lambda: coded([jpeg()] * 2, JPEG, NumberOfFrames=3), "truncated", ""),
    "more RLE fragments than frames": (lambda: coded([b"x" * 90] * 3, RLE), "contradiction", "the number of frames"),
    "fragments that belong to no frame": (
        lambda: coded([b"x" * 90] * 3, JPEG, NumberOfFrames=2), "contradiction", "the number of frames"),
    "pixels without fragments in a compressed file": (
        lambda: write(header(16, 16), GREY.tobytes(), JPEG, "OW"), "contradiction", "the compression"),
    "fragments in an uncompressed file": (
        lambda: write(header(16, 16), items([jpeg()]), LITTLE, "OB", undefined=True),
        "contradiction", "the compression"),
    "rubbish between fragments": (
        lambda: write(header(16, 16), items([jpeg()], end=b"12345678"), JPEG, "OB", undefined=True),
        "contradiction", "where frames begin"),
    "a fragment longer than the file": (
        lambda: write(header(16, 16), items([jpeg()], end=b"")[:-40], JPEG, "OB", undefined=True), "truncated", ""),
    "no fragment": (lambda: write(header(16, 16), items([]), JPEG, "OB", undefined=True), "truncated", ""),
    "a jpeg cut off in its fragment": (lambda: coded([jpeg()[:200]], JPEG), "", ""),
    "a jpeg 2000 cut off in its fragment": (lambda: coded([j2k()[:150]], J2K), "truncated", ""),
    "no codestream at all": (lambda: coded([bytes(range(256))], JPEG), "corrupt", ""),
    "RLE that cannot be so long": (lambda: coded([b"\1\0\0\0\x40" + bytes(59)], RLE, Rows=9000, Columns=9000),
        "truncated", ""),
    "too few pixels": (lambda: dicom_file(header(16, 16), GREY.tobytes()[:-2]), "truncated", ""),
    "too few frames": (lambda: dicom_file(header(16, 16, NumberOfFrames=2), GREY.tobytes()), "truncated", ""),
    "a million frames": (lambda: dicom_file(header(16, 16, NumberOfFrames=1_000_000), GREY.tobytes()), "truncated", ""),
    "a billion pixels": (lambda: dicom_file(header(60_000, 60_000), GREY.tobytes()), "too_large", ""),
    "no rows": (lambda: dicom_file(header(0, 16), b""), "corrupt", ""),
    "an image without pixels": (lambda: dicom_file(header(16, 16), b"")[:-12], "truncated", ""),
    "no image": (
        lambda: dicom_file(header(16, 16, Rows=None, BitsAllocated=None, BitsStored=None), b"")[:-12], "no_pixels", ""),
    "twelve packed bits": (
        lambda: dicom_file(header(16, 16, BitsAllocated=12), GREY.tobytes() * 2), "unsupported_pixels",
        "12 bits allocated for a value"),
    "a colour space of film": (
        lambda: dicom_file(header(16, 16, PhotometricInterpretation="CMYK", SamplesPerPixel=4), GREY.tobytes() * 4),
        "unsupported_pixels", "CMYK with 4 values for a pixel"),
    "a colour space that is a name": (
        lambda: dicom_file(header(16, 16, PhotometricInterpretation="DOE JOHN"), GREY.tobytes()),
        "unsupported_pixels", "an unknown colour space with 1 values for a pixel"),
    "a palette that is missing": (
        lambda: dicom_file(header(16, 16, PhotometricInterpretation="PALETTE COLOR"), GREY.tobytes()),
        "contradiction", "the palette"),
    "video": (lambda: coded([b"video"], "1.2.840.10008.1.2.4.102"), "unsupported_syntax", "MPEG-4 (H.264) video"),
    "pixels on a server": (lambda: coded([b"x"], "1.2.840.10008.1.2.4.94"), "unsupported_syntax", "JPIP"),
    "a retired process": (lambda: coded([b"x"], "1.2.840.10008.1.2.4.53"), "unsupported_syntax", "retired process"),
    "part 2 of jpeg 2000": (lambda: coded([b"x"], "1.2.840.10008.1.2.4.93"), "unsupported_syntax", "Part 2"),
    "a syntax that nobody knows": (
        lambda: with_syntax(dicom_file(header(16, 16), GREY.tobytes()), "1.2.3.4.DOE"), "unsupported_syntax",
        "an unknown transfer syntax"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_what_lies_is_refused_with_its_cause(name: str) -> None:
    make, code, word = LIES[name]
    if not code:
        with pytest.raises(Exception):  # noqa: B017 - the codec's own complaint; the worker calls the file damaged
            frames(make())
        return
    found = refusal(make())
    assert found.code == code and found.code in TEXTS
    sentence = reason(found.code, **found.detail).sentence
    assert word in sentence and "DOE" not in sentence and "unknown." not in sentence


def test_twelve_bit_colour_names_its_codec() -> None:
    import imagecodecs

    colour = np.dstack([GREY.astype(np.uint16) * 16] * 3)
    frame = bytes(imagecodecs.jpeg8_encode(colour, bitspersample=12))
    facts = {"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL_422", "PlanarConfiguration": 0}
    found = refusal(coded([frame], uid.JPEGExtended12Bit, BitsAllocated=16, BitsStored=12, **facts))
    assert found.detail["codec"] == "12-bit JPEG in colour" and "Extended" in found.detail["syntax"]


@pytest.mark.parametrize("syntax", [J2K, JPEG])
@pytest.mark.parametrize("table", ["right", "none", "lies", "short", "backwards"])
def test_frames_of_several_fragments_are_never_shifted(syntax: str, table: str) -> None:
    """Three frames in seven fragments: the offset table counts only where it can be true."""
    encode = j2k if syntax == J2K else jpeg
    pictures = [np.full((16, 16), value, np.uint8) for value in (10, 120, 250)]
    streams = [encode(picture) for picture in pictures]
    pieces = [streams[0][:40], streams[0][40:], streams[1][:60], streams[1][60:90], streams[1][90:], streams[2]]
    pieces = [piece + b"\0" * (len(piece) % 2 and piece is not pieces[-1]) for piece in pieces]
    if any(len(piece) % 2 for piece in pieces[:-1] if piece not in (pieces[1], pieces[4])):
        pytest.skip("padding would fall inside a codestream")
    starts = [0, sum(len(p) + len(p) % 2 + 8 for p in pieces[:2]), sum(len(p) + len(p) % 2 + 8 for p in pieces[:5])]
    tables = {
        "right": starts, "none": [], "lies": [0, starts[1] + 8, starts[2]], "short": starts[:2],
        "backwards": [0, starts[2], starts[1]],
    }  # fmt: skip
    dataset = header(16, 16, NumberOfFrames=3)
    found = frames(encapsulated(dataset, pieces, syntax, tables[table]))
    assert [meant(frame)[0][0] for frame in found] == [10, 120, 250]


def test_an_extended_offset_table_counts_where_it_can_be_true() -> None:
    streams = [j2k(np.full((16, 16), value, np.uint8)) for value in (10, 120)]
    pieces = [streams[0][:40], streams[0][40:] + b"\0" * (len(streams[0]) % 2), streams[1]]
    second = 16 + len(pieces[0]) + len(pieces[1]) + len(pieces[1]) % 2
    for offsets in ((0, second), (0, second + 2), (second, 0)):
        dataset = header(16, 16, NumberOfFrames=2)
        dataset.ExtendedOffsetTable = struct.pack("<2Q", *offsets)
        dataset.ExtendedOffsetTableLengths = struct.pack("<2Q", len(streams[0]), len(streams[1]))
        found = frames(encapsulated(dataset, pieces, J2K))
        assert [meant(frame)[0][0] for frame in found] == [10, 120]


def test_a_file_that_only_lacks_its_end_is_whole() -> None:
    """The last fragment is complete, the delimiter behind it is missing."""
    data = write(header(16, 16), items([j2k()], end=b""), J2K, "OB", undefined=True)
    assert meant(frames(data)[0]) == GREY.tolist()


def test_more_pixels_than_said_are_passed_over() -> None:
    data = dicom_file(header(16, 16), GREY.tobytes() + bytes(1000))
    assert [meant(frame) for frame in frames(data)] == [GREY.tolist()]


def test_a_header_that_goes_on_behind_its_pixels_is_read() -> None:
    """Elements out of order: pixel data stand before the rows."""
    whole = dicom_file(header(16, 16), GREY.tobytes())
    start = whole.index(b"\x28\x00\x02\x00US")
    pixels = whole.index(b"\xe0\x7f\x10\x00OW")
    turned = whole[:start] + whole[pixels:] + whole[start:pixels]
    assert meant(frames(turned)[0]) == GREY.tolist()


@pytest.mark.parametrize("nesting", [50, 5000])
def test_deep_sequences_end_well(nesting: int) -> None:
    sequence = b"\x40\x00\x60\xa1SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * nesting
    whole = dicom_file(header(16, 16), GREY.tobytes())
    place = whole.index(b"\xe0\x7f\x10\x00OW")
    with pytest.raises(Exception):  # noqa: B017 - pydicom gives up in its own way; the worker calls it damaged
        frames(whole[:place] + sequence + whole[place:])


def bombs(folder: Path) -> dict[str, tuple[bytes, str]]:
    """Small files that claim, or would become, gigabytes; each with the reason it must get."""
    plain = dicom_file(header(64, 64), bytes(4096))
    start = plain.index(b"\x08\x00\x16\x00UI")
    meta = plain[:start].replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x16\x001.2.840.10008.1.2.1.99")
    meta = meta[:140] + struct.pack("<I", struct.unpack_from("<I", meta, 140)[0] + 2) + meta[144:]

    def squeezed(rows: int, columns: int, zeros: int) -> bytes:
        body = dicom_file(header(rows, columns), b"")[start:]
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        parts = [meta, squeeze.compress(body[:-4] + struct.pack("<I", 0xFFFFFFF0))]
        parts += [squeeze.compress(bytes(1 << 20)) for _ in range(zeros)]
        return b"".join((*parts, squeeze.flush()))

    huge = bytearray(j2k())
    place = huge.index(b"\xff\x51") + 6
    huge[place : place + 8] = struct.pack(">2I", 60_000, 60_000)
    length = bytearray(dicom_file(header(64, 64, PatientComments="x" * 40), bytes(4096)))
    place = length.index(b"\x10\x00\x00\x40LT")
    length[place + 4 : place + 12] = b"UT\0\0\xf0\xff\xff\xff"
    return {
        "deflated beyond its header": (squeezed(64, 64, 400), "too_large"),
        "deflated as its header claims": (squeezed(60_000, 60_000, 400), "too_large"),
        "a codestream larger than its header": (coded([bytes(huge)], J2K), "contradiction"),
        "RLE": (coded([b"\1\0\0\0\x40\0\0\0" + bytes(900)], RLE, Rows=14_000, Columns=14_000), "truncated"),
        "many frames": (dicom_file(header(4_000, 4_000, NumberOfFrames=500_000), bytes(4096)), "too_large"),
        "an element of four gigabytes": (bytes(length), "truncated"),
        "a jpeg of 65500": (coded([jpeg()], JPEG, Rows=65_500, Columns=65_500), "too_large"),
    }


@pytest.mark.skipif(os.name == "nt", reason="needs the memory figures of a POSIX child")
def test_bombs_cost_no_memory(tmp_path: Path) -> None:
    """A worker that meets them all, headers and pixels, never holds 300 MB."""
    cases = bombs(tmp_path)
    for headers_only in (False, True):
        paths = {}
        for number, (name, (data, _)) in enumerate(cases.items()):
            paths[name] = tmp_path / f"{number}.dcm"
            paths[name].write_bytes(data)
        settings = json.dumps(asdict(replace(SETTINGS, headers_only=headers_only)))
        requests = "\n".join((settings, *(json.dumps({"path": str(path)}) for path in paths.values()), ""))
        code = (
            "import resource, subprocess, sys\n"
            "done = subprocess.run(sys.argv[1:], input=sys.stdin.buffer.read(), stdout=subprocess.PIPE)\n"
            "sys.stdout.buffer.write(done.stdout)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        run = subprocess.run(
            [sys.executable, "-c", code, *COMMAND], input=requests.encode(), stdout=subprocess.PIPE, check=True
        )
        ready, *answers, peak = run.stdout.splitlines()
        assert json.loads(ready) == {"ready": True}
        kilobytes = int(peak) if sys.platform != "darwin" else int(peak) // 1024
        assert kilobytes < 300 * 1024
        if not headers_only:
            codes = [json.loads(answer)["refused"]["code"] for answer in answers]
            assert dict(zip(cases, codes, strict=True)) == {name: code for name, (_, code) in cases.items()}


def test_a_look_at_the_header_says_what_decoding_would() -> None:
    dataset = header(16, 16, NumberOfFrames=3, SeriesDescription="Localizer")
    data = dicom_file(dataset, GREY.tobytes() * 3)
    count, facts = dicom.scan(io.BytesIO(data), SETTINGS)
    first = frames(data)[0].facts
    assert (count, facts.kind, facts.sop, facts.series) == (3, "localiser", first.sop, first.series)


def test_elements_of_a_dataset_builder_are_what_they_say() -> None:
    assert isinstance(header(1, 1), Dataset) and header(1, 1, Rows=None).get("Rows") is None
