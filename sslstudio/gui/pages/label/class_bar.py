"""The classes as chips with colour, key and count; adding, renaming and removing happen in place, without a dialog."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from sslstudio.gui.pages.label import texts
from sslstudio.gui.pages.label.colour_button import ColourButton
from sslstudio.gui.widgets.controls import Chip, IconButton, PlainButton, Text
from sslstudio.gui.widgets.flow_layout import FlowLayout


@dataclass(frozen=True)
class ClassLine:
    """One class as the bar shows it. `keep_reason` says why it cannot be removed; "" when it can."""

    class_id: int
    name: str
    colour: str
    key: str
    images: int
    keep_reason: str = ""
    description: str = ""


class NameEdit(QLineEdit):
    """A line that tells of its text on Enter and gives it up on Escape."""

    entered = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter confirms, Escape takes back."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit(self.text().strip())
        elif event.key() == Qt.Key.Key_Escape:
            self.setText(str(self.property("original") or ""))
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class ClassBar(QWidget):
    """Chips to label with; a switch turns them into lines to rename and buttons to remove."""

    label_requested = Signal(int)
    add_requested = Signal(str)
    rename_requested = Signal(int, str)
    change_requested = Signal(int, str, str)
    """Class id, "colour", "key" or "description", and the new value."""
    remove_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[ClassLine] = []
        self._flow_box = QWidget()
        self._flow = FlowLayout(self._flow_box, spacing=6)
        self.add = NameEdit()
        self.add.setPlaceholderText(texts.ADD_CLASS)
        self.add.setToolTip(texts.ADD_CLASS_HELP)
        self.add.setAccessibleName("New class")
        self.add.setFixedWidth(150)
        self.add.entered.connect(self._add)
        self.edit = PlainButton(texts.EDIT_CLASSES, "settings", quiet=True)
        self.edit.setCheckable(True)
        self.edit.toggled.connect(self._switch)
        self._hint = Text(texts.NO_CLASSES, "muted")
        right = QHBoxLayout()
        right.setSpacing(6)
        right.addWidget(self.add)
        right.addWidget(self.edit)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._flow_box, 1)
        row.addLayout(right)
        row.setAlignment(right, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 6, 12, 6)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._hint)
        self.setAccessibleName("Classes")

    def set_classes(self, lines: list[ClassLine]) -> None:
        """Show these classes; nothing is rebuilt when only counts changed."""
        if lines == self._lines:
            return
        same = [(old.class_id, old.name, old.colour, old.key, old.description) for old in self._lines] == [
            (new.class_id, new.name, new.colour, new.key, new.description) for new in lines
        ]
        self._lines = lines
        if same and not self.edit.isChecked():
            for place, line in enumerate(lines):
                entry = self._flow.itemAt(place)
                chip = entry.widget() if entry is not None else None
                if isinstance(chip, Chip):
                    _describe(chip, line)
        elif not same:
            self._rebuild()
        self._hint.setVisible(not lines)
        self.edit.setVisible(bool(lines))

    def set_problem(self, text: str) -> None:
        """Say below the line why a name was not taken; empty takes it back."""
        self._hint.set_role("danger" if text else "muted")
        self._hint.setText(text or texts.NO_CLASSES)
        self._hint.setVisible(bool(text) or not self._lines)
        self.add.setProperty("invalid", bool(text))
        self.add.style().unpolish(self.add)
        self.add.style().polish(self.add)

    def set_enabled(self, reason: str) -> None:
        """Nothing can be changed while there is a reason."""
        for widget in (self.add, self.edit, self._flow_box):
            widget.setEnabled(not reason)
            widget.setToolTip(reason or widget.toolTip())

    def show_again(self) -> None:
        """Show what stands: a change was not taken."""
        self._rebuild()

    def clear_new_name(self) -> None:
        """The new class was added."""
        self.add.clear()

    def _add(self, name: str) -> None:
        if name:
            self.add_requested.emit(name)

    def _switch(self, editing: bool) -> None:
        self.edit.setText(texts.DONE if editing else texts.EDIT_CLASSES)
        self._rebuild()

    def _rebuild(self) -> None:
        while self._flow.count():
            entry = self._flow.takeAt(0)
            old = entry.widget() if entry is not None else None
            if old is not None:
                old.hide()
                old.deleteLater()
        make = self._editor if self.edit.isChecked() else self._chip
        for line in self._lines:
            widget = make(line)
            self._flow.addWidget(widget)
            widget.show()

    def _chip(self, line: ClassLine) -> QWidget:
        chip = Chip("", colour=line.colour, parent=self._flow_box)
        chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        chip.clicked.connect(lambda _=False, wanted=line.class_id: self.label_requested.emit(wanted))
        _describe(chip, line)
        return chip

    def _editor(self, line: ClassLine) -> QWidget:
        holder = QWidget(self._flow_box)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 6, 0)
        row.setSpacing(4)
        asked = line.class_id
        colour = ColourButton(line.colour, line.name)
        colour.chosen.connect(lambda value: self.change_requested.emit(asked, "colour", value))
        key = QComboBox()
        key.setAccessibleName(f"Key of class {line.name}")
        key.setToolTip(texts.CLASS_KEY_HELP)
        for digit in ("", *"1234567890"):
            key.addItem(digit or texts.NO_KEY, digit)
        key.setCurrentIndex(key.findData(line.key))
        key.activated.connect(lambda _: self.change_requested.emit(asked, "key", str(key.currentData())))
        words = NameEdit(line.description)
        words.setProperty("original", line.description)
        words.setPlaceholderText(texts.DESCRIPTION)
        words.setToolTip(texts.DESCRIPTION_HELP)
        words.setAccessibleName(f"Description of class {line.name}")
        words.setMinimumWidth(220)
        words.setMaxLength(500)

        def described() -> None:
            if words.text().strip() != line.description:
                self.change_requested.emit(asked, "description", words.text().strip())

        words.editingFinished.connect(described)
        words.entered.connect(lambda _: described())
        name = NameEdit(line.name)
        name.setProperty("original", line.name)
        name.setFixedWidth(130)
        name.setAccessibleName(f"Name of class {line.name}")
        name.entered.connect(lambda text, wanted=line.class_id: self.rename_requested.emit(wanted, text))
        remove = IconButton("trash", line.keep_reason or f"Remove the class {line.name}")
        remove.setEnabled(not line.keep_reason)
        remove.clicked.connect(lambda _=False, wanted=line.class_id: self.remove_requested.emit(wanted))
        for part in (colour, key, name, words, remove):
            row.addWidget(part)
        return holder


def _describe(chip: Chip, line: ClassLine) -> None:
    key = f"{line.key}   " if line.key else ""
    chip.setText(f"{key}{line.name}   {line.images:,}")
    chip.setToolTip(texts.class_tip(line.name, line.key, line.images, line.description))
    chip.setAccessibleName(f"{line.name}, key {line.key or 'none'}, {line.images:,} images")
