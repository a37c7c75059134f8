"""All methods as cards under headings, to read and to choose from; what cannot be chosen says why."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.methods import MethodCard, MethodGroup
from sslstudio.gui.widgets.card import ChoiceCard
from sslstudio.gui.widgets.controls import Disclosure, PlainButton, SectionTitle, Text, clear
from sslstudio.gui.widgets.flow_layout import FlowLayout

_STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}
_CARD_WIDTH = 264


class _Card(ChoiceCard):
    """One method. ``step_requested(+1 or -1)`` fires for the arrow keys."""

    step_requested = Signal(int)

    def __init__(self, card: MethodCard) -> None:
        super().__init__(card.title)
        self._reason = ""
        self._title = Text(card.title, "strong")
        self._praise, self._why, self._caution = Text("", "ok"), Text("", "warning"), Text("", "small")
        entry = card.method.entry if card.method is not None else None
        self._summary = Text(entry.summary if entry is not None else "")
        self._summary.setVisible(bool(self._summary.text()))
        for part in (self._title, self._praise, self._why, self._summary):
            self.body.addWidget(part)
        if entry is not None:
            evidence = (entry.evidence or texts.NO_EVIDENCE).replace(" %", "\u00a0%")
            labelled = ((texts.NEEDS, entry.needs), (texts.HELPS, entry.helps_when), (texts.EVIDENCE, evidence))
            for label, words in labelled:
                if words:
                    self.body.addWidget(Text(texts.labelled(label, words), "small"))
        self.body.addWidget(self._caution)
        self._add_reference(entry.reference if entry is not None else "")
        self.set_card(card)

    def set_card(self, card: MethodCard) -> None:
        """What the data say of the method now."""
        self._reason = card.reason
        self.setToolTip(card.reason)
        self.setCursor(Qt.CursorShape.ArrowCursor if card.reason else Qt.CursorShape.PointingHandCursor)
        self.setProperty("selectable", not card.reason)
        self._title.set_role("muted" if card.reason else "strong")
        self._summary.set_role("muted" if card.reason else "")
        caution = texts.labelled(texts.MIND, card.caution)
        for part, words in ((self._praise, card.praise), (self._why, card.reason), (self._caution, caution)):
            if part.text() != words or part.isHidden() == bool(words):
                part.setText(words)
                part.setVisible(bool(words))
        self.set_selected(bool(self.property("selected")))

    def _add_reference(self, reference: str) -> None:
        if reference:
            source = Text(reference, "small")
            source.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.body.addWidget(Disclosure(texts.REFERENCE, source))

    @property
    def reason(self) -> str:
        """Why the method cannot be chosen, "" when it can."""
        return self._reason

    def set_selected(self, selected: bool) -> None:
        """Mark as the chosen one; what cannot be chosen says so to a screen reader."""
        super().set_selected(selected)
        if self._reason:
            self.setAccessibleDescription(self._reason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys walk along the cards."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.step_requested.emit(step)


class MethodGallery(QScrollArea):
    """Setters, and ``method_chosen(id)`` and ``enable_requested(plugin id)``."""

    method_chosen = Signal(str)
    enable_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pageScroll")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._groups: list[MethodGroup] = []
        self._cards: dict[str, _Card] = {}
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(0, 12, 8, 12)
        self._column.setSpacing(8)
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setWidget(body)

    def set_groups(self, groups: Sequence[MethodGroup], chosen: str) -> None:
        """Show these cards; none is made anew while the methods stay the same."""
        before, self._groups = [_outline(group) for group in self._groups], list(groups)
        if before != [_outline(group) for group in groups]:
            self._fill()
        for card in (card for group in groups for card in group.cards):
            self._cards[_name(card)].set_card(card)
        self.set_chosen(chosen)

    def set_chosen(self, method_id: str) -> None:
        """Mark the chosen method."""
        for identifier, card in self._cards.items():
            card.set_selected(identifier == method_id)

    def card(self, method_id: str) -> ChoiceCard | None:
        """The card of a method, if there is one."""
        return self._cards.get(method_id)

    def _fill(self) -> None:
        clear(self._column)
        self._cards = {}
        for place, group in enumerate(self._groups):
            part = QWidget()
            inside = QVBoxLayout(part)
            inside.setContentsMargins(0, 12 if place else 0, 0, 0)
            inside.setSpacing(6)
            inside.addWidget(SectionTitle(group.title))
            if group.about:
                inside.addWidget(Text(group.about, "muted"))
            flow = FlowLayout(spacing=12, column_width=_CARD_WIDTH, steady=True)
            for card in group.cards:
                flow.addWidget(self._make_card(card))
            inside.addLayout(flow)
            self._column.addWidget(part)

    def _make_card(self, card: MethodCard) -> _Card:
        made = _Card(card)
        name = _name(card)
        made.clicked.connect(partial(self._choose, name))
        if card.method is not None and card.method.plugin:
            enable = PlainButton(texts.ENABLE, "eye")
            enable.setAccessibleName(f"{texts.ENABLE} {card.title}")
            enable.setToolTip(texts.ENABLE_HELP)
            enable.clicked.connect(partial(self._ask_enable, card.method.plugin))
            made.body.addWidget(enable, 0, Qt.AlignmentFlag.AlignLeft)
        made.step_requested.connect(partial(self._step, name))
        self._cards[name] = made
        return made

    def _choose(self, name: str) -> None:
        if not self._cards[name].reason:
            self.method_chosen.emit(name)

    def _ask_enable(self, plugin: str, _checked: bool = False) -> None:
        self.enable_requested.emit(plugin)

    def _step(self, method_id: str, by: int) -> None:
        order = list(self._cards)
        target = self._cards[order[max(0, min(len(order) - 1, order.index(method_id) + by))]]
        target.setFocus(Qt.FocusReason.OtherFocusReason)
        self.ensureWidgetVisible(target, 0, 24)


def _name(card: MethodCard) -> str:
    return card.method.id if card.method is not None else card.title


def _outline(group: MethodGroup) -> tuple[object, ...]:
    return group.title, tuple((card.title, card.method) for card in group.cards)
