"""What is said of dividing the labelled images: why a way cannot be used, what is left out, what would be better."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from sslstudio.domain.split_plans import FOLDER, IMPORT
from sslstudio.session.columns import LeftOut

NO_LABELS = "No image has a label yet."
ONE_PATIENT = "All labelled images are of one patient, who cannot be divided."
NONE_DRAWN = (
    "No case that the queue on Label drew at random has a label by hand yet, or such cases are learned from by choice."
)
ONE_COLLECTION = "All labelled images came with one import and from one folder."
CHOOSE_VALUES = "Choose what is to test."
CHOOSE_DATE = "Say from when on images test."
NOTHING_TESTS = "Nothing would be left to test: choose other values."
FEW_TRAIN = "Too little would be left to train: it takes two labelled images of two classes."
NOT_DEALT = (
    "The patients will be dealt by chance when you train: three quarters learn, one quarter tests. "
    "All images of a patient stay on one side."
)
COLLECTIONS = {IMPORT: "Import", FOLDER: "Folder or file chosen"}


def no_column(left_out: Iterable[LeftOut]) -> str:
    """Why images cannot be divided by a column."""
    said = {one.key: f"{one.title.lower()} is {one.reason}" for one in left_out}
    why = "; ".join(said[key] for key in ("site", "scanner") if key in said)
    return f"No column tells the labelled images apart{f' ({why})' if why else ''}."


def no_date(left_out: Iterable[LeftOut]) -> str:
    """Why images cannot be divided by time."""
    day = next((one.reason for one in left_out if one.key == "day"), "")
    why = "their study date is " + day if day else "no study date and no column of years is known"
    return f"These images cannot be put in order of time: {why}."


def left_out(torn: int, unknown: int, held: int, drawn: int = 0) -> tuple[str, ...]:
    """What takes no part in a plan, and why."""
    found = []
    if torn:
        found.append(
            f"{_images(torn)} left out of training: the patient, or one who shares a picture, is tested elsewhere."
        )
    if held:
        found.append(f"{_images(held)} of the frozen test set, or linked with it, take no part.")
    if drawn:
        found.append(f"{_images(drawn)} of patients drawn at random, who are kept to test, take no part.")
    if unknown:
        found.append(f"{_images(unknown)} left out: it is not known on which side they belong.")
    return tuple(found)


def some_not_dealt(images: int) -> str:
    """Some patients came after the others were dealt."""
    return f"{_images(images)} of new patients will be dealt by chance when you train."


def advice(patients: int, everyone: int, fewest: tuple[str, int] | None) -> str:
    """Why cross-validation is better here."""
    least = f", only {fewest[1]} of them with {fewest[0]}" if fewest is not None and fewest[1] < 5 else ""
    return (
        f"The test part holds {patients} labelled patient{'' if patients == 1 else 's'}{least}: the figures will be "
        f"vague. Cross-validation by patient tests all {everyone} and is recommended."
    )


def folder(path: str) -> str:
    """The last part of a path, as the screen says it."""
    return PurePath(path).name or path


def _images(number: int) -> str:
    return f"{number:,} image" + ("" if number == 1 else "s")
