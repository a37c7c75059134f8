"""The words of "Is pretraining helping?"."""

from __future__ import annotations

TITLE = "Is pretraining helping?"
ABOUT = (
    "Compares this run with its start, with random weights and with ImageNet if it is at hand: the same labels, the "
    "same patients held apart. It may answer no."
)
ASK = "Find out"
NOT_DONE = "Possible once the run has finished."
GONE = "Its weights were thrown away, so there is nothing to compare."
BUSY = "It is being found out."
JOB = "Images are being embedded; then this can be asked."
NO_LABELS = "It cannot be told yet: there are too few labels."
LABEL_FIRST = "Label images of two classes and of several patients each."
READING = "Reading the labels and what the networks say of the images..."
JUDGING = "Comparing. This takes up to a minute."


def embedding(name: str) -> str:
    """What is embedded first, because it is not yet."""
    return f"Embedding the images with {name} first."


def interval(low: float | None, high: float | None) -> str:
    """ "95 % interval 62 to 79 %", or that there is none."""
    if low is None or high is None:
        return "no interval: too few patients"
    return f"95 % interval {100 * low:.0f} to {100 * high:.0f} %"
