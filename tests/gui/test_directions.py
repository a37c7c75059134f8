"""Letters, scale bar and shape of pixels on the three views that show an image large, from a DICOM file's header."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.domain.specs import ImportSpec
from sslstudio.gui.item_models.meanings import meaning_on_screen, sides
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.label.view import LabelView
from sslstudio.gui.widgets.image_meaning import Meaning
from sslstudio.gui.widgets.image_view import ImageView
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.session.project import Project
from tests.gui.conftest import MakeWindow
from tests.unit.session.imports import carry_out

WAIT = 60_000
SAGITTAL = ("A", "P", "H", "F")


@pytest.fixture
def sagittal(tmp_path: Path) -> Project:
    """One sagittal MR slice whose pixels are twice as high as they are wide."""
    values = (np.add.outer(np.arange(64), np.arange(96)) * 20).astype(np.uint16)
    extra = {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1], "PixelSpacing": [2.0, 1.0]}
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in" / "a.dcm", values, DicomHeader(modality="MR", extra=extra))
    project = Project.create(tmp_path / "p")
    carry_out(project, [tmp_path / "in"], ImportSpec())
    return project


def test_letters_of_oblique_pictures_and_of_nonsense() -> None:
    assert sides("L/P") == ("R", "L", "A", "P")
    assert sides("LP/F") == ("RA", "LP", "H", "F")
    assert sides("") is sides("L/") is sides("X/P") is sides("L") is None


def test_data_label_and_inspector_show_directions_and_spacing(
    make_window: MakeWindow, qtbot: QtBot, sagittal: Project
) -> None:
    window = make_window()
    window.attach(sagittal)
    workspace = window.workspace
    assert workspace is not None
    (image_id,) = sagittal.catalogue.image_ids()
    data = cast(DataView, workspace.page("data").widget).images.viewer.image
    workspace.session.select([image_id])
    assert window.inspector_dock is not None
    inspector = window.inspector_dock.inspector.image
    qtbot.waitUntil(lambda: data.meaning.sides == inspector.meaning.sides == SAGITTAL, timeout=WAIT)
    window.show_page("label")
    label = cast(LabelView, workspace.page("label").widget)
    case = label.case.image
    label.mode_requested.emit("case")
    qtbot.waitUntil(lambda: case.meaning.sides == SAGITTAL, timeout=WAIT)
    for view in (data, inspector, case):
        assert (view.meaning.row_spacing, view.meaning.column_spacing) == (2.0, 1.0)
        assert (view.geometry_now.stretch_x, view.geometry_now.stretch_y) == (1.0, 2.0)


def test_values_of_several_windows_mean_nothing_more_but_directions_stay(sagittal: Project) -> None:
    detail = sagittal.catalogue.image(1).model_copy(update={"slope": 2.0, "unit": "HU"})
    sagittal.close()
    one, three = meaning_on_screen(detail), meaning_on_screen(detail.model_copy(update={"windows": detail.windows * 3}))
    assert (one.slope, one.unit) == (2.0, "HU") and (three.slope, three.unit) == (1.0, "")
    assert one.sides == three.sides == SAGITTAL and one.row_spacing == three.row_spacing == 2.0


def test_letters_are_drawn_where_they_belong(qtbot: QtBot, themed: QApplication) -> None:
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(300, 300)
    view.show()
    plain = Meaning()

    def inked(meaning: Meaning) -> set[str]:
        view.set_image(np.zeros((50, 50, 1), np.uint8), meaning=meaning)
        picture = view.grab().toImage()
        rooms = {"left": (0, 120), "right": (270, 120), "top": (120, 0), "bottom": (120, 270)}
        tall, wide = [(n % 30, n // 30) for n in range(30 * 60)], [(n % 60, n // 60) for n in range(30 * 60)]
        return {
            name
            for name, (x, y) in rooms.items()
            if any(picture.pixelColor(x + dx, y + dy).red() > 180 for dx, dy in (tall if y == 120 else wide))
        }

    assert inked(plain) == set()
    assert inked(replace(plain, sides=("R", "L", "A", "P"))) == {"left", "right", "top", "bottom"}
