"""Writes one complete, valid DICOM image from given pixels and header values; serves the demo and the tests."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STORAGE = {
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "OT": "1.2.840.10008.5.1.4.1.1.7",
}
_NAMESPACE = uuid.UUID("5d1f9d0e-7e0c-4b53-9a8e-2c1f5f0c7a11")


def stable_uid(*parts: object) -> str:
    """A valid UID below 2.25 (PS3.5 B.2), always the same for the same parts."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(str(part) for part in parts)).int}"


@dataclass(frozen=True)
class DicomHeader:
    """What the header of one written image says; `extra` sets any further keyword, or removes it with None.

    `window` is (centre, width) in modality units; no window is written without it.
    """

    patient_id: str = "DEMO-000"
    patient_name: str = "Demo^Patient 000"
    issuer: str = ""
    sex: str = "O"
    birth_date: str = "19700101"
    study: str = "1"
    series: str = "1"
    instance: int = 1
    date: str = "20200101"
    time: str = "080000"
    study_description: str = "SSL Studio synthetic study"
    modality: str = "CR"
    body_part: str = "CHEST"
    view: str = "PA"
    manufacturer: str = "Demo Imaging"
    model: str = "Model 1"
    photometric: str = "MONOCHROME2"
    bits_stored: int = 0
    slope: float | None = None
    intercept: float | None = None
    window: tuple[float, float] | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def write_image(path: Path, pixels: NDArray[Any], header: DicomHeader | None = None) -> Path:
    """Write `pixels` as an uncompressed, little-endian DICOM file that pydicom's format check accepts.

    `pixels` is (H, W), or (H, W, 3) uint8 for RGB, of (u)int8 or (u)int16. UIDs follow from patient, study, series
    and instance. Returns `path`.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    header = header or DicomHeader()
    dataset = Dataset()
    _identify(dataset, header)
    _describe_pixels(dataset, pixels, header)
    for keyword, value in header.extra.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.ImplementationClassUID = UID(stable_uid("SSL Studio"))
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _identify(dataset: Any, header: DicomHeader) -> None:
    study = (header.issuer, header.patient_id, header.study)
    series = (*study, header.series)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.SOPClassUID = _STORAGE.get(header.modality, _STORAGE["OT"])
    dataset.SOPInstanceUID = stable_uid("instance", *series, header.instance)
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = header.date
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = header.time
    dataset.AccessionNumber = ""
    dataset.Modality = header.modality
    dataset.Manufacturer = header.manufacturer
    dataset.ManufacturerModelName = header.model
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = header.study_description
    dataset.PatientName = header.patient_name
    dataset.PatientID = header.patient_id
    if header.issuer:
        dataset.IssuerOfPatientID = header.issuer
    dataset.PatientBirthDate = header.birth_date
    dataset.PatientSex = header.sex
    dataset.BodyPartExamined = header.body_part
    if header.modality in ("CR", "DX"):
        dataset.ViewPosition = header.view
        dataset.PatientOrientation = ["L", "F"]
    dataset.StudyInstanceUID = stable_uid("study", *study)
    dataset.SeriesInstanceUID = stable_uid("series", *series)
    dataset.StudyID = header.study
    dataset.SeriesNumber = header.series if header.series.isdigit() else "1"
    dataset.InstanceNumber = header.instance
    dataset.BurnedInAnnotation = "NO"


def _describe_pixels(dataset: Any, pixels: NDArray[Any], header: DicomHeader) -> None:
    bits = pixels.dtype.itemsize * 8
    dataset.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    dataset.PhotometricInterpretation = header.photometric if pixels.ndim == 2 else "RGB"
    if pixels.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.BitsAllocated = bits
    dataset.BitsStored = header.bits_stored or bits
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(np.issubdtype(pixels.dtype, np.signedinteger))
    if header.window is not None:
        dataset.WindowCenter, dataset.WindowWidth = (f"{value:.10g}" for value in header.window)
    if header.slope is not None or header.intercept is not None:
        dataset.RescaleIntercept = f"{header.intercept or 0.0:.10g}"
        dataset.RescaleSlope = f"{1.0 if header.slope is None else header.slope:.10g}"
        dataset.RescaleType = "HU" if header.modality == "CT" else "US"
    data = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
