"""Headers read by our own reader equal those that pydicom reads, in whole and in damaged files, to the last blank."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from sslstudio.importers import dicom, dicom_source
from sslstudio.importers.dicom_elements import numbers, texts, value
from sslstudio.importers.dicom_header import Header
from sslstudio.importers.dicom_plain import PlainElements, read_plain
from sslstudio.importers.dicom_syntax import is_ordinary
from sslstudio.importers.reasons import Refused
from tests.fakes import dicom_mutations
from tests.fakes.dicom_files import SETTINGS, dicom_file, header
from tests.fakes.dicom_mutations import Element

KEY = bytes.fromhex(SETTINGS.key)
WORDS = (
    "SOPClassUID", "Modality", "PatientID", "PatientName", "InstitutionName", "StudyDate", "PhotometricInterpretation",
    "ImageType", "SeriesDescription", "StudyInstanceUID", "ConvolutionKernel", "RescaleType", "InstanceNumber",
)  # fmt: skip
FIGURES = (
    "Rows", "BitsStored", "PixelPaddingValue", "WindowCenter", "RescaleIntercept", "InstanceNumber", "EchoTime",
    "ImageOrientationPatient", "ImagePositionPatient", "FloatPixelPaddingValue", "PatientID",
)  # fmt: skip
ALPHABET = (
    *(b"0123456789" * 2), *b"  \0\0\\\\..--+eE^=_,\t\nAZaz", 0x1B, 0xC3, 0xA9, 0xB2, 0xFF,
)  # fmt: skip
CHARACTER_SETS = (
    None, b"", b"ISO_IR 6", b"ISO_IR 100", b"ISO_IR 192", b"ISO_IR 13", b"\\ISO 2022 IR 87", b"ISO_IR 144", b"utf-16",
    b"ISO 2022 IR 6\\ISO 2022 IR 100", b"nonsense", b"ISO_IR 192\0",
)  # fmt: skip


def outcome(data: bytes) -> list[Any]:
    """All that an import takes from a header, by a look at a file and by reading it whole."""
    found: list[Any] = []
    for take in (lambda: dicom.scan(io.BytesIO(data), SETTINGS), lambda: parts(data)):
        try:
            found.append(take())
        except Refused as refused:
            found.append((refused.code, refused.detail))
        except Exception as error:  # what pydicom raises on damage, whoever called it
            found.append(type(error).__name__)
    return found


def parts(data: bytes) -> Any:
    source = dicom_source.open_buffer(data, SETTINGS)
    head, dataset = Header(source.header, KEY), source.header
    told = [(texts(dataset, word), value(dataset, word) is None) for word in WORDS]
    figures = [(numbers(dataset, word), value(dataset, word) is None) for word in FIGURES]
    grey = head.window(0), head.padding(), head.padding(True), head.coding(12, True, 0), head.unit(False)
    return source.syntax, source.pixels, source.size, source.cut, told, figures, grey, dataset.original_encoding


def compare(files: Iterator[bytes], patch: pytest.MonkeyPatch) -> float:
    """Fails where the two readers differ; returns the share of files that are plain."""
    plain = count = 0
    for number, data in enumerate(files):
        count += 1
        plain += read_plain(data, is_ordinary, Dataset) is not None
        ours = outcome(data)
        with patch.context() as without:
            without.setattr(dicom_source, "read_plain", lambda *_: None)
            theirs = outcome(data)
        assert repr(ours) == repr(theirs), f"file {number}"
    return plain / count


def test_damaged_files_are_read_as_pydicom_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0.2 < compare(dicom_mutations.mutations(250, seed=7), monkeypatch) < 0.9


def test_values_are_read_as_pydicom_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compare(odd_values(150), monkeypatch) > 0.5


def odd_values(count: int) -> Iterator[bytes]:
    """Files whose values hold what they should not: blanks, nulls, escapes, letters in numbers, other alphabets."""
    rng = np.random.default_rng(3)
    tags = {0x00080060: b"CS", 0x00080080: b"LO", 0x00100010: b"PN", 0x00100020: b"LO", 0x00180081: b"DS",
            0x00200013: b"IS", 0x00200032: b"DS", 0x00080020: b"DA", 0x00080008: b"CS", 0x0008103E: b"LO",
            0x0020000D: b"UI", 0x00281050: b"DS"}  # fmt: skip
    vrs = (b"US", b"FD", b"FL", b"SL", b"LT", b"UN", b"AE", b"SH", b"PN", b"IS", b"DS", b"UI")
    dataset, grey = header(4, 4, BitsAllocated=16, PixelPaddingValue=3), bytes(32)
    files = [dicom_file(dataset, grey, uid.ExplicitVRLittleEndian), dicom_file(dataset, grey, uid.JPEGLosslessSV1)]
    implicit = uid.ImplicitVRLittleEndian.encode() + b"\0"
    for number in range(count):
        rest = files[number % 2]
        added: dict[int, Element] = {}
        character_set = CHARACTER_SETS[number % len(CHARACTER_SETS)]
        if character_set is not None:
            added[0x00080005] = element(0x00080005, b"CS", character_set)
        for tag, vr in tags.items():
            text = bytes(rng.choice(ALPHABET, int(rng.integers(0, 13))).astype(np.uint8))
            if rng.integers(0, 2) and vr in (b"DS", b"IS"):
                text = b"\\".join(b"%d" % rng.integers(-9, 999) for _ in range(int(rng.integers(1, 7))))
            kind = vrs[int(rng.integers(0, len(vrs)))] if rng.integers(0, 8) == 0 else vr
            added[tag] = element(tag, kind, text)
        known = {part.tag: part for part in dicom_mutations.elements(rest)} | added
        if number % 4 == 0:
            known[0x00020010] = element(0x00020010, b"UI", implicit)
        bare = number % 4 == 0
        parts = (unsaid(known[tag]) if bare and tag > 0x0002FFFF else known[tag].bytes() for tag in sorted(known))
        yield rest[:132] + b"".join(parts)


def unsaid(one: Element) -> bytes:
    """An element as it stands where the file does not say its representation."""
    return struct.pack("<HHI", one.tag >> 16, one.tag & 0xFFFF, one.stated) + one.value


def element(tag: int, vr: bytes, content: bytes) -> Element:
    return Element(tag, vr, content, len(content))


def test_a_sequence_without_a_length_is_stepped_over() -> None:
    data = dicom_file(header(4, 4), bytes(16))
    item = b"\xfe\xff\x00\xe0" + struct.pack("<I", 0xFFFFFFFF)
    inner = element(0x00080100, b"SH", b"ab").bytes() + b"\xfe\xff\x0d\xe0\0\0\0\0"
    nested = Element(0x00081140, b"SQ", item + inner + b"\xfe\xff\xdd\xe0\0\0\0\0", 0xFFFFFFFF)
    known = {part.tag: part for part in dicom_mutations.elements(data)} | {nested.tag: nested}
    plain = read_plain(
        data[:132] + b"".join(known[tag].bytes() for tag in sorted(known)), is_ordinary, lambda: Dataset()
    )
    assert plain is not None
    assert 0x00081140 in plain.elements
    assert numbers(plain.elements, "Rows") == [4.0]


def test_a_start_without_the_pixels_is_not_enough() -> None:
    data = dicom_file(header(4, 4), bytes(16))
    assert read_plain(data, is_ordinary, Dataset) is not None
    assert all(read_plain(data[:end], is_ordinary, Dataset) is None for end in range(0, len(data) - 30, 7))


def test_what_is_not_plain_is_asked_of_pydicom() -> None:
    dataset = header(4, 4, PatientID="Иванов", SpecificCharacterSet="ISO_IR 144")
    source = dicom_source.open_buffer(dicom_file(dataset, bytes(16)), SETTINGS)
    assert isinstance(source.header, PlainElements)
    assert source.header.texts(0x00100020) is None
    assert texts(source.header, "PatientID") == ["Иванов"]
    assert numbers(source.header, "Rows") == [4.0]


def test_real_files_are_read_as_pydicom_reads_them(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [path for path in sorted((shared_data / "dicom").rglob("*")) if path.is_file()][::25]
    small = (path.read_bytes() for path in files if path.stat().st_size < 5 << 20)
    assert compare(small, monkeypatch) > 0.7
