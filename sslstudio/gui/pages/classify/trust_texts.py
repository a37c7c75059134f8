"""The words of the panel on probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslstudio.classifiers.conformal import ENOUGH, indicative
from sslstudio.domain.units import PLURAL, count
from sslstudio.domain.words import percent
from sslstudio.gui.pages.classify.texts import figure

RELIABILITY = "How far to trust the probabilities"
RELIABILITY_HELP = (
    "Each dot stands for the test cases to which the classifier gave about this probability; the larger, the more. "
    "On the dashed line the probabilities are honest; below it the classifier boasts. Bars: 95 % intervals, by patient "
    "where patients have several images. Rings: before the calibration."
)
SETS = "When it cannot tell"
SET_HEADERS = ("Promised", "Set held the truth", "One class", "Cannot tell", "Classes in a set")
SET_TIPS = (
    "In so many of 100 images of new patients the set is to hold the true class",
    "The share of the test images whose set held their label, with its 95 % interval",
    "The share of the test images whose set is one class: the classifier commits itself",
    "The share of the test images whose set holds several classes: the classifier cannot tell between them",
    "Their mean number; 1 would be an answer for every image",
)
SETS_HELP = (
    "Instead of one answer the classifier can name all classes that it cannot rule out: a conformal set. The promise "
    "holds if new images come from patients like those it has learned from, taken on the same kind of scanner; on "
    "others "
    "it may fail. It is about all images together, not about each class. The limits were set on training patients that "
    "were left out in turn, and are kept with the classifier."
)
NO_SETS = (
    "No sets: they need scores of training patients that were left out in turn. A linear head keeps them when it is "
    "trained on enough patients; fine-tuned networks and classifiers of older versions keep none."
)
POOLED = {
    "mean": "They are pooled from the calibrated probabilities of images and not calibrated anew; a mean is often too "
    "cautious.",
    "max": "They are pooled from the calibrated probabilities of images and not calibrated anew; the highest is often "
    "too bold.",
    "attention": "One number (the temperature), fitted on training patients left out in turn, calibrates them.",
}
POOLED_SETS = "Sets are made for single images: count by image to see them."
_WELL, _FAIR = 0.05, 0.1


def calibrated(calibration: Mapping[str, Any], unit: str = "image") -> str:
    """What the gap between probability and truth means; a case is a `unit`."""
    gap = float(calibration["ece"])
    images = sum(int(entry["n"]) for entry in calibration["bins"])
    word = "can be read as they are" if gap < _WELL else "are roughly right" if gap < _FAIR else "should not be trusted"
    few = f" Below 100 {PLURAL[unit]} the gap itself is uncertain." if images < 100 else ""
    return (
        f"The probabilities {word}: on average they are off by {100 * gap:.0f} points (ECE {gap:.3f}, "
        f"Brier score {float(calibration['brier']):.3f}, {count(images, f'test {unit}', f'test {PLURAL[unit]}')}).{few}"
    )


def before(after: Mapping[str, Any], found: Mapping[str, Any] | None) -> str:
    """What the calibration did."""
    if found is None:
        return "They were not calibrated: for that, more patients must be labelled."
    was, now = float(found["ece"]), float(after["ece"])
    change = "brought them nearer to the truth" if now < was else "did not bring them nearer to the truth here"
    return (
        f"One number (the temperature), fitted on training patients left out in turn, {change}: off by {100 * was:.0f} "
        f"points before (Brier score {float(found['brier']):.3f})."
    )


def promise(found: Mapping[str, Any]) -> str:
    """What the sets rest on, and whether the promise was kept."""
    levels = found.get("levels") or ()
    if not levels:
        return NO_SETS
    basis = f"{count(int(found['n_images']), 'training image')} of {count(int(found['n_subjects']), 'patient')}"
    if indicative(found):
        return f"Indicative only: the limits were set on {basis}, fewer than {ENOUGH} images."
    missed = [one for one in levels if float(one["held"]["high"]) < float(one["coverage"])]
    if missed:
        at = ", ".join(f"{100 * float(one['coverage']):.0f} %" for one in missed)
        return (
            f"The promise of {at} was not kept on the test images (limits set on {basis}): the test patients differ "
            f"from "
            "those it has learned from."
        )
    return f"The test images do not contradict the promise. The limits were set on {basis}."


def set_row(level: Mapping[str, Any]) -> tuple[str, ...]:
    """One line of the table of sets."""
    return (
        f"{100 * float(level['coverage']):.0f} %",
        figure(level["held"]),
        percent(float(level["one"])),
        percent(float(level["cannot_tell"])),
        f"{float(level['mean_size']):.2f}",
    )
