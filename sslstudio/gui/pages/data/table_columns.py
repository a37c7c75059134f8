"""Which columns of a chosen table name files and patients: two lists, and what happens to the other columns."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.pages.data import texts
from sslstudio.gui.widgets.controls import Text
from sslstudio.importers.tables import TableShape


class TableColumns(QWidget):
    """`set_shape` fills the lists; ``changed`` says that a person chose other columns."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = self._list(texts.IMAGE_COLUMN)
        self.subject = self._list(texts.SUBJECT_COLUMN)
        self.note = Text("", "small")
        self.note.hide()  # so that a form's label stands beside the lists
        line = QHBoxLayout()
        line.setSpacing(8)
        for words, box in ((texts.IMAGE_COLUMN, self.image), (texts.SUBJECT_COLUMN, self.subject)):
            label = QLabel(words)
            label.setBuddy(box)
            line.addWidget(label)
            line.addWidget(box)
            line.addSpacing(8)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(line)
        column.addWidget(self.note)

    def _list(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setMinimumWidth(150)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.setAccessibleName(name)
        box.setToolTip(texts.COLUMN_HELP[name])
        box.activated.connect(lambda _: self.changed.emit())
        return box

    def set_shape(self, shape: TableShape) -> None:
        """Show the columns of a table, with those chosen that it is read by."""
        for box, chosen in ((self.image, shape.image_column), (self.subject, shape.subject_column)):
            box.clear()
            if not chosen or box is self.subject:
                box.addItem(texts.NO_COLUMN, "")
            for name in shape.columns:
                box.addItem(name, name)
            box.setCurrentIndex(max(0, box.findData(chosen)))
        self.note.setText(texts.columns_line(shape))
        self.note.show()
        self.setAccessibleDescription(texts.columns_line(shape))

    def chosen(self) -> tuple[str, str]:
        """The columns of files and of patients, "" for none."""
        return str(self.image.currentData() or ""), str(self.subject.currentData() or "")
