"""Prediction on new files with the package in hand, from choosing a folder to the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, QUrl, SignalInstance
from PySide6.QtGui import QDesktopServices, QGuiApplication

from sslstudio.gui.pages.export import packages, texts
from sslstudio.gui.pages.export.command_process import CommandProcess
from sslstudio.gui.pages.export.packages import Package
from sslstudio.gui.pages.export.predict_panel import Wanted
from sslstudio.gui.pages.page import Services
from sslstudio.session.subjects import kept_identity


class PredictView(Protocol):
    """The part of the Export view that is about prediction."""

    changed: SignalInstance
    predict_requested: SignalInstance
    command_requested: SignalInstance

    def wanted(self) -> Wanted: ...
    def set_predict(self, reason: str, outcome: str, role: str = "") -> None: ...


class Prediction(QObject):
    """`package_in_hand` answers which package predicts."""

    def __init__(
        self,
        services: Services,
        view: PredictView,
        package_in_hand: Callable[[], Package | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._view, self._package_in_hand = services, view, package_in_hand
        self._table = ""
        self._process = CommandProcess(self)
        view.changed.connect(lambda: self.show(""))
        view.predict_requested.connect(self._predict)
        view.command_requested.connect(self._copy_command)
        self._process.ended.connect(self._predicted)
        self._process.failed.connect(lambda words: self.show(words, "danger"))

    def close(self) -> None:
        """End a prediction under way."""
        self._process.stop()

    def _arguments(self) -> list[str]:
        package, wanted = self._package_in_hand(), self._view.wanted()
        if package is None or wanted.reason:
            return []
        project = self._services.session.project
        table = packages.table_for(project.exports_dir, package.model_id, wanted.ending)
        apart = packages.predict_arguments(package.folder, [Path(wanted.source)], table, kept_identity(project))
        return [apart[0], *packages.predict_options(wanted), *apart[1:]]

    def _predict(self) -> None:
        arguments = self._arguments()
        if arguments and not self._process.running:
            self._table = arguments[-1]
            self._process.start(arguments)
            self.show("")

    def _predicted(self, result: dict[str, Any]) -> None:
        counts = {name: value for name, value in result.items() if isinstance(value, int)}
        words = texts.predicted(counts, Path(self._table).name)
        self.show(words, "ok")
        self._services.notify.info(words, texts.OPEN_FOLDER, self._open_table)

    def _open_table(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._table).parent)))

    def _copy_command(self) -> None:
        arguments = self._arguments()
        if arguments:
            QGuiApplication.clipboard().setText(packages.command_line(arguments))
            self._services.notify.info(texts.COPIED)

    def show(self, outcome: str, role: str = "") -> None:
        """Whether a prediction can start, and what the last one did."""
        if self._process.running:
            reason = texts.PREDICTING
        else:
            reason = self._view.wanted().reason
        self._view.set_predict(reason, outcome, role)
