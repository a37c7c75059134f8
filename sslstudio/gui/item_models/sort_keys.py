"""The numbers by which images are put in order; pure. What is not known of an image puts it last either way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from sslstudio.domain.labels import MARK_NAMES, Label

if TYPE_CHECKING:
    from sslstudio.gui.item_models.arrangement import Facts

Rows = npt.NDArray[np.int64]
Keys = npt.NDArray[np.float64]

SORTS = (
    ("id", "import order"),
    ("label", "label"),
    ("prediction", "suggestion"),
    ("confidence", "certainty"),
    ("margin", "margin of the suggestion"),
    ("group", "group on the map"),
    ("patient", "patient"),
)
DIRECTIONS = {
    "id": ("oldest first", "newest first"),
    "label": ("in the order of the classes", "last class first"),
    "prediction": ("in the order of the classes", "last class first"),
    "confidence": ("least certain first", "most certain first"),
    "margin": ("closest call first", "clearest first"),
    "group": ("first group first", "last group first"),
    "patient": ("first patient first", "last patient first"),
    "centre": ("most typical first", "oddest first"),
}
"""What ascending and descending mean, in words."""
_MARKS = {mark: place for place, mark in enumerate(MARK_NAMES)}


class Shares(Protocol):
    """What a classifier thinks: `probabilities` (M, K) of images `ids` (M,)."""

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The images (M,)."""

    @property
    def probabilities(self) -> npt.NDArray[np.float32]:
        """The shares of the classes (M, K)."""


class Values(Protocol):
    """A further column of all images, one entry a row of the table."""

    def order(self) -> Keys:
        """(N,) what to sort by, nan for what is not known."""

    def text(self, row: int) -> str:
        """What is said of one image; "" when it is not known."""


@dataclass(frozen=True)
class Score:
    """Numbers (N,) that were computed for the images, nan for none."""

    numbers: Keys

    def order(self) -> Keys:
        """The numbers."""
        return self.numbers

    def text(self, row: int) -> str:
        """The number of a row with three digits."""
        return "" if np.isnan(self.numbers[row]) else f"{self.numbers[row]:.3g}"


def direction(sort: str, *, descending: bool) -> str:
    """The order in words."""
    return DIRECTIONS.get(sort, ("smallest first", "largest first"))[descending]


def order(facts: Facts, rows: Rows, sort: str, *, descending: bool) -> Rows:
    """The places of `rows` in order; stable, so that what is alike keeps the order of import."""
    if sort == "id":
        places = np.arange(len(rows))
        return places[::-1] if descending else places
    keys = key(facts, sort)
    if keys is None:
        return np.arange(len(rows))
    chosen = keys[rows].astype(np.float64)
    return np.asarray(np.argsort(-chosen if descending else chosen, kind="stable"))


def key(facts: Facts, sort: str) -> Keys | None:
    """One number a row of the table, nan where it is not known; None when there is no such order."""
    if sort in facts.columns:
        return facts.columns[sort].order()
    if sort == "patient":
        return facts.table.subject_code.astype(np.float64)
    if sort == "group":
        return np.where(facts.group < 0, np.nan, facts.group).astype(np.float64)
    if sort == "confidence":
        return facts.confidence
    if sort == "margin":
        return margin(facts)
    if sort == "prediction":
        return _class_places(facts, facts.best)
    if sort == "label":
        codes = label_codes(facts).astype(np.float64)
        codes[codes == unlabelled(facts)] = np.nan
        return codes
    return None


def label_codes(facts: Facts) -> Rows:
    """The place of each row's label (N,): classes in their order, then the marks in theirs, then none."""
    place = {class_id: number for number, class_id in enumerate(facts.classes)}
    codes = np.full(len(facts.table.ids), unlabelled(facts), dtype=np.int64)
    if not facts.labels:
        return codes
    ids = np.fromiter(facts.labels, np.int64, len(facts.labels))
    given = np.fromiter((_code(label, place) for label in facts.labels.values()), np.int64, len(facts.labels))
    order = np.argsort(ids)
    rows, known = facts.table.places_of(ids[order])
    codes[rows] = given[order][known]
    return codes


def _code(label: Label, place: Mapping[int, int]) -> int:
    if label.class_id is not None:
        return place.get(label.class_id, len(place) + len(_MARKS))
    return len(place) + _MARKS.get(label.mark, len(_MARKS))


def unlabelled(facts: Facts) -> int:
    """The code of an image without label."""
    return len(facts.classes) + len(_MARKS)


def margin(facts: Facts) -> Keys:
    """By how much the likeliest class leads the next one (N,), nan without suggestion."""
    values = np.full(len(facts.table.ids), np.nan)
    if facts.shares is not None and facts.shares.probabilities.shape[1] >= 2:
        rows, known = facts.table.places_of(facts.shares.ids)
        top = np.partition(facts.shares.probabilities[known], -2, axis=1)[:, -2:]
        values[rows] = top[:, 1] - top[:, 0]
    return values


def lead_of(shares: Shares | None, image_id: int) -> float | None:
    """The margin of one image; None without suggestion. The ids of `shares` ascend."""
    if shares is None or shares.probabilities.shape[1] < 2 or not len(shares.ids):
        return None
    place = min(int(np.searchsorted(shares.ids, image_id)), len(shares.ids) - 1)
    if shares.ids[place] != image_id:
        return None
    second, first = np.partition(shares.probabilities[place], -2)[-2:].tolist()
    return float(first - second)


def _class_places(facts: Facts, class_ids: npt.NDArray[np.int64]) -> Keys:
    """Class ids to their places in the label set, nan for unknown ones."""
    found = np.full(len(class_ids), np.nan)
    for place, class_id in enumerate(facts.classes):
        found[class_ids == class_id] = place
    return found
