"""The words of a check before many images get one label."""

from __future__ import annotations

from sslstudio.classifiers.intervals import Interval
from sslstudio.domain.units import count
from sslstudio.labels.agreement import Agreement
from sslstudio.labels.audit import FEWEST, SAMPLE, Found
from sslstudio.session.second_reads import SAMPLE as SECOND_SAMPLE

CHECK = "Check a sample"
CHECK_HELP = (
    f"Before labelling many images at once: look at {SAMPLE} of the selected ones, drawn at random and shown without "
    "the classifier's opinion, and see how many would be wrong"
)
TOO_FEW = f"Select {FEWEST} or more images without a label; fewer are labelled sooner than checked."
STOP = "Stop"
END = "Leave it"
EDGE = "Walk the boundary"
EDGE_HELP = "The images one by one, from the edge of the group inwards: mistakes are most likely there"
YES = "Yes  Y"
NO = "No  N"
CHOOSE_SIZE = "Choose how many to look at ..."
DIALOG_TITLE = "Label a group"
AS_CLASS = "Label as"
NEW_CLASS = "New class"
NAME_CLASS = "Name of the new class"
HOW_SURE = "How sure must it be?"
HOW_SURE_HELP = "The more images you look at, the narrower the 95 % interval of the share that would be wrong"
BEGIN = "Begin"
BLIND_SAMPLE = (
    "You see a random sample, one image at a time, without names, labels and the classifier's opinion, and say yes or "
    "no, or give another class. Then you decide: all, only the core, or one by one from the edge."
)
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


KEEP_READINGS = "Keep beside the labels"


def kept_readings(images: int, name: str) -> str:
    """What became of a second read that is kept."""
    return f"{count(images, 'answer')} kept as those of {name}. Differences wait under More, Readers and agreement."


def step(number: int, total: int, name: str) -> str:
    """Which image of the sample is shown."""
    return f"Is this {name}? Blind sample, image {number} of {total}. You may also give it the class it has."


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


def label_core(core: int, found: Found | None = None, interval: Interval | None = None) -> str:
    """The button that labels the inner half, with what the sample says of that half alone."""
    said = f"Only the inner {core:,}"
    if found is None or interval is None:
        return said
    return f"{said} ({found.wrong} of {found.n} wrong, {100 * interval.low:.0f} to {100 * interval.high:.0f} %)"


def provenance(found: Found, interval: Interval, *, core: bool) -> str:
    """What stands with each label that was given after a check."""
    where = "core of a group" if core else "group"
    wrong = f"{found.wrong} of {found.n} checked were wrong" if found.n else "none checked"
    return f"{where}: {wrong}, {100 * interval.low:.1f} to {100 * interval.high:.0f} %"


def from_edge(number: int, total: int) -> str:
    """Why an image stands where it does on the walk along the boundary."""
    return f"Number {number:,} from the edge of the group, of {total:,}."


def how_sure(share: float, size: int) -> str:
    """One choice of how many images to look at."""
    return f"At most {100 * share:.0f} % wrong, if none is found wrong: look at {size}"


def group_size(images: int, labelled: int) -> str:
    """How large the group is."""
    left = f"; {labelled:,} more have a label already" if labelled else ""
    return f"{count(images, 'image')} without a label{left}."


def too_small(images: int) -> str:
    """Said of a group that is sooner labelled than checked."""
    return f"{count(images, 'image')} without a label are labelled sooner than checked. They are selected for you."


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
