"""The panel beside the images: why this case, how many labels of each class there are, how well they carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.pages.label import audit_texts, texts
from sslstudio.gui.pages.label.drawn_part import DrawnPart
from sslstudio.gui.widgets.controls import Line, PlainButton, Text


@dataclass(frozen=True)
class Progress:
    """One class: how many images of patients in training, in test, and not dealt yet."""

    name: str
    colour: str
    train: int
    test: int
    undealt: int


class NoteEdit(QPlainTextEdit):
    """A few lines; ``written(text)`` when they are left or Ctrl+Enter is pressed and they are other ones."""

    written = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stood = ""
        self.setTabChangesFocus(True)
        self.setPlaceholderText(texts.NOTE_HINT)
        self.setAccessibleName(texts.NOTE)
        self.setFixedHeight(68)

    def show_note(self, text: str, reason: str) -> None:
        """The note that stands, and why none can be written now; what is being typed is not taken away."""
        self.setEnabled(not reason)
        self.setToolTip(reason or texts.NOTE_HELP)
        self.setAccessibleDescription(reason or texts.NOTE_HELP)
        if text != self._stood or not self.hasFocus():
            self._stood = text
            self.setPlainText(text)

    def finish(self) -> None:
        """Tell of what was typed."""
        text = self.toPlainText().strip()
        if text != self._stood:
            self._stood = text
            self.written.emit(text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving it keeps what was typed."""
        self.finish()
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter keeps, Escape takes back what was typed."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.finish()
        elif event.key() == Qt.Key.Key_Escape:
            self.setPlainText(self._stood)
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class SidePanel(QWidget):
    """Texts and numbers, a note, and the buttons for labels that are worth a second look and for a second read."""

    second_look_requested = Signal()
    second_read_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(232)
        self.why = Text("", "")
        self.note = NoteEdit()
        self._marks = Text("", "small")
        numbers = QWidget()
        self._grid = QGridLayout(numbers)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._dealt = Text(texts.NOT_DEALT, "small")
        self._value = QLabel("-")
        self._value.setProperty("role", "heading")
        self._value.setAccessibleName("Accuracy")
        self._basis = Text(texts.FEW, "small")
        self._advice = Text("", "")
        self._rung = Text("", "small")
        self.drawn = DrawnPart()
        self.doubts = PlainButton("", "search")
        self.doubts.setToolTip(texts.SECOND_LOOK_HELP)
        self.doubts.clicked.connect(lambda: self.second_look_requested.emit())
        self.again = PlainButton("", "history")
        self.again.setToolTip(audit_texts.SECOND_READ_HELP)
        self.again.clicked.connect(lambda: self.second_read_requested.emit())
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(6)
        sections: tuple[tuple[str, list[QWidget]], ...] = (
            (texts.WHY, [self.why]),
            (texts.NOTE, [self.note]),
            (texts.PROGRESS, [numbers, self._marks, self._dealt]),
            (texts.ACCURACY, [self._value, self._basis, self._rung, self._advice, self.doubts, self.again]),
            (texts.DRAWN, [self.drawn]),
        )
        for title, parts in sections:
            heading = QLabel(title)
            heading.setProperty("role", "strong")
            if column.count():
                column.addSpacing(4)
                column.addWidget(Line())
                column.addSpacing(2)
            column.addWidget(heading)
            for part in parts:
                column.addWidget(part)
        column.addStretch(1)
        self.set_why("")
        self.set_doubts(0)
        self.set_rung("")
        self.set_marks("")
        self.set_second_read(False)

    def set_why(self, text: str) -> None:
        """Why the case in hand was chosen; empty when the user chose it."""
        self.why.set_role("" if text else "muted")
        self.why.setText(text or "You chose it. Press N to let SSL Studio choose.")

    def set_progress(self, rows: Sequence[Progress]) -> None:
        """Counts of each class; training and test once patients were dealt."""
        while self._grid.count():
            entry = self._grid.takeAt(0)
            old = entry.widget() if entry is not None else None
            if old is not None:
                old.hide()
                old.deleteLater()
        dealt = any(row.train or row.test for row in rows)
        self._dealt.setVisible(not dealt)
        headers = ("training", "test") if dealt else ("images",)
        for place, header in enumerate(headers if rows else ()):
            self._grid.addWidget(_number(header, "small"), 0, 2 + place)
        for line, row in enumerate(rows, 1):
            dot = QLabel()
            dot.setPixmap(theme.pixmap("dot", row.colour, 12, self.devicePixelRatioF()))
            self._grid.addWidget(dot, line, 0)
            self._grid.addWidget(QLabel(row.name), line, 1)
            numbers = (row.train + row.undealt, row.test) if dealt else (row.train + row.test + row.undealt,)
            for place, number in enumerate(numbers):
                self._grid.addWidget(_number(f"{number:,}", ""), line, 2 + place)

    def set_marks(self, text: str) -> None:
        """How many images have an answer that is no class, in words; empty hides it."""
        self._marks.setText(text)
        self._marks.setVisible(bool(text))

    def set_doubts(self, labels: int) -> None:
        """How many labels are worth a second look; none hides the button."""
        self.doubts.setText(texts.second_look(labels))
        self.doubts.setVisible(labels > 0)

    def set_second_read(self, possible: bool, done: int = 0, total: int = 0) -> None:
        """Whether labelled images can be read again, and how far a read is that was begun."""
        self.again.setText(audit_texts.second_read(done, total))
        self.again.setVisible(possible)

    def set_rung(self, text: str) -> None:
        """How the classifier learns from so many labels, in words; empty while it does not."""
        self._rung.setText(text)
        self._rung.setVisible(bool(text))

    def set_accuracy(self, value: str, basis: str, advice: str) -> None:
        """The live accuracy; `value` "" when there is none yet, `basis` then says why."""
        self._value.setText(value or "-")
        self._basis.setText(basis)
        self._advice.setText(advice)
        self._advice.setVisible(bool(advice))


def _number(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
