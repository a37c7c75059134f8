"""Builders of DICOM files from raw bytes and header values, so that a test says itself what stands where."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any

import pydicom
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items

from sslstudio.importers import dicom
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings

SETTINGS = DecodeSettings(key="5a" * 32)
SECONDARY = "1.2.840.10008.5.1.4.1.1.7"


def header(rows: int, columns: int, **elements: Any) -> Dataset:
    """The header of a grey 8-bit image, changed by `elements`; None removes one."""
    dataset = Dataset()
    values: dict[str, Any] = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "SOPInstanceUID": "2.25.1",
        "StudyInstanceUID": "2.25.2",
        "SeriesInstanceUID": "2.25.3",
        "Modality": "CT",
        "PatientID": "P1",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 8,
        "PixelRepresentation": 0,
    }
    values.update(elements)
    bits = values.get("BitsAllocated")
    values.setdefault("BitsStored", bits)
    if values["BitsStored"]:
        values.setdefault("HighBit", values["BitsStored"] - 1)
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, Items(value) if isinstance(value, list) and _are_items(value) else value)
    return dataset


def _are_items(value: list[Any]) -> bool:
    return bool(value) and isinstance(value[0], Dataset)


def dicom_file(dataset: Dataset, pixels: bytes, syntax: str = uid.ExplicitVRLittleEndian, vr: str = "OW") -> bytes:
    """A whole file with uncompressed `pixels` (as they are to stand in the file)."""
    return write(dataset, pixels + b"\0" * (len(pixels) % 2), syntax, vr)


def encapsulated(dataset: Dataset, fragments: Sequence[bytes], syntax: str, table: Sequence[int] = ()) -> bytes:
    """A whole file whose pixels stand in `fragments` behind the offset `table`."""
    return write(dataset, items(fragments, table), syntax, "OB", undefined=True)


def items(fragments: Sequence[bytes], table: Sequence[int] = (), end: bytes = b"\xfe\xff\xdd\xe0\0\0\0\0") -> bytes:
    """The value of pixel data in fragments, its delimiter included."""
    parts = [struct.pack(f"<{len(table)}I", *table), *(part + b"\0" * (len(part) % 2) for part in fragments)]
    return b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(part)) + part for part in parts) + end


def write(
    dataset: Dataset, value: bytes, syntax: str, vr: str, *, undefined: bool = False, float_tag: int = 0
) -> bytes:
    """The file with pixel data element and value written by hand, so that it may also be wrong."""
    dataset = Dataset(dataset)
    known = uid.UID(syntax).is_transfer_syntax
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.UID(syntax if known else uid.ExplicitVRLittleEndian)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", SECONDARY)
    dataset.file_meta.MediaStorageSOPInstanceUID = "2.25.1"
    implicit, little = syntax == uid.ImplicitVRLittleEndian, syntax != uid.ExplicitVRBigEndian
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    made = stream.getvalue() if known else with_syntax(stream.getvalue(), syntax)
    order = "<" if little else ">"
    head = struct.pack(f"{order}HH", 0x7FE0, float_tag or 0x0010)
    length = struct.pack(f"{order}I", 0xFFFFFFFF if undefined else len(value))
    head += length if implicit else vr.encode() + b"\0\0" + length
    return made + head + value


def with_syntax(made: bytes, syntax: str) -> bytes:
    """An explicit little-endian file that says it has another syntax, known to anyone or not."""
    old, new = b"UI\x14\x00" + uid.ExplicitVRLittleEndian.encode() + b"\0", syntax.encode()
    new += b"\0" * (len(new) % 2)
    (length,) = struct.unpack_from("<I", made, 140)
    length += len(new) + 4 - len(old)
    made = made[:140] + struct.pack("<I", length) + made[144:]
    return made.replace(old, b"UI" + struct.pack("<H", len(new)) + new, 1)


def frames(data: bytes, settings: DecodeSettings = SETTINGS) -> list[DecodedFrame]:
    """All frames of a file."""
    return list(dicom.decode(data, settings))


def meant(frame: DecodedFrame) -> list[Any]:
    """The values of a grey frame in the unit of the source, row by row."""
    values: list[Any] = (frame.stored[:, :, 0] * frame.facts.slope + frame.facts.intercept).tolist()
    return values
