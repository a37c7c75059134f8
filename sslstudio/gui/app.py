"""Starts the window: settings, theme, first frame, then everything heavier; and what happens when something breaks.

torch is never imported in this process, and what takes more than some milliseconds to import waits for the first frame.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import pkgutil
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import TextIO

import platformdirs
from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication, QMessageBox

import sslstudio
from sslstudio import resources
from sslstudio.gui import theme
from sslstudio.gui.preferences import Preferences
from sslstudio.gui.texts import APP
from sslstudio.gui.window import MainWindow
from sslstudio.settings import Settings

LATER = (
    "sslstudio.session.workflow",
    "numpy",
    "sslstudio.gui.workspace",
    "sslstudio.gui.inspector_dock",
    "sslstudio.gui.status_presenter",
    "sslstudio.gui.pages.data",
    "pyqtgraph",
    "sslstudio.gui.widgets.curves",
    "sslstudio.gui.pages.pretrain",
    "sslstudio.gui.pages.explore",
    "sslstudio.gui.pages.label",
    "sslstudio.gui.pages.classify",
    "sslstudio.gui.pages.export",
)
"""What is imported after the first frame, in this order; of a package its modules, one at a time."""
PAGES = "sslstudio.gui.pages."
CRASH_FILE = "crash.txt"


def main(project: Path | None = None, demo: bool = False, *, theme_mode: str = "", page: str = "") -> int:
    """Run the window until it is closed; returns the exit code.

    `project` is opened at once; `demo` without a project opens the demo of this computer, with one it shows that
    project as the demo. `theme_mode` and `page` override the stored theme and the first page.
    """
    app = create_application()
    preferences = Preferences(Settings.load())
    chosen = next((known for known in theme.MODES if known == theme_mode), preferences.theme)
    theme.apply(app, chosen)
    window = MainWindow(preferences)
    crash = watch_for_crashes(window)
    window.show()
    QTimer.singleShot(0, window, lambda: _after_first_frame(window, project, demo, page))
    code = app.exec()
    _end_watch(crash)
    return code


def create_application() -> QApplication:
    """The application object with its name, icon and message for what nobody caught."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QCoreApplication.setApplicationName("sslstudio")
    QCoreApplication.setApplicationVersion(sslstudio.__version__)
    QGuiApplication.setDesktopFileName("sslstudio")
    QGuiApplication.setApplicationDisplayName(APP)
    app = QApplication(sys.argv[:1])
    app.setWindowIcon(QIcon(str(resources.path("icons/app.svg"))))
    sys.excepthook = _show_bug
    return app


def _after_first_frame(window: MainWindow, project: Path | None, demo: bool, page: str) -> None:
    if page:
        window.attached.connect(lambda _: window.show_page(page))
    if project is not None:
        window.opener.open(project)
    elif demo:
        window.opener.demo()
    QTimer.singleShot(400, window, lambda: _warm_up(window, list(LATER)))


def _warm_up(window: MainWindow, modules: list[str]) -> None:
    """Import what a project's pages need, one module at a time, while the user looks at the first page."""
    first, rest = modules[0], modules[1:]
    known = first in sys.modules
    with contextlib.suppress(Exception):  # whoever needs it will say what is wrong
        package = importlib.import_module(first)
        if first.startswith(PAGES) and hasattr(package, "__path__"):
            rest = [f"{first}.{info.name}" for info in pkgutil.iter_modules(package.__path__)] + rest
    if rest:
        QTimer.singleShot(0 if known else 20, window, lambda: _warm_up(window, rest))


def _show_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """One dialog for a bug: what happened in words, where in the code, and what to do. Never the exception's text."""
    if issubclass(kind, KeyboardInterrupt):
        QCoreApplication.quit()
        return
    where = "\n".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-6:]
    )
    report = f"{APP} {sslstudio.__version__}\n{kind.__name__}\n{where}"
    sys.stderr.write(report + "\n")
    if QApplication.instance() is None or _show_bug.__dict__.get("shown"):
        return
    _show_bug.__dict__["shown"] = True
    box = QMessageBox(QMessageBox.Icon.Warning, APP, "Something went wrong inside SSL Studio.")
    box.setInformativeText(
        "Your labels and images are safe: every label was stored when it was set. You can go on; if it happens "
        "again, restart and send the details below. They hold no patient data."
    )
    box.setDetailedText(report)
    box.exec()
    _show_bug.__dict__["shown"] = False


def watch_for_crashes(window: MainWindow) -> TextIO | None:
    """Write native crashes to a file, and tell the user at this start what the last one left there."""
    folder = Path(platformdirs.user_state_dir("sslstudio", appauthor=False))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / CRASH_FILE
        left = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
        stream = file.open("w", encoding="utf-8")
    except OSError:
        return None
    faulthandler.enable(stream)
    if left.strip():
        from sslstudio.gui.notifications import Issue

        text = "SSL Studio ended unexpectedly last time."
        hint = "Every label was stored when it was set, and running jobs went on. Nothing needs to be done."
        window.notify.add_issue(Issue("crash", text, hint, "warning", report=left[-8000:]))
    return stream


def _end_watch(stream: TextIO | None) -> None:
    if stream is not None:
        faulthandler.disable()
        stream.close()
        Path(stream.name).unlink(missing_ok=True)
