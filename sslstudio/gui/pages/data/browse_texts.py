"""The words of the section "Images": the tree, the filters, the facts of an image, exclusions."""

from __future__ import annotations

from collections.abc import Sequence

from sslstudio.catalogue.browse import GroupName
from sslstudio.catalogue.rows import ImageDetail
from sslstudio.domain.filters import FURTHER, SEARCH, Choice, Range, Search
from sslstudio.domain.labels import MARK_NAMES, ClassInfo
from sslstudio.domain.units import count
from sslstudio.gui.item_models.image_tree import PATIENT, SERIES, STUDY, Branch
from sslstudio.session.columns import KINDS, LATERALITIES, PARTS

LEVELS = {PATIENT: "Patient", STUDY: "Study", SERIES: "Series"}
COLUMN_NAMES = {
    "modality": "Modality",
    "body_part": "Body part",
    "laterality": "Side",
    "view": "View",
    "scanner": "Scanner",
    "site": "Site",
    "kind": "Kind",
    "size": "Size",
    "bits": "Bits",
    "labelled": "Labelled",
    "label": "Label",
    "part": "Part",
    "excluded": "Left out",
    SEARCH: "Search",
}
NOT_STATED = "not stated"
_VALUES = {
    "kind": KINDS,
    "part": PARTS,
    "labelled": {"yes": "has a label", "no": "no label"},
    "label": {"": "no label", **MARK_NAMES},
    "excluded": {"": "in training"},
}

ADD_FILTER = "Filter"
ADD_FILTER_HELP = "Show only images with certain properties; several filters must all hold"
CLEAR_FILTERS = "Clear all"
SEARCH_HINT = "Search code, file or folder"
SEARCH_HELP = "Part of a patient's, study's or series' code, of a file's name or folder, or #number of an image"
NO_MATCH = "No image fits these filters."
NO_IMAGES = "There are no images yet."
READING = "Reading images ..."
EXCLUDE_REASONS = (
    "Poor quality",
    "Wrong body part",
    "Burned-in text",
    "Localiser or scout image",
    "Not an image of a patient",
    "Patient did not consent",
)
OTHER_REASON = "Other reason..."
EXCLUDE = "Leave out"
EXCLUDE_HELP = "Leave the selected images out of training, with a reason (X). Files are never changed."
EXCLUDE_MATCHES = "Leave out all that fit the filters"
INCLUDE_MATCHES = "Take in again all that fit the filters"
INCLUDE = "Take in again"
INCLUDE_HELP = "Use the selected images in training again (Shift+X)"
NOTHING_SELECTED = "Select images, series, studies or patients first."
NOT_EXCLUDED = "None of the selected images is left out."
READ_ONLY = "This project is open read-only."
PRIVACY_SHORT = "Names, dates and numbers of patients are not kept."
PRIVACY = (
    "Names, dates and numbers of patients are not kept in this project. Patients, studies, series and sites are codes "
    "that mean nothing elsewhere. Folders are shown on this computer only."
)


def branch_title(branch: Branch, name: GroupName | None, first_day: int | None, out: int) -> str:
    """ "Patient 4fef4c26   2 studies", "Study 1a2b3c4d   after 12 days", "MR T2 axial   0a1b2c3d   3 left out"."""
    code = name.pseudonym[:8] if name is not None else "..."
    kind = series_kind(name) if name is not None and branch.level == SERIES else ""
    parts = [kind, code] if kind else [f"{LEVELS[branch.level]} {code}"]
    if branch.level == PATIENT and branch.parts > 1:
        parts.append(count(branch.parts, "study", "studies"))
    elif branch.level == STUDY:
        if name is not None and name.day is not None and first_day is not None and name.day > first_day:
            parts.append(f"after {count(name.day - first_day, 'day')}")
        if branch.parts > 1:
            parts.append(f"{branch.parts} series")
    if name is not None and name.notes:
        parts.append("(see note)")
    if 0 < out < branch.images:
        parts.append(f"{out:,} left out")
    return "   ".join(parts)


def first_patients(shown: int, hidden: int) -> str:
    """The heading of a tree that does not hold all patients."""
    return f"First {shown:,} of {shown + hidden:,} patients: filter to see others"


def branch_help(branch: Branch, name: GroupName | None, out: int) -> str:
    """The whole code of a branch and how much of it is left out of training."""
    code = f"{LEVELS[branch.level]} {name.pseudonym}" if name is not None else LEVELS[branch.level]
    left = "" if not out else f", {out:,} left out of training" if out < branch.images else ", left out of training"
    notes = name.notes if name is not None else ()
    return "\n".join((f"{code}, {count(branch.images, 'image')}{left}", *notes))


def series_kind(name: GroupName) -> str:
    """ "MR T2 axial", "CT localiser": what the images of a series are."""
    kind = KINDS[name.kind] if name.kind in KINDS and name.kind else ""
    return " ".join(part for part in (name.modality, name.sequence, name.view.lower(), kind) if part)


def image_kind(detail: ImageDetail) -> str:
    """ "MR T2 axial", as of a series."""
    plane = detail.columns.get("plane", detail.view)
    name = GroupName("", detail.modality, plane, detail.columns.get("sequence", ""), detail.kind)
    return series_kind(name)


def column_name(column: str) -> str:
    """What a column is called on the screen."""
    if column.startswith(FURTHER):
        name = column.removeprefix(FURTHER)
        return name[:1].upper() + name[1:]
    return COLUMN_NAMES.get(column, column)


def value_name(column: str, value: str, classes: Sequence[ClassInfo] = ()) -> str:
    """What a value of a column is called on the screen."""
    known = _VALUES.get(column, {})
    if value in known:
        return known[value]
    if column == "label":
        return next((info.name for info in classes if str(info.class_id) == value), f"class {value}")
    if column == "laterality":
        return LATERALITIES.get(value, value or NOT_STATED)
    if column == "site" and value:
        return value[:8]
    if column == "bits":
        return f"{value} bit"
    return value or NOT_STATED


def term_text(term: Choice | Range | Search, classes: Sequence[ClassInfo] = ()) -> str:
    """A filter as its chip says it: "Modality: CT or MR", "Slice thickness (mm): 1 to 3"."""
    if isinstance(term, Search):
        return f'"{term.text.strip()}"'
    if isinstance(term, Range):
        low, high = term.low, term.high
        if low is not None and high is not None:
            limits = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        else:
            limits = f"from {low:g}" if low is not None else f"up to {high:g}"
        return f"{column_name(term.column)}: {limits}"
    names = [value_name(term.column, value, classes) for value in term.values]
    listed = " or ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} or {len(names) - 2} more"
    return f"{column_name(term.column)}: {listed}"


def matches_text(shown: int, total: int, filtered: bool) -> str:
    """ "214 of 1,204 images" under a filter, else "1,204 images"."""
    return f"{shown:,} of {count(total, 'image')}" if filtered else count(total, "image")


def selected_text(images: int, patients: int, out: int) -> str:
    """ "214 images from 61 patients selected, 3 left out of training"."""
    if not images:
        return NOTHING_SELECTED
    left = "" if not out else ", left out of training" if out == images else f", {out:,} left out of training"
    return f"{count(images, 'image')} from {count(patients, 'patient')} selected{left}"
