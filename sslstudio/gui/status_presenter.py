"""Keeps the status bar in step with the open project: counts, saved light, the job under way, problems."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from sslstudio.catalogue.rows import Counts
from sslstudio.domain.units import count
from sslstudio.gui.texts import STAGE_DOING, time_left
from sslstudio.gui.widgets.status_bar import StatusBar
from sslstudio.gui.workspace import Workspace


class StatusPresenter(QObject):
    """One for each open project."""

    def __init__(self, workspace: Workspace, bar: StatusBar) -> None:
        super().__init__(workspace)
        self._workspace, self._bar = workspace, bar
        bar.set_project(workspace.project.name)
        bar.set_saved("read-only" if workspace.project.read_only else "saved")
        bar.set_counts("")
        self._timer = QTimer(self, singleShot=True, interval=120)
        self._timer.timeout.connect(self._read)
        session = workspace.session
        self._signals = (session.images_changed, session.labels_changed)
        for signal in self._signals:
            signal.connect(self._soon)
        workspace.jobs.changed.connect(self._show_run)
        bar.cancel_requested.connect(workspace.jobs.cancel)
        workspace.connections.changed.connect(self._show_connections)
        self._show_connections()
        self._read()
        self._show_run()

    def close(self) -> None:
        """Let go of the bar."""
        self._timer.stop()
        for signal in self._signals:
            signal.disconnect(self._soon)
        self._bar.cancel_requested.disconnect(self._workspace.jobs.cancel)
        self._workspace.connections.changed.disconnect(self._show_connections)
        self._bar.set_connections(())
        self._bar.set_project("")

    def _show_connections(self) -> None:
        self._bar.set_connections(self._workspace.connections.names)

    def _soon(self, *_: object) -> None:
        self._timer.start()

    def _read(self) -> None:
        catalogue = self._workspace.project.catalogue
        self._workspace.background.run(catalogue.counts, done=self._show_counts, key="status counts")

    def _show_counts(self, counts: Counts) -> None:
        self._bar.set_counts(
            f"{count(counts.images, 'image')}  ·  {count(counts.subjects, 'patient')}  ·  {counts.labelled:,} labelled"
        )

    def _show_run(self, _run_id: str = "") -> None:
        active = self._workspace.jobs.active()
        if not active:
            self._bar.set_run("", "", 0, "")
            return
        status = active[-1]
        text = STAGE_DOING.get(status.stage, status.stage)
        progress = status.progress
        if progress is not None and progress.unit.startswith("epoch") and progress.total:
            text = f"{text}, epoch {min(int(progress.done) + 1, int(progress.total))} of {int(progress.total)}"
        elif status.stage == "pretrain" and progress is not None and progress.text:
            text = progress.text
        if len(active) > 1:
            text = f"{text} (+{len(active) - 1})"
        fraction = status.fraction if progress is not None and progress.total else -1.0
        self._bar.set_run(status.run_id, text, fraction, time_left(progress), stopping=status.stopping)
