"""What an import or a dry run came to, in sentences that window and command line share."""

from __future__ import annotations

from collections.abc import Mapping

from sslstudio.catalogue.rows import TrialSummary
from sslstudio.catalogue.subject_rows import SubjectEffect
from sslstudio.domain.words import percent
from sslstudio.importers.subjects import Grouping


def trial_line(summary: TrialSummary, grouping: Grouping) -> str:
    """ "1,142 files: 980 images would be imported, 162 left out; 21 patients, 1-37 images each; 34 studies; MR 860"."""
    left_out = summary.files - summary.imported
    parts = [f"{_count(summary.files, 'file')}: {_count(summary.images, 'image')} would be imported"]
    if left_out:
        parts[0] += f", {_count(left_out, 'file')} left out"
    if summary.images:
        parts.append(patients_line(grouping))
    if summary.studies:
        parts.append(_count(summary.studies, "study", "studies"))
    kinds = [f"{name or 'no modality'} {number:,}" for name, number in summary.modalities.items()]
    if any(summary.modalities):
        parts.append(", ".join(kinds[:6]))
    return "; ".join(parts)


def patients_line(grouping: Grouping) -> str:
    """ "21 patients, 1-37 images each"."""
    fewest, most = grouping.smallest, grouping.largest
    each = f"{_count(most, 'image')} each" if fewest == most else f"{fewest:,}-{most:,} images each"
    return f"{_count(grouping.subjects, 'patient')}, {each}"


def doubts(grouping: Grouping) -> list[str]:
    """What looks wrong about a way of telling patients apart, in sentences."""
    found = []
    if grouping.unmatched:
        misfits = _count(grouping.unmatched, "file does not fit and is", "files do not fit and are")
        found.append(f"{misfits} grouped by study or folder.")
    if lone := grouping.by_source.get("file", 0):
        found.append(f"{_count(lone, 'file')} would each count as a patient of its own.")
    if grouping.blank:
        found.append(f"{_count(grouping.blank, 'DICOM file has', 'DICOM files have')} no patient id.")
    for one in grouping.placeholders[:3]:
        what = "is a word that stands for nobody" if one.known_word else "may be a placeholder"
        found.append(f"One patient id is shared by {one.studies:,} studies ({one.images:,} images): it {what}.")
    if grouping.dominated:
        found.append(f"One patient holds {percent(grouping.share)} of all images.")
    return found


def changes_line(result: Mapping[str, object], *, dry_run: bool) -> str:
    """ "12 new, 3 changed, 20 moved, 1 gone, 1,106 as they were"."""
    names = {
        "imported": "new",
        "changed": "changed and left out",
        "moved": "found again elsewhere",
        "gone": "gone",
        "unchanged": "as they were",
    }
    numbers = {name: int(str(result.get(name, 0) or 0)) for name in names}
    parts = [f"{number:,} {names[name]}" for name, number in numbers.items() if number or name == "imported"]
    return ("Would be: " if dry_run else "") + ", ".join(parts)


def effect_line(effect: SubjectEffect) -> str:
    """What telling patients apart anew does to the images in the project."""
    if not effect.moved:
        return f"Nothing changes: the {_count(effect.images, 'image')} belong to the same {effect.after:,} patients."
    parts = [
        f"{effect.moved:,} of {_count(effect.images, 'image')} go to another patient or study: "
        f"{effect.before:,} patients become {effect.after:,}."
    ]
    if effect.labelled:
        parts.append(f"{_count(effect.labelled, 'label stays', 'labels stay')} with the images.")
    if effect.re_dealt:
        what = _count(effect.re_dealt, "patient would stand", "patients would stand")
        parts.append(f"{what} in training and test; all their images go to training.")
    return " ".join(parts)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
