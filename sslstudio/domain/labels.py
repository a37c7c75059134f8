"""Classes, labels and the commands that change them; each command has an exact inverse."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sslstudio.domain.record import Record

Mark = Literal["class", "uncertain", "poor", "not_applicable", "excluded"]
"""An answer: a class, or one of those that train nothing: cannot tell, poor quality, no class fits, left out."""
Origin = Literal["hand", "bulk", "suggestion", "import", "adjudication"]

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#999999")


class ClassInfo(Record):
    """One class of the label set. `key` is the digit that assigns it, or "" when it has none."""

    class_id: int
    name: str
    colour: str
    key: str = ""
    description: str = ""


class Label(Record):
    """The current label of one image. `class_id` is set exactly when `mark` is "class".

    `author` is whose answer it is; `source` where it came from beyond that: the name of a file, without its folder, or
    what the check of a group found. `note` is free text of the user's.
    """

    image_id: int
    mark: Mark
    class_id: int | None = None
    origin: Origin = "hand"
    author: str = ""
    at: str = ""
    note: str = Field(default="", max_length=2000)
    source: str = ""


class Reading(Record):
    """What one `rater` answered for one image, kept beside its label; the label itself is the reading of its author.

    `settled` once somebody has decided between the readings of the image, or wanted no decision.
    """

    image_id: int
    rater: str = Field(min_length=1, max_length=200)
    mark: Mark
    class_id: int | None = None
    at: str = ""
    note: str = Field(default="", max_length=2000)
    source: str = ""
    settled: bool = False


class SetLabels(Record):
    """Give each image the label beside it; None clears. The inverse holds the labels that stood before."""

    kind: Literal["set_labels"] = "set_labels"
    text: str = ""
    labels: tuple[tuple[int, Label | None], ...]


class AddClass(Record):
    """Add one class to the label set."""

    kind: Literal["add_class"] = "add_class"
    info: ClassInfo


class RemoveClass(Record):
    """Remove a class that no image carries."""

    kind: Literal["remove_class"] = "remove_class"
    class_id: int


class EditClass(Record):
    """Replace name, colour, key or description of a class."""

    kind: Literal["edit_class"] = "edit_class"
    info: ClassInfo


class SetReadings(Record):
    """Put each reading in the place of that of (image id, rater); None takes it away."""

    kind: Literal["set_readings"] = "set_readings"
    text: str = ""
    readings: tuple[tuple[int, str, Reading | None], ...]


Step = Annotated[SetLabels | SetReadings | AddClass | RemoveClass | EditClass, Field(discriminator="kind")]


class Together(Record):
    """Several commands that are one to the user: done, undone and stored as a whole."""

    kind: Literal["together"] = "together"
    text: str = ""
    steps: tuple[Step, ...]


LabelCommand = Annotated[
    SetLabels | SetReadings | AddClass | RemoveClass | EditClass | Together, Field(discriminator="kind")
]

MARK_NAMES: dict[str, str] = {
    "uncertain": "unsure",
    "poor": "poor quality",
    "not_applicable": "not applicable",
    "excluded": "left out of labelling",
}
"""What the answers that are no class are called, as part of a sentence."""


def set_labels(command: LabelCommand) -> tuple[SetLabels, ...]:
    """The parts of a command that set labels."""
    steps = command.steps if isinstance(command, Together) else (command,)
    return tuple(step for step in steps if isinstance(step, SetLabels))
