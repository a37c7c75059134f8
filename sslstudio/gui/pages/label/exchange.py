"""Labels in and out of the project: asks for the file, reads it off the window's thread, shows what it would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from sslstudio.domain.labels import LabelCommand, Together
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.label import files_texts as texts
from sslstudio.gui.pages.label.import_dialog import ImportDialog
from sslstudio.gui.pages.page import Services
from sslstudio.gui.widgets.controls import PlainButton, PrimaryButton, SectionTitle, Text
from sslstudio.session import label_export, label_import
from sslstudio.session.label_export import Wanted, Written
from sslstudio.session.label_import import Plan, Table, Taken


class ExportDialog(QDialog):
    """What is written besides the labels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts.EXPORT_TITLE)
        self.setMinimumWidth(460)
        self._names, self._notes = QCheckBox(texts.WITH_NAMES), QCheckBox(texts.WITH_NOTES)
        self._readings = QCheckBox(texts.WITH_READINGS)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(SectionTitle(texts.EXPORT_TITLE))
        column.addWidget(Text(texts.EXPORT_WHAT, "muted"))
        for box in (self._names, self._notes, self._readings):
            column.addWidget(box)
            if box is not self._readings:
                box.setToolTip(texts.MAY_NAME)
                box.setAccessibleDescription(texts.MAY_NAME)
        column.addWidget(Text(f"File names and notes: {texts.MAY_NAME}", "small"))
        foot = QHBoxLayout()
        cancel, go_on = PlainButton("Cancel"), PrimaryButton("Choose the file ...")
        cancel.clicked.connect(self.reject)
        go_on.clicked.connect(self.accept)
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(go_on)
        column.addLayout(foot)

    def wanted(self) -> Wanted:
        """What was ticked."""
        return Wanted(self._names.isChecked(), self._notes.isChecked(), self._readings.isChecked())


class Exchange(QObject):
    """``imported()`` when labels were taken over."""

    imported = Signal()

    def __init__(self, services: Services, window: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._window = services, window
        self.dialog: ImportDialog | None = None

    def ask_import(self) -> None:
        """Let the user choose a table, then show what it would do."""
        chosen, _ = QFileDialog.getOpenFileName(self._window, texts.IMPORT, "", texts.OPEN_TYPES)
        if chosen:
            self.read(Path(chosen))

    def read(self, path: Path) -> None:
        """Read a table and show what it would do."""
        notify = self._services.notify
        self._services.background.run(label_import.read, path, done=self._open, failed=notify.error, key="label-table")

    def ask_export(self) -> None:
        """Let the user choose what is written, and where."""
        asked = ExportDialog(self._window)
        asked.accepted.connect(lambda: self._ask_file(asked.wanted()))
        asked.open()

    def export(self, path: Path, wanted: Wanted) -> None:
        """Write all labels."""
        notify = self._services.notify

        def done(written: Written) -> None:
            notify.info(texts.exported(written.labels, path.name))

        project = self._services.session.project
        self._services.background.run(
            label_export.write, project, path, wanted, done=done, failed=notify.error, key="label-export"
        )

    def _ask_file(self, wanted: Wanted) -> None:
        chosen, kind = QFileDialog.getSaveFileName(self._window, texts.EXPORT_TITLE, "labels.csv", texts.SAVE_TYPES)
        if chosen:
            path = Path(chosen)
            self.export(path.with_suffix(".parquet") if "parquet" in kind and path.suffix == ".csv" else path, wanted)

    def _open(self, table: Table) -> None:
        dialog = self.dialog = ImportDialog(table.name, table.names, table.guess(), self._window)
        dialog.changed.connect(lambda: self._compare(dialog, table))
        dialog.image_shown.connect(lambda image_id: self._services.session.select([image_id]))
        dialog.import_requested.connect(lambda: self._take(dialog))
        dialog.finished.connect(self._closed)
        self._plan: Plan | None = None
        dialog.open()
        self._compare(dialog, table)

    def _undo(self) -> None:
        self._services.session.undo()

    def _closed(self, *_: Any) -> None:
        self.dialog = None

    def _compare(self, dialog: ImportDialog, table: Table) -> None:
        columns, project = dialog.columns(), self._services.session.project

        def done(plan: Plan) -> None:
            if self.dialog is dialog:
                self._plan = plan
                dialog.set_plan(plan, [info.name for info in self._services.session.classes()])

        def failed(error: SSLStudioError) -> None:
            if self.dialog is dialog:
                self._plan = None
                dialog.set_problem(f"{error.message} {error.hint}")

        self._services.background.run(
            label_import.compare, project, table, columns, dialog.who.text().strip(),
            done=done, failed=failed, key="label-compare",
        )  # fmt: skip

    def _take(self, dialog: ImportDialog) -> None:
        plan, session = self._plan, self._services.session
        if plan is None:
            return
        verdicts, classes = dialog.verdicts(), dialog.classes()
        standing = session.classes()

        def work() -> tuple[LabelCommand | None, Taken]:
            command, taken = label_import.take_over(standing, plan, verdicts, classes)
            if command is not None:
                session.project.catalogue.apply(command)
            return command, taken

        def done(result: tuple[Together | None, Taken]) -> None:
            command, taken = result
            if command is not None:
                session.was_applied(command)
                self._services.notify.undoable(texts.taken(taken), self._undo)
            else:
                self._services.notify.info(texts.taken(taken))
            dialog.accept()
            self.imported.emit()

        dialog.take.setEnabled(False)
        self._services.background.run(work, done=done, failed=self._services.notify.error, key="label-take-over")
