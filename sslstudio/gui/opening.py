"""Opening, making and closing projects, and the demo: all that happens between Home and a workspace."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from sslstudio.errors import SSLStudioError
from sslstudio.gui.background import Background
from sslstudio.gui.notifications import Issue, Notifier

if TYPE_CHECKING:
    from sslstudio.session.project import Project

SUFFIX = ".sslproj"
DEMO_PATIENTS = 60


class ProjectOpener(QObject):
    """Asks for folders and opens them off the window's thread.

    ``opened(project)`` carries an open `Project`; ``close_requested`` asks the window to let go of its own;
    ``busy(text)`` says what is being waited for, "" when nothing is.
    """

    opened = Signal(object)
    demo_opened = Signal(object)
    close_requested = Signal()
    busy = Signal(str)

    def __init__(self, window: QWidget, background: Background, notify: Notifier) -> None:
        super().__init__(window)
        self._window, self._background, self._notify = window, background, notify
        self._working = False

    def ask_new(self) -> None:
        """Ask where the new project shall be and make it."""
        suggestion = str(documents() / f"Untitled{SUFFIX}")
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "New project: choose a name and a place", suggestion, f"SSL Studio project (*{SUFFIX})"
        )
        if chosen:
            self.create(Path(chosen))

    def ask_open(self) -> None:
        """Ask for a project folder and open it."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, f"Open project: choose a folder whose name ends in {SUFFIX}", str(documents())
        )
        if chosen:
            self.open(Path(chosen))

    def create(self, path: Path) -> None:
        """Make a project and open it."""
        self._work(_create, path, text="Making the project...")

    def open(self, path: Path) -> None:
        """Open a project; one that is open elsewhere can be opened read-only from the list of problems."""
        self._work(_open, path, text="Opening...")

    def open_read_only(self, path: Path) -> None:
        """Open a project without the right to change it."""
        self._notify.remove_issue("open")
        self._work(_open_read_only, path, text="Opening...")

    def close(self) -> None:
        """Ask the window to close the project."""
        self.close_requested.emit()

    def demo(self, folder: Path | None = None) -> None:
        """Open the demo project of this computer; it is made first when it is not there, in some seconds."""
        place = folder or demo_folder()
        if (place / f"Demo{SUFFIX}" / "project.sqlite").is_file():
            self.open(place / f"Demo{SUFFIX}")
            return
        self._work(_make_demo, place, text="Making the demo patients...", demo=True)

    def _work(self, function: Any, path: Path, *, text: str, demo: bool = False) -> None:
        if self._working:
            return
        self._working = True
        self.busy.emit(text)
        self._background.run(
            function,
            path,
            done=lambda project: self._done(project, demo),
            failed=lambda error: self._failed(error, path),
        )

    def _done(self, project: Project, demo: bool) -> None:
        self._ready()
        self._notify.remove_issue("open")
        self.opened.emit(project)
        if demo:
            self.demo_opened.emit(project)

    def _failed(self, error: SSLStudioError, path: Path) -> None:
        self._ready()
        if error.code == "locked":
            self._notify.add_issue(
                Issue("open", error.message, error.hint, "warning", "Open read-only", lambda: self.open_read_only(path))
            )
            self._notify.warn(error.message, error.hint)
        else:
            self._notify.error(error, key="open")

    def _ready(self) -> None:
        self._working = False
        self.busy.emit("")


def documents() -> Path:
    """Where a person's own files stand; the home folder when there is no such place."""
    place = Path(platformdirs.user_documents_dir())
    return place if place.is_dir() else Path.home()


def demo_folder() -> Path:
    """Where the demo is kept, the same place as that of the command line: among the user's data."""
    return platformdirs.user_data_path("sslstudio", appauthor=False) / "demo"


def demo_studies(project: Project) -> Path:
    """The folder of the demo's DICOM studies."""
    return project.path.parent / f"studies-{DEMO_PATIENTS}"


def _create(path: Path) -> Project:
    from sslstudio.session.project import Project

    return Project.create(path)


def _open(path: Path) -> Project:
    from sslstudio.session.project import Project

    return Project.open(path)


def _open_read_only(path: Path) -> Project:
    from sslstudio.session.project import Project

    return Project.open(path, read_only=True)


def _make_demo(place: Path) -> Project:
    """Write the studies in the compute process, so that the window stays awake, then make the project."""
    from sslstudio.jobs.compute import ComputeProcess
    from sslstudio.session.project import Project

    compute = ComputeProcess(warm=False)
    try:
        written: Future[Any] = compute.submit(
            "sslstudio.importers.synthetic:write_studies", place / f"studies-{DEMO_PATIENTS}", patients=DEMO_PATIENTS
        )
        written.result()
    finally:
        compute.close()
    return Project.create(place / f"Demo{SUFFIX}")
