"""The two dialogs of saved views: one to name what is shown now, one to rename and delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.widgets.controls import PlainButton, PrimaryButton, SectionTitle, Text
from sslstudio.session.saved_views import LONGEST_NAME, clean

_KEPT = "Kept are: which images are shown, their order and groups, gallery or table, the size and the map's colours."


class SaveViewDialog(QDialog):
    """Asks for a name, and whether the selected images belong to the view. ``save_requested(name, with_selection)``."""

    save_requested = Signal(str, bool)

    def __init__(
        self, is_taken: Callable[[str], bool], selected: str, why_not: str, parent: QWidget | None = None
    ) -> None:
        """`selected` says how many images are selected, `why_not` why they cannot be kept ("" when they can)."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Save this view")
        self.setMinimumWidth(420)
        self._is_taken = is_taken
        self.name = QLineEdit()
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setAccessibleName("Name of the view")
        self.name.setPlaceholderText("for example: doubtful, by patient")
        self.with_selection = QCheckBox(f"Keep the selected images with it ({selected})" if selected else _NONE)
        self.with_selection.setEnabled(not why_not)
        self.with_selection.setToolTip(why_not or "They are selected again when the view is opened")
        self.with_selection.setAccessibleDescription(why_not)
        self._why = Text(why_not, "small")
        self._why.setVisible(bool(why_not))
        self._note = Text("", "small")
        self.save = PrimaryButton("Save")
        self.save.setDefault(True)
        cancel = PlainButton("Cancel")
        cancel.setAutoDefault(False)
        foot = QHBoxLayout()
        foot.addWidget(self._note, 1)
        foot.addWidget(cancel)
        foot.addWidget(self.save)
        label = QLabel("Name")
        label.setBuddy(self.name)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(SectionTitle("Save this view"))
        column.addWidget(Text(_KEPT, "muted"))
        for part in (label, self.name, self.with_selection, self._why):
            column.addWidget(part)
        column.addSpacing(4)
        column.addLayout(foot)
        self.name.textChanged.connect(self._show)
        self.save.clicked.connect(self._save)
        cancel.clicked.connect(self.reject)
        self._show()

    def _show(self) -> None:
        name = clean(self.name.text())
        self.save.setEnabled(bool(name))
        self.save.setToolTip("" if name else "Give the view a name first")
        taken = bool(name) and self._is_taken(name)
        self.save.setText("Replace" if taken else "Save")
        self._note.setText("There is a view of this name; it will be replaced." if taken else "")

    def _save(self) -> None:
        self.save_requested.emit(clean(self.name.text()), self.with_selection.isChecked())
        self.accept()


class ManageViewsDialog(QDialog):
    """The views by name: F2 or a double click renames, Delete deletes. ``renamed(old, new)`` and ``deleted(name)``."""

    renamed = Signal(str, str)
    deleted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Saved views")
        self.resize(420, 340)
        self.names = QListWidget()
        self.names.setAccessibleName("Saved views")
        self.rename = PlainButton("Rename  F2")
        self.delete = PlainButton("Delete", "trash")
        close = PlainButton("Close")
        foot = QHBoxLayout()
        foot.addWidget(self.rename)
        foot.addWidget(self.delete)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(SectionTitle("Saved views"))
        column.addWidget(self.names, 1)
        column.addLayout(foot)
        self.rename.clicked.connect(lambda: self.names.editItem(self.names.currentItem()))
        self.delete.clicked.connect(lambda: self.deleted.emit(self.names.currentItem().data(_NAME)))
        self.names.itemChanged.connect(self._edited)
        self.names.currentRowChanged.connect(lambda _: self._show())
        close.clicked.connect(self.accept)
        self._show()

    def set_names(self, names: Sequence[str]) -> None:
        """The views there are; the one in hand stays so where it is still there."""
        row = max(0, self.names.currentRow())
        self.names.blockSignals(True)
        self.names.clear()
        for name in names:
            item = QListWidgetItem(name)
            item.setData(_NAME, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.names.addItem(item)
        self.names.setCurrentRow(min(row, len(names) - 1))
        self.names.blockSignals(False)
        self._show()

    def _edited(self, item: QListWidgetItem) -> None:
        old, new = str(item.data(_NAME)), clean(item.text())
        if new and new != old:
            self.renamed.emit(old, new)
        elif item.text() != old:
            item.setText(old)

    def _show(self) -> None:
        some = self.names.currentRow() >= 0
        for button in (self.rename, self.delete):
            button.setEnabled(some)
            button.setToolTip("" if some else "There is no view to change")


_NONE = "Keep the selected images with it"
_NAME = int(Qt.ItemDataRole.UserRole) + 1
