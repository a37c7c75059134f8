"""What an import may know of a DICOM header: allow-listed facts, identities only as keyed pseudonyms.

Nothing else of a header leaves the decode worker. Values of a frame are looked for in its own functional group, then in
the shared one, then in the data set itself (PS3.3 C.7.6.16).
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from sslstudio.importers import dicom_facts
from sslstudio.importers.decoding import FrameFacts
from sslstudio.importers.dicom_elements import Elements, code, items, number, numbers, text, value
from sslstudio.importers.dicom_tables import voi_range
from sslstudio.importers.dicom_values import Coding, FileWindow
from sslstudio.importers.directions import DIRECTIONS, letters
from sslstudio.importers.identity import patient_value, pseudonym
from sslstudio.importers.windowing import WindowFunction

_FUNCTIONS: dict[str, WindowFunction] = {"LINEAR_EXACT": "LINEAR_EXACT", "SIGMOID": "SIGMOID"}


class Header:
    """The header of one file, read once; `frame_facts` gives what is known of each frame."""

    def __init__(self, dataset: Elements, key: bytes) -> None:
        self.dataset = dataset
        self.modality = code(dataset, "Modality")
        self._key = key
        self._common: dict[str, str] | None = None
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
        instance_uid, institution = text(dataset, "SOPInstanceUID"), text(dataset, "InstitutionName").casefold()
        self._sop = pseudonym(key, "instance", instance_uid) if instance_uid else ""
        self._site = pseudonym(key, "site", institution) if institution else ""
        self._day = dicom_facts.day(dataset, key)
        self._kind = dicom_facts.image_kind(dataset)

    def coding(self, bits: int, signed: bool, frame: int) -> Coding:
        """How the raw numbers of `frame` are meant."""
        inverted = text(self.dataset, "PhotometricInterpretation").upper() == "MONOCHROME1"
        group = self._in_frame("PixelValueTransformationSequence", frame) or self.dataset
        slope, intercept = number(group, "RescaleSlope"), number(group, "RescaleIntercept")
        return Coding(bits, signed, 1.0 if slope is None else slope, intercept or 0.0, inverted)

    def window(self, frame: int, little: bool = True) -> FileWindow | None:
        """The first window of `frame`, or the range that its VOI look-up table spreads out."""
        group = self._in_frame("FrameVOILUTSequence", frame) or self.dataset
        centre, width = number(group, "WindowCenter"), number(group, "WindowWidth")
        if centre is not None and width is not None:
            function = _FUNCTIONS.get(text(group, "VOILUTFunction").upper(), "LINEAR")
            return FileWindow(centre, width, function)
        spread = voi_range(group, little=little)
        return None if spread is None else FileWindow(sum(spread) / 2, spread[1] - spread[0], "LINEAR_EXACT")

    def padding(self, floating: bool = False) -> list[float]:
        """The raw value that means "no data", and the other end of a range of such values (PS3.3 C.7.5.1.1.2)."""
        start = "FloatPixelPadding" if floating else "PixelPadding"
        first, last = number(self.dataset, f"{start}Value"), number(self.dataset, f"{start}RangeLimit")
        if floating and first is None:
            first, last = (number(self.dataset, f"Double{start}{end}") for end in ("Value", "RangeLimit"))
        return [figure for figure in (first, last) if figure is not None] if first is not None else []

    def frame_facts(self, frame: int) -> FrameFacts:
        """Identity, kind and place of `frame`; grey scale is filled in by the decoder."""
        dataset = self.dataset
        orientation, position = self._plane(frame)
        height, width = number(dataset, "Rows"), number(dataset, "Columns")
        series, source = text(dataset, "SeriesInstanceUID"), ""
        if series:
            source = pseudonym(self._key, "source_series", series)
            shape = f"{height}x{width}"
            directions = ",".join(f"{round(value, 2) + 0.0:g}" for value in orientation)
            series = pseudonym(self._key, "series", f"{series}\x1e{directions}\x1e{shape}")
        columns = dict(self._acquisition(frame))
        if name := dicom_facts.plane(orientation):
            columns["plane"] = name
        if told := letters(orientation[:3], orientation[3:]) if orientation else "":
            columns[DIRECTIONS] = told
        row_spacing, column_spacing = dicom_facts.spacing(dataset, self._in_frame("PixelMeasuresSequence", frame))
        return FrameFacts(
            subject=self._subject,
            study=self._study,
            series=series,
            modality=self.modality,
            body_part=code(dataset, "BodyPartExamined"),
            laterality=self._laterality,
            view=code(dataset, "ViewPosition"),
            scanner=self._scanner,
            instance_number=self._instance,
            slice_position=position,
            sop=self._sop,
            source_series=source,
            kind=self._kind,
            site=self._site,
            day=self._day,
            phase=dicom_facts.phase(dataset, self._in_frame("FrameContentSequence", frame)),
            row_spacing=row_spacing,
            column_spacing=column_spacing,
            columns=columns,
        )

    def unit(self, has_table: bool) -> str:
        """ "HU" for CT whose rescale or modality table says so, "" otherwise (PS3.3 C.11.1.1.2)."""
        dataset = self.dataset
        if self.modality != "CT" or self._kind in ("localiser", "secondary_capture"):
            return ""
        if has_table:
            tables = items(dataset, "ModalityLUTSequence")
            return "HU" if tables and text(tables[0], "ModalityLUTType") == "HU" else ""
        group = self._in_frame("PixelValueTransformationSequence", 0) or dataset
        given = number(group, "RescaleSlope") is not None and number(group, "RescaleIntercept") is not None
        return "HU" if given and text(group, "RescaleType").upper() in ("", "HU") else ""

    def _acquisition(self, frame: int) -> dict[str, str]:
        """The facts of acquisition; read once where the file has no functional group for each frame."""
        own = self._group("PerFrameFunctionalGroupsSequence", frame)
        if own is None and self._common is not None:
            return self._common
        found = dicom_facts.acquisition(self.dataset, (own, self._shared))
        if own is None:
            self._common = found
        return found

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
        (a, b, c, d, e, f), (x, y, z) = directions, corner
        return directions, (b * f - c * e) * x + (c * d - a * f) * y + (a * e - b * d) * z

    def _in_frame(self, keyword: str, frame: int) -> Dataset | None:
        for group in (self._group("PerFrameFunctionalGroupsSequence", frame), self._shared):
            found = items(group, keyword) if group is not None else []
            if found:
                return found[0]
        return None

    def _group(self, keyword: str, index: int) -> Dataset | None:
        found = value(self.dataset, keyword)
        try:
            return found[index] if found is not None and index < len(found) else None
        except Exception:  # a damaged sequence counts as absent
            return None
