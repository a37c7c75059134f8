"""The words of the Classify page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sslstudio.domain.units import count

TITLE = "Classify"
SEEN_BY = "Seen by"
TRAIN = "Train classifier"
TRAINING = "Training and testing ..."
TRAIN_HELP = "Learns from the labelled images of the training patients, and is tested on patients it has not seen"
SOURCE_HELP = "Through which network the classifier sees the images"
MODEL_HELP = "Which classifier is shown below"
COMPARE = "Train on all and compare"
COMPARE_HELP = "Trains a classifier on each network, from the same labels, and tests all on the same images"
EMBED_STARTS = "Prepare the comparison"
EMBED_STARTS_HELP = "Looks at all images with an untrained network, so that there is something to compare with"
NO_EMBEDDING = "Make the map on Explore first."
FEW_LABELS = "Label at least two images of two classes first."
READ_ONLY = "This project is open for reading only."
PATIENTS = "Patients"
RESULT = "On patients it has never seen"
HELPING = "Is pretraining helping?"
CONFUSION = "Label (rows) against classifier (columns). Click a cell to select its images."
RESEARCH = (
    "For research use only. These figures describe these images; they prove nothing for other patients or scanners."
)
NOT_TRAINED_TITLE = "No classifier yet"
NOT_TRAINED = (
    "Train one on the labels you gave: it learns from the training patients and is tested on others. It takes seconds."
)
NO_TEST = "It could not be tested: no image of a test patient has a label. Label some of them on the Label page."
NOT_DEALT = (
    "The patients will be dealt by chance when you train: three quarters learn, one quarter tests. "
    "All images of a patient stay on one side."
)
MANY_ONE_IMAGE = (
    "Every patient here has one image. If these are really several images of fewer people, name the patients on Data: "
    "otherwise the figures are too good."
)

COMPARE_HEADERS = ("Seen by", "Balanced accuracy", "Test images", "Patients", "Model")


def split(train: tuple[int, int], test: tuple[int, int]) -> str:
    """How many labelled images and patients learn and test: (images, patients) of each side."""
    return (
        f"Training: {count(train[0], 'labelled image')} of {count(train[1], 'patient')}.   "
        f"Test: {count(test[0], 'labelled image')} of {count(test[1], 'patient')}.   No patient is on both sides."
    )


def figure(value: Mapping[str, Any] | float | None) -> str:
    """A score with its 95 % interval: "0.81 (0.70 to 0.89)"; "-" when it is not known."""
    if value is None:
        return "-"
    if not isinstance(value, Mapping):
        return f"{float(value):.2f}"
    if value.get("value") is None:
        return "-"
    if value.get("low") is None or value.get("high") is None:
        return f"{float(value['value']):.2f}"
    return f"{float(value['value']):.2f} ({float(value['low']):.2f} to {float(value['high']):.2f})"


def basis(images: int, patients: int, classes: int) -> str:
    """What the figure stands on, and what guessing would reach."""
    few = " Below 50 images this is indicative only." if images < 50 else ""
    chance = f" Guessing gives {1 / classes:.2f}." if classes else ""
    return f"on {count(images, 'test image')} of {count(patients, 'patient')}, 95 % interval.{chance}{few}"


def left_out(counts: Mapping[str, int]) -> str:
    """Test images that were not used, and why; "" when all were."""
    words = {
        "patient_in_training": "of patients the classifier has learned from",
        "copy_in_training": "that show the same picture as a training image",
        "class_not_in_model": "of a class with too few training labels",
        "drawn": "of patients drawn at random, who are kept to test",
        "not_embedded": "imported after the network looked",
    }
    parts = [f"{counts[key]:,} {why}" for key, why in words.items() if counts.get(key)]
    return f"Test images left out: {', '.join(parts)}." if parts else ""


def selected(images: int, true: str, predicted: str) -> str:
    """Said when a cell was clicked."""
    if true == predicted:
        return f"Selected {count(images, 'test image')} of {true} that {'was' if images == 1 else 'were'} found."
    return f"Selected {count(images, 'test image')} labelled {true} that the classifier called {predicted}."


def verdict(rows: Sequence[tuple[str, bool, Mapping[str, Any]]]) -> str:
    """Whether training here beats the starts: rows of (title, trained here, balanced accuracy with interval)."""
    trained = [row for row in rows if row[1]]
    starts = [row for row in rows if not row[1]]
    if not trained:
        return "Train and test a classifier on a network pretrained here: it is compared with networks that were not."
    if not starts:
        return "There is nothing to compare with yet."
    best = max(trained, key=lambda row: float(row[2]["value"]))
    rival = max(starts, key=lambda row: float(row[2]["value"]))
    gain = float(best[2]["value"]) - float(rival[2]["value"])
    if float(best[2]["low"]) > float(rival[2]["high"]):
        return f"Yes: {best[0]} is {gain:.2f} above {rival[0]}, and the intervals do not overlap."
    if gain > 0:
        ahead = f"{best[0]} is {gain:.2f} above {rival[0]}"
        return f"Perhaps: {ahead}, but the intervals overlap; more test labels would tell."
    return f"No: {best[0]} is not better than {rival[0]} on these labels ({gain:+.2f})."
