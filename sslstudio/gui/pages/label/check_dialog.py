"""What is asked before a group is checked: as which class, and how many images are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from sslstudio.gui.pages.label import audit_texts as texts
from sslstudio.gui.widgets.controls import PlainButton, PrimaryButton, SectionTitle, Text
from sslstudio.labels import audit

_NEW = -1


class CheckDialog(QDialog):
    """``begin_requested(class_id, name, size)``: class -1 is a new one called `name`."""

    begin_requested = Signal(int, str, int)

    def __init__(
        self, group: str, images: int, labelled: int, classes: Sequence[tuple[int, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts.DIALOG_TITLE)
        self.setMinimumWidth(480)
        self.classes, self.sizes = QComboBox(), QComboBox()
        self.classes.setAccessibleName(texts.AS_CLASS)
        self.sizes.setAccessibleName(texts.HOW_SURE)
        self.sizes.setToolTip(texts.HOW_SURE_HELP)
        self.name = QLineEdit(group)
        self.name.setMaxLength(100)
        self.name.setAccessibleName(texts.NAME_CLASS)
        self.name.setPlaceholderText(texts.NAME_CLASS)
        for class_id, name in classes:
            self.classes.addItem(name, class_id)
        self.classes.addItem(texts.NEW_CLASS, _NEW)
        same = next((place for place, (_, name) in enumerate(classes) if name.casefold() == group.casefold()), None)
        self.classes.setCurrentIndex(same if same is not None else self.classes.count() - 1)
        for share in audit.REACHES:
            size = audit.sample_size(share)
            if size < images:
                self.sizes.addItem(texts.how_sure(share, size), size)
        if not self.sizes.count():
            self.sizes.addItem(texts.how_sure(audit.REACHES[-1], min(images, audit.SAMPLE)), min(images, audit.SAMPLE))
        self.sizes.setCurrentIndex(max(0, self.sizes.findData(audit.sample_size(0.15))))
        self.begin = PrimaryButton(texts.BEGIN)
        self.begin.setDefault(True)
        self._build(group, texts.group_size(images, labelled))
        self.classes.currentIndexChanged.connect(lambda _: self._ready())
        self.name.textChanged.connect(lambda _: self._ready())
        self.begin.clicked.connect(self._begin)
        self._ready()

    def _ready(self) -> None:
        new = self.classes.currentData() == _NEW
        self.name.setVisible(new)
        named = not new or bool(self.name.text().strip())
        self.begin.setEnabled(named)
        self.begin.setToolTip("" if named else "Give the new class a name first")

    def _begin(self) -> None:
        self.begin_requested.emit(
            int(self.classes.currentData()), self.name.text().strip(), int(self.sizes.currentData())
        )
        self.accept()

    def _build(self, group: str, size: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(SectionTitle(group or texts.DIALOG_TITLE))
        column.addWidget(Text(size, "muted"))
        for title, part in ((texts.AS_CLASS, self.classes), ("", self.name), (texts.HOW_SURE, self.sizes)):
            if title:
                label = QLabel(title)
                label.setBuddy(part)
                column.addWidget(label)
            column.addWidget(part)
        column.addWidget(Text(texts.BLIND_SAMPLE, "small"))
        foot = QHBoxLayout()
        cancel = PlainButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(self.begin)
        column.addLayout(foot)
