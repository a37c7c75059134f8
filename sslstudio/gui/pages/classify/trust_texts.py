"""The words of the panel on probabilities, cuts and patients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslstudio.classifiers.trust import Cut
from sslstudio.gui.pages.classify.texts import figure
from sslstudio.gui.texts import count

PATIENTS_TITLE = "Whole patients"
RELIABILITY = "How far to trust the probabilities"
ROC = "Where to cut"
CLASS = "Class to find"
SENSITIVITY = "Find at least"
PREVALENCE = "Share of it among your patients"
CLASS_TIP = "The class that must not be missed; all others count as one"
SENSITIVITY_TIP = "The smallest share of the images of this class that is to be found"
RELIABILITY_HELP = (
    "Each dot stands for the test images to which the classifier gave about this probability; the larger, the more. "
    "On the dashed line the probabilities are honest; below it the classifier boasts. Bars: 95 % intervals, which "
    "take images for independent; images of one patient are not, so the truth is less certain."
)
OPTIMISTIC = (
    "The cut is chosen on the test images themselves, so sensitivity and specificity are a little too good; "
    "check it on other patients before relying on it. The intervals take images for independent, which images of one "
    "patient are not. Predictive values are for the share you entered."
)
NO_CURVE = "No class has test images on both sides."
_WELL, _FAIR = 0.05, 0.1


def calibrated(calibration: Mapping[str, Any]) -> str:
    """What the gap between probability and truth means."""
    gap = float(calibration["ece"])
    images = sum(int(entry["n"]) for entry in calibration["bins"])
    word = "can be read as they are" if gap < _WELL else "are roughly right" if gap < _FAIR else "should not be trusted"
    few = " Below 100 images the gap itself is uncertain." if images < 100 else ""
    return (
        f"The probabilities {word}: on average they are off by {100 * gap:.0f} points (ECE {gap:.3f}, "
        f"Brier score {float(calibration['brier']):.3f}, {count(images, 'test image')}).{few}"
    )


def patients(found: Mapping[str, Any] | None) -> str:
    """The scores of patients, whose images vote by the mean of their probabilities."""
    if found is None:
        return "Every test patient has one image, so patients score as their images do."
    mixed = int(found["mixed"])
    out = f" {count(mixed, 'patient')} with images of several classes left out." if mixed else ""
    return (
        f"Balanced accuracy {figure(found['balanced_accuracy'])}, accuracy {figure(found['accuracy'])} on "
        f"{count(int(found['n']), 'patient')}, each judged by the mean of the probabilities of its test images.{out}"
    )


def prevalence_tip(share: float) -> str:
    """Why the field holds what it holds at first."""
    return f"Among the test images it is {share:.0f} %. Enter what it is where you want to use the classifier."


def cut(name: str, found: Cut, prevalence: float) -> str:
    """An operating point in words."""
    sensitivity, specificity = (
        _interval(found.sensitivity, found.sensitivity_interval),
        _interval(found.specificity, found.specificity_interval),
    )
    lines = [
        f"Call an image {name} from a probability of {found.threshold:.2f} on:",
        f"sensitivity {sensitivity}, specificity {specificity}.",
        f"Where {prevalence:.1f} % of the images are {name},",
    ]
    if found.ppv is not None:
        lines.append(f"{100 * found.ppv:.0f} % of those called {name} are (PPV {found.ppv:.2f})")
    if found.npv is not None:
        lines.append(f"and {100 * found.npv:.1f} % of the others are not (NPV {found.npv:.3f}).")
    return " ".join(lines)


def _interval(value: float, ends: tuple[float, float]) -> str:
    return f"{value:.2f} ({ends[0]:.2f} to {ends[1]:.2f})"
