"""The words of labels from elsewhere: import and export, several readers, decisions between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sslstudio.domain.units import count
from sslstudio.labels.agreement import Agreement, Several
from sslstudio.session.label_import import Plan, Taken

MORE = "More"
MORE_HELP = "Blinded labelling, labels of other readers, import and export"
BLINDED = "Label blinded"
BLINDED_HELP = (
    "Keep back whose an image is, every label and what the classifier thinks, here, in the galleries and in the "
    "inspector, so that nothing leads you (B)"
)
BLINDED_CHIP = "Blinded"
IMPORT = "Import labels ..."
IMPORT_HELP = "Labels from a CSV, TSV or Parquet table, compared with yours before anything is written"
EXPORT = "Export labels ..."
EXPORT_HELP = "All labels as CSV or Parquet"
READERS = "Readers and agreement ..."
READERS_HELP = "Who labelled, how far readers agree, and the images on which they differ"
OPEN_TYPES = "Tables (*.csv *.tsv *.tab *.txt *.parquet *.pq)"
SAVE_TYPES = "CSV (*.csv);;Parquet (*.parquet)"

IMAGE_COLUMN = "Images are named in"
LABEL_COLUMN = "Labels stand in"
WHO = "Labelled by"
WHO_HELP = "Stands with each label, so that agreement can be measured"
WHO_COLUMN = "or by column"
NO_COLUMN = "(none)"
READING = "Comparing with your labels ..."
SHOWN = (("conflicts", "Conflicting"), ("new", "New"), ("same", "Same"), ("unknown", "Not found"))
HEADERS = ("Image", "Yours", "Theirs", "Read by", "Decision")
DECISIONS = {"mine": "Keep mine", "theirs": "Take theirs", "leave": "Decide later"}
DECISION_HELPS = {
    "mine": "Your label stays; theirs is kept beside it, for agreement (M)",
    "theirs": "Their label takes the place of yours, which is kept beside it as your reading (T)",
    "leave": "Your label stays for now; the image waits under Readers and agreement for a decision (L)",
}
FOR_SELECTED = "For the selected rows, or for all:"
CLASSES = "Classes that this project does not have"
ADD_CLASS = "Add as a new class"
SKIP_CLASS = "Leave these labels out"
ONE_STEP = "Nothing is written before you press Import. One undo takes all of it back."
MOST_ROWS = 2_000

AS = "You label as"
AS_HELP = "Your name or initials stand with every label you give from now on, so that readers can be told apart"
RATER_HEADERS = ("Reader", "Images", "With a class")
PAIR_HEADERS = ("Readers", "Images", "Patients", "Agree", "Kappa", "95 % interval")
CLASS_HEADERS = ("Class", "Answers", "Agree")
CLASS_HELP = "Given that one reader answered this class: how often another reader of the same image did"
ALL_RATERS = "All {} (Fleiss)"
ONE_READER = (
    "One reader so far. Import the labels of a second one, or let a second person read some again: enter the name "
    "above first, then press Read some again."
)
DECIDE_BLIND = "Decide blinded"
DECIDE_OPEN = "Decide with the answers shown"
DECIDE_BLIND_HELP = "Each image alone, without the readers' answers: a third, independent opinion"
DECIDE_OPEN_HELP = "Each image with what each reader answered"
NOTHING_OPEN = "Readers differ on no image that waits for a decision."
DECIDED = "All differences are decided. One undo each takes a decision back."
WHY_OPEN = "Readers differ on this image."
EXPORT_TITLE = "Export labels"
WITH_NAMES = "File names"
WITH_NOTES = "Notes, and names of files that labels came from"
WITH_READINGS = "Answers of other readers, a row each"
MAY_NAME = "May say who a patient is. Leave it out of what you give away."
EXPORT_WHAT = "Written are image number, pseudonym of the patient, label, who gave it, when and how, and the part."


def columns_missing(names: Sequence[str]) -> str:
    """Said while it is not known which columns are meant."""
    return "Choose the columns." if names else "The table has no columns."


def summary(plan: Plan) -> str:
    """What the table holds, before anything is written."""
    parts = [
        f"{count(len(plan.new), 'new label')}",
        f"{len(plan.same):,} the same as yours",
        f"{len(plan.conflicts):,} conflicting",
    ]
    if plan.unknown_images:
        parts.append(f"{count(len(plan.unknown_images), 'row')} without an image here")
    if plan.ambiguous:
        parts.append(f"{count(len(plan.ambiguous), 'row')} that fit several files")
    if plan.blank:
        parts.append(f"{count(plan.blank, 'row')} without a label")
    return ", ".join(parts) + "."


def import_button(plan: Plan | None) -> str:
    """The button that takes over."""
    if plan is None:
        return "Import"
    return f"Import {count(len(plan.new) + len(plan.same) + len(plan.conflicts), 'answer')}"


def unknown_class(name: str, images: int) -> str:
    """A class that the project does not have."""
    return f"{name} ({count(images, 'image')})"


def taken(done: Taken) -> str:
    """What an import did."""
    parts = [f"Imported {count(done.labelled, 'label')}."]
    if done.replaced:
        parts.append(f"{done.replaced:,} took the place of yours.")
    if done.readings:
        parts.append(f"{count(done.readings, 'answer')} kept beside your labels.")
    if done.to_decide:
        parts.append(f"{count(done.to_decide, 'image waits', 'images wait')} for a decision.")
    return " ".join(parts)


def exported(labels: int, name: str) -> str:
    """What an export did."""
    return f"Wrote {count(labels, 'label')} to {name}."


def kappa(found: Agreement | Several) -> tuple[str, str]:
    """Kappa and its interval as cells."""
    if found.kappa is None:
        return "-", "one class is all there is"
    return f"{found.kappa:.2f}", f"{found.low:.2f} to {found.high:.2f}"


def open_images(images: int) -> str:
    """How many images wait."""
    return f"{count(images, 'image waits', 'images wait')} for a decision." if images else NOTHING_OPEN


def deciding(number: int, total: int, answers: Sequence[tuple[str, str]]) -> str:
    """Which image is being decided; `answers` (reader, answer) are shown where they may be."""
    said = "; ".join(f"{who}: {what}" for who, what in answers)
    middle = f" {said}." if said else " Readers differ on it."
    then = "Your answer becomes its label: a class, or U when nobody can tell."
    return f"Deciding image {number} of {total}.{middle} {then}"


def without_class(counts: Mapping[str, int]) -> str:
    """The answers that are no class, counted."""
    return ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
