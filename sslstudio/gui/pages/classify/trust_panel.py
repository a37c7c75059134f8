"""How far to trust the probabilities and where to cut them: reliability, ROC curve, operating point, whole patients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from sslstudio.classifiers import trust
from sslstudio.gui.pages.classify import trust_texts as texts
from sslstudio.gui.widgets.controls import SectionTitle, Text
from sslstudio.gui.widgets.numbers import Number
from sslstudio.gui.widgets.share_plot import Point, SharePlot


class TrustPanel(QWidget):
    """Shows the scores of one classifier; a change of class, sensitivity or prevalence is answered at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reliability = SharePlot("Probability it gives", "Share that was right")
        self.roc = SharePlot("False alarms (1 - specificity)", "Found (sensitivity)")
        self.which = QComboBox()
        self.sensitivity = _share(texts.SENSITIVITY, 90.0)
        self.prevalence = _share(texts.PREVALENCE, 10.0)
        self.calibrated = Text("", "")
        self.cut = Text("", "")
        self.patients = Text("", "")
        self._curves: dict[str, Mapping[str, Any]] = {}
        self._build()
        self.which.activated.connect(lambda _: self._show_class())
        self.sensitivity.valueChanged.connect(lambda _: self._show_cut())
        self.prevalence.valueChanged.connect(lambda _: self._show_cut())

    def set_scores(self, scores: Mapping[str, Any]) -> None:
        """Show what an evaluation found; one of an older version holds nothing of this, and nothing is shown."""
        calibration = scores.get("calibration")
        self.setVisible(calibration is not None)
        if calibration is None:
            return
        bins = calibration["bins"]
        most = max((entry["n"] for entry in bins), default=1)
        self.reliability.set_points(
            [Point(one["confidence"], one["right"], one["low"], one["high"], one["n"] / most) for one in bins]
        )
        self.calibrated.setText(texts.calibrated(calibration))
        self.reliability.setAccessibleName(f"{texts.RELIABILITY}. {self.calibrated.text()}")
        self.patients.setText(texts.patients(scores.get("patients")))
        before = self.which.currentText()
        self._curves = {curve["name"]: curve for curve in scores.get("roc", ())}
        self.which.clear()
        self.which.addItems(list(self._curves))
        self.which.setCurrentIndex(max(0, self.which.findText(before)))
        self._show_class()

    def _show_class(self) -> None:
        curve = self._curves.get(self.which.currentText())
        if curve is not None:
            share = 100 * curve["positives"] / (curve["positives"] + curve["negatives"])
            self.prevalence.setToolTip(texts.prevalence_tip(share))
            self.prevalence.setValue(share)
        self._show_cut()

    def _show_cut(self) -> None:
        name = self.which.currentText()
        curve = self._curves.get(name)
        cut = (
            trust.cut_at(dict(curve), self.sensitivity.value() / 100, self.prevalence.value() / 100) if curve else None
        )
        if curve is None or cut is None:
            self.roc.set_curve([])
            self.cut.setText(texts.NO_CURVE)
            return
        line = [(0.0, 0.0)]
        for hits, alarms in zip(curve["hits"], curve["alarms"], strict=True):
            line.append((alarms / curve["negatives"], line[-1][1]))
            line.append((alarms / curve["negatives"], hits / curve["positives"]))
        self.roc.set_curve([*line, (1.0, 1.0)], (1 - cut.specificity, cut.sensitivity))
        self.cut.setText(texts.cut(name, cut, self.prevalence.value()))
        self.roc.setAccessibleName(f"{texts.ROC}. {self.cut.text()}")

    def _build(self) -> None:
        self.which.setAccessibleName(texts.CLASS)
        self.which.setMaximumWidth(220)
        self.which.setToolTip(texts.CLASS_TIP)
        self.sensitivity.setToolTip(texts.SENSITIVITY_TIP)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.setHorizontalSpacing(10)
        form.addRow(texts.CLASS, self.which)
        form.addRow(texts.SENSITIVITY, self.sensitivity)
        form.addRow(texts.PREVALENCE, self.prevalence)
        form_box = QWidget()
        form_box.setLayout(form)
        chance = _beside(self.roc, form_box, self.cut, Text(texts.OPTIMISTIC, "small"))
        honest = _beside(self.reliability, self.calibrated, Text(texts.RELIABILITY_HELP, "small"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(8)
        grid.addWidget(SectionTitle(texts.PATIENTS_TITLE), 0, 0)
        grid.addWidget(self.patients, 1, 0)
        grid.addWidget(SectionTitle(texts.RELIABILITY), 2, 0)
        grid.addLayout(honest, 3, 0)
        grid.addWidget(SectionTitle(texts.ROC), 4, 0)
        grid.addLayout(chance, 5, 0)


def _beside(plot: SharePlot, *parts: QWidget) -> QHBoxLayout:
    """A plot with words and controls at its right."""
    words = QVBoxLayout()
    words.setSpacing(8)
    for part in parts:
        words.addWidget(part)
    words.addStretch(1)
    row = QHBoxLayout()
    row.setSpacing(16)
    row.addWidget(plot, 0, Qt.AlignmentFlag.AlignTop)
    row.addLayout(words, 1)
    return row


def _share(name: str, value: float) -> Number:
    field = Number()
    field.setRange(0.1, 100.0)
    field.setDecimals(1)
    field.setSuffix(" %")
    field.setValue(value)
    field.setAccessibleName(name)
    field.setMaximumWidth(110)
    return field
