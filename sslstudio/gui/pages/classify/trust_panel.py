"""How far to trust the probabilities: reliability before and after calibration, and sets of classes with a promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sslstudio.classifiers.conformal import indicative
from sslstudio.gui.pages.classify import trust_texts as texts
from sslstudio.gui.widgets.controls import SectionTitle, Text
from sslstudio.gui.widgets.score_table import ScoreRow, ScoreTable
from sslstudio.gui.widgets.share_plot import Point, SharePlot


class TrustPanel(QWidget):
    """Shows what an evaluation found of the probabilities of one classifier."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reliability = SharePlot("Probability it gives", "Share that was right")
        self.calibrated = Text("", "")
        self.before = Text("", "")
        self.sets = ScoreTable(texts.SETS, texts.SET_HEADERS, range(1, 5), texts.SET_TIPS)
        self.promise = Text("", "")
        self._sets_help = Text(texts.SETS_HELP, "small")
        words = QVBoxLayout()
        words.setSpacing(8)
        for part in (self.calibrated, self.before, Text(texts.RELIABILITY_HELP, "small")):
            words.addWidget(part)
        words.addStretch(1)
        beside = QHBoxLayout()
        beside.setSpacing(16)
        beside.addWidget(self.reliability, 0, Qt.AlignmentFlag.AlignTop)
        beside.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(texts.RELIABILITY))
        column.addLayout(beside)
        column.addSpacing(4)
        column.addWidget(SectionTitle(texts.SETS))
        column.addWidget(self.promise)
        column.addWidget(self.sets)
        column.addWidget(self._sets_help)

    def set_scores(self, scores: Mapping[str, Any]) -> None:
        """Show these; an evaluation of an older version holds nothing of the sets, which is then said."""
        calibration, unit = scores.get("calibration"), str(scores.get("unit", "image"))
        if calibration is not None:
            before = scores.get("uncalibrated")
            self.reliability.set_points(_points(calibration["bins"]), _points(before["bins"]) if before else ())
            self.calibrated.setText(texts.calibrated(calibration, unit))
            self.before.setText(
                texts.before(calibration, before) if unit == "image" else texts.POOLED[str(scores["pooling"])]
            )
            self.reliability.setAccessibleName(f"{texts.RELIABILITY}. {self.calibrated.text()} {self.before.text()}")
        found = scores.get("conformal") or {}
        levels = found.get("levels", ())
        self.sets.setVisible(bool(levels))
        self._sets_help.setVisible(bool(levels))
        self.sets.set_rows([ScoreRow(texts.set_row(level)) for level in levels])
        self.promise.setText(texts.promise(found) if unit == "image" else texts.POOLED_SETS)
        self.promise.set_role("warning" if indicative(found) else "")


def _points(bins: Sequence[Mapping[str, Any]]) -> list[Point]:
    most = max((entry["n"] for entry in bins), default=1)
    return [Point(one["confidence"], one["right"], one["low"], one["high"], one["n"] / most) for one in bins]
