"""The left half of the Pretrain page: method cards, how thoroughly, what to start from, and the parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from sslstudio.domain.specs import ParameterValue
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.form import COMMON, RARE, Form, method_fields, spec_fields
from sslstudio.gui.pages.pretrain.methods import Method
from sslstudio.gui.widgets.card import ChoiceCard
from sslstudio.gui.widgets.controls import Disclosure, PlainButton, ReasonButton, SectionTitle, Segmented, Text, clear

WIDTH = 408


class SetupPanel(QFrame):
    """Setters, and a signal for each wish."""

    method_chosen = Signal(str)
    effort_chosen = Signal(str)
    start_chosen = Signal(str)
    file_chosen = Signal(object)
    parameters_changed = Signal()
    reset_requested = Signal()
    start_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setFixedWidth(WIDTH)
        self._cards: dict[str, ChoiceCard] = {}
        self._method_form: Form | None = None
        body = QWidget()
        body.setObjectName("panel")
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        self._add_method(column)
        self._add_effort(column)
        self._add_start(column)
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
        self._methods = QVBoxLayout()
        self._methods.setSpacing(8)
        column.addWidget(SectionTitle(texts.METHOD))
        column.addWidget(self.data)
        column.addLayout(self._methods)

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

    def _add_start(self, column: QVBoxLayout) -> None:
        self.start_from = Segmented(texts.STARTS, texts.START_FROM)
        self.start_from.chosen.connect(self._start_chosen)
        self.start_help = Text(texts.START_HELP["random"], "small")
        self.file = PlainButton(texts.CHOOSE_FILE, "file")
        self.file.clicked.connect(self._ask_file)
        self.file.hide()
        column.addSpacing(8)
        column.addWidget(SectionTitle(texts.START_FROM))
        column.addWidget(self.start_from)
        column.addWidget(self.start_help)
        column.addWidget(self.file)
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

    def set_methods(self, methods: Sequence[Method], chosen: str, marked: str, why: str) -> None:
        """The method cards; `marked` carries the recommendation `why`."""
        clear(self._methods)
        self._cards = {}
        for method in methods:
            card = ChoiceCard(method.title)
            title = QLabel(method.title)
            title.setProperty("role", "strong")
            card.body.addWidget(title)
            if method.id == marked:
                card.body.addWidget(Text(why, "ok"))
            card.body.addWidget(Text(method.summary))
            for words in filter(None, (method.needs, method.helps_when)):
                card.body.addWidget(Text(words, "small"))
            if method.problem:
                card.body.addWidget(Text(method.problem, "warning"))
                card.setEnabled(False)
            else:
                card.clicked.connect(lambda asked=method.id: self.method_chosen.emit(asked))
            self._cards[method.id] = card
            self._methods.addWidget(card)
        self.set_method(chosen)

    def set_method(self, method_id: str) -> None:
        """Mark the chosen method."""
        for identifier, card in self._cards.items():
            card.set_selected(identifier == method_id)

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

    def set_file(self, name: str) -> None:
        """The weights file that was chosen."""
        self.file.setText(name or texts.CHOOSE_FILE)

    def set_reason(self, reason: str) -> None:
        """Why no training can be started now, or ""."""
        self.start.set_reason(reason)

    def _start_chosen(self, value: str) -> None:
        self.start_help.setText(texts.START_HELP[value])
        self.file.setVisible(value == "file")
        self.start_chosen.emit(value)

    def _ask_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, texts.CHOOSE_FILE, "", "Weights (*.safetensors *.pth *.pt)")
        if chosen:
            self.file_chosen.emit(Path(chosen))
