"""A group of the map gets one label: asked for on Explore, checked blindly by yes and no, its core apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.classifiers.central import central_first
from sslstudio.gui.pages.explore.page import create as create_explore
from sslstudio.gui.pages.explore.view import ExploreView
from sslstudio.gui.pages.label.controller import LabelController
from sslstudio.labels import audit
from tests.gui.explore_desk import compute_here
from tests.gui.image_project import build, desk, pictures
from tests.gui.test_explore_groups import choose
from tests.gui.test_label_page import Bench

GIVEN = pictures(patients=30, each=4)


@pytest.fixture
def bench(qtbot: QtBot, themed: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("tests.gui.test_label_page.GIVEN", GIVEN)
    compute_here(monkeypatch)
    made = desk(build(tmp_path / "p.sslproj", GIVEN))
    shown = Bench(made, qtbot)
    yield shown
    shown.page.close()
    made.close()


def test_a_group_is_labelled_from_explore_after_yes_and_no(bench: Bench, qtbot: QtBot) -> None:
    session, view = bench.session, bench.view
    explore = create_explore(bench.desk.services)
    page = explore.widget
    assert isinstance(page, ExploreView)
    qtbot.addWidget(page)
    explore.activate()
    qtbot.waitUntil(lambda: bool(page.groups.groups.rows), timeout=20000)
    assert not page.panel.label.isEnabled() and "Choose a group" in page.panel.label.toolTip()
    choose(page, 0)
    qtbot.waitUntil(page.panel.label.isEnabled, timeout=20000)
    page.panel.label.click()
    controller = view.findChild(LabelController)
    assert controller is not None and bench.desk.went_to == ["label"]
    dialog = controller._group_check.dialog
    assert dialog is not None and len(session.selection) >= 30
    assert "36" in dialog.sizes.itemText(dialog.sizes.findData(audit.sample_size(0.1)))
    dialog.classes.setCurrentIndex(dialog.classes.count() - 1)
    dialog.name.setText("")
    assert not dialog.begin.isEnabled()
    dialog.name.setText("kind one")
    dialog.sizes.setCurrentIndex(dialog.sizes.findData(audit.sample_size(0.2)))
    group = set(session.selection)
    dialog.begin.click()
    (made,) = (info for info in session.classes() if info.name == "kind one")
    bench.window.activateWindow()
    qtbot.waitActive(bench.window)
    for number in range(17):
        assert f"image {number + 1} of 17" in view.audit.text.text() and session.blinding.on
        assert view.audit.yes.isVisible() and view.audit.no.isVisible()
        bench.press(Qt.Key.Key_N if number == 3 else Qt.Key.Key_Y, at=view.case)
    assert "16 of 17 are kind one" in view.audit.text.text() and not session.blinding.on
    first = min(session.selection)
    grid = view.gallery.grid
    row = view.gallery.row_of(first)
    assert grid.current_id() == first and row is not None and grid.visible_rows().count(row) == 1
    qtbot.waitUntil(lambda: "wrong" in view.audit.core.text(), timeout=20000)
    refused = group - set(session.labels()) - set(session.selection)
    assert len(refused) == 1, "what was said not to be of the class is not labelled so"
    undo = session.project.catalogue.can_undo()
    view.audit.core.click()
    qtbot.waitUntil(view.audit.isHidden, timeout=20000)
    bulk = [label for label in session.labels().values() if label.origin == "bulk"]
    assert len(bulk) == (len(group) - 17) // 2
    assert {label.class_id for label in bulk} == {made.class_id} and not refused & set(session.labels())
    assert bulk[0].source.startswith("core of a group: ") and "checked were wrong" in bulk[0].source
    session.undo()
    assert session.project.catalogue.can_undo() == undo and len(session.labels()) == 16
    explore.close()


def test_how_many_to_look_at_follows_from_what_may_be_wrong() -> None:
    from scipy.stats import binomtest

    for share in audit.REACHES:
        size = audit.sample_size(share)
        ends = [binomtest(0, n).proportion_ci(method="exact").high for n in (size - 1, size)]
        assert ends[1] <= share < ends[0]


def test_the_edge_of_a_group_lies_towards_the_others(tmp_path: Path) -> None:
    angle = np.radians([0, 10, 20, 30, 40, 50, *np.linspace(80, 100, 8)])
    np.save(tmp_path / "v.npy", np.column_stack([np.cos(angle), np.sin(angle)]).astype(np.float32))
    np.save(tmp_path / "i.npy", np.arange(14))
    files = str(tmp_path / "v.npy"), str(tmp_path / "i.npy")
    cluster = np.array([0] * 6 + [1] * 8, dtype=np.int32)
    assert central_first(*files, list(range(6)), (np.arange(14), cluster))[-1] == 5, "the one next to the other group"
    assert central_first(*files, list(range(6)))[0] in (2, 3) and central_first(*files, [77]) == []
