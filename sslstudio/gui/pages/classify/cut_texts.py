"""The words of the panel on cuts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslstudio.classifiers.intervals import Interval
from sslstudio.classifiers.thresholds import Cut
from sslstudio.domain.units import PLURAL, count
from sslstudio.gui.pages.classify.texts import figure

CLASS = "Class to find"
SENSITIVITY = "Find at least"
PREVALENCE = "Share of it among your patients"
CLASS_TIP = "The class that must not be missed; all others count as one"
SENSITIVITY_TIP = "The smallest share of the cases of this class that is to be found"
CURVES_HELP = (
    "Left, the ROC curve: what is found against false alarms; on the dashed line it is guessing. Right, the "
    "precision-recall curve: of those called so, how many are, at the share of the class among the test cases, which "
    "the "
    "dashed line marks. The ring is the cut."
)
OPTIMISTIC = (
    "The cut is chosen on the test cases themselves, so sensitivity and specificity are a little too good; check it "
    "on "
    "other patients before relying on it. Brackets: 95 % intervals, by patient where patients have several images. "
    "Predictive values are for the share you entered."
)
BENEFIT = "Is it worth acting on?"
BENEFIT_HELP = (
    "The decision curve: choose at the bottom the probability from which you would act, for example biopsy; at 20 % "
    "you "
    "accept four false alarms for one case found. The classifier (line) helps where it lies above acting on all cases "
    "(dashed, falling) and on none (dashed, at 0). It takes the probabilities as they stand and the share of the class "
    "among the test cases. Vickers and Elkin 2006."
)
NO_CURVE = "No class has test cases on both sides."


def prevalence_tip(share: float) -> str:
    """Why the field holds what it holds at first."""
    return f"Among the test cases it is {share:.0f} %. Enter what it is where you want to use the classifier."


def cut(name: str, found: Cut, curve: Mapping[str, Any], prevalence: float, unit: str = "image") -> str:
    """An operating point in words; a case is a `unit`."""
    positives, negatives = int(curve["positives"]), int(curve["negatives"])
    many = PLURAL[unit]
    of, others = count(positives, unit, many), f"{negatives:,} others"
    if "positive_patients" in curve:
        of += f" of {count(int(curve['positive_patients']), 'patient')}"
        others += f" of {count(int(curve['negative_patients']), 'patient')}"
    lines = [
        f"Call {'an' if unit == 'image' else 'a'} {unit} {name} from a probability of {found.threshold:.2f} on:",
        f"sensitivity {_value(found.sensitivity, found.sensitivity_interval)}, {found.found:,} of {of};",
        f"specificity {_value(found.specificity, found.specificity_interval)}, {found.passed:,} of {others}.",
    ]
    predictive = []
    if found.ppv is not None and found.ppv_interval is not None:
        predictive.append(f"PPV {_value(found.ppv, found.ppv_interval)} (those called {name} that are)")
    if found.npv is not None and found.npv_interval is not None:
        predictive.append(f"NPV {_value(found.npv, found.npv_interval, 3)} (the others that are not)")
    if predictive:
        lines.append(f"Where {prevalence:.1f} % of the {many} are {name}: {', '.join(predictive)}.")
    return " ".join(lines)


def roc_said(area: Mapping[str, Any] | None, cut: str) -> str:
    """The ROC curve for who cannot see it."""
    return f"ROC curve, area {figure(area)}. {cut}"


def recall_said(area: Mapping[str, Any] | None, share: float) -> str:
    """The precision-recall curve for who cannot see it."""
    return f"Precision-recall curve, area {figure(area)}; guessing gives {share:.2f}."


def benefit(name: str, useful: tuple[float, float] | None) -> str:
    """Where the classifier is of use."""
    if useful is None:
        return f"At no threshold is acting on the classifier better than acting on all cases or on none ({name})."
    low, high = (f"{100 * end:.0f}" for end in useful)
    return (
        f"If you would act on {name} from a probability of {low} to {high} %, the classifier does more good than "
        f"acting "
        "on all cases or on none."
        if low != high
        else f"Only at {low} % does acting on the classifier for {name} do more good than acting on all cases or on "
        f"none."
    )


def _value(value: float, ends: Interval, digits: int = 2) -> str:
    return f"{value:.{digits}f} ({ends.low:.{digits}f} to {ends.high:.{digits}f})"
