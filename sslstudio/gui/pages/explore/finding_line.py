"""One line above the gallery that says what was looked for and found, in a sentence; while it is looked for, a stop."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui.pages.explore import finding_texts as texts
from sslstudio.gui.widgets.controls import IconButton, Line, PlainButton, Text

PICTURE = 40


class FindingLine(QWidget):
    """Hidden while there is nothing to say."""

    stop_requested = Signal()
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = QLabel()
        self.picture.setAccessibleName(texts.FILE_PICTURE)
        self.sentence = Text()
        self.remark = Text("", "muted")
        self.stop = PlainButton(texts.STOP, "stop", quiet=True)
        self.stop.setToolTip(texts.STOP_HELP)
        self.stop.setAccessibleDescription(texts.STOP_HELP)
        self.close_button = IconButton("close", texts.CLOSE)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.sentence)
        words.addWidget(self.remark)
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(10)
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.stop, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(Line())
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        self.close_button.clicked.connect(lambda: self.close_requested.emit())
        self._found = ("", b"")
        self._remark = ""
        self.set_nothing()

    def set_nothing(self) -> None:
        """There is nothing to say."""
        self._found, self._remark = ("", b""), ""
        self.settle()

    def settle(self) -> None:
        """Nothing is looked for any more: what was found before is said again."""
        sentence, jpeg = self._found
        self._show(sentence, busy=False)
        self._show_picture(jpeg)
        self.set_remark(self._remark)
        self.setVisible(bool(sentence))

    def set_busy(self, sentence: str) -> None:
        """Something is being looked for."""
        self._show(sentence, busy=True)

    def set_found(self, sentence: str, jpeg: bytes = b"") -> None:
        """What was found; `jpeg` is the picture it was looked for with, if it is no image of the project."""
        self._found, self._remark = (sentence, jpeg), ""
        self.settle()

    def _show_picture(self, jpeg: bytes) -> None:
        pixmap = QPixmap()
        if jpeg and pixmap.loadFromData(jpeg):
            ratio = self.devicePixelRatioF()
            small = pixmap.scaled(
                round(PICTURE * ratio), round(PICTURE * ratio), Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )  # fmt: skip
            small.setDevicePixelRatio(ratio)
            self.picture.setPixmap(small)
            self.picture.show()

    def set_remark(self, text: str) -> None:
        """What is said of the one image that is selected; empty for none."""
        self._remark = text
        self.remark.setText(text)
        self.remark.setVisible(bool(text))

    def _show(self, sentence: str, *, busy: bool) -> None:
        self.picture.clear()
        self.picture.hide()
        self.sentence.setText(sentence)
        self.remark.setVisible(not busy and bool(self._remark))
        self.stop.setVisible(busy)
        self.close_button.setVisible(not busy)
        self.show()
