"""Bringing images in: the chosen sources, the preview of how patients are told apart, and the import under way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject

from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.pages.data import preview, texts
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import time_left
from sslstudio.importers import tables
from sslstudio.session import workflow

STAGE = "import_images"


class ImportController(QObject):
    """Connects the import panel of a Data view to the jobs of one project."""

    def __init__(self, services: Services, view: DataView) -> None:
        super().__init__(view)
        self._services, self._view, self._panel = services, view, view.panel
        self._sources: list[Path] = []
        self._rate = Rate()
        self._launching = False
        panel = view.panel
        panel.dropped.connect(self.add_sources)
        panel.folder_requested.connect(self._ask_folder)
        panel.files_requested.connect(lambda: self.add_sources(view.ask_files()))
        panel.table_requested.connect(self._ask_table)
        panel.source_removed.connect(self._remove_source)
        panel.options_changed.connect(self._preview)
        panel.import_requested.connect(lambda: self.start(dry_run=False))
        panel.check_requested.connect(lambda: self.start(dry_run=True))
        panel.stop_requested.connect(self._stop)
        services.jobs.changed.connect(self._show_run)
        self._show_run()

    def add_sources(self, paths: Sequence[Path]) -> None:
        """Folders and files to import; none is listed twice."""
        self._sources += [path for path in dict.fromkeys(paths) if path not in self._sources]
        self._panel.set_sources(self._sources)
        self._preview()
        table = next((path for path in paths if tables.is_table(path) and path.is_file()), None)
        if table is not None:
            self._take_table(table)

    def _remove_source(self, path: Path) -> None:
        self._sources = [source for source in self._sources if source != path]
        self._panel.set_sources(self._sources)
        self._preview()

    def _ask_folder(self) -> None:
        chosen = self._view.ask_folder()
        if chosen is not None:
            self.add_sources([chosen])

    def _ask_table(self) -> None:
        chosen = self._view.ask_table()
        if chosen is not None:
            self._take_table(chosen)

    def _take_table(self, table: Path) -> None:
        """Read the columns of a table in the compute process, so that no table can harm the window."""
        self._services.background.wait_for(
            self._services.compute.submit("sslstudio.importers.tables:look", table),
            done=lambda shape: self._panel.set_table(table, shape),
            failed=self._services.notify.error,
            key="import table",
        )

    def _preview(self) -> None:
        self._panel.set_reason(self.reason())
        if not self._sources:
            self._panel.set_preview("")
            return
        pattern, table, _ = self._panel.options()
        self._panel.set_preview("Looking...")
        self._services.background.run(
            preview.look,
            tuple(self._sources),
            pattern,
            table,
            self._panel.columns.chosen() if table is not None else ("", ""),
            done=self._show_preview,
            failed=lambda error: self._panel.set_preview(str(error), "warning"),
            key="import preview",
        )

    def _show_preview(self, seen: preview.Preview) -> None:
        if seen.automatic:
            line = texts.automatic_line(seen.files, seen.patients, seen.more)
        else:
            line = texts.preview_line(seen.files, seen.matched, seen.patients, seen.examples, seen.more)
        self._panel.set_preview(line, "muted" if seen.matched else "warning")

    def reason(self) -> str:
        """Why nothing can be imported now, or ""."""
        if self._services.session.project.read_only:
            return texts.READ_ONLY
        if self._launching or self._services.jobs.busy_with(STAGE) is not None:
            return texts.RUNNING
        return "" if self._sources else texts.NOTHING_CHOSEN

    def start(self, *, dry_run: bool) -> None:
        """Start an import of the chosen sources, or only look at them."""
        if self.reason():
            return
        pattern, table, preset = self._panel.options()
        project, sources = self._services.session.project, tuple(self._sources)
        image, subject = self._panel.columns.chosen() if table is not None else ("", "")
        spec = ImportSpec(
            subject_pattern=pattern,
            image_column=image,
            subject_column=subject,
            preset=preset,
            dry_run=dry_run,
        )
        self._rate = Rate()
        self._launching = True
        self._panel.set_progress("Starting...", -1.0)
        self._panel.set_reason(self.reason())
        self._services.jobs.launch(
            lambda: workflow.prepare_import(project, sources, spec, table), failed=self._not_started
        )
        if not dry_run:
            self._sources = []
            self._panel.set_sources(())

    def _not_started(self, error: SSLStudioError) -> None:
        self._launching = False
        self._panel.set_progress("", 0)
        self._panel.set_reason(self.reason())
        self._services.notify.error(error)

    def _stop(self) -> None:
        running = self._services.jobs.busy_with(STAGE)
        if running is not None:
            self._services.jobs.cancel(running.run_id)

    def _show_run(self, run_id: str = "") -> None:
        running = self._services.jobs.busy_with(STAGE)
        changed = self._services.jobs.status(run_id) if run_id else None
        if running is not None:
            self._launching = False
            self._panel.set_reason(self.reason())
            self._show_progress(running)
        elif not run_id or (changed is not None and changed.stage == STAGE):
            self._panel.set_progress("", 0)
            self._panel.set_reason(self.reason())

    def _show_progress(self, running: RunStatus) -> None:
        progress = running.progress
        if running.stopping:
            text, fraction = "Stopping; what was read so far is kept.", running.fraction
        elif progress is None:
            text, fraction = "Starting...", -1.0
        else:
            rate = self._rate.update(progress.at, progress.done)
            text = texts.progress_line(progress.done, progress.total, rate, time_left(progress))
            fraction = running.fraction if progress.total else -1.0
        self._panel.set_progress(text, fraction)


class Rate:
    """Files a second since the first progress of a run."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None

    def update(self, at: float, done: float) -> float:
        """The rate after `done` files at time `at`; 0 while too little is known."""
        if self._first is None or done < self._first[1]:
            self._first = (at, done)
        seconds = at - self._first[0]
        return (done - self._first[1]) / seconds if seconds > 0.5 else 0.0
