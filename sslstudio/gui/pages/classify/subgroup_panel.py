"""How a classifier does on images of one scanner, site, age and so on, beside the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sslstudio.gui.pages.classify import examination_texts as texts
from sslstudio.gui.pages.classify.texts import figure
from sslstudio.gui.widgets.controls import Text
from sslstudio.gui.widgets.forest import ForestColumn
from sslstudio.gui.widgets.score_table import ScoreRow, ScoreTable


class SubgroupPanel(QWidget):
    """A line a subgroup, with its difference from the rest as a figure and as a bar; ``row_requested(row)``."""

    row_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Text("", "")
        self.table = ScoreTable(texts.SUBGROUPS, texts.SUBGROUP_HEADERS, (2, 3, 5, 6), texts.SUBGROUP_TIPS)
        self.forest = ForestColumn(self.table, 4)
        self._help = Text(texts.SUBGROUPS_BELOW, "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.words, self.table, self._help):
            column.addWidget(part)
        self.table.row_requested.connect(self.row_requested)

    def set_rows(self, rows: Sequence[Mapping[str, Any]], words: str) -> None:
        """Show these, as `classifiers.subgroups.judge` gives them."""
        self.words.setText(words)
        self.words.set_role("warning" if any(row["verdict"] == "worse" for row in rows) else "")
        self.table.setVisible(bool(rows))
        self._help.setVisible(bool(rows))
        ends = [row["difference"] for row in rows]
        self.forest.set_bars([None if one is None else (one["low"], one["value"], one["high"]) for one in ends])
        self.table.set_rows([self._line(row) for row in rows])

    def _line(self, row: Mapping[str, Any]) -> ScoreRow:
        return ScoreRow(
            (
                str(row["column"]),
                str(row["value"]),
                figure(row["balanced_accuracy"]),
                texts.difference(row["difference"]),
                "",
                f"{int(row['n']):,}",
                f"{int(row['n_subjects']):,}",
            ),
            strong=row["verdict"] != "unclear",
            tip=texts.subgroup_tip(row),
        )
