"""From the button to the folder in the import's list: opens the dialog, runs the retrieval, and says how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import RetrieveSpec
from sslstudio.errors import SSLStudioError
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.pages.data.pacs import texts
from sslstudio.gui.pages.data.pacs.dialog import PacsDialog
from sslstudio.gui.pages.data.pacs.retrieve_card import RetrieveCard
from sslstudio.gui.pages.data.pacs.searching import Passwords, SearchController
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import time_left
from sslstudio.jobs import control
from sslstudio.pacs.files import default_folder
from sslstudio.pacs.nodes import NodeStore, PacsNode
from sslstudio.pacs.retrieving import SeriesProblem
from sslstudio.pacs.rows import Wish
from sslstudio.session import workflow

STAGE = "retrieve"


@dataclass(frozen=True)
class _Request:
    """What was asked for last, to be asked for again; `names` say what each wish is called."""

    node: PacsNode
    wishes: tuple[Wish, ...]
    names: tuple[str, ...]
    folder: Path


class PacsController(QObject):
    """Connects the button and the card of an import panel. `received` is called with the folder of a retrieval."""

    def __init__(
        self,
        services: Services,
        parent: QWidget,
        card: RetrieveCard,
        received: Callable[[Sequence[Path]], None],
        store: NodeStore | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._parent, self._card, self._received = services, parent, card, received
        self._store = store or NodeStore()
        self._passwords = Passwords()
        self._folder = default_folder(services.session.project.name)
        self._request: _Request | None = None
        self._folders: dict[str, Path] = {}
        self._launching = False
        self._contact: Callable[[], None] = lambda: None
        self.dialog: PacsDialog | None = None
        self._search: SearchController | None = None
        card.stop_requested.connect(self._stop)
        card.again_requested.connect(self._again)
        services.jobs.followed.connect(self._followed)
        services.jobs.changed.connect(self._show_run)

    def open(self) -> None:
        """Show the dialog, as it was left."""
        if self.dialog is None:
            self.dialog = PacsDialog(self._parent)
            self._search = SearchController(
                self.dialog, self._store, self._passwords, self._services.connections, self._services.notify,
                self._folder, self.reason,
            )  # fmt: skip
            self._search.wanted.connect(self._start)
        if self._search is not None:
            self._search.warm()
        self.dialog.open()

    def close(self) -> None:
        """Drop questions under way, and ask a retrieval to stop: nothing is contacted that the window does not show."""
        if self._search is not None:
            self._search.close()
        running = self._services.jobs.busy_with(STAGE)
        if running is not None:
            control.cancel(self._services.session.project.run_dir(running.run_id))
        self._contact()

    def reason(self) -> str:
        """Why nothing can be fetched now, or ""."""
        if self._services.session.project.read_only:
            return texts.READ_ONLY
        return texts.BUSY if self._launching or self._services.jobs.busy_with(STAGE) is not None else ""

    def _start(self, node: PacsNode, wishes: tuple[Wish, ...], names: tuple[str, ...], folder: Path) -> None:
        self._folder = folder
        self._launch(_Request(node, wishes, names, folder))

    def _again(self) -> None:
        if self._request is not None and not self.reason():
            self._launch(self._request)

    def _launch(self, request: _Request) -> None:
        self._request, self._launching = request, True
        self._card.show_progress(texts.RECEIVING_FROM.format(name=request.node.name), "Starting...", -1.0)
        project, password = self._services.session.project, self._passwords.get(request.node)
        self._services.jobs.launch(
            lambda: workflow.prepare_retrieve(
                project, request.node, password, request.wishes, request.folder, RetrieveSpec()
            ),
            failed=self._not_started,
        )

    def _not_started(self, error: SSLStudioError) -> None:
        self._launching = False
        self._card.show_end(texts.RECEIVED, str(error), "danger", "", again=True)

    def _stop(self) -> None:
        running = self._services.jobs.busy_with(STAGE)
        if running is not None:
            self._services.jobs.cancel(running.run_id)

    def _followed(self, run_id: str) -> None:
        """A retrieval has begun, or one that went on without a window was found: its folder is known until it ends."""
        status = self._services.jobs.status(run_id)
        if status is None or status.stage != STAGE:
            return
        self._launching = False
        folder = workflow.receiving_folder(self._services.session.project, run_id)
        if folder is not None:
            self._folders[run_id] = folder
        self._contact()
        self._contact = self._services.connections.opened(self._request.node.name if self._request else "PACS")

    def _show_run(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if status is None or status.stage != STAGE:
            return
        if status.active:
            self._show_progress(status)
            return
        self._contact()
        if status.adopted:
            self._show_end(status)

    def _show_progress(self, status: RunStatus) -> None:
        name = self._request.node.name if self._request else ""
        title = texts.RECEIVING_FROM.format(name=name) if name else texts.RECEIVING
        progress = status.progress
        if status.stopping:
            text, fraction = "Stopping; what has arrived is kept.", status.fraction
        elif progress is None:
            text, fraction = "Starting...", -1.0
        else:
            text = texts.progress_line(progress.done, progress.total, progress.unit, progress.text, time_left(progress))
            fraction = status.fraction if progress.unit == "images" and progress.total else -1.0
        self._card.show_progress(title, text, fraction)

    def _show_end(self, status: RunStatus) -> None:
        folder = self._folders.pop(status.run_id, None)
        again = self._request is not None
        if status.state == RunState.SUCCEEDED:
            missing = self._missing(status)
            text = texts.received_line(status.result)
            if folder is not None:
                self._received([folder])
                text = f"{text} {texts.IMPORT_NEXT}"
            self._card.show_end(texts.RECEIVED, text, "ok", missing, again=bool(missing) and again)
        elif status.state == RunState.CANCELLED:
            self._card.show_end(texts.RECEIVED, "Stopped. What has arrived is kept.", "muted", "", again=again)
        else:
            failure = status.failure
            text = f"{failure.message} {failure.hint}" if failure else "It stopped unexpectedly. Try it again."
            self._card.show_end(texts.RECEIVED, text.strip(), "danger", "", again=again)

    def _missing(self, status: RunStatus) -> str:
        """The series that did not come whole, by the names that the user chose them by."""
        found = status.result.get("problems")
        lines = []
        for entry in found if isinstance(found, list) else []:
            problem = SeriesProblem.model_validate(entry)
            request = self._request
            known = request is not None and problem.wish < len(request.names)
            name = request.names[problem.wish] if request is not None and known else ""
            lines.append((name, problem.sentence(request.node.name if request else "The archive")))
        return texts.missing_lines(lines)
