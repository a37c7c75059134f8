"""Where images come in: drop zone, how patients are told apart with a live preview, and the import's progress."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui import theme
from sslstudio.gui.pages.data import texts
from sslstudio.gui.pages.data.identity_view import IdentityForm
from sslstudio.gui.pages.data.pacs import texts as pacs_texts
from sslstudio.gui.pages.data.pacs.retrieve_card import RetrieveCard
from sslstudio.gui.widgets.card import Card
from sslstudio.gui.widgets.controls import Chip, FormRow, PlainButton, ReasonButton, SectionTitle, Text
from sslstudio.gui.widgets.flow_layout import FlowLayout


class DropZone(QFrame):
    """Takes folders and files by drop; ``dropped(paths)`` carries them."""

    dropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dropZone")
        self.setAcceptDrops(True)
        self.setAccessibleName(texts.DROP)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 14, 16, 14)
        self.body.setSpacing(8)

    def set_compact(self, compact: bool) -> None:
        """Take less room, as when the project already holds images."""
        self.body.setContentsMargins(*((12, 4, 4, 4) if compact else (16, 14, 16, 14)))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Show that a drop is welcome."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._set_hot(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Back to normal."""
        self._set_hot(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take local files and folders."""
        self._set_hot(False)
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)

    def _set_hot(self, hot: bool) -> None:
        self.setProperty("hot", hot)
        self.style().unpolish(self)
        self.style().polish(self)


class FittingScroll(QScrollArea):
    """As high as what it holds where there is room, and scrolled where there is not; never squeezed."""

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inside = inside
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setWidget(inside)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setMinimumHeight(160)
        inside.installEventFilter(self)

    def sizeHint(self) -> QSize:
        """The height of the contents at this width."""
        inside = self._inside
        wide = max(self.viewport().width(), 400)
        high = inside.heightForWidth(wide) if inside.hasHeightForWidth() else inside.sizeHint().height()
        return QSize(wide, high + 2)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for another height when the contents change theirs."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrapped text needs another height at another width."""
        super().resizeEvent(event)
        self.updateGeometry()


class ImportPanel(QWidget):
    """Setters, and a signal for each wish. `identity` is the form of how patients are told apart."""

    dropped = Signal(object)
    folder_requested = Signal()
    files_requested = Signal()
    pacs_requested = Signal()
    table_requested = Signal()
    source_removed = Signal(object)
    options_changed = Signal()
    import_requested = Signal()
    check_requested = Signal()
    stop_requested = Signal()
    continue_requested = Signal()
    discard_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._make_drop())
        self.retrieving = RetrieveCard()
        column.addWidget(self.retrieving)
        self.form_area = FittingScroll(self._make_form())
        column.addWidget(self.form_area)
        column.addWidget(self.go)
        column.addWidget(self._make_progress())
        self.set_sources(())

    def _make_drop(self) -> DropZone:
        zone = self.zone = DropZone()
        zone.dropped.connect(self.dropped)
        picture = QLabel()

        def paint() -> None:
            picture.setPixmap(theme.pixmap("folder-plus", theme.tokens().accent, 28, self.devicePixelRatioF()))

        paint()
        theme.on_change(picture, paint)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.title = SectionTitle(texts.DROP)
        words.addWidget(self.title)
        self.about = Text(texts.EMPTY_TEXT, "muted")
        words.addWidget(self.about)
        self.folder = PlainButton(texts.ADD_FOLDER, "folder")
        self.files = PlainButton(texts.ADD_FILES, "file")
        self.pacs = PlainButton(pacs_texts.FROM_PACS, "data")
        self.pacs.setToolTip(pacs_texts.FROM_PACS_HELP)
        self.pacs.clicked.connect(lambda: self.pacs_requested.emit())
        self.folder.clicked.connect(lambda: self.folder_requested.emit())
        self.files.clicked.connect(lambda: self.files_requested.emit())
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.folder)
        row.addWidget(self.files)
        row.addWidget(self.pacs)
        zone.body.addLayout(row)
        chips = QWidget()
        self._chips = FlowLayout(chips, 6)
        self._chips_holder = chips
        zone.body.addWidget(chips)
        return zone

    def _make_form(self) -> QWidget:
        self.form = Card()
        self.form.body.setContentsMargins(16, 10, 16, 10)
        self.identity = IdentityForm()
        self.identity.changed.connect(self.options_changed)
        self.identity.table_requested.connect(self.table_requested)
        self.preset = QComboBox()
        for value, label in texts.PRESETS:
            self.preset.addItem(label, value)
        self.preset.setMinimumWidth(320)
        self.form.body.addWidget(self.identity)
        self.form.body.addWidget(FormRow(texts.PRESET, self.preset, texts.PRESET_HELP))
        self.start = ReasonButton(texts.IMPORT, "check")
        self.start.clicked.connect(self.import_requested)
        self.check = PlainButton(texts.CHECK, "search")
        self.check.setToolTip(texts.CHECK_HELP)
        self.check.clicked.connect(lambda: self.check_requested.emit())
        buttons = QHBoxLayout()
        buttons.setContentsMargins(148, 4, 0, 0)
        buttons.addWidget(self.start)
        buttons.addWidget(self.check)
        buttons.addStretch(1)
        self.found = Text("")
        self.found.setAccessibleName("What the check found")
        self.found_row = FormRow(texts.FOUND, self.found)
        self.found.setMinimumWidth(520)
        self.found_row.hide()
        self.go = Card()
        self.go.body.setContentsMargins(16, 6, 16, 6)
        self.go.body.addWidget(self.found_row)
        self.go.body.addLayout(buttons)
        return self.form

    def _make_progress(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.progress = Card()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("Progress of the import")
        self.phase = SectionTitle(texts.READING)
        self.progress_text = Text("", "muted")
        self.outcomes = Text("", "small")
        self.outcomes.setAccessibleName("Files so far, by outcome")
        self.stop = PlainButton(texts.STOP, "stop")
        self.stop.setToolTip(texts.STOP_HELP)
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.phase)
        line.addWidget(self.progress_text, 1)
        line.addWidget(self.stop)
        self.progress.body.addLayout(line)
        self.progress.body.addWidget(self.bar)
        self.progress.body.addWidget(self.outcomes)
        self.progress.hide()
        self.unfinished = Card()
        self.unfinished_text = Text("")
        self.resume = PlainButton(texts.CONTINUE, "resume")
        self.resume.setToolTip(texts.CONTINUE_HELP)
        self.resume.clicked.connect(lambda: self.continue_requested.emit())
        self.discard = PlainButton(texts.DISCARD, quiet=True)
        self.discard.setToolTip(texts.DISCARD_HELP)
        self.discard.clicked.connect(lambda: self.discard_requested.emit())
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.unfinished_text, 1)
        line.addWidget(self.resume)
        line.addWidget(self.discard)
        self.unfinished.body.addLayout(line)
        self.unfinished.hide()
        column.addWidget(self.progress)
        column.addWidget(self.unfinished)
        return holder

    # -- what stands in the form -----------------------------------------------------------------------------

    def chosen_preset(self) -> str:
        """The kind of image that stands in the form."""
        return str(self.preset.currentData())

    def set_sources(self, sources: Sequence[Path]) -> None:
        """The folders and files to import, as chips that can be removed."""
        while (entry := self._chips.takeAt(0)) is not None:
            widget = entry.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for source in sources:
            chip = Chip(source.name or str(source), closable=True)
            chip.setToolTip(str(source))
            chip.close_requested.connect(lambda gone=source: self.source_removed.emit(gone))
            self._chips.addWidget(chip)
        self._chips_holder.setVisible(bool(sources))
        self._show_form(bool(sources) and not self.progress.isVisibleTo(self))

    def set_found(self, text: str) -> None:
        """What the latest check found; "" hides it."""
        self.found.setText(text)
        self.found_row.setVisible(bool(text))

    def set_reason(self, reason: str) -> None:
        """Why nothing can be imported now, or ""."""
        self.start.set_reason(reason)
        self.check.setEnabled(not reason)

    def set_progress(self, text: str, fraction: float, phase: str = texts.READING, outcomes: str = "") -> None:
        """The import under way; an empty text hides it. A negative fraction means that the end is not known."""
        running = bool(text)
        self.progress.setVisible(running)
        self.phase.setText(phase)
        self.progress_text.setText(text)
        self.outcomes.setText(outcomes)
        self.outcomes.setVisible(bool(outcomes))
        self.bar.setRange(0, 0 if fraction < 0 else 1000)
        if fraction >= 0:
            self.bar.setValue(round(fraction * 1000))
        self._show_form(not running and self._chips.count() > 0)
        self.zone.setVisible(not running)

    def _show_form(self, shown: bool) -> None:
        self.form_area.setVisible(shown)
        self.go.setVisible(shown)

    def set_unfinished(self, text: str) -> None:
        """An import that can go on; "" when there is none."""
        self.unfinished_text.setText(text)
        self.unfinished.setVisible(bool(text))
