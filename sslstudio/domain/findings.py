"""What the triage says of an image: findings that a person looks at, and what became of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sslstudio.domain.record import Record

FindingKind = Literal["text", "duplicate", "blank", "inverted", "localiser", "screenshot", "phantom", "marker"]
"""In the order in which they are worth looking at."""
FindingState = Literal["open", "confirmed", "dismissed"]

KNOWN, LOOKS, COMPARED = "known.jsonl", "looks.jsonl", "compared.jsonl"
"""Files of a triage run: what it is told (`KnownImage` a line), what was seen in single images (`Look` a line), and
what came of comparing them (`Finding` a line)."""
COMPARING: tuple[FindingKind, ...] = ("duplicate", "inverted")
"""The kinds that only show beside other images."""

TEXT_SUSPECTED = "Burned-in text suspected"
"""Reason of the exclusion that holds until somebody has looked: quarantine."""

LEFT_OUT: dict[FindingKind, str] = {
    "text": "Burned-in text",
    "duplicate": "Duplicate of another image",
    "blank": "Blank image",
    "inverted": "Inverted image",
    "localiser": "Localiser or scout image",
    "screenshot": "Screenshot or secondary capture",
    "phantom": "Phantom or test object",
    "marker": "Side marker",
}
"""Reasons of the exclusions that a user confirms."""


class Box(Record):
    """A part of a picture in shares of its width and height, from the upper left corner."""

    left: float
    top: float
    width: float
    height: float


class Finding(Record):
    """One suspicion about one image. `score` is its strength from 0 to 1, `why` a sentence for the user.

    `group` names the group of near-duplicates an image belongs to; one image of it is the `representative`.
    Recognised text never stands here: only where it is and how much.
    """

    image_id: int
    kind: FindingKind
    score: float = Field(ge=0, le=1)
    why: str
    group: str = ""
    representative: bool = False
    boxes: tuple[Box, ...] = ()


class Look(Record):
    """One image that was looked at, and what was found on it alone.

    `hashes` are its perceptual hashes, 32 hex digits, or "-" for a blank one; `border` and `middle` are its shades
    there, 0 to 255, for comparing it with its like.
    """

    image_id: int
    hashes: str
    border: int = 0
    middle: int = 0
    findings: tuple[Finding, ...] = ()


class KnownImage(Record):
    """What the project knows of an image before a triage; only images with something to say are listed.

    `hashes` are those of an earlier look ("" if there was none), `searched` says that duplicates of it were looked for,
    `group` is its group then. `kind`, `burned_in` ("yes", "no" or "") and `phantom` come from the file's header.
    """

    image_id: int
    hashes: str = ""
    border: int = 0
    middle: int = 0
    searched: bool = False
    group: str = ""
    kind: str = ""
    burned_in: str = ""
    phantom: bool = False


class Decision(Record):
    """How one finding is to stand, and why its image is left out (None: it is not)."""

    image_id: int
    kind: FindingKind
    state: FindingState
    excluded: str | None
