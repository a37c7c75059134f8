"""Where to cut the probability of a class: ROC and precision-recall curve, operating point, decision curve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from sslstudio.classifiers import thresholds
from sslstudio.gui.pages.classify import cut_texts as texts
from sslstudio.gui.widgets.controls import SectionTitle, Text
from sslstudio.gui.widgets.flow_layout import FlowLayout
from sslstudio.gui.widgets.numbers import Number
from sslstudio.gui.widgets.share_plot import SharePlot


class CutPanel(QWidget):
    """Shows the curves of one classifier; a change of class, sensitivity or prevalence is answered at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.roc = SharePlot("False alarms (1 - specificity)", "Found (sensitivity)")
        self.recall = SharePlot("Found (sensitivity)", "Of those called, right (PPV)")
        self.benefit = SharePlot("Threshold probability", "Net benefit")
        self.which = QComboBox()
        self.sensitivity = _share(texts.SENSITIVITY, 90.0)
        self.prevalence = _share(texts.PREVALENCE, 10.0)
        self.cut = Text("", "")
        self.gain = Text("", "")
        self._curves: dict[str, Mapping[str, Any]] = {}
        self._unit = "image"
        self._areas: dict[str, Mapping[str, Any]] = {}
        self._build()
        self.which.activated.connect(lambda _: self._show_class())
        self.sensitivity.valueChanged.connect(lambda _: self._show_cut())
        self.prevalence.valueChanged.connect(lambda _: self._show_cut())

    def set_scores(self, scores: Mapping[str, Any]) -> None:
        """Show what an evaluation found."""
        before = self.which.currentText()
        self._unit = str(scores.get("unit", "image"))
        self._curves = {curve["name"]: curve for curve in scores.get("roc", ())}
        self._areas = {str(entry["name"]): entry for entry in scores.get("per_class", ())}
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
        self._show_benefit(curve)

    def _show_cut(self) -> None:
        name = self.which.currentText()
        curve = self._curves.get(name)
        cut = thresholds.cut_at(curve, self.sensitivity.value() / 100, self.prevalence.value() / 100) if curve else None
        if curve is None or cut is None:
            self.roc.set_curve([])
            self.recall.set_curve([])
            self.cut.setText(texts.NO_CURVE)
            return
        line = [(0.0, 0.0)]
        for hits, alarms in zip(curve["hits"], curve["alarms"], strict=True):
            line.append((alarms / curve["negatives"], line[-1][1]))
            line.append((alarms / curve["negatives"], hits / curve["positives"]))
        self.roc.set_curve([*line, (1.0, 1.0)], (1 - cut.specificity, cut.sensitivity))
        pairs = thresholds.precision_recall(curve)
        share = curve["positives"] / (curve["positives"] + curve["negatives"])
        called = cut.found + curve["negatives"] - cut.passed
        self.recall.set_dashed((((0.0, share), (1.0, share)),))
        self.recall.set_curve(pairs, (cut.sensitivity, cut.found / called))
        self.cut.setText(texts.cut(name, cut, curve, self.prevalence.value(), self._unit))
        areas = self._areas.get(name, {})
        self.roc.setAccessibleName(texts.roc_said(areas.get("auc"), self.cut.text()))
        self.recall.setAccessibleName(texts.recall_said(areas.get("average_precision"), share))

    def _show_benefit(self, curve: Mapping[str, Any] | None) -> None:
        if curve is None:
            self.benefit.set_curve([])
            self.gain.setText("")
            return
        found = thresholds.net_benefit(curve)
        share = curve["positives"] / (curve["positives"] + curve["negatives"])
        step = math.ceil(100 * share / 3) / 100  # ticks are full points: one below zero, three above
        self.benefit.set_range(-step, 3 * step)
        points = found.thresholds.tolist()
        everyone = list(zip(points, found.everyone.tolist(), strict=True))
        self.benefit.set_dashed((everyone, ((0.0, 0.0), (1.0, 0.0))))
        self.benefit.set_curve(list(zip(points, found.classifier.tolist(), strict=True)))
        self.gain.setText(texts.benefit(self.which.currentText(), found.useful))
        self.benefit.setAccessibleName(f"{texts.BENEFIT}. {self.gain.text()}")

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
        plots = QWidget()
        flow = FlowLayout(plots)
        for plot in (self.roc, self.recall):
            flow.addWidget(plot)
        words = QVBoxLayout()
        words.setSpacing(8)
        for part in (self.gain, Text(texts.BENEFIT_HELP, "small")):
            words.addWidget(part)
        words.addStretch(1)
        beside = QHBoxLayout()
        beside.setSpacing(16)
        beside.addWidget(self.benefit, 0, Qt.AlignmentFlag.AlignTop)
        beside.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(form)
        column.addWidget(self.cut)
        column.addWidget(plots)
        column.addWidget(Text(texts.CURVES_HELP, "small"))
        column.addWidget(Text(texts.OPTIMISTIC, "small"))
        column.addSpacing(4)
        column.addWidget(SectionTitle(texts.BENEFIT))
        column.addLayout(beside)


def _share(name: str, value: float) -> Number:
    field = Number()
    field.setRange(0.1, 99.9)
    field.setDecimals(1)
    field.setSuffix(" %")
    field.setValue(value)
    field.setAccessibleName(name)
    field.setMaximumWidth(110)
    return field
