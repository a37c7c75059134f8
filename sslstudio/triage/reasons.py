"""The sentences of findings, for a radiologist. None of them holds anything that was read in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sslstudio.domain.findings import Box, FindingKind
from sslstudio.domain.words import percent

CONSTANT = "Almost every pixel has the same shade."
NOISE = "It shows nothing but noise, as air does."
LOCALISER_BY_HEADER = "Its header says that it is a localiser or scout."
LOCALISER_BY_LINES = "Parallel straight lines cross it, as planned slices do on a localiser. A weak sign."
CAPTURE_BY_HEADER = "Its header says that it is a secondary capture, such as a saved screen."
PHANTOM_BY_HEADER = "Words in its header say that it shows a phantom or test object."
PHANTOM_BY_SHAPE = "It shows one even, round body, as a phantom does. A weak sign."
TEXT_BY_HEADER = "Its header says that text is burned in. No line of text was found, so look closely."


class Found(Protocol):
    """Takes one finding of the image that is looked at."""

    def __call__(self, kind: FindingKind, score: float, why: str, boxes: Sequence[Box] = ()) -> None: ...


def text_seen(lines: int, header: str) -> str:
    """Why text is suspected."""
    seen = "A line of letters or digits stands" if lines == 1 else f"{lines} lines of letters or digits stand"
    denied = " although its header says that there is none" if header == "no" else ""
    return f"{seen} in the pixels{denied}. {'It' if lines == 1 else 'They'} may name the patient."


def marks_seen(marks: int) -> str:
    """Why a side marker is suspected."""
    seen = "A single mark, such as a side marker, stands" if marks == 1 else f"{marks} short marks stand"
    return f"{seen} in the pixels. A model may learn it instead of the anatomy."


def inverted(peers: int, dark: float) -> str:
    """Why a picture may be inverted."""
    return f"Its background is light, but {percent(dark)} of {peers:,} images of the same kind have a dark one."


def same_picture(others: int, patients: int, *, torn: bool) -> str:
    """Why images are called duplicates; `torn` says that they stand in training and in test."""
    images = "another image" if others == 1 else f"{others} other images"
    if patients < 2:
        return f"It shows the same picture as {images} of the same patient."
    sides = ", in training and in test" if torn else ""
    return (
        f"The same picture in {patients} patients{sides}: it shows what {images} {'shows' if others == 1 else 'show'}."
    )
