"""What the groups mostly are, by a label or a metadata column, in words; counted in a thread where there are many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sslstudio.embeddings.purity import purity, quarters
from sslstudio.gui.item_models.image_columns import ImageColumns
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.explore import group_texts as texts
from sslstudio.gui.pages.page import Services
from sslstudio.session.columns import Column, number_text

LABEL = "label"
AT_ONCE = 50_000
Words = tuple[dict[int, str], str]
NOTHING: Words = ({}, "")


class GroupPurity:
    """`by` is the key of a column or `LABEL`; `show_again` is called when a thread has counted."""

    def __init__(
        self, services: Services, images: ProjectImages, columns: ImageColumns, show_again: Callable[[], None]
    ) -> None:
        self._services, self._images, self._columns, self._show_again = services, images, columns, show_again
        self.by = LABEL
        self._counted: tuple[object, ...] = ()
        self._words = NOTHING

    def words(self) -> Words:
        """What each group mostly is, by its number, and how pure all are together.

        By label the list counts itself what each group mostly is.
        """
        group = self._images.group
        if not len(group):
            return NOTHING
        if self.by == LABEL:
            codes = self._labels()
            return {}, texts.overall(purity(group, codes), texts.LABEL) if (codes >= 0).any() else ""
        column = self._columns.values(self.by)
        if column is None or len(column) != len(group):
            return NOTHING
        counted = (self.by, group, column)
        if len(self._counted) == 3 and all(one is other for one, other in zip(counted, self._counted, strict=True)):
            return self._words
        self._counted, self._words = counted, NOTHING
        if len(group) <= AT_ONCE:
            self._words = by_column(group, column)
        else:
            self._services.background.run(by_column, group, column, done=self._take, key="explore-purity")
        return self._words

    def _take(self, words: Words) -> None:
        self._words = words
        self._show_again()

    def _labels(self) -> npt.NDArray[np.int32]:
        classes, table = self._images.classes(), self._images.table
        codes = np.full(len(table.ids), -1, dtype=np.int32)
        given = {key: one.class_id for key, one in self._images.labels().items() if one.class_id in classes}
        ids = np.fromiter(given, np.int64, len(given))
        rows, there = table.places_of(ids)
        codes[rows] = np.fromiter(given.values(), np.int32, len(given))[there]
        return codes


def by_column(group: npt.NDArray[np.int32], column: Column) -> Words:
    """The purity of groups (N,) by a column of N images, in words; numbers are cut into quarters of equal size."""
    if column.info.kind == "category":
        return _in_words(group, column.codes, dict(enumerate(column.names)), column.info.title)
    codes, ranges = quarters(column.numbers)
    key = column.info.key
    names = {code: f"{number_text(key, low)} to {number_text(key, high)}" for code, (low, high) in enumerate(ranges)}
    return _in_words(group, codes, names, column.info.title)


def _in_words(group: npt.NDArray[np.int32], codes: npt.NDArray[np.int32], names: dict[int, str], title: str) -> Words:
    found = purity(group, codes)
    return texts.mostly(found, names), texts.overall(found, title)
