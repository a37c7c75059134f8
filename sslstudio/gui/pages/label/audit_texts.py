"""The words of a check before many images get one label."""

from __future__ import annotations

from sslstudio.classifiers.intervals import Interval
from sslstudio.gui.texts import count
from sslstudio.labels.audit import FEWEST, SAMPLE, Found

CHECK = "Check a sample"
CHECK_HELP = (
    f"Before labelling many images at once: look at {SAMPLE} of the selected ones, drawn at random and shown without "
    "the classifier's opinion, and see how many would be wrong"
)
TOO_FEW = f"Select {FEWEST} or more images without a label; fewer are labelled sooner than checked."
STOP = "Stop checking"
END = "Leave it"
EDGE = "Walk the boundary"
EDGE_HELP = "List the images from the outermost inwards, to be labelled one by one"
CORE_HELP = "The half of the images that lie nearest to the middle of them all: mistakes are rarer there"
WHY = "Drawn at random from the images that are being checked."
EDGE_NAME = "the boundary, outermost first"


def step(number: int, total: int, name: str) -> str:
    """Which image of the sample is shown."""
    return f"Checking whether the selected images are {name}: image {number} of {total}. Label it as you see it."


def result(found: Found, name: str, interval: Interval) -> str:
    """What the sample says of the whole: the share that would be wrong, with its exact interval."""
    share = found.wrong / found.n
    return (
        f"{found.right} of {found.n} are {name}. Labelling the rest so would be wrong for about {100 * share:.0f} % "
        f"({100 * interval.low:.1f} to {100 * interval.high:.0f} %, 95 % interval)."
    )


def label_all(rest: int, name: str) -> str:
    """The button that labels all that are left."""
    return f"Label the other {count(rest, 'image')} as {name}"


def label_core(core: int) -> str:
    """The button that labels the inner half."""
    return f"Only the inner {core:,}"
