"""What the model sees, as a person sets it: suggestion, presets, windows by number and drag, preview, use, undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.domain.ledger import FoundImage
from sslstudio.gui.pages.data import rendering_preview
from sslstudio.gui.pages.data import rendering_texts as texts
from sslstudio.gui.pages.data.rendering_controller import RenderingController
from sslstudio.gui.pages.data.rendering_view import RenderingPane
from sslstudio.gui.widgets.window_histogram import WindowHistogram, measure
from sslstudio.importers.pixel_cache import PixelCacheWriter
from sslstudio.importers.rendering import preset, presets
from sslstudio.session.project import Project
from tests.fakes.catalogue_rows import found, row
from tests.gui.image_project import Desk, desk

CT = {"modality": "CT", "body_part": "CHEST", "unit": "HU", "slope": 1.0, "intercept": -1024.0}
SPREAD = {"low": 864.0, "high": 1264.0, "file_low": 864.0, "file_high": 1264.0, "auto_low": 24.0, "auto_high": 1924.0}
CR = {"modality": "CR", "body_part": "CHEST", "low": 0.0, "high": 2000.0, "auto_low": 0.0, "auto_high": 2000.0}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Three CT slices of 40 x 20 in HU, and one X-ray."""
    made = Project.create(tmp_path / "ct")
    rows = []
    with PixelCacheWriter(made.pixels_dir / "import-1.bin") as writer:
        for number, facts in enumerate((CT | SPREAD, CT | SPREAD, CT | SPREAD, CR)):
            hu = np.linspace(-1000 + number, 900, 800).reshape(20, 40)
            pixels = writer.append(np.rint(hu + 1024).astype(np.uint16)[:, :, None])
            image: FoundImage = found(f"p{number}", number).model_copy(
                update={**facts, "least": 24.0, "greatest": 1924.0, "pixels": pixels}
            )
            rows.append(row(f"/d/{number}.dcm", image))
    made.catalogue.adopt_import("import-1", rows)
    yield made
    made.close()


@pytest.fixture
def section(project: Project, qtbot: QtBot, themed: QApplication) -> tuple[Desk, RenderingPane]:
    there = desk(project)
    pane = RenderingPane([(name, one.title) for name, one in presets().items()])

    def close(_: object) -> None:
        there.background.close()
        controller.close()

    qtbot.addWidget(pane, before_close_func=close)
    pane.resize(1000, 700)
    pane.show()
    controller = RenderingController(there.services, pane)
    qtbot.waitUntil(lambda: pane.which.text().startswith("1 of 4"), timeout=10000)
    return there, pane


def test_the_suggestion_is_looked_at_used_and_taken_back(section: tuple[Desk, RenderingPane], qtbot: QtBot) -> None:
    there, pane = section
    catalogue = there.project.catalogue
    assert pane.suggestion_text.text() == (
        "3 of 4 images are CT of the chest in HU: lung + soft tissue + bone.\n1 is X-ray (CR): the window of each file."
    )
    assert pane.state.text() == "Nothing chosen yet: as the files say." and not pane.editors
    pane.take.click()
    assert catalogue.chosen_rendering() is None  # looking at it changes nothing
    assert [editor.window_values() for editor in pane.editors] == [(-600, 1500), (40, 400), (400, 1800)]
    assert pane.preset.currentData() == "ct_lung_soft_bone" and not pane.take.isEnabled()
    qtbot.waitUntil(lambda: pane.greys[2].isVisibleTo(pane), timeout=10000)
    assert [grey.caption.text() for grey in pane.greys] == ["Red: lung", "Green: soft tissue", "Blue: bone"]
    assert "CR: the window of the file" in pane.others.text()

    qtbot.mouseClick(pane.apply.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: pane.apply.reason == texts.IS_SET, timeout=10000)
    assert catalogue.rendering() == preset("ct_lung_soft_bone")
    assert there.said == ["4 images are seen another way now."]
    assert pane.state.text() == "Set for the project: CT of the chest: lung + soft tissue + bone."
    assert pane.undo.isEnabled()
    pane.undo.click()
    qtbot.waitUntil(lambda: catalogue.chosen_rendering() is None, timeout=10000)
    qtbot.waitUntil(lambda: pane.preset.currentData() == "auto", timeout=10000)
    assert there.said[-1] == texts.UNDONE and pane.undo.toolTip() == texts.NO_UNDO


def test_windows_are_edited_by_number_by_slider_and_by_drag(section: tuple[Desk, RenderingPane], qtbot: QtBot) -> None:
    there, pane = section
    pane.preset_chosen.emit("ct_soft")
    (editor,) = pane.editors
    editor.centre.setValue(60)
    assert pane.preset.currentText() == texts.OWN_TITLE and editor.ends.text() == "-140 to 260 HU"
    editor._width_slider.setValue(300)
    assert editor.window_values() == (60, 300)
    histogram = pane.histogram
    middle = QPoint(round(histogram.x_of(60)), 40)
    qtbot.mousePress(histogram, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(histogram, middle + QPoint(20, 0))
    qtbot.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=middle + QPoint(20, 0))
    centre, width = editor.window_values()
    assert width == 300 and centre > 80
    right = QPoint(round(histogram.x_of(centre + 150)), 40)
    qtbot.mousePress(histogram, Qt.MouseButton.LeftButton, pos=right)
    qtbot.mouseMove(histogram, right + QPoint(10, 0))
    qtbot.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=right + QPoint(10, 0))
    assert editor.window_values()[1] > 310
    assert there.project.catalogue.chosen_rendering() is None
    pane.reset.click()
    assert not pane.editors and pane.preset.currentData() == "auto"
    assert pane.preset.findData(texts.OWN) < 0


def test_images_are_stepped_through_and_picked_by_selection(section: tuple[Desk, RenderingPane], qtbot: QtBot) -> None:
    there, pane = section
    assert pane.which.text() == "1 of 4, CT HU"
    pane.before.click()
    qtbot.waitUntil(lambda: pane.which.text() == "4 of 4, CR", timeout=10000)
    there.session.select([2])
    qtbot.waitUntil(lambda: pane.which.text() == "1 of 1 selected, CT HU", timeout=10000)
    assert not pane.before.isEnabled()
    pane.size_chosen.emit(32)
    qtbot.waitUntil(lambda: pane.small.caption.text() == "At 32 x 32", timeout=10000)


def test_lost_pixels_are_said(section: tuple[Desk, RenderingPane], qtbot: QtBot) -> None:
    there, pane = section
    (there.project.pixels_dir / "import-1.bin").unlink()
    pane.after.click()
    qtbot.waitUntil(lambda: pane.original._canvas._message == texts.MISSING, timeout=10000)
    assert not pane.histogram.isVisibleTo(pane)


def test_the_preview_is_what_the_formula_gives(project: Project) -> None:
    sample = rendering_preview.read(project, 1)
    made = rendering_preview.make(sample, ((1024.0, 1124.0),), 64)
    hu = np.rint(np.linspace(-1000, 900, 800)).reshape(20, 40)
    expected = np.rint(np.clip(hu / 100, 0, 1) * 255)
    assert np.array_equal(made.seen[:, :, 0], expected)
    assert made.small.shape == (64, 64, 1) and not made.small[:16].any() and not made.small[48:].any()
    assert sample.histogram is not None and (sample.histogram.low, sample.histogram.high) == (-1000, 900)
    assert sample.histogram.counts.sum() == 800
    assert rendering_preview.in_unit(((1024.0, 1124.0),), sample.grey) == [(0, 100)]


def test_a_histogram_without_windows_to_move_stays_put(qtbot: QtBot, themed: QApplication) -> None:
    histogram = WindowHistogram()
    qtbot.addWidget(histogram)
    histogram.set_histogram(measure(np.arange(100, dtype=np.uint16), -2.0, 10.0, ""))
    assert histogram.span()[0] < -188 and histogram.span()[1] > 10
    histogram.set_windows([(-100, 0)], movable=False)
    assert histogram.part_at(histogram.x_of(-50)) is None
