"""The words of the import list."""

from __future__ import annotations

from sslstudio.domain.units import count

LISTS = "Which list"
LIST = "Import list"
TRIAL = "Last check"
SEARCH = "Search file names"
SEARCH_HELP = "Part of a file's name; with a slash, part of its folder and name."
LOOK = "Look for changes"
LOOK_HELP = (
    "Looks again at all folders and files imported before, and at the files that imported tables name, and says what "
    "is new, changed, gone or moved. Nothing is changed yet."
)
LOOKED = "What has changed since the imports"
NOT_YET = "Nothing was changed yet; the list below names the files."
CARRY_OUT = "Carry out"
CARRY_OUT_HELP = (
    "Imports what is new, notes where files were moved to, and leaves changed files out of training until you decide"
)
LEAVE, CLOSE, LEAVE_HELP = "Leave it", "Close", "Everything stays as it is"
EXPORT = "Export"
EXPORT_HELP = "Writes the files shown here as a table"
EXPORT_PLAIN = "Without file names..."
EXPORT_PATHS = "With file names and folders (may identify patients)..."
EXPORT_TITLE = "Write the import list as"

SHOW, FOLDER, BIGGER, AGAIN, ACCEPT, KEEP, LOCATE = "show", "folder", "bigger", "again", "accept", "keep", "locate"
ACTIONS: dict[str, tuple[str, str]] = {
    SHOW: ("Show the image", "Selects the image and shows it in the inspector"),
    FOLDER: ("Open folder", "Opens the folder of this file"),
    BIGGER: (
        "Allow larger images and try again",
        "Raises the size limit eightfold for these files and reads them again",
    ),
    AGAIN: ("Try again", "Reads these files again"),
    ACCEPT: (
        "Take in the new content",
        "Reads the changed files as new images. The old images stay, left out of training, with their labels.",
    ),
    KEEP: ("Keep the images as they were", "The images imported before count again; the files are not read."),
    LOCATE: ("Locate folder...", "Says where a folder that was moved is now; known images are found by their content."),
}
ACTIONS_OF: dict[str, tuple[str, ...]] = {
    "too_large": (BIGGER,),
    **dict.fromkeys(
        (
            "truncated", "corrupt", "permission", "missing", "unreadable", "decoder_timeout", "decoder_crashed",
            "pixels_lost",
        ),
        (AGAIN,),
    ),
    "changed": (ACCEPT, KEEP),
    "gone": (LOCATE,),
}  # fmt: skip


MIXED = "Choose a kind of file above to see what can be done for all of them."


def warnings_title(number: int) -> str:
    """ "2 warnings of imports"."""
    return f"{count(number, 'warning')} of imports"


def same(files: int) -> str:
    """After a look for changes that found none."""
    return f"Nothing is new, changed, moved or gone: {count(files, 'file')} as before."


def shown_line(files: int, total: int) -> str:
    """ "120 of 2,867 files"."""
    return count(total, "file") if files == total else f"{files:,} of {count(total, 'file')}"


def chosen_line(files: int, what: str) -> str:
    """ "17 files: Too large"."""
    return f"{count(files, 'file')}: {what}"


def exported(files: int) -> str:
    """After the table was written."""
    return f"{count(files, 'file')} written."


def kept(files: int) -> str:
    """After changed files were settled by keeping the images."""
    return f"The images of {count(files, 'file')} count again as they were imported."
