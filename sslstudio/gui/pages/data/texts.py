"""The words of the Data page."""

from __future__ import annotations

from collections.abc import Sequence

from sslstudio.catalogue.rows import Counts
from sslstudio.gui.texts import count
from sslstudio.importers.rendering import presets
from sslstudio.importers.tables import TableShape

TITLE = "Data"
EMPTY_TITLE = "No images yet"
EMPTY_TEXT = (
    "Drop a folder, a CD, a ZIP, a table or single files here, or choose them. DICOM, NIfTI, PNG, JPEG, JPEG 2000, "
    "TIFF, BMP, WebP and GIF are read. Your files stay where they are: nothing is copied, moved or changed."
)
DROP = "Drop folders or files here"
ADD_FOLDER = "Add a folder..."
ADD_FILES = "Add files..."
IMPORT = "Import"
CHECK = "Check only"
CHECK_HELP = "Looks at every file and says what would be imported and what not, without importing anything."
STOP = "Stop"
NOTHING_CHOSEN = "Choose a folder or files first."
RUNNING = "An import is running. Wait for it or stop it."
READ_ONLY = "This project is open read-only."

IMAGES = "Images"
IMAGES_HELP = "Patients, studies and series, and the images themselves"
OPEN_IMAGES = "Open the section Images first."
LEDGER = "Import list"
LEDGER_HELP = "Every file that was looked at, and what became of it"

GROUPING = "Patients"
GROUPINGS = (
    ("auto", "DICOM patient, else one folder a patient"),
    ("folder", "First folder of the path"),
    ("name", "File name up to the first - or _"),
    ("own", "Own pattern..."),
    ("table", "A table (CSV, Parquet)..."),
)
PATTERNS = {
    "auto": "",
    "folder": r"^(?P<subject>[^/]+)/",
    "name": r"(?P<subject>[^/_-]+)[_-][^/]*$",
}
GROUPING_HELP = (
    "Images of one patient are never split between training and test. DICOM files say whose they are; for other "
    "files the path or a table must."
)
PATTERN_HELP = r"A regular expression with a group named subject, for example (?P<subject>patient-\d+)"
TABLE_HELP = "A CSV or Parquet table with a column of files (or folders) and a column of patients"
IMAGE_COLUMN = "Files"
SUBJECT_COLUMN = "Patients"
NO_COLUMN = "(none)"
COLUMN_HELP = {
    IMAGE_COLUMN: "The column that names files or folders: by path, by name, or by name without ending",
    SUBJECT_COLUMN: "The column that tells patients apart; only a pseudonym of it is kept",
}
PRESET = "What the model sees"
PRESETS = (("auto", "Leave as it is"), *((name, one.title) for name, one in presets().items() if name != "auto"))
PRESET_HELP = "Which values become black and white. Leave it: after the import, a setting that suits is suggested."

SHORT_REASONS = {
    "imported": "Imported",
    "ready": "Would be imported",
    "zero_bytes": "Empty file",
    "truncated": "Cut off",
    "corrupt": "Damaged",
    "not_an_image": "Not an image",
    "text_file": "Text file",
    "wrong_extension": "Wrong file type",
    "unsupported_format": "Format not supported",
    "archive": "Archive",
    "unsupported_syntax": "Compression not supported",
    "missing_syntax": "Compression not stated",
    "unsupported_pixels": "Kind of pixels not supported",
    "no_pixels": "No image inside",
    "mask": "Mask or overlay",
    "dicom_directory": "Index of a disc",
    "reference_outside": "Outside the disc",
    "reference_missing": "Not on the disc",
    "contradiction": "Header and pixels contradict",
    "too_large": "Too large",
    "decoder_crashed": "Set aside (decoder failed)",
    "decoder_timeout": "Set aside (took too long)",
    "duplicate": "Duplicate",
    "permission": "No permission",
    "missing": "Gone",
    "unreadable": "Drive error",
    "not_a_file": "Not a file",
    "pixels_lost": "Pixels lost",
    "nested_archive": "Archive in an archive",
    "archive_damaged": "Damaged archive",
    "archive_empty": "Empty archive",
    "archive_bomb": "Archive too large",
    "archive_method": "Packed in an unknown way",
    "encrypted": "Locked with a password",
    "unsafe_name": "Name leads out of archive",
    "repeated_name": "Name twice in archive",
    "link_in_archive": "Link in an archive",
    "pair_part": "Part of a pair",
    "pair_alone": "Half of a pair missing",
    "analyze": "Analyze 7.5 header",
    "outside_table": "Outside the table's folder",
}
TAKEN = ("imported", "ready")


def columns_line(shape: TableShape) -> str:
    """What happens to the columns of a table besides those of files and patients."""
    parts = [f"{shape.rows:,} rows."]
    if known := [f"{name} ({fact.replace('_', ' ')})" for name, fact in shape.facts.items()]:
        parts.append(f"Understood: {_listed(known)}.")
    if shape.kept:
        parts.append(f"Kept with the images: {_listed(shape.kept)}.")
    if shape.withheld:
        parts.append(f"Left out, because they could name a person: {_listed(list(shape.withheld))}.")
    return " ".join(parts)


def _listed(names: Sequence[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def short_reason(code: str) -> str:
    """A few words for a ledger code."""
    return SHORT_REASONS.get(code, code.replace("_", " ").capitalize())


def counts_line(counts: Counts, fewest: int, most: int) -> str:
    """ "2,867 images, 233 patients, 1-41 images each, 12 left out"."""
    if not counts.images:
        return ""
    each = f"{fewest:,} each" if fewest == most else f"{fewest:,}-{most:,} images each"
    parts = [count(counts.images, "image"), count(counts.subjects, "patient"), each]
    if counts.studies > counts.subjects:
        parts.append(count(counts.studies, "study", "studies"))
    if counts.excluded:
        waiting = f" ({counts.waiting:,} until you have looked at burned-in text)" if counts.waiting else ""
        parts.append(f"{counts.excluded:,} left out of training{waiting}")
    return ", ".join(parts)


def grouping_warning(counts: Counts, most: int) -> str:
    """A sentence when the grouping by patient looks wrong, else ""."""
    if counts.subjects > 1 and most > 0.3 * counts.images and counts.images > 50:
        return (
            f"One patient holds {most / counts.images:.0%} of all images. If that is not right, import again with "
            "another way to tell patients apart."
        )
    if counts.subjects == 1 and counts.images > 1:
        return (
            "All images belong to one patient, so they cannot be split into training and test by patient. If that is "
            "not right, import again with another way to tell patients apart."
        )
    return ""


def automatic_line(files: int, folders: int, more: bool) -> str:
    """What is known before any file is opened: DICOM files will say whose they are."""
    if not files:
        return "No files found there yet."
    seen = f"First {files:,} files" if more else count(files, "file")
    where = "in one folder" if folders <= 1 else f"in {folders:,} folders"
    return f"{seen} {where}. DICOM files go to their patient; other files count as one patient for each folder."


def preview_line(files: int, matched: int, patients: int, examples: tuple[str, ...], more: bool) -> str:
    """What a pattern does to the user's own paths."""
    if not files:
        return "No files found there yet."
    seen = f"First {files:,} files" if more else count(files, "file")
    if not matched:
        return f"{seen}: the pattern fits none of them, so each folder would count as one patient."
    names = ", ".join(examples)
    missed = f" {files - matched:,} do not fit and are grouped by folder." if matched < files else ""
    return f"{seen}: {count(patients, 'patient')} ({names}{', ...' if patients > len(examples) else ''}).{missed}"


def progress_line(done: float, total: float, rate: float, left: str) -> str:
    """ "1,204 of 2,867 files, 92 a second, 1 min left"."""
    parts = [f"{done:,.0f} of {total:,.0f} files" if total else f"{done:,.0f} files"]
    if rate > 0:
        parts.append(f"{rate:,.0f} a second")
    if left:
        parts.append(left)
    return ", ".join(parts)
