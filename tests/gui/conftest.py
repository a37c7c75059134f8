"""A window on a small project whose jobs are real processes with quick stages, and folders of images to import."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui import app as application
from sslstudio.gui import theme
from sslstudio.gui.preferences import Preferences
from sslstudio.gui.window import MainWindow
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.session.project import Project
from sslstudio.settings import Settings
from tests.fakes.window_stages import COMMAND
from tests.gui.image_project import build, pictures

ROOT = Path(__file__).resolve().parents[2]
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def themed(qapp: QApplication) -> Iterator[QApplication]:
    """The application in the light theme, left as it was found."""
    theme.apply(qapp, "light")
    yield qapp


@pytest.fixture
def make_window(
    qtbot: QtBot, themed: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeWindow]:
    """Opens windows whose jobs run the quick stages; they are closed at the end of the test."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(application.sys, "excepthook", application.sys.excepthook)
    opened: list[MainWindow] = []

    def make(settings: Settings | None = None) -> MainWindow:
        window = MainWindow(Preferences(settings or Settings(), tmp_path / "settings.json"), LocalLauncher(COMMAND))
        qtbot.addWidget(window, before_close_func=lambda _: None)
        window.resize(1200, 800)
        window.show()
        opened.append(window)
        return window

    yield make
    for window in opened:
        window.close()


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Twelve PNGs of four patients in folders of their own, and two files that are no images."""
    folder = tmp_path / "scans"
    for patient in range(4):
        (folder / f"patient-{patient}").mkdir(parents=True)
        for number in range(3):
            Image.effect_noise((40, 40), 20 + 20 * patient + number).save(
                folder / f"patient-{patient}" / f"{number}.png"
            )
    (folder / "empty.png").touch()
    (folder / "notes.txt").write_text("not an image", encoding="utf-8")
    return folder


@pytest.fixture
def small_project(tmp_path: Path) -> Project:
    """An open project of 48 drawn images from 12 patients, without any run."""
    return build(tmp_path / "small.sslproj", pictures(), with_map=False)
