"""The allow-listed facts of a DICOM header beyond identity: what kind of image, how it was made, how large, when.

Free text never passes: it is matched against fixed words. Dates pass only as a count of days from a secret origin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from sslstudio.importers.days import day_number
from sslstudio.importers.dicom_elements import Elements, code, codes, items, number, numbers, text

if TYPE_CHECKING:
    from sslstudio.domain.facts import ImageKind

_SECONDARY_CAPTURE = re.compile(r"1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(?:\.[1-4])?")
_CONVERSIONS = frozenset(("DV", "DI", "DF", "WSD", "SD", "SI", "DRW", "SYN"))
_MADE_OF_OTHERS = frozenset(
    ("MPR", "CSA MPR", "MIP", "MINIP", "MIN IP", "PROJECTION IMAGE", "REFORMATTED", "VOLREN", "RENDERED", "ADC", "FA",
     "TRACEW", "SUB", "SUBTRACTION", "PERFUSION", "RCBF", "RCBV", "TTP", "MTT", "MEAN", "CPR", "CURVED")
)  # fmt: skip
"""DERIVED\\PRIMARY alone is an ordinary picture that was processed, as most X-rays and many MR images are."""
_LOCALISER_WORDS = re.compile(
    r"(?<![a-z])(?:locali[sz]ers?|loc|scouts?|survey|surview|topograms?|scanograms?|pilot|3 ?plane|tri ?plane)(?![a-z])"
)
_SEQUENCE_WORDS = (
    ("FLAIR", r"flair|dark ?fluid"),
    ("DWI", r"dwi|diff(?:usion)?|trace ?w?|b ?1000"),
    ("ADC", r"adc"),
    ("DTI", r"dti|tensor"),
    ("SWI", r"swi|swan|suscept\w*|venobold"),
    ("perfusion", r"perf\w*|dsc|dce|asl|pwi"),
    ("angiography", r"tof|mra|angio\w*"),
    ("BOLD", r"bold|fmri|f?mri? ?rest\w*"),
    ("STIR", r"stir|tirm"),
    ("T2*", r"t2 ?\*|t2 ?star|gre|hemo"),
    ("PD", r"pd|proton ?dens\w*"),
    ("T1", r"t1w?|mp ?rage|spgr|bravo|vibe|lava|fl3d|tfl"),
    ("T2", r"t2w?|haste|ssfse|space|cube"),
)
_SEQUENCES = tuple((name, re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])")) for name, words in _SEQUENCE_WORDS)
_NUMBERS = {
    "slice thickness (mm)": "SliceThickness",
    "slice spacing (mm)": "SpacingBetweenSlices",
    "tube voltage (kV)": "KVP",
    "tube current (mA)": "XRayTubeCurrent",
    "exposure (mAs)": "Exposure",
    "echo time (ms)": "EchoTime",
    "repetition time (ms)": "RepetitionTime",
    "inversion time (ms)": "InversionTime",
    "flip angle (degrees)": "FlipAngle",
    "field strength (T)": "MagneticFieldStrength",
    "b-value (s/mm2)": "DiffusionBValue",
}
_ENHANCED = {
    "SliceThickness": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "KVP": "CTXRayDetailsSequence",
    "XRayTubeCurrent": "CTExposureSequence",
    "EchoTime": "MREchoSequence",
    "RepetitionTime": "MRTimingAndRelatedParametersSequence",
    "FlipAngle": "MRTimingAndRelatedParametersSequence",
    "DiffusionBValue": "MRDiffusionSequence",
}
"""Where enhanced objects keep a number: the macro of the functional groups (PS3.3 C.7.6.16.2, C.8.13.5, C.8.15.3)."""
_ENHANCED_NAMES = {"EchoTime": "EffectiveEchoTime", "XRayTubeCurrent": "XRayTubeCurrentInmA"}
_TERMS = {
    "scanning sequence": ("ScanningSequence", frozenset(("SE", "IR", "GR", "EP", "RM"))),
    "acquisition": ("MRAcquisitionType", frozenset(("1D", "2D", "3D"))),
    "patient position": (
        "PatientPosition",
        frozenset(("HFP", "HFS", "HFDR", "HFDL", "FFDR", "FFDL", "FFP", "FFS", "SITTING")),
    ),
}
_KERNEL = re.compile(r"[A-Z][A-Za-z]?\d{1,3}[a-z]{0,2}|FC\d\d|STANDARD|STND|LUNG|BONE|BONEPLUS|SOFT|DETAIL|EDGE|CHST")
_TEST_OBJECT = re.compile(r"(?<![a-z])(?:f|ph)antom[es]?(?![a-z])|test ?obje[ck]+t(?![a-z])|(?<![a-z])catphan(?![a-z])")
_TEST_OBJECT_FIELDS = ("PatientName", "PatientID", "StudyDescription", "SeriesDescription", "ProtocolName")
_DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")


def image_kind(dataset: Elements) -> ImageKind:
    """Localiser, secondary capture or derived, as the header says; "" for an ordinary image (PS3.3 C.7.6.1.1.2)."""
    types = codes(dataset, "ImageType")
    said = _plain(dataset, "SeriesDescription", "ProtocolName")
    if any(word in ("LOCALIZER", "LOCALISER", "SCOUT") for word in types) or _LOCALISER_WORDS.search(said):
        return "localiser"
    if any("SCREEN" in word or "CAPTURE" in word for word in types):
        return "secondary_capture"
    if _SECONDARY_CAPTURE.fullmatch(text(dataset, "SOPClassUID")) or code(dataset, "ConversionType") in _CONVERSIONS:
        return "secondary_capture"
    if types[:1] == ["DERIVED"] and (types[1:2] == ["SECONDARY"] or not _MADE_OF_OTHERS.isdisjoint(types)):
        return "derived"
    return ""


def day(dataset: Elements, key: bytes) -> int | None:
    """The day of the study, counted from an origin within a century that only `key` tells; None without a date."""
    for keyword in _DATES:
        digits = text(dataset, keyword).replace(".", "").replace("-", "")[:8]
        try:
            ordinal = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).toordinal()
        except ValueError:
            continue
        if ordinal > date(1900, 1, 2).toordinal():
            return day_number(date.fromordinal(ordinal), key)
    return None


def spacing(dataset: Elements, measures: Dataset | None) -> tuple[float | None, float | None]:
    """(row spacing, column spacing) in mm: pixel spacing, else that at the detector or of the scanned film.

    For ultrasound it is that of its one region, given in cm; `measures` is the frame's pixel measures macro.
    """
    for source, keyword in (
        (measures, "PixelSpacing"),
        (dataset, "PixelSpacing"),
        (dataset, "ImagerPixelSpacing"),
        (dataset, "NominalScannedPixelSpacing"),
    ):
        pair = numbers(source, keyword) if source is not None else []
        if len(pair) == 2 and min(pair) > 0:
            return pair[0], pair[1]
    regions = items(dataset, "SequenceOfUltrasoundRegions")
    centimetres = 3
    if len(regions) == 1 and number(regions[0], "PhysicalUnitsXDirection") == centimetres:
        across, down = number(regions[0], "PhysicalDeltaX"), number(regions[0], "PhysicalDeltaY")
        if across and down:
            return abs(down) * 10, abs(across) * 10
    return None, None


def acquisition(dataset: Elements, groups: Iterable[Dataset | None]) -> dict[str, str]:
    """How the image was made, as words and numbers of fixed kinds; `groups` are the functional groups that hold for the
    frame, its own first."""
    present = [group for group in groups if group is not None]
    found: dict[str, str] = {}
    for name, keyword in _NUMBERS.items():
        figure = _figure(dataset, present, keyword)
        if figure is not None and figure >= 0:
            found[name] = f"{figure:.6g}"
    for name, (keyword, terms) in _TERMS.items():
        if words := [word for word in codes(dataset, keyword) if word in terms]:
            found[name] = "+".join(words)
    if _KERNEL.fullmatch(kernel := text(dataset, "ConvolutionKernel", 16)):
        found["kernel"] = kernel
    if sequence := sequence_class(dataset):
        found["sequence"] = sequence
    if (burned_in := code(dataset, "BurnedInAnnotation")) in ("YES", "NO"):
        found["burned-in text"] = burned_in.lower()
    if _TEST_OBJECT.search(_plain(dataset, *_TEST_OBJECT_FIELDS)):
        found["test object"] = "yes"
    agent = text(dataset, "ContrastBolusAgent").lower()
    if agent or items(dataset, "ContrastBolusAgentSequence"):
        found["contrast"] = "no" if agent in ("no", "none", "nein", "non", "0", "n/a") else "yes"
    return found


def _figure(dataset: Elements, groups: list[Dataset], keyword: str) -> float | None:
    macro = _ENHANCED.get(keyword)
    for group in groups if macro else ():
        for item in items(group, macro or "")[:1]:
            for name in (keyword, _ENHANCED_NAMES.get(keyword, keyword)):
                if (figure := number(item, name)) is not None:
                    return figure
    return number(dataset, keyword)


def sequence_class(dataset: Elements) -> str:
    """The usual name of an MR sequence, found as a word in the series description or protocol; "" otherwise."""
    if code(dataset, "Modality") != "MR":
        return ""
    said = _plain(dataset, "SeriesDescription", "ProtocolName")
    return next((name for name, words in _SEQUENCES if words.search(said)), "")


def plane(directions: list[float]) -> str:
    """Axial, coronal, sagittal or oblique, from the six direction cosines (PS3.3 C.7.6.2.1.1); "" without them."""
    if len(directions) != 6:
        return ""
    a, b, c, d, e, f = directions
    normal = [abs(b * f - c * e), abs(c * d - a * f), abs(a * e - b * d)]
    steepest = max(normal)
    return ("sagittal", "coronal", "axial")[normal.index(steepest)] if steepest > 0.9 else "oblique"


def phase(dataset: Elements, content: Dataset | None) -> int | None:
    """The order of passes over the same positions: 1000 for each time (or acquisition), plus the echo; None where the
    header tells neither."""
    figures = (
        number(content, "TemporalPositionIndex") if content is not None else None,
        number(dataset, "TemporalPositionIdentifier"),
        number(dataset, "AcquisitionNumber"),
    )
    time = next((figure for figure in figures if figure is not None), None)
    echo = number(dataset, "EchoNumbers")
    if time is None and echo is None:
        return None
    passes, echoes = int(time or 0), int(echo or 0)
    return passes * 1000 + echoes if abs(passes) < 2**31 and 0 <= echoes < 1000 else None


def _plain(dataset: Elements, *keywords: str) -> str:
    return " ".join(text(dataset, keyword) for keyword in keywords).lower().replace("_", " ").replace("-", " ")
