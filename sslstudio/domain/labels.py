"""Classes, labels and the commands that change them; each command has an exact inverse."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sslstudio.domain.record import Record

Mark = Literal["class", "uncertain", "excluded"]
Origin = Literal["hand", "bulk", "suggestion", "import"]

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#999999")


class ClassInfo(Record):
    """One class of the label set. `key` is the digit that assigns it, or "" when it has none."""

    class_id: int
    name: str
    colour: str
    key: str = ""
    description: str = ""


class Label(Record):
    """The current label of one image. `class_id` is set exactly when `mark` is "class"."""

    image_id: int
    mark: Mark
    class_id: int | None = None
    origin: Origin = "hand"
    author: str = ""
    at: str = ""


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


LabelCommand = Annotated[SetLabels | AddClass | RemoveClass | EditClass, Field(discriminator="kind")]
