"""What a file is, judged by its first bytes; the extension is never believed."""

from __future__ import annotations

import struct
from typing import Literal, get_args

RasterKind = Literal["png", "jpeg", "jp2", "tiff", "bmp", "webp", "gif"]
Kind = Literal[RasterKind, "nifti", "dicom", "dicom_bare", "gzip", "analyze", "text", "empty", "foreign", "unknown"]

IMAGE_KINDS: frozenset[Kind] = frozenset((*get_args(RasterKind), "nifti", "dicom", "dicom_bare"))
_EXTENSIONS = """
    .png .jpg .jpeg .jpe .jfif .ljpg .jls .jp2 .j2k .j2c .jpc .jpx .jpf .jph .tif .tiff .svs .bmp .dib .webp .gif
    .apng .nii .hdr .dcm .dicom .ima"""
IMAGE_EXTENSIONS = frozenset(_EXTENSIONS.split())
HEAD_BYTES = 512
"""How many bytes from the start of a file `sniff` wants to see."""

_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"\x1f\x8b", "GZIP"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"BZh", "BZIP2"),
    (b"\xfd7zXZ\x00", "XZ"),
    (b"8BPS", "Photoshop"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"MZ", "Windows program"),
    (b"\x7fELF", "program"),
    (b"NRRD0", "NRRD"),
    (b"\x93NUMPY", "NumPy"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"CDF\x01", "MINC"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
)
_BOXES = {b"ftypavif": "AVIF", b"ftypheic": "HEIC", b"ftypmif1": "HEIC", b"ftypmp4": "MP4", b"ftypisom": "MP4"}
ARCHIVES = frozenset({"ZIP", "GZIP", "7z", "RAR", "BZIP2", "XZ", "Zstandard", "tar"})
CONVERTIBLE = frozenset({"NRRD", "Photoshop", "MINC", "JPEG XL", "AVIF", "HEIC", "MP4"})
"""Formats that hold images and are not read."""

_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)


def sniff(head: bytes) -> Kind:
    """The kind of a file whose first `HEAD_BYTES` bytes are `head`."""
    if not head:
        return "empty"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[128:132] == b"DICM":
        return "dicom"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if _is_bmp(head):
        return "bmp"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith((b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")):
        return "jp2"
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if volume := _volume(head):
        return volume
    if foreign_name(head):
        return "foreign"
    if _is_bare_dicom(head):
        return "dicom_bare"
    return "text" if _is_text(head) else "unknown"


def foreign_name(head: bytes) -> str:
    """The name of a known format that is not imported, or ""."""
    if head[257:262] == b"ustar":
        return "tar"
    for start, name in _BOXES.items():
        if head[4:12].startswith(start):
            return name
    return next((name for magic, name in _FOREIGN if head.startswith(magic)), "")


def _volume(head: bytes) -> Kind | None:
    """NIfTI by its magic, Analyze 7.5 by the size and the dimensions that its header begins with."""
    if head[344:348] in (b"n+1\0", b"ni1\0") or head[4:12] in (b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n"):
        return "nifti"
    for order in "<>":
        if len(head) >= 348 and struct.unpack_from(f"{order}i", head)[0] == 348:
            return "analyze" if 1 <= struct.unpack_from(f"{order}h", head, 40)[0] <= 7 else None
    return None


def _is_bmp(head: bytes) -> bool:
    if len(head) < 26 or head[:2] != b"BM":
        return False
    start, header = struct.unpack_from("<II", head, 10)
    return header in (12, 40, 52, 56, 64, 108, 124) and start >= 14 + header


def _is_bare_dicom(head: bytes) -> bool:
    """A data set without preamble: its first element is a plausible one of group 2 or 8 (PS3.5 7.1)."""
    if len(head) < 16:
        return False
    for order in "<>":
        group, element = struct.unpack_from(f"{order}HH", head)
        if group not in (0x0002, 0x0008) or element > 0x0100:
            continue
        if head[4:6] in _VRS:
            return True
        (length,) = struct.unpack_from(f"{order}I", head, 4)
        if order == "<" and length % 2 == 0 and length <= 1024 and (element != 0 or length == 4):
            return True
    return False


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return True
    allowed = set(b"\t\n\r\f\x1b") | set(range(0x20, 0x7F)) | set(range(0x80, 0x100))
    if not all(byte in allowed for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:  # a character cut at the end of the head is fine; old code pages too if rare
        return error.start >= len(head) - 4 or sum(byte >= 0x80 for byte in head) < len(head) // 10
    return True
