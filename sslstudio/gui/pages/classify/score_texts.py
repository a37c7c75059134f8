"""The words of the panel with all scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslstudio.gui.texts import count

OVERALL = "Over all classes"
PER_CLASS = "Class by class"
MORE = "More scores class by class"
LEVEL = "What counts as one case"
BY_IMAGE = "By image"
BY_PATIENT = "By patient"
AS_IMAGES = "as by image"
NO_PATIENTS = "Every test patient has one image, so patients score as their images do."
OVERALL_HEADERS = ("Score", "By image", "By patient")
OVERALL_TIPS = (
    "",
    "Every test image is a case; the 95 % interval knows which images are of one patient",
    "Every test patient is a case, judged by the mean of the probabilities of his images",
)
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
    "Test cases with this label: images, or patients",
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


def basis(scores: Mapping[str, Any], whole: bool) -> str:
    """What the lines of the table count."""
    number = int(scores.get("n_subjects", 0))
    if whole:
        mixed = int(scores.get("mixed", 0))
        out = f"; {count(mixed, 'patient')} with images of several classes left out" if mixed else ""
        return f"{count(number, 'test patient')}, each judged by the mean of the probabilities of its images{out}."
    images = count(int(scores.get("n_images", 0)), "test image")
    return f"{images} of {count(number, 'patient')}. In brackets: 95 % intervals."
