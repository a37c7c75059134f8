"""What the Label page looks like: classes above, images in the middle, progress beside them, decisions below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QScrollArea, QVBoxLayout, QWidget

from sslstudio.gui.item_models.tiles import Tile
from sslstudio.gui.pages.label import audit_texts, files_texts, texts
from sslstudio.gui.pages.label.audit_bar import AuditBar
from sslstudio.gui.pages.label.case_pane import CasePane
from sslstudio.gui.pages.label.class_bar import ClassBar
from sslstudio.gui.pages.label.side_panel import SidePanel
from sslstudio.gui.widgets.controls import (
    Chip,
    IconButton,
    Line,
    PageTitle,
    PlainButton,
    PrimaryButton,
    Segmented,
)
from sslstudio.gui.widgets.flow_layout import FlowLayout
from sslstudio.gui.widgets.gallery import Gallery
from sslstudio.gui.widgets.stack import Stack
from sslstudio.gui.widgets.toasts import PAGE_FOOT


class LabelView(QWidget):
    """Setters, and a signal for each thing that can be asked for."""

    mode_requested = Signal(str)
    next_requested = Signal()
    undo_requested = Signal()
    redo_requested = Signal()
    accept_requested = Signal()
    mark_requested = Signal(str)
    clear_requested = Signal()
    deselect_requested = Signal()
    step_requested = Signal(int)
    check_requested = Signal(int)
    size_requested = Signal()

    def __init__(self, describe: Callable[[int], Tile], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.classes = ClassBar()
        self.gallery = Gallery(describe)
        self.gallery.set_space_selects(False)
        self.case = CasePane()
        self.side = SidePanel()
        self.modes = Segmented((("gallery", texts.GALLERY), ("case", texts.CASE)), "How images are shown")
        self.advance = QCheckBox(texts.ADVANCE)
        self.undo = IconButton("undo", "Undo (Ctrl+Z)")
        self.redo = IconButton("redo", "Redo (Ctrl+Y)")
        self.next = PrimaryButton(f"{texts.NEXT}  N")
        self._chip = Chip("", closable=True)
        self._suggestion = QLabel()
        self._accept = PlainButton(f"{texts.ACCEPT}  Space", "check")
        self.audit = AuditBar()
        self.second = AuditBar()
        self.deciding = AuditBar()
        self.check = PlainButton(audit_texts.CHECK, "search")
        self._check_menu = QMenu(self)
        self.more = PlainButton(files_texts.MORE, "more", quiet=True)
        self.more.setToolTip(files_texts.MORE_HELP)
        self._menu = QMenu(self)
        self.more.setMenu(self._menu)
        self.blinded = Chip(files_texts.BLINDED_CHIP, closable=True)
        self.blinded.setToolTip(files_texts.BLINDED_HELP)
        self._checkable: list[tuple[int, str]] = []
        self.check.setMenu(self._check_menu)
        self._stack = Stack()
        self._build()
        self._connect()

    @property
    def advances(self) -> bool:
        """True when a label is to lead on to the next case."""
        return self.advance.isChecked() and self.modes.value() == "case"

    def set_mode(self, mode: str) -> None:
        """Show the gallery, or one case large."""
        self.modes.set_value(mode)
        self._stack.setCurrentWidget(self.case if mode == "case" else self.gallery)
        self.advance.setVisible(mode == "case")
        (self.case if mode == "case" else self.gallery.front).setFocus()

    def set_target(self, text: str, several: bool) -> None:
        """What the keys will act on."""
        self._chip.setText(text)
        self._chip.setAccessibleName(f"{text} selected, press to select nothing")
        self._chip.setVisible(bool(text))
        self._chip.setEnabled(several or bool(text))

    def set_suggestion(self, text: str, available: bool) -> None:
        """The classifier's opinion of the image in hand, or why there is none."""
        self._suggestion.setText(text)
        self._suggestion.setProperty("role", "strong" if available else "muted")
        self._suggestion.style().unpolish(self._suggestion)
        self._suggestion.style().polish(self._suggestion)
        self._accept.setEnabled(available)
        self._accept.setToolTip(texts.ACCEPT_HELP if available else text)

    def set_check(self, classes: Sequence[tuple[int, str]], reason: str) -> None:
        """The classes (id, name) that a sample can be checked for, and why it cannot be now."""
        if list(classes) != self._checkable:
            self._checkable = list(classes)
            self._fill_check_menu()
        self.check.setEnabled(not reason)
        self.check.setToolTip(reason or audit_texts.CHECK_HELP)

    def _fill_check_menu(self) -> None:
        self._check_menu.clear()
        for class_id, name in self._checkable:
            action = self._check_menu.addAction(name)
            action.triggered.connect(lambda _=False, asked=class_id: self.check_requested.emit(asked))
        self._check_menu.addSeparator()
        self._check_menu.addAction(audit_texts.CHOOSE_SIZE).triggered.connect(
            lambda _=False: self.size_requested.emit()
        )

    def set_blind(self, opinions: bool, checking: bool) -> None:
        """Whether the classifier's opinion is kept back, and whether one image of a sample is to be judged now."""
        for part in (self._suggestion, self._accept):
            part.setVisible(not opinions)
        for other in (self.check, self.modes, self.next, self.more):
            other.setVisible(not checking)
        self.blinded.setVisible(opinions and not checking)

    def add_entry(self, action: QAction | None) -> None:
        """One more entry of the menu, or a line between entries."""
        if action is None:
            self._menu.addSeparator()
        else:
            self._menu.addAction(action)

    def set_history(self, undo: str, redo: str) -> None:
        """What can be undone and redone, in words; empty when nothing can."""
        for button, name, text, keys in ((self.undo, "Undo", undo, "Ctrl+Z"), (self.redo, "Redo", redo, "Ctrl+Y")):
            button.setEnabled(bool(text))
            button.setToolTip(f"{name}: {text} ({keys})" if text else f"Nothing to {name.lower()}")

    def set_next_reason(self, reason: str) -> None:
        """Why there is no next case; empty when there is."""
        self.next.setEnabled(not reason)
        self.next.setToolTip(reason or texts.NEXT_HELP)
        self.next.setAccessibleDescription(reason or texts.NEXT_HELP)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space accepts; left and right step through the cases. Text fields and buttons take their keys before."""
        if event.key() == Qt.Key.Key_Space:
            self.accept_requested.emit()
        elif self.modes.value() == "case" and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.step_requested.emit(-1 if event.key() == Qt.Key.Key_Left else 1)
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 10, 12, 4)
        bar.setSpacing(10)
        bar.addWidget(PageTitle(texts.TITLE))
        bar.addSpacing(8)
        bar.addWidget(self.modes)
        bar.addWidget(self.advance)
        bar.addWidget(self.blinded)
        bar.addStretch(1)
        bar.addWidget(self.check)
        bar.addWidget(self.undo)
        bar.addWidget(self.redo)
        bar.addWidget(self.more)
        bar.addWidget(self.next)
        self.blinded.hide()
        self.advance.setChecked(True)
        self.advance.setToolTip(texts.ADVANCE_HELP)
        self._stack.addWidget(self.gallery)
        self._stack.addWidget(self.case)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._stack, 1)
        middle.addWidget(Line(vertical=True))
        beside = QScrollArea()
        beside.setObjectName("pageScroll")
        beside.setWidgetResizable(True)
        beside.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        beside.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        beside.setWidget(self.side)
        beside.setFixedWidth(self.side.width() + 12)
        middle.addWidget(beside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.classes)
        column.addWidget(Line())
        column.addLayout(middle, 1)
        column.addWidget(self._foot())
        self.set_mode("gallery")
        self.set_target("", False)

    def _foot(self) -> QWidget:
        """What is asked of one sample, and the answers: messages leave it free."""
        foot = QWidget()
        foot.setObjectName(PAGE_FOOT)
        column = QVBoxLayout(foot)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for bar in (self.audit, self.second, self.deciding, Line()):
            column.addWidget(bar)
        column.addLayout(self._decisions())
        return foot

    def _decisions(self) -> QHBoxLayout:
        """What is in hand and what is suggested for it, on two lines where there is no room; the other answers."""
        proposed = QWidget()
        flow = FlowLayout(proposed, spacing=8)
        for part in (self._chip, self._suggestion, self._accept):
            flow.addWidget(part)
        row = QHBoxLayout()
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(proposed, 1)
        for text, icon, tip, ask in (
            (f"{texts.UNSURE}  U", "uncertain", texts.UNSURE_HELP, lambda: self.mark_requested.emit("uncertain")),
            (f"{texts.POOR}  Q", "eye-off", texts.POOR_HELP, lambda: self.mark_requested.emit("poor")),
            (
                f"{texts.NOT_APPLICABLE}  A",
                "minus",
                texts.NOT_APPLICABLE_HELP,
                lambda: self.mark_requested.emit("not_applicable"),
            ),
            (f"{texts.LEAVE_OUT}  X", "exclude", texts.LEAVE_OUT_HELP, lambda: self.mark_requested.emit("excluded")),
            (f"{texts.CLEAR}  \u232b", "close", texts.CLEAR_HELP, self.clear_requested.emit),
        ):
            button = PlainButton(text, icon, quiet=True)
            button.setToolTip(tip)
            button.clicked.connect(lambda _=False, asked=ask: asked())
            row.addWidget(button)
        return row

    def _connect(self) -> None:
        self.modes.chosen.connect(self.mode_requested)
        self.next.clicked.connect(lambda: self.next_requested.emit())
        self.undo.clicked.connect(lambda: self.undo_requested.emit())
        self.redo.clicked.connect(lambda: self.redo_requested.emit())
        self._accept.clicked.connect(lambda: self.accept_requested.emit())
        self._chip.close_requested.connect(self.deselect_requested)
        self.case.step_requested.connect(self.step_requested)
