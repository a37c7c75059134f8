"""The words of telling patients apart."""

from __future__ import annotations

from sslstudio.domain.units import count
from sslstudio.importers.subjects import PATTERNS, Example, Grouping

TITLE = "Patients"
SECTION_HELP = "How the images were assigned to patients, and how to change that"
ABOUT = (
    "Changes whose each image is. Nothing is read again: the stored paths and DICOM pseudonyms are enough. Labels stay "
    "with their images."
)
WAY = "Patients"
AUTO, STUDY, OWN, TABLE = "header", "study", "own", "table"
WAYS: tuple[tuple[str, str], ...] = (
    (AUTO, "DICOM patient, else study, else folder"),
    (STUDY, "Each DICOM study is a patient"),
    ("folder", "First folder of the path"),
    ("parent", "The folder that holds the file"),
    ("name", "File name up to the first - or _"),
    ("bids", "Names such as sub-01"),
    ("word", "Names such as patient-12, case_7"),
    ("middle", "A number inside the file name"),
    (OWN, "Own pattern..."),
    (TABLE, "A table..."),
)
PATTERN_OF = {way: pattern for way, pattern, _ in PATTERNS}
COMPARED = tuple(way for way, _ in WAYS if way not in (OWN, TABLE))
WAY_HELP = (
    "Images of one patient are never split between training and test. DICOM files say whose they are; for other "
    "files the path or a table must."
)
PATTERN_HELP = r"A regular expression with a group named subject, for example (?P<subject>patient-\d+)"
TABLE_HELP = "A CSV, TSV or Parquet table with a column of file names and a column of patients"
CHOOSE_TABLE = "Choose a table..."
OVER_HEADER = "Also for DICOM files: the path decides, not their patient id"
IGNORE = "Patient ids that seem to stand for nobody count as blank"
COMPARE = "Compare all ways on these files"
COMPARE_SAMPLE = "Compare all ways on a sample of {files:,} files"
COLUMNS = ("Way", "Patients", "Images each", "Files that do not fit", "Doubts")
SILENT = "The drive with these files does not answer now."
SILENT_HINT = "Connect it again. An import waits for it, and can be stopped at any time."
LOOKING = "Looking..."
NAMES_ONLY = "From file names alone. Check looks into the files and counts DICOM patients and studies too."
USE = "Use this"
SUGGESTED = "Suggested: {way}, because {reason}."
SUGGESTED_IGNORING = (
    "Suggested: {way}, and patient ids that seem to stand for nobody count as blank (each of their studies is then a "
    "patient), because {reason}."
)
APPLY = "Change the patients"
UNDO = "Take the latest change back"
NO_IMAGES = "There are no images in the project yet."
NO_UNDO = "Nothing was changed that could be taken back."
READ_ONLY = "This project is open read-only."
NOTHING = "This changes nothing."


def way_title(way: str) -> str:
    """The words of a way."""
    return dict(WAYS).get(way, way)


def range_text(grouping: Grouping) -> str:
    """ "1-37"."""
    fewest, most = grouping.smallest, grouping.largest
    return f"{most:,}" if fewest == most else f"{fewest:,}-{most:,}"


def examples_line(examples: tuple[Example, ...]) -> str:
    """ "sub-01 (4 images: a.png, b.png, ...); ..."."""
    parts = []
    for one in examples:
        names = ", ".join(name.rpartition("/")[2] for name in one.files)
        more = ", ..." if one.images > len(one.files) else ""
        parts.append(f"{one.words or 'DICOM ' + one.subject[:6]} ({count(one.images, 'image')}: {names}{more})")
    return "; ".join(parts)


def misfits_line(grouping: Grouping) -> str:
    """Names of files that a pattern or a table does not fit, or ""."""
    if not grouping.unmatched:
        return ""
    names = ", ".join(grouping.unmatched_examples)
    more = ", ..." if grouping.unmatched > len(grouping.unmatched_examples) else ""
    return f"Do not fit: {names}{more}"


def undone(images: int) -> str:
    """After a change was taken back."""
    return f"Taken back: {count(images, 'image')} moved back to the patients before."
