"""The left half of the Pretrain page: the method chosen, how thoroughly, what to start from, and the parameters."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from sslstudio.augment.presets import PRESETS
from sslstudio.domain.specs import ParameterValue
from sslstudio.gui.pages.pretrain import pair_texts, texts
from sslstudio.gui.pages.pretrain.form import COMMON, RARE, Form, method_fields, spec_fields
from sslstudio.gui.pages.pretrain.methods import Method
from sslstudio.gui.pages.pretrain.start_panel import StartPanel
from sslstudio.gui.pages.pretrain.trial_panel import TrialPanel
from sslstudio.gui.pages.pretrain.why_panel import WhyPanel
from sslstudio.gui.widgets.controls import (
    Disclosure,
    PlainButton,
    ReasonButton,
    SectionTitle,
    Segmented,
    Text,
    clear,
    row,
)

WIDTH = 408
IMAGES, VOLUMES = "images", "volumes"


class ChosenMethod(QWidget):
    """The method in force in a few lines, and the way to all others."""

    all_requested = Signal()
    recommended_requested = Signal()
    pairs_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel()
        self.title.setProperty("role", "strong")
        self.why = Text("", "ok")
        self.summary = Text("")
        self.note = Text("", "small")
        self.take = PlainButton("", "check")
        self.take.clicked.connect(lambda: self.recommended_requested.emit())
        self.all = PlainButton(texts.ALL_METHODS, "table")
        self.all.setToolTip(texts.ALL_METHODS_HELP)
        self.all.clicked.connect(lambda: self.all_requested.emit())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.title, self.why, self.summary, self.note):
            column.addWidget(part)
        self.pairs = PlainButton(pair_texts.LOOK_AT_PAIRS, "patient")
        self.pairs.setToolTip(pair_texts.PAIRS_HELP)
        self.pairs.clicked.connect(lambda: self.pairs_requested.emit())
        column.addWidget(row(self.all, self.take, self.pairs, 1))
        self.set_method(None, "", "", "")

    def set_method(self, method: Method | None, praise: str, better: str, note: str) -> None:
        """The method, why it is recommended or "", the title of a recommended other or "", and a word of caution."""
        self.title.setText(method.title if method is not None else texts.NO_METHOD_YET)
        self.summary.setText(method.entry.summary if method is not None else "")
        self.why.set_role("ok" if not better else "muted")
        for part, words in ((self.why, praise), (self.note, note)):
            part.setText(words)
            part.setVisible(bool(words))
        self.summary.setVisible(method is not None)
        self.take.setText(texts.take(better))
        self.take.setToolTip(praise)
        self.take.setVisible(bool(better))
        self.pairs.setVisible(method is not None and method.requires.bags)


class KindPanel(QWidget):
    """For what kind of image views are made, and the way to look at them. ``chosen(preset)`` fires by the user."""

    chosen = Signal(str)
    look_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._combo = QComboBox()
        label, help_text = texts.LABELS["preset"]
        self._combo.setAccessibleName(label)
        self._combo.setAccessibleDescription(help_text)
        self._combo.setToolTip(help_text)
        for name in ("auto", *PRESETS):
            self._combo.addItem(texts.CHOICES[name], name)
        self._combo.activated.connect(lambda _: self.chosen.emit(str(self._combo.currentData())))
        look = PlainButton(texts.LOOK_AT_VIEWS, "eye")
        look.setToolTip(texts.VIEWS_HELP)
        look.clicked.connect(lambda: self.look_requested.emit())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(label))
        column.addWidget(row(self._combo, look, 1))
        column.addWidget(Text(help_text, "small"))

    def set_preset(self, preset: str) -> None:
        """Show what is chosen, without telling."""
        self._combo.setCurrentIndex(self._combo.findData(preset))

    def set_resolved(self, preset: str) -> None:
        """What "automatic" stands for on these images."""
        self._combo.setItemText(0, texts.automatic(preset))


class SetupPanel(QFrame):
    """Setters, and a signal for each wish."""

    effort_chosen = Signal(str)
    parameters_changed = Signal()
    reset_requested = Signal()
    start_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setFixedWidth(WIDTH)
        self._method_form: Form | None = None
        body = QWidget()
        body.setObjectName("panel")
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        self._add_method(column)
        self._add_effort(column)
        self._add_start(column)
        self.kind = KindPanel()
        column.addWidget(self.kind)
        self._add_expert(column)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(self._make_foot())
        self.set_expert(False)

    def _add_method(self, column: QVBoxLayout) -> None:
        self.data = Text("", "muted")
        self.few = Text(texts.FEW_IMAGES, "warning")
        self.few.hide()
        self.method = ChosenMethod()
        self.sees = Segmented(((IMAGES, texts.SEE_IMAGES), (VOLUMES, texts.SEE_VOLUMES)), texts.SEES)
        self.sees.setToolTip(texts.SEES_HELP)
        self.sees_about = Text("", "small")
        column.addWidget(SectionTitle(texts.METHOD))
        column.addWidget(self.data)
        column.addWidget(self.sees)
        column.addWidget(self.sees_about)
        column.addWidget(self.method)
        self.why = WhyPanel()
        column.addWidget(self.why)

    def _add_effort(self, column: QVBoxLayout) -> None:
        self.effort = Segmented(texts.EFFORTS, texts.EFFORT)
        self.effort.set_value("balanced")
        self.effort.chosen.connect(self.effort_chosen)
        self.plan = Text("", "small")
        self.time = Text("", "")
        column.addSpacing(8)
        column.addWidget(SectionTitle(texts.EFFORT))
        column.addWidget(self.effort)
        column.addWidget(self.time)
        column.addWidget(self.plan)
        self.trial = TrialPanel()
        column.addWidget(self.trial)

    def _add_start(self, column: QVBoxLayout) -> None:
        self.start_from = StartPanel()
        column.addWidget(self.start_from)
        column.addWidget(self.few)

    def _add_expert(self, column: QVBoxLayout) -> None:
        self.expert = QWidget()
        inside = QVBoxLayout(self.expert)
        inside.setContentsMargins(0, 8, 0, 0)
        inside.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(SectionTitle(texts.SETTINGS))
        head.addStretch(1)
        reset = PlainButton(texts.RESET, "reset", quiet=True)
        reset.clicked.connect(lambda: self.reset_requested.emit())
        head.addWidget(reset)
        inside.addLayout(head)
        self.common = Form(spec_fields(COMMON))
        self.rare = Form(spec_fields(RARE))
        for form in (self.common, self.rare):
            form.changed.connect(self.parameters_changed)
        inside.addWidget(self.common)
        self._method_slot = QVBoxLayout()
        inside.addLayout(self._method_slot)
        inside.addWidget(Disclosure("More", self.rare))
        column.addWidget(self.expert)

    def _make_foot(self) -> QFrame:
        foot = QFrame()
        foot.setObjectName("foot")
        self.then = QCheckBox(texts.THEN)
        self.then.setToolTip(texts.THEN_HELP)
        self.then.setChecked(True)
        self.start = ReasonButton(texts.START, "play")
        self.start.clicked.connect(self.start_requested)
        column = QVBoxLayout(foot)
        column.setContentsMargins(16, 10, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.then)
        column.addWidget(self.start)
        return foot

    # -- setters ---------------------------------------------------------------------------------------------

    def set_data(self, text: str, few: bool) -> None:
        """What there is to learn from, and whether that is little."""
        self.data.setText(text)
        self.few.setVisible(few)

    def set_method_form(self, method: Method | None) -> None:
        """The parameters of the chosen method."""
        clear(self._method_slot)
        self._method_form = None
        if method is not None and method.parameters:
            self._method_slot.addWidget(Text(method.title, "strong"))
            self._method_form = Form(method_fields(method.parameters))
            self._method_form.changed.connect(self.parameters_changed)
            self._method_slot.addWidget(self._method_form)

    def set_plan(self, time: str, plan: str) -> None:
        """How long the chosen effort takes, and what it means in numbers."""
        self.time.setText(time)
        self.plan.setText(plan)

    def set_values(self, values: Mapping[str, ParameterValue]) -> None:
        """Fill the forms."""
        self.common.set_values(values)
        self.rare.set_values(values)

    def values(self) -> dict[str, ParameterValue]:
        """What stands in the forms of the specification."""
        return self.common.values() | self.rare.values()

    def method_values(self) -> dict[str, ParameterValue]:
        """What stands in the form of the method."""
        return self._method_form.values() if self._method_form is not None else {}

    def reset_method_form(self) -> None:
        """The method's parameters back to their defaults."""
        if self._method_form is not None:
            self._method_form.reset()

    def set_expert(self, expert: bool) -> None:
        """Show or hide the parameters."""
        self.expert.setVisible(expert)

    def set_reason(self, reason: str) -> None:
        """Why no training can be started now, or ""."""
        self.start.set_reason(reason)

    def set_networks(self, reasons: Mapping[str, str]) -> None:
        """Offer only networks without a reason against them; one chosen that has a reason gives way to the first."""
        self.common.limit("backbone", reasons)

    def set_sees(self, value: str, reason: str, volumes: int) -> None:
        """Whether images or volumes are seen, and why not volumes or ""; there are so many `volumes`.

        Where there is none at all the choice itself is not shown.
        """
        self.sees.set_value(value)
        self.sees.set_enabled(VOLUMES, not reason or value == VOLUMES, reason)
        self.sees_about.setText(texts.sees_line(value == VOLUMES, volumes, reason))
        for part in (self.sees, self.sees_about):
            part.setVisible(volumes > 0 or value == VOLUMES)
        self.common.rows["depth"].setVisible(value == VOLUMES)
