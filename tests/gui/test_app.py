"""Starting and breaking: the real `main`, what the next start says of a crash, and a bug dialog without secrets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from sslstudio.gui import app
from tests.gui.conftest import MakeWindow

START_AND_CLOSE = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sslstudio.gui import app
created = app.create_application()
until = time.monotonic() + 90
def close():
    if app.LATER[-1] in sys.modules or time.monotonic() > until:
        for window in QApplication.topLevelWidgets():
            window.close()
timer = QTimer(interval=100)
timer.timeout.connect(close)
timer.start()
code = app.main(None, False, theme_mode="dark")
heavy = sorted({"torch", "torchvision", "lightly", "monai", "sklearn", "pydicom", "scipy"} & set(sys.modules))
print(code, heavy, "pyqtgraph" in sys.modules)
"""


def test_main_starts_closes_and_never_loads_torch(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", START_AND_CLOSE], capture_output=True, text=True, timeout=120)
    assert done.stdout.split("\n")[0] == "0 [] True", done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_crash_is_told_at_the_next_start(make_window: MakeWindow) -> None:
    folder = Path(platformdirs.user_state_dir("sslstudio", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / app.CRASH_FILE).write_text("Fatal Python error: Segmentation fault\n", encoding="utf-8")
    window = make_window()
    stream = app.watch_for_crashes(window)
    app._end_watch(stream)
    issue = window.notify.issues()[0]
    assert issue.key == "crash" and "Segmentation fault" in issue.report
    assert not (folder / app.CRASH_FILE).exists()


def test_the_bug_dialog_holds_no_text_of_the_exception(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: shown.append(box.text() + box.detailedText()))
    try:
        raise ValueError("CANARY^PATIENT")
    except ValueError as error:
        app._show_bug(type(error), error, error.__traceback__)
    assert "ValueError" in shown[0] and "test_app.py" in shown[0]
    assert "CANARY" not in shown[0] + capsys.readouterr().err
