"""The columns by which galleries are sorted and of which tables consist: those of the labels, the suggestions and the
map, and further ones that were computed or imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from sslstudio.gui.item_models import centre_score, sort_keys
from sslstudio.gui.item_models.centre_score import CentreScore
from sslstudio.gui.item_models.image_columns import ImageColumns
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.sort_keys import Score, Values
from sslstudio.gui.item_models.tile_texts import tile
from sslstudio.session.columns import ColumnInfo

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services

PICTURE = "picture"
COLUMN = "column:"
"""Begins the key of a metadata column; the rest is its key among them."""
_NUMBERS = ("id", "confidence", "margin")
_TITLES = {
    "id": "Image",
    "label": "Label",
    "prediction": "Suggestion",
    "confidence": "Certainty",
    "margin": "Margin",
    "group": "Group",
    "patient": "Patient",
    "excluded": "Left out of training",
    "drawn": "Drawn at random",
}


@dataclass(frozen=True)
class TableColumn:
    """One column of a table: `text(image_id)` is what it says of an image; `sort` the order by it, "" for none."""

    key: str
    title: str
    text: Callable[[int], str]
    sort: str = ""
    number: bool = False


class GalleryColumns(QObject):
    """`changed` carries the key of a column whose values have come or gone, "" when there are other columns."""

    changed = Signal(str)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images = ProjectImages.of(services)
        self._scores: dict[str, tuple[str, npt.NDArray[np.int64], npt.NDArray[np.float64]]] = {}
        self._aligned: dict[str, Score] = {}
        self._images.images_changed.connect(self._align)
        self._metadata = ImageColumns.of(services)
        self._wanted = False
        self._centre = CentreScore(services, self)
        self._centre.changed.connect(lambda: self.changed.emit(centre_score.KEY))
        self._metadata.changed.connect(lambda key: self.changed.emit(COLUMN + key if key else ""))

    @classmethod
    def of(cls, services: Services) -> GalleryColumns:
        """The one of this project."""
        found = services.background.findChild(GalleryColumns)
        return found if isinstance(found, GalleryColumns) else cls(services, services.background)

    def want(self) -> None:
        """Somebody looks: see which metadata columns there are, which takes seconds in a very large project."""
        if not self._wanted:
            self._wanted = True
            self._metadata.available()

    @property
    def loaded(self) -> bool:
        """True when it is known which metadata columns there are."""
        return self._metadata.loaded

    def set_score(self, key: str, title: str, ids: npt.NDArray[np.int64], numbers: npt.NDArray[np.float64]) -> None:
        """A number for each of some images, such as how far it lies from the middle of its group."""
        self._scores[key] = (title, ids, numbers)
        self._align()

    def remove_score(self, key: str) -> None:
        """The numbers hold no more."""
        if self._scores.pop(key, None) is not None:
            self._align()

    def further(self) -> list[tuple[str, str]]:
        """Keys and titles of what else can be sorted by, beside `sort_keys.SORTS`."""
        scores = [(key, title) for key, (title, _, _) in self._scores.items()]
        if self._centre.available:
            scores.append((centre_score.KEY, centre_score.TITLE))
        return scores + [(COLUMN + info.key, info.title) for info in self._infos()]

    def sorts(self) -> list[tuple[str, str]]:
        """The entries of "Sort by"."""
        return [*sort_keys.SORTS, *self.further()]

    def values(self, key: str) -> Values | None:
        """A further column; None when there is none of that key, or it is being read: `changed` then says so."""
        if key.startswith(COLUMN):
            return self._metadata.values(key.removeprefix(COLUMN))
        return self._centre.values() if key == centre_score.KEY else self._aligned.get(key)

    def table_columns(self) -> list[TableColumn]:
        """All columns a table can have."""
        columns = [TableColumn(PICTURE, "Picture", lambda _: "")]
        for key, title in _TITLES.items():
            sort = key if key not in ("excluded", "drawn") else ""
            columns.append(TableColumn(key, title, partial(self._own_text, key), sort, key in _NUMBERS))
        texts = {COLUMN + info.key for info in self._infos() if info.kind == "category"}
        for key, name in self.further():
            title = name[:1].upper() + name[1:]
            columns.append(TableColumn(key, title, partial(self._text, key), key, key not in texts))
        return columns

    def _infos(self) -> list[ColumnInfo]:
        """The metadata columns; patients have a column already."""
        infos = self._metadata.available() if self._wanted else ()
        return [info for info in infos if info.key != "subject"]

    def _own_text(self, key: str, image_id: int) -> str:
        images = self._images
        row = images.table.row_of(image_id)
        if key == "id":
            return str(image_id)
        if row is None:
            return ""
        if key == "patient":
            return images.table.subject_of(image_id)[:8]
        if key == "group":
            number = int(images.group[row]) if row < len(images.group) else -1
            return (images.group_names.get(number) or f"Group {number + 1}") if number >= 0 else ""
        if key == "excluded":
            return images.table.excluded.get(image_id, "")
        if key == "drawn":
            drawing = images.session.drawing
            kept = drawing.kept and image_id in drawing.draws
            return "" if not kept else "no label yet" if drawing.waits(image_id, images.labels()) else "yes"
        if key == "margin":
            lead = sort_keys.lead_of(images.suggestions, image_id)
            return "" if lead is None else f"{lead:.2f}"
        about = tile(images, image_id)
        if key == "confidence":
            return f"{about.confidence:.2f}" if about.confidence is not None else ""
        return about.label if key == "label" else about.prediction

    def _text(self, key: str, image_id: int) -> str:
        values, row = self.values(key), self._images.table.row_of(image_id)
        return values.text(row) if values is not None and row is not None else ""

    def _align(self) -> None:
        """Bring the scores into the order of the table."""
        table = self._images.table
        self._aligned = {}
        for key, (_, ids, numbers) in self._scores.items():
            rows, known = table.places_of(ids)
            aligned = np.full(len(table.ids), np.nan)
            aligned[rows] = numbers[known]
            self._aligned[key] = Score(aligned)
        self.changed.emit("")
