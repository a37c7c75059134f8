"""What stands around the map: overview, colour bar, legend, pictures saved, many points made in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui.item_models import colouring
from sslstudio.gui.widgets import map_export, map_points, map_scene
from sslstudio.gui.widgets.colour_bar import ColourBar
from sslstudio.gui.widgets.map_view import MapView

COUNT = 3000
IDS = np.arange(COUNT, dtype=np.int64) + 1


@pytest.fixture
def view(qtbot: QtBot, themed: QApplication) -> Iterator[MapView]:
    yield shown(qtbot)


def shown(qtbot: QtBot) -> MapView:
    rng = np.random.default_rng(0)
    made = MapView()
    qtbot.addWidget(made)
    made.resize(900, 560)
    made.show()
    clusters = rng.integers(0, 4, COUNT).astype(np.int32)
    made.set_points(IDS, (rng.normal(size=(COUNT, 2)) * 3).astype(np.float32))
    made.set_colouring(colouring.by_cluster(clusters))
    qtbot.waitExposed(made)
    QTest.qWait(20)
    made.grab()
    return made


def test_the_overview_shows_what_is_in_view_and_moves_it(view: MapView, qtbot: QtBot) -> None:
    assert view.canvas is not None
    overview = view.canvas.overview
    qtbot.waitUntil(overview.isVisible, timeout=3000)
    (left, right), _ = view.canvas.box.viewRange()
    qtbot.mouseClick(overview, Qt.MouseButton.LeftButton, pos=QPoint(overview.width() - 12, overview.height() // 2))
    (moved, _), _ = view.canvas.box.viewRange()
    assert moved > left + (right - left) / 8
    view.bar.overview.click()
    assert not overview.isVisible()


def test_the_overview_gives_way_where_there_is_no_room(view: MapView, qtbot: QtBot) -> None:
    assert view.canvas is not None
    qtbot.waitUntil(view.canvas.overview.isVisible, timeout=3000)
    view.resize(520, 300)
    qtbot.waitUntil(lambda: not view.canvas.overview.isVisible(), timeout=3000)


def test_contours_are_drawn_when_asked_for(view: MapView) -> None:
    assert view.canvas is not None
    plain = view.canvas.grab().toImage()
    view.bar.contours.click()
    assert view.canvas.grab().toImage() != plain


def test_far_out_density_is_drawn_and_said_and_near_every_point(
    qtbot: QtBot, themed: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_points, "NEAR", 500)
    view = shown(qtbot)
    assert view.canvas is not None and view.scene is not None
    assert view.canvas.box.points.counted
    assert not view._strength.isHidden()
    assert view._shown.text() == f"Showing {COUNT:,} of {COUNT:,}"
    view.canvas.box.scaleBy((0.1, 0.1))
    view.canvas.grab()
    assert view._strength.isHidden()
    area = view.shown_area()
    assert area is not None
    inside = view.scene.index.rows(area) if view.scene.index is not None else []
    assert sorted(view.canvas.box.points.rows_in_view.tolist()) == sorted(inside)
    assert view._shown.text() == f"Showing {len(inside):,} of {COUNT:,}"
    view.set_selection(IDS[:900])
    view.canvas.box.fit()
    marked = view.canvas.grab().toImage()
    view.set_selection(IDS[:0])
    assert view.canvas.grab().toImage() != marked


def test_very_many_points_are_prepared_in_a_thread_and_then_shown(
    qtbot: QtBot, themed: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_points, "NEAR", 500)
    monkeypatch.setattr(map_scene, "AT_ONCE", 1000)
    view = shown(qtbot)
    assert view.scene is not None and view.canvas is not None
    qtbot.waitUntil(lambda: view.scene is not None and view.scene.far is not None, timeout=10000)
    assert view.scene.far is not None and view.scene.far.chosen == ()
    view.set_selection(IDS[:700])
    qtbot.waitUntil(lambda: view.scene is not None and bool(view.scene.far and view.scene.far.chosen), timeout=10000)
    view.canvas.box.scaleBy((0.4, 0.4))
    view.canvas.grab()
    points = view.canvas.box.points
    qtbot.waitUntil(lambda: not points.busy, timeout=10000)
    assert points.counted
    view.legend.hidden_changed.emit(frozenset({0}))
    qtbot.waitUntil(lambda: not points.busy, timeout=10000)
    view.canvas.box.fit()
    view.canvas.grab()
    assert view._shown.text() == f"Showing {view.scene.shown_count():,} of {COUNT:,}"


def test_the_colour_bar_shows_a_range_by_mouse_and_by_keys(qtbot: QtBot, themed: QApplication) -> None:
    bar = ColourBar()
    qtbot.addWidget(bar)
    bar.resize(176, bar.sizeHint().height())
    bar.set_colouring(colouring.by_value("By age", np.linspace(0, 64, 201)))
    bar.show()
    assert bar.accessibleName() == "Colour scale from 0.0 to 64.0"
    with qtbot.waitSignal(bar.range_changed):
        QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(48, 50))
        QTest.mouseMove(bar, QPoint(128, 50))
        QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(128, 50))
    assert bar.shown == (16, 48)
    assert "only 16.0 to 49.0 shown" in bar.accessibleName()
    QTest.keyClick(bar, Qt.Key.Key_Right)
    QTest.keyClick(bar, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert bar.shown == (17, 47)
    QTest.mouseDClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert bar.shown == (0, 63)
    QTest.keyClick(bar, Qt.Key.Key_Right)
    QTest.keyClick(bar, Qt.Key.Key_Home)
    assert bar.shown == (0, 63)


def test_a_range_on_the_bar_hides_points_and_what_is_not_known_has_its_own_line(view: MapView) -> None:
    assert view.scene is not None and view.legend.bar is None
    values = np.linspace(0, 64, COUNT)
    values[50:150] = np.nan
    view.set_colouring(colouring.by_value("By age", values))
    assert view.legend.bar is not None
    view.legend.bar._set(0, 31)
    with_unknown = view.scene.shown_count()
    assert with_unknown == int((~(values >= 32)).sum()), "nan is not at least 32"
    view.legend._rows[0].click()
    assert view.scene.shown_count() == with_unknown - 100
    view.set_colouring(colouring.by_value("By age", values))
    assert view.scene.shown_count() == with_unknown - 100, "the same colouring again keeps what was hidden"


@pytest.mark.parametrize("scale", [False, True])
def test_a_saved_svg_has_a_shape_for_each_point_and_the_words_of_the_legend(
    view: MapView, tmp_path: Path, scale: bool
) -> None:
    area = view.shown_area()
    assert view.scene is not None and area is not None
    if scale:
        view.set_colouring(colouring.by_value("By age", np.linspace(3, 91, COUNT)))
    else:
        view.scene.set_hidden(frozenset({1}))
    view.set_selection(IDS[:5])
    picture = map_export.picture_of(view.scene, area, "Map of 3,000 images, by group")
    map_export.save(picture, tmp_path / "map.svg")
    tree = ElementTree.parse(tmp_path / "map.svg")
    names = [element.tag.rpartition("}")[2] for element in tree.iter()]
    assert names.count("image") == 0
    assert names.count("path") + names.count("polygon") >= len(picture.xy)
    words = " ".join(element.text or "" for element in tree.iter())
    assert "Map of 3,000 images, by group" in words
    assert map_export.FOOT in words
    assert ("3" in words and "91" in words) if scale else ("Group 1" in words and "Group 2" not in words)


def test_a_picture_of_many_points_holds_one_image_and_is_twice_as_large_as_png(
    view: MapView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_export, "NEAR", 500)
    area = view.shown_area()
    assert view.scene is not None and area is not None
    view.set_selection(IDS[:50])
    picture = map_export.picture_of(view.scene, area, "Many")
    map_export.save(picture, tmp_path / "map.svg")
    assert (tmp_path / "map.svg").read_text(encoding="utf-8").count("<image") == 2, "all images, and the selected ones"
    map_export.save(picture, tmp_path / "map.png")
    saved = QImage(str(tmp_path / "map.png"))
    assert saved.size() == map_export.size_of(picture) * 2
    assert saved.pixelColor(2, 2).name() == "#ffffff"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.png", "map.svg"]
