"""All scores of a classifier, over all classes and class by class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from sslstudio.gui.pages.classify import score_texts as texts
from sslstudio.gui.pages.classify.texts import figure
from sslstudio.gui.widgets.controls import Disclosure, Text
from sslstudio.gui.widgets.score_table import ScoreRow, ScoreTable

MAIN = ("sensitivity", "specificity", "precision", "auc")
MORE = ("npv", "f1", "average_precision")


class ScorePanel(QWidget):
    """Shows the scores of one classifier."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.overall = ScoreTable(texts.OVERALL, texts.OVERALL_HEADERS, (1,))
        self.per_class = ScoreTable(texts.PER_CLASS, texts.CLASS_HEADERS, range(1, 7), texts.CLASS_TIPS)
        self.more = ScoreTable(texts.MORE, texts.MORE_HEADERS, range(1, 4), texts.MORE_TIPS)
        self._basis = Text("", "small")
        self._colours: Mapping[str, str] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.overall)
        column.addSpacing(4)
        column.addWidget(self._basis)
        column.addWidget(self.per_class)
        column.addWidget(Disclosure(texts.MORE, self.more))
        self._method = Text("", "small")
        column.addWidget(self._method)

    def set_scores(self, scores: Mapping[str, Any], colours: Mapping[str, str]) -> None:
        """Show what an evaluation found; `colours` by the names of the classes."""
        self._colours = colours
        self.overall.set_rows(
            [ScoreRow((title, figure(scores.get(key))), tip=tip) for key, title, tip in texts.OVERALL_ROWS]
        )
        rows = list(scores.get("per_class", ()))
        self.per_class.set_rows([self._row(entry, MAIN, counted=True) for entry in rows])
        self.more.set_rows([self._row(entry, MORE, counted=False) for entry in rows])
        self._basis.setText(texts.basis(scores))
        self._method.setText(" ".join([str(scores.get("method", "")), *map(str, scores.get("notes", ()))]))

    def _row(self, entry: Mapping[str, Any], names: tuple[str, ...], *, counted: bool) -> ScoreRow:
        counts = (f"{int(entry.get('n', 0)):,}", f"{int(entry.get('n_subjects', 0)):,}") if counted else ()
        cells = (str(entry["name"]), *(figure(entry.get(name)) for name in names), *counts)
        reasons = [f"{texts.NAMES[name]}: {entry[name]['reason']}" for name in names if _missing(entry.get(name))]
        return ScoreRow(cells, colour=self._colours.get(str(entry["name"]), ""), tip="\n".join(reasons))


def _missing(score: Any) -> bool:
    return isinstance(score, Mapping) and score.get("value") is None and bool(score.get("reason"))
