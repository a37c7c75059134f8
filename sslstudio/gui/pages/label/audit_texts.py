"""The words of a check before many images get one label."""

from __future__ import annotations

from sslstudio.classifiers.intervals import Interval
from sslstudio.gui.texts import count
from sslstudio.labels.agreement import Agreement
from sslstudio.labels.audit import FEWEST, SAMPLE, Found
from sslstudio.session.second_reads import SAMPLE as SECOND_SAMPLE

CHECK = "Check a sample"
CHECK_HELP = (
    f"Before labelling many images at once: look at {SAMPLE} of the selected ones, drawn at random and shown without "
    "the classifier's opinion, and see how many would be wrong"
)
TOO_FEW = f"Select {FEWEST} or more images without a label; fewer are labelled sooner than checked."
STOP = "Stop checking"
END = "Leave it"
EDGE = "Walk the boundary"
CORE_HELP = "The half of the images that lie nearest to the middle of them all: mistakes are rarer there"
WHY = "Drawn at random from the images that are being checked."
SECOND_READ = "Read some again"
SECOND_READ_HELP = (
    f"Show {SECOND_SAMPLE} labelled images again, drawn at random, without their labels, and see how far both reads "
    "agree. Your labels stay as they are."
)
NOTHING_READ = "No image got a class in the second read, so there is nothing to compare."
DIFFERENCES_NAME = "read differently"
ANSWER = "Answer with a class, or U when you cannot tell."
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


def second_read(done: int, total: int) -> str:
    """The button that begins a second read, or goes on with one."""
    return f"{SECOND_READ} ({done} of {total} done)" if total else SECOND_READ


def second_step(number: int, total: int) -> str:
    """Which image is read again."""
    return f"Second read: image {number} of {total}. Its label stays as it is, whatever you answer. {ANSWER}"


def second_result(found: Agreement, unsure: int) -> str:
    """How far two reads agree, in words that have their figures beside."""
    images, patients = count(found.n, "image"), count(found.patients, "patient")
    said = f"Both reads agree on {100 * found.agree:.0f} % of {images} from {patients}"
    if found.kappa is None:
        kappa = "kappa cannot be told, as one class is all there is"
    else:
        kappa = f"Cohen's kappa {found.kappa:.2f} ({found.low:.2f} to {found.high:.2f}, 95 % interval)"
    left = f" {count(unsure, 'image was', 'images were')} unsure." if unsure else ""
    return f"{said}; {kappa}.{left}"


def differences(images: int) -> str:
    """The button that lists the images that were read differently."""
    return f"Show the {count(images, 'difference')}"


def differs(first: str, second: str) -> str:
    """Why an image stands in the list of differences."""
    return f"Labelled {first}; in the second read {second}."
