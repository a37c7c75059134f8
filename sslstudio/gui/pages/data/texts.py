"""The words of the Data page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sslstudio.catalogue.rows import Counts
from sslstudio.domain.units import count
from sslstudio.domain.words import percent
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
CHECK = "Check"
CHECK_HELP = "Looks at every file and says what would be imported and what not, without importing anything."
STOP = "Stop"
STOP_HELP = "What was read so far is kept, and the import can go on later."
CONTINUE = "Continue"
CONTINUE_HELP = "Goes on where it stopped; nothing is read twice."
DISCARD = "Leave it at that"
DISCARD_HELP = "What was imported stays; the rest is not read."
FOUND = "Found"
LOOKING_FOR_FILES, READING, WAITING, STORING = "Looking for files", "Reading images", "Waiting for the drive", "Storing"
CHANGE_PATIENTS, SHOW_LIST, LOCATE = "Change patients...", "Show them", "Locate folder..."
STORING_TEXT = "What was read is entered into the project..."
WAITING_HELP = "Connect it again, or stop; what was read is kept."
NOTHING_CHOSEN = "Choose a folder or files first."
RUNNING = "An import is running. Wait for it or stop it."
READ_ONLY = "This project is open read-only."

IMAGES = "Images"
IMAGES_HELP = "Patients, studies and series, and the images themselves"
OPEN_IMAGES = "Open the section Images first."
LEDGER = "Import list"
LEDGER_HELP = "Every file that was looked at, and what became of it"

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
    "missing": "Not found",
    "unreadable": "Drive error",
    "not_a_file": "Not a file",
    "pixels_lost": "Pixels lost",
    "unchanged": "In the project, as it was",
    "changed": "Changed",
    "gone": "Gone",
    "moved": "Moved, found again",
    "dropped": "Not there any more",
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
TAKEN = ("imported", "ready", "unchanged", "moved", "gone")


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
            f"One patient holds {percent(most / counts.images)} of all images. If that is not right, see the section "
            "Patients."
        )
    if counts.subjects == 1 and counts.images > 1:
        return (
            "All images belong to one patient, so they cannot be split into training and test by patient. If that is "
            "not right, see the section Patients."
        )
    return ""


def progress_line(done: float, total: float, rate: float, left: str) -> str:
    """ "1,204 of 2,867 files, 92 a second, 1 min left"."""
    parts = [f"{done:,.0f} of {total:,.0f} files" if total else f"{done:,.0f} files read"]
    if rate >= 1:
        parts.append(f"{rate:,.0f} a second")
    if left:
        parts.append(left)
    return ", ".join(parts)


def outcomes_line(codes: Mapping[str, float]) -> str:
    """ "1,100 imported, 3 cut off, 1 text file": what became of the files so far."""
    ordered = sorted(codes.items(), key=lambda pair: (pair[0] not in TAKEN, -pair[1]))
    words = ((number, short_reason(code)) for code, number in ordered)
    return ", ".join(f"{number:,.0f} {word[0].lower()}{word[1:]}" for number, word in words)


def unfinished_line(run_id: str, done: int, files: int) -> str:
    """An import that stopped and can go on."""
    how_far = f" after {done:,} of {files:,} files" if files > done else ""
    return f"{run_id.capitalize().replace('-', ' ')} stopped{how_far}. What it brought is kept."
