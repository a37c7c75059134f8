"""What the Export page does: starts the export job, shows what it left, and predicts with a package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, QUrl, SignalInstance
from PySide6.QtGui import QDesktopServices, QGuiApplication

from sslstudio.catalogue.rows import ModelRow
from sslstudio.domain.specs import ExportFormat
from sslstudio.gui.actions.registry import Action
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.classify.texts import figure
from sslstudio.gui.pages.export import packages, texts
from sslstudio.gui.pages.export.embeddings import EmbeddingsWriter
from sslstudio.gui.pages.export.packages import Package
from sslstudio.gui.pages.export.prediction import Prediction, PredictView
from sslstudio.gui.pages.export.sharing import PassingOnView, Sharing
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import STAGE_DOING, time_left
from sslstudio.session import workflow


class View(Protocol):
    """The part of the view the controller uses."""

    @property
    def prediction(self) -> PredictView: ...
    @property
    def passing_on(self) -> PassingOnView: ...

    export_requested: SignalInstance
    embeddings_requested: SignalInstance
    stop_requested: SignalInstance
    open_requested: SignalInstance
    save_requested: SignalInstance
    sums_requested: SignalInstance
    package_requested: SignalInstance

    def set_models(self, entries: Sequence[tuple[str, str]]) -> None: ...
    def set_export_reason(self, reason: str) -> None: ...
    def set_progress(self, fraction: float | None, note: str = "") -> None: ...
    def set_packages(self, packages: Sequence[Package], current: str) -> None: ...
    def set_package(self, package: Package) -> None: ...
    def set_written(self, words: str, role: str = "") -> None: ...


class ExportController(QObject):
    """Connects an Export view to the project."""

    def __init__(self, services: Services, view: View, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._view = services, view
        self._images = ProjectImages.of(services)
        self._current = CurrentMap.of(services)
        self._models: list[ModelRow] = []
        self._packages: list[Package] = []
        self._shown = ""
        self._prediction = Prediction(services, view.prediction, self._package, self)
        self._sharing = Sharing(services, view.passing_on, self._package, self._save, self)
        self._embeddings = EmbeddingsWriter(services, view, self._show_state, self)
        self._embeddings.written.connect(self._sharing.look_at)
        self._connect()
        self._dispose = services.actions.add(
            Action("export.export", texts.EXPORT, self._export_newest, "Run", "", self._reason, "", "export", 2)
        )
        self.refresh()

    def activate(self) -> None:
        """The page comes to the front."""
        self.refresh()

    def refresh(self) -> None:
        """Something in the project changed."""
        project = self._services.session.project
        self._services.background.run(
            lambda: (project.catalogue.models(), packages.read(project)), done=self._take, key="export-read"
        )
        self._show_state()

    def close(self) -> None:
        """Let go of the project."""
        self._prediction.close()
        self._embeddings.stop()
        self._sharing.close()
        self._dispose()
        self._current.close()
        self._images.close()

    def packages(self) -> list[Package]:
        """The packages, as last read."""
        return self._packages

    def _connect(self) -> None:
        view = self._view
        view.export_requested.connect(self._export)
        view.embeddings_requested.connect(self._write_embeddings)
        view.stop_requested.connect(self._stop)
        view.open_requested.connect(self._open)
        view.save_requested.connect(self._sharing.send)
        view.sums_requested.connect(self._copy_sums)
        view.package_requested.connect(self._show_package)
        self._current.changed.connect(self._show_models)
        self._services.jobs.changed.connect(lambda _: self._show_state())
        self._services.jobs.adopted.connect(lambda _: self.refresh())

    def _reason(self) -> str:
        if self._services.session.project.read_only:
            return texts.READ_ONLY
        if self._embeddings.running:
            return texts.EMBEDDINGS_BUSY
        return "" if self._models else texts.NO_MODEL

    def _take(self, found: tuple[list[ModelRow], list[Package]]) -> None:
        self._models, self._packages = found
        self._show_models()
        if self._shown not in {package.key for package in self._packages}:
            self._shown = self._packages[0].key if self._packages else ""
        self._view.set_packages(self._packages, self._shown)
        self._show_package(self._shown)
        self._show_state()

    def _show_models(self) -> None:
        """The classifiers by what their network is called, once that is known."""
        titles = {source.embedding: source.title for source in self._current.known.sources if source.embedding}
        entries = []
        for model in reversed(self._models):
            score = figure((model.scores or {}).get("balanced_accuracy"))
            tested = f", {score}" if model.scores else ", not tested"
            entries.append(
                (model.model_id, f"{model.model_id}: {titles.get(model.embedding, model.embedding)}{tested}")
            )
        self._view.set_models(entries)

    def _show_state(self) -> None:
        self._view.set_export_reason(self._reason())
        if self._embeddings.running:
            return
        status = self._services.jobs.busy_with("export")
        if status is None:
            self._view.set_progress(None)
        else:
            step = status.progress.text if status.progress is not None else ""
            note = ". ".join(part for part in (step or STAGE_DOING["export"], time_left(status.progress)) if part)
            self._view.set_progress(status.fraction, note)

    def _show_package(self, key: str) -> None:
        package = next((one for one in self._packages if one.key == key), None)
        if package is not None:
            self._shown = key
            self._view.set_package(package)
            self._sharing.show(package)
        self._prediction.show("")

    def _package(self) -> Package | None:
        return next((one for one in self._packages if one.key == self._shown), None)

    def _export_newest(self) -> None:
        self._export(self._models[-1].model_id if self._models else "", "package")

    def _export(self, model_id: str, form: ExportFormat) -> None:
        if model_id and not self._reason():
            project = self._services.session.project
            self._shown = f"{model_id}-{form}"
            self._services.jobs.launch(lambda: workflow.prepare_export(project, model_id, form))

    def _write_embeddings(self, model_id: str, file: str) -> None:
        model = next((one for one in self._models if one.model_id == model_id), None)
        if model is not None and not self._reason():
            self._embeddings.write(model.embedding, Path(file))
            self._show_state()

    def _stop(self) -> None:
        self._embeddings.stop()
        status = self._services.jobs.busy_with("export")
        if status is not None:
            self._services.jobs.cancel(status.run_id)

    def _open(self) -> None:
        package = self._package()
        if package is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(package.folder)))

    def _save(self, folder: str) -> None:
        package = self._package()
        if package is not None:
            self._services.background.run(
                packages.copy_to,
                package,
                Path(folder),
                done=lambda _: self._services.notify.info(texts.COPY_DONE),
                failed=self._services.notify.error,
            )

    def _copy_sums(self) -> None:
        package = self._package()
        if package is not None:
            lines = [f"{file.sha256}  {file.name}" for file in package.files if file.sha256]
            QGuiApplication.clipboard().setText("\n".join(lines) + "\n")
            self._services.notify.info(texts.COPIED)
