"""What the Export page looks like: what can be written, what was exported so far, and prediction on new files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.pages.export import texts
from sslstudio.gui.pages.export.about import AboutForms
from sslstudio.gui.pages.export.packages import Package
from sslstudio.gui.pages.export.passing_on import PassingOn
from sslstudio.gui.pages.export.predict_panel import PredictPanel
from sslstudio.gui.widgets.controls import (
    Line,
    PageTitle,
    PlainButton,
    ReasonButton,
    SectionTitle,
    Text,
)
from sslstudio.gui.widgets.score_table import ScoreRow, ScoreTable
from sslstudio.gui.widgets.scrolled_page import lay_out_page, page_body


class ExportView(QWidget):
    """Setters, and a signal for each thing that can be asked for; folders are asked for in the system's dialog."""

    export_requested = Signal(str, str)
    embeddings_requested = Signal(str, str)
    stop_requested = Signal()
    open_requested = Signal()
    save_requested = Signal(str)
    sums_requested = Signal()
    package_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.model = QComboBox()
        self.export = ReasonButton(texts.EXPORT, "export")
        self.about = AboutForms()
        self.progress = QProgressBar()
        self.stop = PlainButton("Stop", "stop", quiet=True)
        self._note = Text("", "muted")
        self.package = QComboBox()
        self._proof = Text("", "ok")
        self._place = Text("", "muted")
        self._written = Text("", "")
        self._none = Text(texts.NO_PACKAGES, "muted")
        self.files = ScoreTable(texts.FILES, texts.FILE_HEADERS, (2,))
        self.open = PlainButton(texts.OPEN_FOLDER, "folder")
        self.save = PlainButton(texts.SAVE_COPY, "export")
        self.sums = PlainButton(texts.COPY_SUMS, "copy", quiet=True)
        self._package_part = QWidget()
        self.prediction = PredictPanel()
        self.passing_on = PassingOn()
        self._build()
        self._connect()

    def set_models(self, entries: Sequence[tuple[str, str]]) -> None:
        """The classifiers (id, title) that can be exported, the newest first; it is chosen when it is new."""
        before = {self.model.itemData(row) for row in range(self.model.count())}
        chosen = self.model.currentData() if before == {value for value, _ in entries} else None
        self.model.clear()
        for value, title in entries:
            self.model.addItem(title, value)
        self.model.setCurrentIndex(max(0, self.model.findData(chosen)))
        self.model.setEnabled(bool(entries))

    def set_export_reason(self, reason: str) -> None:
        """Why nothing can be exported now; empty when it can."""
        self.export.set_reason(reason)

    def set_progress(self, fraction: float | None, note: str = "") -> None:
        """Progress of the export under way, 0 to 1; None when none is."""
        self.progress.setVisible(fraction is not None)
        self.stop.setVisible(fraction is not None)
        self.export.setVisible(fraction is None)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        if fraction is not None:
            self.progress.setValue(round(fraction * 1000))

    def set_packages(self, packages: Sequence[Package], current: str) -> None:
        """The packages of the project, newest first."""
        self.package.clear()
        for package in packages:
            self.package.addItem(package.key, package.key)
        self.package.setCurrentIndex(max(0, self.package.findData(current)))
        self._package_part.setVisible(bool(packages))
        self.prediction.setVisible(False)
        self._none.setVisible(not packages)

    def set_package(self, package: Package) -> None:
        """The proof and the files of the package in hand."""
        self._proof.setText(package.proof)
        self._place.setText(package.place)
        self.prediction.setVisible(package.form == "package")
        rows = []
        for file in package.files:
            short = f"{file.sha256[:16]} ..." if file.sha256 else ""
            rows.append(ScoreRow((file.name, short, texts.size(file.size)), tip=file.sha256))
        self.files.set_rows(rows)

    def set_written(self, words: str, role: str = "") -> None:
        """What became of the embeddings that were asked for last."""
        self._written.set_role(role)
        self._written.setText(words)
        self._written.setVisible(bool(words))

    def _build(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 10, 12, 10)
        bar.setSpacing(10)
        bar.addWidget(PageTitle(texts.TITLE))
        label = QLabel(texts.MODEL)
        label.setProperty("role", "muted")
        label.setBuddy(self.model)
        self.model.setAccessibleName("Classifier to export")
        self.model.setMinimumWidth(180)
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        bar.addSpacing(8)
        for part in (label, self.model, self.export):
            bar.addWidget(part)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.progress.setAccessibleName("Progress of the export")
        bar.addWidget(self.progress)
        bar.addWidget(self._note)
        bar.addWidget(self.stop)
        bar.addStretch(1)
        body = page_body(960)
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        column.addWidget(self.about)
        column.addWidget(self._written)
        column.addWidget(Line())
        column.addWidget(SectionTitle(texts.PACKAGES))
        column.addWidget(self._none)
        column.addWidget(self._package_part)
        column.addWidget(Line())
        column.addWidget(self.passing_on)
        column.addWidget(self.prediction)
        column.addStretch(1)
        self._build_package()
        lay_out_page(self, body, bar)
        self.set_progress(None)
        self.set_written("")
        self.set_packages((), "")

    def _build_package(self) -> None:
        column = QVBoxLayout(self._package_part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.package.setAccessibleName("Package")
        self.package.setMinimumWidth(180)
        for part in (self.package, self.open, self.save, self.sums):
            row.addWidget(part)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._proof)
        column.addWidget(self._place)
        column.addWidget(self.files)
        column.addSpacing(8)

    def _connect(self) -> None:
        self.export.clicked.connect(self._ask_export)
        self.about.chosen.connect(lambda key: self.export.set_text(texts.form(key).action))
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        self.package.activated.connect(lambda _: self.package_requested.emit(str(self.package.currentData())))
        self.open.clicked.connect(lambda: self.open_requested.emit())
        self.save.clicked.connect(self._ask_target)
        self.sums.clicked.connect(lambda: self.sums_requested.emit())

    def _ask_export(self) -> None:
        model, form = str(self.model.currentData() or ""), self.about.form.value()
        if form != "embeddings":
            self.export_requested.emit(model, form)
            return
        start = str(Path.home() / "embeddings.parquet")
        file, kind = QFileDialog.getSaveFileName(self, texts.form(form).title, start, texts.EMBEDDINGS_FILTERS)
        if file:
            suffix = "" if Path(file).suffix in (".parquet", ".npy") else (".npy" if "npy" in kind else ".parquet")
            self.embeddings_requested.emit(model, file + suffix)

    def _ask_target(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, texts.SAVE_COPY, str(Path.home()))
        if folder:
            self.save_requested.emit(folder)
