"""A radiologist's import, by mouse and keys in the real window: drop a folder, look at the list, say who is who, choose
a window, leave a series out."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from sslstudio.gui.pages.data.import_panel import DropZone
from sslstudio.gui.pages.data.rendering_view import RenderingPane
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.window import MainWindow
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.session.project import Project
from tests.gui.conftest import MakeWindow

LEFT = Qt.MouseButton.LeftButton


def hospital_folder(folder: Path) -> Path:
    """Two CT patients with four slices each, six photographs whose names say whose they are, and a letter."""
    for patient in range(2):
        for place in range(4):
            header = DicomHeader(
                patient_id=f"P{patient}",
                modality="CT",
                body_part="CHEST",
                instance=place + 1,
                slope=1.0,
                intercept=-1024.0,
            )
            pixels = np.full((24, 24), 900 + 50 * place, dtype=np.uint16)
            pixels[:6, :6] = 40 * patient
            write_image(folder / "ct" / f"IM{patient}{place}", pixels, header)
    (folder / "photos").mkdir()
    for number in range(6):
        name = f"case{number // 2}_view{number % 2}.png"
        Image.effect_noise((40, 40), 30 + 10 * number).save(folder / "photos" / name)
    (folder / "letter.txt").write_text("Dear colleague", encoding="utf-8")
    return folder


def drop(target: DropZone, path: Path) -> None:
    """Let a folder fall onto the zone, as from the file manager."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = LEFT, Qt.KeyboardModifier.NoModifier
    target.dropEvent(QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, data, buttons, keys))


def view_of(window: MainWindow) -> DataView:
    assert window.workspace is not None
    return cast(DataView, window.workspace.page("data").widget)


def test_a_radiologists_import(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = make_window()
    project = Project.create(tmp_path / "thorax")
    window.attach(project)
    view, panel = view_of(window), view_of(window).panel

    drop(panel.zone, hospital_folder(tmp_path / "CD"))
    form = panel.identity
    qtbot.waitUntil(lambda: "3 patients" in form.preview.text(), timeout=30000)
    panel.check.click()
    qtbot.waitUntil(lambda: view.ledger.model.rowCount() == 15, timeout=90000)
    assert project.catalogue.counts().images == 0, "looking imports nothing"
    qtbot.waitUntil(lambda: view.sections.current_section() == "ledger", timeout=15000)
    chip = next(c for c in view.ledger.findChildren(QPushButton) if c.text().startswith("Text file"))
    QTest.mouseClick(chip, LEFT)
    index = view.ledger.model.index(0, 0)
    qtbot.waitUntil(lambda: view.ledger.model.data(index) == "letter.txt", timeout=15000)

    form.way.setCurrentIndex(form.way.findData("own"))
    form.pattern.clear()
    QTest.keyClicks(form.pattern, r"(?P<subject>case\d+)_")
    qtbot.waitUntil(lambda: "5 patients" in form.preview.text(), timeout=30000)
    qtbot.waitUntil(lambda: not panel.start.reason, timeout=30000)
    QTest.mouseClick(panel.start.button, LEFT)
    qtbot.waitUntil(lambda: project.catalogue.counts().images == 14, timeout=90000)
    assert project.catalogue.counts().subjects == 5, "two by their DICOM files, three by their names"
    pane = view.images
    assert view.sections.show_section("images")
    qtbot.waitUntil(lambda: pane.tree_model.rowCount() == 5, timeout=20000)

    assert view.sections.show_section("rendering")
    sees = cast(RenderingPane, view.sections.currentWidget())
    qtbot.waitUntil(lambda: bool(sees.which.text()), timeout=20000)
    sees.preset.setCurrentIndex(sees.preset.findData("ct_soft"))
    sees.preset.activated.emit(sees.preset.currentIndex())
    qtbot.waitUntil(lambda: not sees.apply.reason, timeout=20000)
    QTest.mouseClick(sees.apply.button, LEFT)
    qtbot.waitUntil(lambda: project.catalogue.chosen_rendering() is not None, timeout=20000)

    assert view.sections.show_section("images")
    tree, model = pane.tree, pane.tree_model
    patient = next(index for row in range(5) if model.node(index := model.index(row, 0)).branch.images == 4)
    tree.expand(patient)
    study = model.index(0, 0, patient)
    tree.expand(study)
    series = model.index(0, 0, study)
    tree.scrollTo(series)
    QTest.mouseClick(tree.viewport(), LEFT, pos=tree.visualRect(series).center())
    image = pane.viewer.image
    qtbot.waitUntil(lambda: image.meaning.unit == "HU" and image._stored is not None, timeout=20000)
    assert len(pane.grid.tiles.ids) == 4
    pane.viewer.preset_requested.emit("Lung")
    low, high = image.window_values
    assert image.meaning.window(low, high) == "W 1,500  C -600 HU"
    pane.open_reasons()
    QTest.keyClick(pane.exclude.menu(), Qt.Key.Key_1)
    shown = set(pane.grid.tiles.ids.tolist())
    qtbot.waitUntil(lambda: shown <= set(project.catalogue.excluded()), timeout=20000)
    left = lambda: f"{len(project.catalogue.excluded())} left out"  # noqa: E731 - the look through new images adds some
    qtbot.waitUntil(lambda: left() in view.counts.text(), timeout=20000)
