"""Where scored images come from, as far as a result that goes back to the archive must say it: identity and references.

Apart because here alone a prediction reads who a patient is. What is read goes into DICOM results and nowhere else.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID, generate_uid

from sslstudio.importers import containers
from sslstudio.importers.reasons import Refused
from sslstudio.pacs import quiet
from sslstudio.pacs.files import is_dicom

_PATIENT = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")
_STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName")
_IF_KNOWN = ("IssuerOfPatientID", "StudyDescription", "PatientAge", "PatientSize", "PatientWeight")
_IMAGE = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "NumberOfFrames")
_SYNTAX = {
    "PatientBirthDate": r"\d{8}",
    "StudyDate": r"\d{8}",
    "StudyTime": r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?",
    "PatientSex": r"[MFO]",
}


@dataclass(frozen=True)
class Reference:
    """One image: its UIDs, and the numbers of the frames that were scored, from 1 (none: it has but one)."""

    sop_class: str
    sop: str
    series: str
    frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class Origin:
    """A study as its archive knows it: patient and study in `identity`, and the images scored."""

    identity: Dataset
    images: tuple[Reference, ...]

    @property
    def study(self) -> str:
        """The study instance UID."""
        return str(self.identity.StudyInstanceUID)

    def uid(self, *parts: str) -> str:
        """A UID for something made from these images: the same for the same parts and images."""
        known = [f"{one.sop} {one.frames}" for one in self.images]
        return str(generate_uid(entropy_srcs=[self.study, *parts, *known]))

    def evidence(self) -> list[Dataset]:
        """A data set for each image, without the patient; see `fill_in`."""
        found = []
        for one in self.images:
            image = Dataset()
            for keyword in (*_PATIENT, *_STUDY):
                setattr(image, keyword, None)
            image.StudyInstanceUID, image.SeriesInstanceUID = self.study, one.series
            image.SOPClassUID, image.SOPInstanceUID = UID(one.sop_class), UID(one.sop)
            found.append(image)
        return found

    def fill_in(self, result: Dataset) -> None:
        """Give a result the patient and the study it belongs to."""
        result.SpecificCharacterSet = "ISO_IR 192"
        for element in self.identity:
            result[element.tag] = element


def read(places: Sequence[tuple[str, int]], check: Callable[[], None] = lambda: None) -> Origin | None:
    """The study that files (path, frame from 0) belong to; None unless all of them are images of one DICOM study whose
    identifiers are valid."""
    frames: dict[str, list[int]] = {}
    for path, frame in places:
        frames.setdefault(path, []).append(frame)
    identity: Dataset | None = None
    images: dict[str, Reference] = {}
    end_quiet = quiet.while_open(_Reading(), "pydicom")
    try:
        with containers.Reader() as reader, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for path, which in frames.items():
                check()
                header = _header(reader, path)
                if header is None or (identity is not None and identity.StudyInstanceUID != header.StudyInstanceUID):
                    return None
                identity = _identity(header) if identity is None else identity
                several = _number(header) > 1
                one = Reference(
                    str(header.SOPClassUID), str(header.SOPInstanceUID), str(header.SeriesInstanceUID),
                    tuple(frame + 1 for frame in which) if several else (),
                )  # fmt: skip
                images.setdefault(one.sop, one)
    finally:
        end_quiet()
    return None if identity is None else Origin(identity, tuple(images.values()))


class _Reading:
    """Whoever wants the library quiet."""


def _header(reader: containers.Reader, path: str) -> Dataset | None:
    """The elements wanted of a file; None when it is no DICOM image or lacks what names it."""
    try:
        with reader.opened(path) as stream:
            return _elements(stream)
    except (OSError, Refused):
        return None


def _elements(stream: BinaryIO) -> Dataset | None:
    head = stream.read(512)
    if not is_dicom(head):
        return None
    try:
        stream.seek(0)
        wanted: list[Any] = [*_PATIENT, *_STUDY, *_IF_KNOWN, *_IMAGE, "SpecificCharacterSet"]
        found = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=wanted, force=True)
        uids = [str(found.get(name, "")) for name in ("StudyInstanceUID", *_IMAGE[:3])]
    except Exception:  # a stranger's bytes: pydicom may fail in any way, and its words may name a patient
        return None
    return found if all(UID(one).is_valid for one in uids) else None


def _identity(header: Dataset) -> Dataset:
    """Patient and study as texts in Unicode; what breaks the rules of its kind is left blank."""
    found = Dataset()
    for keyword in (*_PATIENT, *_STUDY, *_IF_KNOWN):
        text = _text(header, keyword)
        if keyword in _SYNTAX and not re.fullmatch(_SYNTAX[keyword], text):
            text = ""
        if text or keyword not in _IF_KNOWN:
            setattr(found, keyword, text)
    return found


def _text(header: Dataset, keyword: str) -> str:
    try:
        value = header.get(keyword)
        return "" if value is None else str(value).strip()
    except Exception:  # as above
        return ""


def _number(header: Dataset) -> int:
    try:
        return int(header.get("NumberOfFrames") or 1)
    except Exception:  # as above
        return 1
