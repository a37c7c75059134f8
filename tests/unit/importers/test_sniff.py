"""Files are judged by their first bytes; text is never taken for DICOM, nor DICOM for text."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.importers.sniff import HEAD_BYTES, sniff
from tests.fakes.image_files import gradient, png_bytes


@pytest.mark.parametrize(
    "head, kind",
    [
        (b"", "empty"),
        (png_bytes(gradient()), "png"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "jpeg"),
        (b"II*\0" + bytes(20), "tiff"),
        (b"MM\0*" + bytes(20), "tiff"),
        (b"II+\0" + bytes(20), "tiff"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
        (b"BM" + struct.pack("<IHHIIii", 100, 0, 0, 54, 40, 4, 4) + bytes(20), "bmp"),
        (b"BMW and other cars, a list of many things", "text"),
        (bytes(128) + b"DICM" + bytes(60), "dicom"),
        (b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100\x08\x00\x08\x00", "dicom_bare"),
        (b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 100", "dicom_bare"),
        (b"\x02\x00\x00\x00UL\x04\x00\xa0\x00\x00\x00" + bytes(20), "dicom_bare"),
        (b"\x00\x08\x00\x05CS\x00\x0aISO_IR 100", "dicom_bare"),
        (b"GIF89a" + bytes(20), "gif"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(20), "jp2"),
        (b"\xff\x4f\xff\x51" + bytes(20), "jp2"),
        (b"\x5c\x01\0\0" + bytes(340) + b"n+1\0" + bytes(20), "nifti"),
        (b"\0\0\x01\x5c" + bytes(340) + b"ni1\0" + bytes(20), "nifti"),
        (b"\x1c\x02\0\0n+2\0\r\n\x1a\n" + bytes(500), "nifti"),
        (b"\x5c\x01\0\0" + bytes(36) + b"\4\0" + bytes(310), "analyze"),
        (b"\x1f\x8b\x08" + bytes(20), "gzip"),
        (b"PK\x03\x04" + bytes(60), "foreign"),
        (bytes(257) + b"ustar" + bytes(60), "foreign"),
        (b"%PDF-1.4", "foreign"),
        ("Größe;Gewicht\n".encode(), "text"),
        ("Größe;Gewicht of a patient, and more text\n".encode("latin-1"), "text"),
        ("héllo".encode("utf-16"), "text"),
        (b"\x00\x01\x02\x03" * 8, "unknown"),
    ],
)
def test_kinds(head: bytes, kind: str) -> None:
    assert sniff(head[:HEAD_BYTES]) == kind


@given(st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs", "Cc"]), min_size=1).map(str.encode))
def test_text_is_never_dicom(head: bytes) -> None:
    assert sniff(head[:HEAD_BYTES]) not in ("dicom", "dicom_bare") or head[128:132] == b"DICM"


@given(st.binary(max_size=HEAD_BYTES))
def test_any_bytes_have_a_kind(head: bytes) -> None:
    assert sniff(head)


@given(st.binary(min_size=0, max_size=380))
def test_a_preamble_is_always_dicom(rest: bytes) -> None:
    assert sniff(bytes(128) + b"DICM" + rest) == "dicom"
