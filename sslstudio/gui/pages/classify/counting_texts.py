"""The words of the chooser of what counts as one case, and of the ways of pooling side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sslstudio.domain.units import count
from sslstudio.gui.pages.classify.texts import figure
from sslstudio.gui.widgets.score_table import ScoreRow

COUNT_BY = "Count by"
POOLED_BY = "Pooled by"
NOTHING = "Nothing found is"
UNITS = (("image", "image"), ("study", "study"), ("patient", "patient"))
WAYS = (("mean", "mean"), ("max", "highest"), ("attention", "attention"))
WAY_NAMES = dict(WAYS)
MANY = {"image": "images", "study": "studies", "patient": "patients"}
UNIT_HELP = {
    "image": "Each test image is a case, judged by itself. Clinicians ask about the patient: study and patient answer "
    "that.",
    "study": "Each examination is a case: its images give one answer together. Subgroups and Worst first stay by "
    "image.",
    "patient": "Each patient is a case: all images of the patient give one answer together. Subgroups and Worst first "
    "stay by image.",
}
WAY_HELP = {
    "mean": "The mean of the probabilities of the images: every image counts alike. Steady, and the default.",
    "max": "A class has the probability of the image in which it is highest, then all classes are made to sum to one: "
    "one clear image is enough.",
    "attention": "Learned from the training patients: which images count, so that the telling ones weigh more (gated "
    "attention, Ilse et al. 2018).",
}
HIGHEST_NOTHING = (
    "A class has the probability of the image in which it is highest, {name} that of the image in which it is lowest: "
    "one image that shows something is enough."
)
NO_POOLING = "An image is judged by itself: choose study or patient above to pool images."
NO_CLASS = "no class"
NOTHING_HELP = (
    "Choose the class of images that show nothing: a {unit} with such images and images of one finding then counts for "
    "the finding. Otherwise a {unit} whose images differ has no class and is left out."
)
COUNTING = "Counting ..."
COMPARISON = "Ways of pooling on the same {many}"
COMPARISON_NAME = "Ways of pooling side by side"
HEADERS = ("Pooled by", "Balanced accuracy", "Difference from the mean", "AUROC", "Difference from the mean")
TIPS = (
    "Click a line to choose it",
    "With its 95 % interval, by patient",
    "On the same cases, with the 95 % interval of the difference; better or worse only where it leaves out 0",
    "Mean of the classes, with its 95 % interval",
    "On the same cases, with the 95 % interval of the difference",
)
THREE = "Choosing the best of three by these {many} makes it look a little too good: for a claim, test it on others."


def way_help(way: str, nothing: str) -> str:
    """What a way of pooling does; `nothing` is the class that means nothing found, or ""."""
    return HIGHEST_NOTHING.format(name=nothing) if way == "max" and nothing else WAY_HELP[way]


def basis(shown: Mapping[str, Any], classes: int) -> str:
    """What the figure of pooled scores stands on, and what guessing would reach."""
    unit, cases = str(shown["unit"]), int(shown["n_cases"])
    few = f" Below 50 {MANY[unit]} this is indicative only." if cases < 50 else ""
    chance = f" Guessing gives {1 / classes:.2f}." if classes else ""
    patients = f" of {count(int(shown['n_subjects']), 'patient')}" if unit == "study" else ""
    images = count(int(shown["n_images"]), "image")
    return f"on {count(cases, f'test {unit}', f'test {MANY[unit]}')}{patients} ({images}), 95 % interval.{chance}{few}"


def left_out(shown: Mapping[str, Any]) -> str:
    """Studies or patients that have no class, and images that are not pooled; "" when there are none."""
    unit, parts = str(shown["unit"]), []
    if shown.get("differ"):
        what = count(int(shown["differ"]), unit, MANY[unit])
        images = count(int(shown["differ_images"]), "image")
        why = "show different findings" if shown.get("nothing") else "are of different classes"
        parts.append(f"Left out: {what} ({images}) whose images {why}, so that there is no one truth to hold against.")
    if shown.get("further"):
        parts.append(
            f"Not pooled: {count(int(shown['further']), 'further image')} of these patients, without a label that the "
            "classifier knows."
        )
    return " ".join(parts)


def rows(shown: Mapping[str, Any]) -> list[ScoreRow]:
    """One line a way of pooling."""
    return [
        ScoreRow(
            (
                WAY_NAMES[one["pooling"]].capitalize(),
                figure(one["balanced_accuracy"]),
                _difference(one["differences"].get("balanced_accuracy")),
                figure(one["macro_auc"]),
                _difference(one["differences"].get("macro_auc")),
            ),
            strong=one["pooling"] == shown["pooling"],
        )
        for one in shown["comparison"]
    ]


def verdict(shown: Mapping[str, Any], no_attention: str) -> str:
    """Whether another way does better than the mean on the same cases; `no_attention` says why it is not among them."""
    said, unit = [], str(shown["unit"])
    others: Sequence[Mapping[str, Any]] = [one for one in shown["comparison"] if one["pooling"] != "mean"]
    for one in others:
        if one["verdict"] != "unclear":
            gap = _difference(one["differences"]["balanced_accuracy"])
            name = WAY_NAMES[one["pooling"]].capitalize()
            said.append(f"{name} does {one['verdict']} than the mean in balanced accuracy: {gap}.")
    if not any(one["verdict"] == "better" for one in others):
        said.append(f"Keep the mean: nothing is shown to do better on these {MANY[unit]}.")
    else:
        said.append(THREE.format(many=MANY[unit]))
    return " ".join([*said, no_attention]).strip()


def selected(images: int, cases: int, unit: str, true: str, called: str) -> str:
    """Said when a cell was clicked."""
    what, whose = count(images, "test image"), count(cases, unit, MANY[unit])
    if true == called:
        return f"Selected {what} of {whose} with {true}, rightly called so."
    return f"Selected {what} of {whose} with {true} that the classifier called {called}."


def _difference(gap: Mapping[str, float] | None) -> str:
    return "" if gap is None else f"{gap['value']:+.2f} ({gap['low']:+.2f} to {gap['high']:+.2f})"
