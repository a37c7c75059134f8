"""Where images come in: drop zone, how patients are told apart with a live preview, and the import's progress."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.pages.data import texts
from sslstudio.gui.pages.data.pacs import texts as pacs_texts
from sslstudio.gui.pages.data.pacs.retrieve_card import RetrieveCard
from sslstudio.gui.pages.data.table_columns import TableColumns
from sslstudio.gui.widgets.card import Card
from sslstudio.gui.widgets.controls import Chip, FormRow, PlainButton, ReasonButton, SectionTitle, Text
from sslstudio.gui.widgets.flow_layout import FlowLayout
from sslstudio.importers.tables import TableShape


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


class ImportPanel(QWidget):
    """Setters, and a signal for each wish. `options` is what stands in the form now."""

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

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: Path | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._make_drop())
        self.retrieving = RetrieveCard()
        column.addWidget(self.retrieving)
        column.addWidget(self._make_form())
        column.addWidget(self._make_progress())
        self._typing = QTimer(self, singleShot=True, interval=250)
        self._typing.timeout.connect(self.options_changed)
        self.set_sources(())
        self._show_grouping()

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
        self.grouping = QComboBox()
        for value, label in texts.GROUPINGS:
            self.grouping.addItem(label, value)
        self.grouping.setMinimumWidth(300)
        self.grouping.currentIndexChanged.connect(self._grouping_chosen)
        self.pattern = QLineEdit()
        self.pattern.setMinimumWidth(420)
        self.pattern.setPlaceholderText(r"(?P<subject>[^/]+)/")
        self.pattern.textEdited.connect(lambda _: self._typing.start())
        self.table = PlainButton("Choose a table...", "table")
        self.table.clicked.connect(lambda: self.table_requested.emit())
        self.preset = QComboBox()
        for value, label in texts.PRESETS:
            self.preset.addItem(label, value)
        self.preset.setMinimumWidth(300)
        self.grouping_row = FormRow(texts.GROUPING, self.grouping, texts.GROUPING_HELP)
        self.pattern_row = FormRow("Pattern", self.pattern, texts.PATTERN_HELP)
        self.table_row = FormRow("Table", self.table, texts.TABLE_HELP)
        self.columns = TableColumns()
        self.columns.changed.connect(self.options_changed)
        self.columns_row = FormRow("Columns", self.columns)
        self.preview = Text("", "muted")
        self.preview.setAccessibleName("What this does to your files")
        preview_row = FormRow("Preview", self.preview)
        self.preview.setMinimumWidth(420)
        self.preview_row = preview_row
        for part in (self.grouping_row, self.pattern_row, self.table_row, self.columns_row, preview_row):
            self.form.body.addWidget(part)
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
        self.form.body.addLayout(buttons)
        return self.form

    def _make_progress(self) -> QWidget:
        self.progress = Card()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("Progress of the import")
        self.progress_text = Text("", "muted")
        self.stop = PlainButton(texts.STOP, "stop")
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(SectionTitle("Reading images"))
        row.addWidget(self.progress_text, 1)
        row.addWidget(self.stop)
        self.progress.body.addLayout(row)
        self.progress.body.addWidget(self.bar)
        self.progress.hide()
        return self.progress

    # -- what stands in the form -----------------------------------------------------------------------------

    def options(self) -> tuple[str, Path | None, str]:
        """Pattern, table and preset as they stand in the form."""
        way = str(self.grouping.currentData())
        pattern = self.pattern.text() if way == "own" else texts.PATTERNS.get(way, "")
        return pattern, self._table if way == "table" else None, str(self.preset.currentData())

    def set_options(self, grouping: str, pattern: str, preset: str) -> None:
        """Fill the form, as with what was used last."""
        self.grouping.setCurrentIndex(max(0, self.grouping.findData(grouping)))
        self.pattern.setText(pattern)
        self.preset.setCurrentIndex(max(0, self.preset.findData(preset)))

    def set_table(self, table: Path, shape: TableShape) -> None:
        """The table that was chosen, and what its columns are taken for; patients are told apart by it from now on."""
        self._table = table
        self.table.setText(table.name)
        self.columns.set_shape(shape)
        self.grouping.setCurrentIndex(self.grouping.findData("table"))
        self._show_grouping()
        self.options_changed.emit()

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
        self.form.setVisible(bool(sources) and not self.progress.isVisibleTo(self))

    def set_preview(self, text: str, role: str = "muted") -> None:
        """What the grouping does to the user's own paths; empty hides the line."""
        self.preview.set_role(role)
        self.preview.setText(text)
        self.preview_row.setVisible(bool(text))

    def set_reason(self, reason: str) -> None:
        """Why nothing can be imported now, or ""."""
        self.start.set_reason(reason)
        self.check.setEnabled(not reason)

    def set_progress(self, text: str, fraction: float) -> None:
        """The import under way; an empty text hides it. A negative fraction means that the end is not known."""
        running = bool(text)
        self.progress.setVisible(running)
        self.progress_text.setText(text)
        self.bar.setRange(0, 0 if fraction < 0 else 1000)
        if fraction >= 0:
            self.bar.setValue(round(fraction * 1000))
        self.form.setVisible(not running and self._chips.count() > 0)
        self.zone.setVisible(not running)

    def _grouping_chosen(self) -> None:
        self._show_grouping()
        self.options_changed.emit()

    def _show_grouping(self) -> None:
        way = self.grouping.currentData()
        self.pattern_row.setVisible(way == "own")
        self.table_row.setVisible(way == "table")
        self.columns_row.setVisible(way == "table" and self._table is not None)
