"""The section "Images" by mouse and keys: tree, gallery, viewer, facts, histogram, filters, exclusions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from sslstudio.domain.filters import Choice, Filter, Range, Search
from sslstudio.gui.pages.data import browse_texts as texts
from sslstudio.gui.pages.data.images_view import ImagesPane
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.window import MainWindow
from sslstudio.session.session import Session
from tests.gui.conftest import MakeWindow
from tests.gui.volume_project import PATIENTS, SLICES, add_patients, build

Wait = Callable[[Callable[[], object]], None]


@pytest.fixture
def window(make_window: MakeWindow, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    made = make_window()
    made.attach(build(tmp_path / "volumes.sslproj"))
    pane = pane_of(made)
    qtbot.waitUntil(lambda: pane.tree_model.rowCount() == PATIENTS and pane.viewer.slider.maximum() == 4, timeout=30000)
    return made


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    return lambda true: qtbot.waitUntil(lambda: bool(true()), timeout=15000)


def pane_of(window: MainWindow) -> ImagesPane:
    assert window.workspace is not None
    return cast(DataView, window.workspace.page("data").widget).images


def session_of(window: MainWindow) -> Session:
    assert window.workspace is not None
    return window.workspace.session


def press(window: MainWindow, keys: str) -> None:
    """Do what these keys do now; the offscreen screen gives no window the focus that real shortcuts need."""
    wanted = QKeySequence(keys)
    next(action for action in window.actions() if action.shortcut() == wanted).trigger()


def choose(pane: ImagesPane, *rows: int) -> None:
    """Click the row at the end of a path through the tree, opening what stands above it."""
    index = pane.tree_model.index(rows[0], 0)
    for row in rows[1:]:
        pane.tree.expand(index)
        index = pane.tree_model.index(row, 0, index)
    pane.tree.scrollTo(index)
    QTest.mouseClick(pane.tree.viewport(), Qt.MouseButton.LeftButton, pos=pane.tree.visualRect(index).center())


def chip(pane: ImagesPane, text: str) -> QPushButton:
    return next(c for c in pane.filters.findChildren(QPushButton) if c.text().startswith(text))


def stored(pane: ImagesPane) -> int:
    pixels = pane.viewer.image._stored
    return -1 if pixels is None else int(pixels[0, 0, 0])


def number(pane: ImagesPane) -> str:
    return pane.viewer._number.text()


def test_a_project_of_very_many_images_shows_some_at_once_and_reads_all_only_once(
    make_window: MakeWindow, tmp_path: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sslstudio.catalogue.images.MANY_IMAGES", 0)
    monkeypatch.setattr("sslstudio.gui.pages.data.browsing.FIRST_SERIES", 1)
    for module in ("item_models.project_images", "pages.data.browsing"):
        monkeypatch.setattr(f"sslstudio.gui.{module}.FIRST_LOOK_MS", 2000)  # longer than a busy machine lags
    project = build(tmp_path / "volumes.sslproj")
    matches, asked = project.catalogue.matches, list[object]()

    def noted(filter: Filter) -> np.ndarray:
        asked.append(filter)
        return matches(filter)

    monkeypatch.setattr(project.catalogue, "matches", noted)
    made = make_window()
    made.attach(project)
    pane, images = pane_of(made), len(project.catalogue.image_ids())
    wait(lambda: len(pane.grid.tiles.ids))
    assert len(pane.grid.tiles.ids) < images and not asked, "the first ones come before all are read"
    session_of(made).filters.put(Choice(column="modality", values=("CT",)))
    wait(lambda: pane.filters.count.text() == "15 of 30 images")
    QTest.qWait(2200)
    assert len(asked) == 1, "a reading that was asked for meanwhile stands for the one that was to come"
    session_of(made).filters.clear()
    wait(lambda: len(pane.grid.tiles.ids) == images)


def test_a_series_is_scrolled_in_the_order_of_positions(window: MainWindow, wait: Wait) -> None:
    pane = pane_of(window)
    choose(pane, 0, 0, 0)
    wait(lambda: len(pane.grid.tiles.ids) == SLICES and stored(pane) == 1000)
    assert number(pane) == "1 / 5" and len(session_of(window).selection) == SLICES, "at once"
    wait(lambda: pane.selected.text() == "5 images from 1 patient selected")
    for place, key in ((1, "]"), (2, "]"), (1, "["), (0, "["), (0, "[")):
        press(window, key)
        wait(lambda place=place: stored(pane) == 1000 + 100 * place)
        assert number(pane) == f"{place + 1} / 5"
    wheel = QWheelEvent(
        QPointF(50, 50), QPointF(50, 50), QPoint(), QPoint(0, -240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane.viewer.image, wheel)
    wait(lambda: stored(pane) == 1200)
    pane.viewer.slider.setValue(4)
    wait(lambda: stored(pane) == 1400)
    assert len(session_of(window).selection) == SLICES, "looking through what is selected leaves the selection alone"


def test_another_reading_leaves_the_user_where_they_are(window: MainWindow, wait: Wait) -> None:
    pane, session = pane_of(window), session_of(window)
    catalogue = session.project.catalogue
    choose(pane, 1, 0, 1)
    wait(lambda: len(pane.grid.tiles.ids) == SLICES)
    chosen = pane.chosen_branches()
    ids = pane.grid.tiles.ids.tolist()
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right):
        QTest.keyClick(pane.grid, key)
    QTest.keyClick(pane.grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    wait(lambda: session.selection == set(ids[1:3]))
    before = pane.tree_model.tree
    add_patients(session.project, "import-2", [PATIENTS])
    session.images_were_changed()
    wait(lambda: pane.tree_model.tree is not before and pane.tree_model.rowCount() == PATIENTS + 1)
    assert [(one.level, one.key) for one in pane.chosen_branches()] == [(one.level, one.key) for one in chosen]
    assert pane.tree_model.node(pane.tree.currentIndex()).branch.key == chosen[0].key, "arrows go on from here"
    patient = pane.tree_model.index(pane.tree_model.tree.path(ids[0])[0], 0)
    assert pane.tree.isExpanded(patient) and pane.tree.isExpanded(pane.tree_model.index(0, 0, patient))
    assert pane.grid.tiles.ids.tolist() == ids and pane.grid.current_id() == ids[2]
    assert session.selection == set(ids[1:3]) and pane.grid.tiles.selected_rows().tolist() == [1, 2]
    pane.exclude_requested.emit("Bad quality")
    wait(lambda: set(catalogue.excluded()) == set(ids[1:3]))


def test_looking_at_another_image_selects_it_when_one_was_selected(window: MainWindow, wait: Wait) -> None:
    pane, session = pane_of(window), session_of(window)
    choose(pane, 1, 0, 1)
    wait(lambda: len(pane.grid.tiles.ids) == SLICES)
    first, second = (int(key) for key in pane.grid.tiles.ids[:2])
    area = pane.grid.visualRect(pane.grid.tiles.index(0))
    QTest.mouseClick(pane.grid.viewport(), Qt.MouseButton.LeftButton, pos=area.center())
    wait(lambda: session.selection == {first} and stored(pane) == 1000)
    press(window, "]")
    wait(lambda: session.selection == {second})
    wait(lambda: pane.grid.current_id() == second and stored(pane) == 1100)


def test_window_and_zoom_last_while_the_series_is_scrolled(window: MainWindow, wait: Wait) -> None:
    pane = pane_of(window)
    choose(pane, 0, 0, 0)
    wait(lambda: stored(pane) == 1000)
    image = pane.viewer.image
    assert image.window_values == (900, 1500) and image.meaning.window(900, 1500) == "W 600  C 176 HU"
    assert image.geometry_now.stretch_y == 2.0, "rows lie twice as far apart as columns"
    QTest.mousePress(image, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    QTest.mouseMove(image, QPoint(80, 50))
    QTest.mouseRelease(image, Qt.MouseButton.LeftButton, pos=QPoint(80, 50))
    changed = image.window_values
    assert changed != (900, 1500)
    image.zoom_by(2)
    press(window, "]")
    wait(lambda: stored(pane) == 1100)
    assert image.window_values == changed and image.geometry_now.zoom == 2
    press(window, "F")
    assert image.geometry_now.zoom == 1
    press(window, "I")
    assert image.inverted and pane.viewer.invert.isChecked()
    press(window, "R")
    assert not image.inverted and image.window_values == (900, 1500)
    pane.viewer.preset_requested.emit("full")
    assert image.window_values == (1100, 3000)
    choose(pane, 0, 0, 1)
    wait(lambda: image.meaning.unit == "")
    assert image.window_values == (900, 1500), "another series begins with its own window"


def test_a_series_plays_and_stops(window: MainWindow, wait: Wait) -> None:
    pane = pane_of(window)
    choose(pane, 2, 0, 0)
    wait(lambda: stored(pane) == 1000)
    pane.viewer.speed.setValue(60)
    seen: set[int] = set()
    press(window, "P")
    assert pane.viewer.playing
    wait(lambda: seen.add(stored(pane)) or seen >= {1000, 1100, 1200, 1300, 1400})
    press(window, "P")
    assert not pane.viewer.playing and pane.viewer.play.accessibleName() == "Play the series"


def test_facts_are_found_and_copied(window: MainWindow, wait: Wait) -> None:
    pane = pane_of(window)
    choose(pane, 0, 0, 0)
    wait(lambda: any(title == "Pixels" for title, _ in pane.details._groups))
    details = pane.details
    said = {name: value for _, facts in details._groups for name, value in facts}
    assert said["Modality"] == "CT" and said["Unit"] == "HU" and said["Plane"] == "axial"
    assert said["Window"] == "-124 to 476 HU" and said["Field of view"] == "32 x 64 mm"
    assert said["File"] == "/data/patient-0/series-0/0.dcm"
    details.search.setText("thick")
    model = details.table.model()
    assert model.rowCount() == 1 and model.index(0, 1, model.index(0, 0)).data() == "5"
    details.table.setCurrentIndex(model.index(0, 0, model.index(0, 0)))
    QTest.keyClick(details.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "Slice thickness (mm)\t5"
    details.copy.click()
    assert "Body part\tCHEST" in QApplication.clipboard().text()
    assert "not kept" in details.privacy.text()


def test_the_histogram_follows_image_series_and_window(window: MainWindow, wait: Wait) -> None:
    pane = pane_of(window)
    choose(pane, 0, 0, 0)
    wait(lambda: stored(pane) == 1000)
    histogram = pane.details.histogram
    pane.details.show_page("histogram")
    wait(lambda: histogram._counts is not None)
    assert histogram._counts is not None
    assert (histogram._counts.low, histogram._counts.high) == (1000, 3000)
    assert histogram._counts.bins.sum() == 32 * 32 and "HU" in histogram.accessibleDescription()
    pane.details.whole.click()
    wait(lambda: histogram._counts is not None and histogram._counts.bins.sum() == SLICES * 32 * 32)
    linear = histogram.heights()
    pane.details.logarithmic.click()
    assert np.count_nonzero(histogram.heights() > 0.05) >= np.count_nonzero(linear > 0.05)
    start = QPoint(round(histogram.x_of(1500)), 20)
    QTest.mousePress(histogram, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(histogram, start + QPoint(30, 0))
    QTest.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 0))
    low, high = pane.viewer.image.window_values
    assert low == 900 and high > 1500 and histogram._window == (low, high)


def test_filters_narrow_tree_gallery_and_viewer(window: MainWindow, wait: Wait) -> None:
    pane, filters = pane_of(window), session_of(window).filters
    bar = pane.filters
    assert bar.count.text() == "30 images"
    bar.add.click()
    popup = bar.popup
    wait(lambda: popup._model.rowCount() == 2)
    popup.values.setFocus()
    popup.values.setCurrentIndex(popup._proxy.index(0, 0))
    QTest.keyClick(popup.values, Qt.Key.Key_Space)
    assert filters.value.terms == (Choice(column="modality", values=("CT",)),)
    wait(lambda: bar.count.text() == "15 of 30 images")
    assert len(pane.grid.tiles.ids) == 15
    rows = [popup.columns.item(row).text() for row in range(popup.columns.count())]
    assert {"Scanner", "Plane", "Slice thickness (mm)", "Left out"} <= set(rows)
    popup.columns.setCurrentRow(rows.index("Scanner"))
    wait(lambda: popup._model.rowCount() == PATIENTS)
    for row in (0, 2):
        popup._model.item(row).setCheckState(Qt.CheckState.Checked)
    wait(lambda: bar.count.text() == "10 of 30 images")
    assert pane.tree_model.rowCount() == 2, "AND between properties, OR within one"
    popup.hide()
    QTest.keyClicks(bar.search, "PATIENT-2/")
    QTest.keyClick(bar.search, Qt.Key.Key_Return)
    assert filters.value.term("search") == Search(text="PATIENT-2/")
    wait(lambda: bar.count.text() == "5 of 30 images")
    wait(lambda: number(pane) == "1 / 5")
    QTest.mouseClick(chip(pane, "Scanner"), Qt.MouseButton.LeftButton)
    QTest.mouseClick(chip(pane, "Modality"), Qt.MouseButton.LeftButton)
    wait(lambda: bar.count.text() == "10 of 30 images")
    filters.put(Range(column="bits", low=13))
    wait(lambda: bar.count.text() == "0 of 30 images" and pane._nothing.text() == texts.NO_MATCH)
    assert pane.viewer.image._message == texts.NO_MATCH
    bar.clear.click()
    wait(lambda: bar.count.text() == "30 images" and bar.search.text() == "")
    assert not filters.value


def test_images_are_left_out_with_a_reason_and_come_back_by_undo(window: MainWindow, wait: Wait) -> None:
    pane, session = pane_of(window), session_of(window)
    catalogue = session.project.catalogue
    choose(pane, 0, 0, 1)
    wait(lambda: len(session.selection) == SLICES)
    press(window, "X")
    assert QApplication.activePopupWidget() is pane.exclude.menu()
    QTest.keyClick(pane.exclude.menu(), Qt.Key.Key_1)
    wait(lambda: len(catalogue.excluded()) == SLICES)
    wait(lambda: pane.selected.text() == "5 images from 1 patient selected, left out of training")
    one = int(pane.grid.tiles.ids[0])
    assert pane.grid.tiles._describe(one).excluded == "Poor quality"
    series = pane.tree_model.index(1, 0, pane.tree_model.index(0, 0, pane.tree_model.index(0, 0)))
    assert pane.tree_model.data(series, Qt.ItemDataRole.FontRole).strikeOut()
    assert "5 left out" in pane.tree_model.data(pane.tree_model.index(0, 0))
    press(window, "Ctrl+Z")
    wait(lambda: not catalogue.excluded())
    press(window, "Ctrl+Y")
    wait(lambda: len(catalogue.excluded()) == SLICES and pane.include.isEnabled())
    QTest.mouseClick(pane.include, Qt.MouseButton.LeftButton)
    wait(lambda: not catalogue.excluded())


def test_all_that_fits_a_filter_is_left_out_and_filters_by_reason(window: MainWindow, wait: Wait) -> None:
    pane, session = pane_of(window), session_of(window)
    assert not pane.matches_menu.menuAction().isEnabled(), "without a filter that would be everything"
    session.filters.put(Choice(column="modality", values=("MR",)))
    wait(lambda: pane.matches_menu.menuAction().isEnabled())
    pane.matches_menu.actions()[1].trigger()
    wait(lambda: len(session.project.catalogue.excluded()) == 15)
    session.filters.set(session.filters.value.without("modality").having(Choice(column="excluded", values=("",))))
    wait(lambda: pane.filters.count.text() == "15 of 30 images")
    assert texts.term_text(session.filters.value.terms[0]) == "Left out: in training"
    press(window, "Ctrl+Z")
    wait(lambda: pane.filters.count.text() == "30 of 30 images")


def test_keys_of_the_viewer_rest_while_another_section_is_in_front(window: MainWindow, wait: Wait) -> None:
    assert window.workspace is not None
    pane = pane_of(window)
    choose(pane, 0, 0, 0)
    wait(lambda: stored(pane) == 1000)
    cast(DataView, window.workspace.page("data").widget).show_ledger()
    press(window, "X")
    assert QApplication.activePopupWidget() is None
    assert any("Open the section Images first." in text for text in window.chrome.toasts.texts())


def test_typing_into_the_search_is_no_command(window: MainWindow, wait: Wait) -> None:
    pane = pane_of(window)
    press(window, "Ctrl+F")
    QTest.keyClicks(pane.filters.search, "x1f[")
    assert pane.filters.search.text() == "x1f[" and QApplication.activePopupWidget() is None
