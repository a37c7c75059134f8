"""What an import may know of a DICOM header: allow-listed facts, identities only as keyed pseudonyms.

Nothing else of a header leaves the decode worker. Values of a frame are looked for in its own functional group, then in
the shared one, then in the data set itself (PS3.3 C.7.6.16).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableSequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from sslstudio.importers.decoding import FrameFacts
from sslstudio.importers.dicom_values import Coding, FileWindow
from sslstudio.importers.identity import patient_value, pseudonym

_FUNCTIONS = {"LINEAR": "LINEAR", "LINEAR_EXACT": "LINEAR_EXACT", "SIGMOID": "SIGMOID"}


def text(dataset: Dataset, keyword: str, limit: int = 64) -> str:
    """A text value in one line, at most `limit` characters; "" when it is absent or cannot be read."""
    value = _value(dataset, keyword)
    if value is None:
        return ""
    if isinstance(value, MutableSequence):
        value = value[0] if len(value) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())[:limit]


def code(dataset: Dataset, keyword: str) -> str:
    """A coded word (PS3.5 CS): upper case letters, digits, blank, underscore; "" otherwise."""
    value = text(dataset, keyword, 16).upper()
    return value if re.fullmatch(r"[A-Z0-9_ ]*", value) else ""


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """All finite numbers of an element; [] when it is absent or not numeric."""
    value = _value(dataset, keyword)
    if value is None or value == "":
        return []
    try:
        values = [float(v) for v in (value if isinstance(value, MutableSequence) else [value])]
    except (TypeError, ValueError):
        return []
    return values if all(np.isfinite(values)) else []


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first number of an element, or None."""
    return next(iter(numbers(dataset, keyword)), None)


def _value(dataset: Dataset, keyword: str) -> Any:
    try:
        return getattr(dataset, keyword, None)
    except Exception:  # an invalid element counts as absent; its text is never passed on
        return None


class Header:
    """The header of one file, read once; `frame_facts` gives what is known of each frame."""

    def __init__(self, dataset: Dataset, key: bytes) -> None:
        self.dataset = dataset
        self.modality = code(dataset, "Modality")
        self._key = key
        self._shared = self._group("SharedFunctionalGroupsSequence", 0)
        study = text(dataset, "StudyInstanceUID")
        patient = patient_value(text(dataset, "IssuerOfPatientID"), text(dataset, "PatientID"))
        laterality = code(dataset, "ImageLaterality") or code(dataset, "Laterality")
        instance = number(dataset, "InstanceNumber")
        maker, model = text(dataset, "Manufacturer"), text(dataset, "ManufacturerModelName")
        self._subject = pseudonym(key, "subject", patient) if patient else ""
        self._study = pseudonym(key, "study", study) if study else ""
        self._laterality = laterality if laterality in ("L", "R", "B", "U") else ""
        self._instance = None if instance is None else int(instance)
        self._scanner = f"{maker} {model}".strip()

    def coding(self, bits: int, signed: bool, frame: int) -> Coding:
        """How the raw numbers of `frame` are meant."""
        inverted = text(self.dataset, "PhotometricInterpretation").upper() == "MONOCHROME1"
        group = self._in_frame("PixelValueTransformationSequence", frame) or self.dataset
        slope, intercept = number(group, "RescaleSlope"), number(group, "RescaleIntercept")
        return Coding(bits, signed, 1.0 if slope is None else slope, intercept or 0.0, inverted)

    def window(self, frame: int) -> FileWindow | None:
        """The first window of `frame`, or the range that its VOI look-up table spreads out."""
        group = self._in_frame("FrameVOILUTSequence", frame) or self.dataset
        centre, width = number(group, "WindowCenter"), number(group, "WindowWidth")
        if centre is not None and width is not None:
            function = _FUNCTIONS.get(text(group, "VOILUTFunction").upper(), "LINEAR")
            return FileWindow(centre, width, function)  # type: ignore[arg-type]  # one of the three names
        return _table_window(group)

    def padding(self) -> tuple[float, float] | None:
        """The inclusive range of raw values that mean "no data" (PS3.3 C.7.5.1.1.2), or None."""
        value, limit = number(self.dataset, "PixelPaddingValue"), number(self.dataset, "PixelPaddingRangeLimit")
        if value is None:
            return None
        limit = value if limit is None else limit
        return min(value, limit), max(value, limit)

    def frame_facts(self, frame: int) -> FrameFacts:
        """Identity, kind and place of `frame`; grey scale is filled in by the decoder."""
        dataset = self.dataset
        orientation, position = self._plane(frame)
        rows, columns = number(dataset, "Rows"), number(dataset, "Columns")
        series = text(dataset, "SeriesInstanceUID")
        if series:
            shape = f"{rows}x{columns}"
            directions = ",".join(f"{round(value, 2) + 0.0:g}" for value in orientation)
            series = pseudonym(self._key, "series", f"{series}\x1e{directions}\x1e{shape}")
        view = code(dataset, "ViewPosition")
        return FrameFacts(
            subject=self._subject,
            study=self._study,
            series=series,
            modality=self.modality,
            body_part=code(dataset, "BodyPartExamined"),
            laterality=self._laterality,
            view=view,
            scanner=self._scanner,
            instance_number=self._instance,
            slice_position=position,
        )

    def _plane(self, frame: int) -> tuple[list[float], float | None]:
        """Orientation (6 direction cosines, or []) and the position along the slice normal in mm (PS3.3 C.7.6.2)."""
        directions = numbers(
            self._in_frame("PlaneOrientationSequence", frame) or self.dataset, "ImageOrientationPatient"
        )
        corner = numbers(self._in_frame("PlanePositionSequence", frame) or self.dataset, "ImagePositionPatient")
        if len(directions) != 6:
            return [], number(self.dataset, "SliceLocation")
        if len(corner) != 3:
            return directions, number(self.dataset, "SliceLocation")
        normal = np.cross(directions[:3], directions[3:])
        return directions, float(np.dot(normal, corner))

    def _in_frame(self, keyword: str, frame: int) -> Dataset | None:
        for group in (self._group("PerFrameFunctionalGroupsSequence", frame), self._shared):
            items = _value(group, keyword) if group is not None else None
            if items:
                return items[0]  # type: ignore[no-any-return]
        return None

    def _group(self, keyword: str, index: int) -> Dataset | None:
        items = _value(self.dataset, keyword)
        try:
            return items[index] if items is not None and index < len(items) else None
        except Exception:  # a damaged sequence counts as absent
            return None


def _table_window(group: Dataset) -> FileWindow | None:
    """The part of the input range over which a VOI look-up table (PS3.3 C.11.2) rises or falls."""
    tables = _value(group, "VOILUTSequence")
    if not tables:
        return None
    descriptor = numbers(tables[0], "LUTDescriptor")
    entries = np.fromiter(_entries(tables[0]), np.float64)
    if len(descriptor) != 3 or entries.size < 2 or entries.min() == entries.max():
        return None
    changing = np.flatnonzero(np.diff(entries))
    first, last = descriptor[1] + float(changing[0]), descriptor[1] + float(changing[-1]) + 1
    return FileWindow((first + last) / 2, last - first, "LINEAR_EXACT")


def _entries(table: Dataset) -> Iterator[float]:
    data = _value(table, "LUTData")
    if isinstance(data, bytes):
        yield from np.frombuffer(data[: len(data) // 2 * 2], "<u2").astype(np.float64)
    elif data is not None and hasattr(data, "__len__"):
        yield from numbers(table, "LUTData")
