"""The words about who trains and who tests, the frozen test set, and leaks."""

from __future__ import annotations

from collections.abc import Sequence

from sslstudio.catalogue.frozen import FrozenTest
from sslstudio.domain.split_plans import SplitPlan, Way
from sslstudio.domain.units import count
from sslstudio.session.splitting import ColumnChoice, Preview, Side

WAY = "Tested on"
WAY_TIP = "Which patients the classifier does not learn from, so that they can examine it"
TITLES: dict[Way, str] = {
    "hold_out": "Test part of the patients",
    "cross": "Each patient in turn (cross-validation)",
    "drawn": "Cases drawn at random while labelling",
    "by_value": "Another site, scanner or group",
    "leave_one_out": "Each site, scanner or group in turn",
    "from_date": "Later images",
    "external": "Another collection of images",
}
QUESTIONS: dict[Way, str] = {
    "hold_out": "Does it work on patients like these whom it has never seen? A part of them is kept for this alone.",
    "cross": (
        "Does it work on patients like these? Every labelled image is judged by a classifier that has not seen its "
        "patient, so all labels count: best when there are few."
    ),
    "drawn": (
        "How often is it right on patients like all of these? What the queue on Label drew at random tests, each case "
        "of another patient; all other labels train, those of the test part too."
    ),
    "by_value": "Would it work at another hospital, on another scanner? The chosen ones test, the others train.",
    "leave_one_out": "Would it work at a hospital it has never seen? Each one is left out of training in turn.",
    "from_date": "Will it still work next year? It learns from earlier images and is tested on later ones.",
    "external": "Does it work on a data set from elsewhere? The chosen import or folder tests and never trains.",
}
COLUMN = "By"
COLUMN_TIP = "What the images are divided by"
VALUES_TIP = "Press to let these images test; what is not pressed trains"
SINCE = "From"
FOLDS = "Parts"
FOLDS_TIP = "Into how many parts the patients are dealt; each is tested by a classifier learned from the others"
REPEATS = "Times"
REPEATS_TIP = "How often the patients are dealt anew; the answers for an image are averaged, which steadies the figures"
APART = "No patient is on both sides."
USE_CROSS = "Use cross-validation"
STOP = "Stop"
FREEZE = "Freeze the test set"
FREEZE_TIP = (
    "From now on its patients never train, on any page and by any command, and each test on it is counted. A figure on "
    "a test set that was fixed beforehand is what a reader will believe."
)
THAW = "Thaw..."
THAW_ASK = (
    "Once its patients may train again, no later figure on them counts as a test on unseen patients. That it was "
    "thawed, when and why, stays in the project."
)
WHY = "Why (kept in the project)"
THAW_IT = "Thaw the test set"
KEEP = "Keep it frozen"
NOT_FROZEN = "The test part is not frozen: its patients may still change sides."
NO_PART = "Deal the patients first: train once."
FROZEN_NOW = "The test set is frozen: its patients never train from now on."
THAWED_NOW = "The test set is thawed."
SHOW = "Show them"
SHOW_TIP = "Selects the images of all pairs, so that Explore and Data show them"
TOGETHER = "Put each pair on one side"
TOGETHER_TIP = "Both patients go to the training side, which makes no claims"
LEAVE_OUT = "Leave the training images out"
LEAVE_OUT_TIP = "The training image of each pair takes part in nothing from now on; it can be taken in again on Data"
DIFFER = "They differ"
DIFFER_TIP = "You have looked: these are different pictures. It is kept, and they are not asked about again"
SOLVED = {
    "together": "Both sides of each pair stand together now. Train again.",
    "leave_out": "The training images of the pairs are left out now. Train again.",
    "differ": "Kept: these pictures differ. Train again.",
}
IDENTICAL_STAY = "Images that are identical pixel by pixel cannot differ; put them on one side or leave one out."


def training(done: int, total: int) -> str:
    """What is going on; `done` of `total` classifiers are fitted."""
    if total > 1:
        return f"Training and testing, {done + 1 if done < total else total} of {total} ..."
    return "Looking for leaks, training and testing ..."


def item(title: str, reason: str) -> str:
    """A way in the list; one that cannot be used says so."""
    return f"{title}: not here" if reason else title


def value(name: str, images: int, patients: int) -> str:
    """A value of a column that can test."""
    return f"{name}  ({count(images, 'image')}, {count(patients, 'patient')})"


def span(low: str, high: str) -> str:
    """What a field for a date says while it is empty."""
    return f"{low} to {high}"


def summary(found: Preview) -> str:
    """Both sides in numbers; "" while there are none."""
    if not found.test.images and not found.train.images:
        return ""
    if found.plan.way == "cross":
        parts = f"{found.folds // found.plan.repeats} parts"
        again = f", dealt {found.plan.repeats} times" if found.plan.repeats > 1 else ""
        how = f"{parts}{again}; each is tested by a classifier learned from the others."
        return f"Tested: {_side(found.test)}.\n{how} {APART}"
    if found.plan.way == "leave_one_out":
        return f"Tested: {_side(found.test)}.\n{count(found.folds, 'classifier')}, each without one of them. {APART}"
    return f"Training: {_side(found.train)}.\nTest: {_side(found.test)}.\n{APART}"


def _side(side: Side) -> str:
    who = f"{count(side.images, 'labelled image')} of {count(side.patients, 'patient')}"
    return f"{who} ({_classes(side.classes)})" if side.classes else who


def _classes(classes: Sequence[tuple[str, int]]) -> str:
    shown = ", ".join(f"{name} {images:,}" for name, images in classes[:8])
    return f"{shown}, {len(classes) - 8} more classes" if len(classes) > 8 else shown


def frozen(state: FrozenTest, day: str) -> str:
    """How the frozen test set stands."""
    looked = "not looked at yet" if not state.looks else f"looked at {count(state.looks, 'time')}"
    creep = ": scores creep up with each look" if state.looks > 1 else ""
    return (
        f"Test set frozen on {day}: {count(state.images, 'image')} of {count(state.subjects, 'patient')}, "
        f"{looked}{creep}."
    )


def thawed_before(times: int) -> str:
    """Said beside a test set that is not, or not for the first time, frozen."""
    return f" A frozen test set was given up {count(times, 'time')} in this project." if times else ""


def column_of(columns: Sequence[ColumnChoice], key: str) -> ColumnChoice | None:
    """The column of that key, else the first."""
    return next((one for one in columns if one.key == key), columns[0] if columns else None)


def plan_title(plan: SplitPlan) -> str:
    """What a plan is called beside its figures."""
    return TITLES[plan.way]
