"""The words of the panel with all scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslstudio.domain.units import count

OVERALL = "Over all classes"
PER_CLASS = "Class by class"
MORE = "More scores class by class"
OVERALL_HEADERS = ("Score", "Value (95 % interval)")
OVERALL_ROWS = (
    ("balanced_accuracy", "Balanced accuracy", "The mean of the sensitivities: every class counts alike"),
    ("accuracy", "Accuracy", "The share that is right; frequent classes count more"),
    ("kappa", "Cohen's kappa", "Agreement with the labels beyond chance: 0 is chance, 1 is perfect"),
    (
        "macro_auc",
        "AUROC, mean of classes",
        "How well each class is ranked above the rest: 0.5 is chance, 1 is perfect",
    ),
    (
        "macro_f1",
        "F1, mean of classes",
        "Balance of what is found and what is called rightly; every class counts alike",
    ),
)
NAMES = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "PPV",
    "npv": "NPV",
    "f1": "F1",
    "auc": "AUROC",
    "average_precision": "AUPRC",
}
CLASS_HEADERS = ("Class", "Sensitivity", "Specificity", "PPV", "AUROC", "Cases", "Patients")
CLASS_TIPS = (
    "",
    "Of the cases with this label, how many were found",
    "Of the cases with another label, how many were called another",
    "Positive predictive value, or precision: of the cases called this, how many were right, at the share of this "
    "class "
    "among the test cases",
    "How well the probability of this class orders cases: 0.5 is chance, 1 is perfect",
    "Test cases with this label: images, studies or patients, as chosen above",
    "Test patients with this label",
)
MORE_HEADERS = ("Class", "NPV", "F1", "AUPRC")
MORE_TIPS = (
    "",
    "Negative predictive value: of the cases called another, how many were right, at the share of this class among the "
    "test cases",
    "Balance (harmonic mean) of sensitivity and PPV",
    "Average precision, the area under the precision-recall curve; chance is the share of this class among the cases",
)


def basis(scores: Mapping[str, Any]) -> str:
    """What the lines of the table count."""
    number, unit = int(scores.get("n_subjects", 0)), str(scores.get("unit", "image"))
    images = count(int(scores.get("n_images", 0)), "test image")
    if unit == "patient":
        return f"{count(number, 'test patient')} with {images}. In brackets: 95 % intervals."
    if unit == "study":
        cases = count(int(scores["n_cases"]), "test study", "test studies")
        return f"{cases} of {count(number, 'patient')}, with {images}. In brackets: 95 % intervals."
    return f"{images} of {count(number, 'patient')}. In brackets: 95 % intervals."
