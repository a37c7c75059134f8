"""Groups on the Explore page: made anew, split, merged, undone, kept with the map, and what they mostly are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.domain.specs import MapSpec
from sslstudio.gui.follow_up import PLACE
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.pages.explore import group_texts, layout_preview, projection_texts
from sslstudio.gui.pages.explore.layout_preview import read_layout
from sslstudio.gui.pages.explore.view import ExploreView
from sslstudio.gui.pages.page import Page
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import workflow
from sslstudio.session.map_groups import group_names, group_way
from tests.fakes.project_runs import write_backbone
from tests.gui.explore_desk import compute_here, shown
from tests.gui.image_project import Desk, build, desk, label_all, pictures

GIVEN = pictures()
Opened = tuple[Desk, Page, ExploreView]
ITEM_EDITABLE = Qt.ItemFlag.ItemIsEditable
ROWS = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows


@pytest.fixture
def opened(qtbot: QtBot, themed: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    compute_here(monkeypatch)
    yield from shown(desk(build(tmp_path / "p.sslproj", GIVEN)), qtbot)


def choose(view: ExploreView, *rows: int) -> None:
    view.groups.clearSelection()
    for row in rows:
        view.groups.selectionModel().select(view.groups.groups.index(row, 0), ROWS)


def sizes(view: ExploreView) -> list[int]:
    return [row.images for row in view.groups.groups.rows]


def stored(made: Desk) -> list[int]:
    data = workflow.load_map(made.project, "map-1")
    assert data is not None
    return np.bincount(data.cluster[data.cluster >= 0]).tolist()


def test_groups_that_are_alike_stand_together_in_a_tree(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    model, before = view.groups.groups, sizes(view)
    assert not view.groups.rootIsDecorated()
    view.panel.tree.click()
    qtbot.waitUntil(view.groups.rootIsDecorated, timeout=60000)
    assert model.rowCount() == 2 and sorted(sizes(view)) == sorted(before)
    place = next(row for row in range(2) if model.rowCount(model.index(row, 0)))
    joint = model.index(place, 0)
    pair = model.row_at(joint)
    assert pair.name == "2 groups alike" and len(pair.numbers) == 2 and view.groups.isExpanded(joint)
    assert model.parent(model.index(1, 0, joint)) == joint and not model.flags(joint) & ITEM_EDITABLE
    assert group_texts.TREE_NOTE in view.groups.toolTip()

    view.groups.setCurrentIndex(joint)
    qtbot.keyClick(view.groups, Qt.Key.Key_Return)
    assert len(made.session.selection) == pair.images == sum(part.images for part in pair.parts)
    assert view.panel.merge.isEnabled() and view.panel.split.toolTip() == group_texts.ONE_NEEDED
    view.panel.merge.click()
    assert sorted(sizes(view)) == sorted([pair.images, sum(before) - pair.images])
    view.panel.undo.click()
    qtbot.waitUntil(view.groups.rootIsDecorated, timeout=60000)
    view.panel.tree.click()
    assert sizes(view) == before and not view.groups.rootIsDecorated()


def test_split_merge_and_undo(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    before = sizes(view)
    assert not view.panel.split.isEnabled() and view.panel.split.toolTip() == group_texts.ONE_NEEDED
    assert not view.panel.undo.isEnabled()
    view.groups.groups.setData(view.groups.groups.index(0, 0), "Rings")
    choose(view, 0)
    assert view.panel.split.isEnabled() and not view.panel.merge.isEnabled()
    view.panel.split_requested.emit(2)
    qtbot.waitUntil(lambda: len(sizes(view)) == 4, timeout=60000)
    names = [row.name for row in view.groups.groups.rows]
    assert names == ["Rings", "Group 2", "Group 3", "Rings, part 2"]
    assert sizes(view)[0] + sizes(view)[3] == before[0] and sizes(view)[0] >= sizes(view)[3]
    qtbot.waitUntil(lambda: len(stored(made)) == 4, timeout=60000)
    qtbot.waitUntil(lambda: group_way(made.project, "map-1").endswith("by hand"), timeout=60000)
    choose(view, 0, 3)
    view.panel.merge.click()
    assert sizes(view) == before and view.groups.groups.rows[0].name == "Rings + Rings, part 2"
    assert "by hand" in view.groups.toolTip()
    view.panel.undo.click()
    assert len(sizes(view)) == 4
    view.panel.undo.click()
    assert [row.name for row in view.groups.groups.rows] == ["Rings", "Group 2", "Group 3"]
    assert not view.panel.undo.isEnabled()
    qtbot.waitUntil(lambda: stored(made) == before, timeout=60000)
    qtbot.waitUntil(lambda: group_names(made.project, "map-1") == {0: "Rings"}, timeout=60000)
    assert made.said[-1].startswith("2 groups are one now")


def test_grouped_anew_by_images_and_by_density(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    view.groups.groups.setData(view.groups.groups.index(1, 0), "Bars")
    view.panel.anew_requested.emit("kmeans", 0)
    qtbot.waitUntil(lambda: bool(made.said), timeout=60000)
    assert "3 groups now." in made.said and sorted(sizes(view)) == [16, 16, 16]
    assert [row.name for row in view.groups.groups.rows].count("Bars") == 1
    view.panel.anew_requested.emit("density", 0)
    qtbot.waitUntil(lambda: "result of the map" in view.groups.toolTip(), timeout=60000)
    view.panel.undo.click()
    assert "k-means" in view.groups.toolTip()


def test_what_groups_mostly_are(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    label_all(made.session, GIVEN, every=2)
    qtbot.waitUntil(lambda: view.panel.columns.findData("scanner") > 0, timeout=60000)
    view.panel.column_requested.emit("scanner")
    qtbot.waitUntil(lambda: bool(view.groups.groups.rows[0].purity), timeout=60000)
    assert view.groups.groups.rows[0].purity.endswith("(all 50 %)")
    assert view.groups.groups.headerData(3, view.groups.header().orientation()) == "Scanner, mostly"
    assert "50 % that of all" in view.panel.note.text()
    view.panel.column_requested.emit("label")
    assert view.groups.groups.data(view.groups.groups.index(0, 3)) == "ring 8 of 8"
    assert "Label: 100 % of the images have their group's commonest value, 33 %" in view.panel.note.text()


def test_an_update_places_and_make_anew_arranges(opened: Opened, qtbot: QtBot) -> None:
    made, page, view = opened
    trained = made.project.run_dir("simclr-1") / "artifacts"
    trained.mkdir(parents=True)
    write_backbone(trained, "simclr-1")
    assert view.remake.isVisible()
    view.remake.click()
    spec = made.project.catalogue.run(made.jobs.launched[0][0]).spec_json
    assert MapSpec.model_validate_json(spec) == MapSpec(embedding="embed-1")
    known = CurrentMap.of(made.services).known
    assert known.current is not None
    made.services.actions.trigger("explore.remake")
    assert len(made.jobs.launched) == 2
    object.__setattr__(known.current, "images", len(GIVEN) - 5)
    page.refresh()
    assert "5 newer images are not on this map." in view.note.text()
    view.make.click()
    assert made.jobs.launched[2][1] == (PLACE,)
    view.remake.click()
    assert made.jobs.launched[3][1] == ("map_embeddings",)


def test_the_layout_so_far_is_shown_while_it_is_arranged(
    opened: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _, view = opened
    run_id = workflow.prepare_map(made.project, MapSpec(embedding="embed-1"))
    data = workflow.load_map(made.project, "map-1")
    assert data is not None and view.map.scene is not None
    folder = made.project.run_dir(run_id)
    np.savez(folder / "artifacts" / "preview.npz", ids=data.ids[:10], xy=data.xy[:10], cluster=data.cluster[:10])
    assert read_layout(folder, "embed-2", 0) is None
    found = read_layout(folder, "embed-1", 0)
    assert found is not None and read_layout(folder, "embed-1", found[0]) is None
    assert read_layout(made.project.run_dir("map-1"), "embed-1", 0) is None
    assert RunDirectory(folder).job().spec == MapSpec(embedding="embed-1")
    monkeypatch.setattr(layout_preview, "LOOK_MS", 10)
    made.jobs.busy = Busy(run_id)
    made.jobs.changed.emit(run_id)
    qtbot.waitUntil(lambda: view.map.scene is not None and len(view.map.scene.ids) == 10, timeout=60000)
    made.jobs.changed.emit(run_id)
    assert projection_texts.ARRANGING in view.note.text()
    assert not view.remake.isVisible()
    made.jobs.busy = None
    made.session.run_was_changed(run_id)
    qtbot.waitUntil(lambda: view.map.scene is not None and len(view.map.scene.ids) == len(GIVEN), timeout=60000)


class Busy:
    """A map that is being made."""

    stage, fraction, progress, stopping = "map_embeddings", 0.4, None, False

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id


def test_words_of_a_map() -> None:
    figures = {"trustworthiness": 0.93, "neighbours_kept": 0.41, "sample": 2000, "arranged": 20000}
    assert projection_texts.quality(figures) == (
        "Images side by side are mostly alike; of the 15 most like an image, 6 lie next to it."
    )
    assert projection_texts.quality({**figures, "stopped": True}).endswith("Stopped early.")
    assert "20,000 images were arranged" in projection_texts.quality_help(figures)
    placed = {**figures, "placed": 5, "kept": 100}
    assert "5 images were placed on an earlier map of 100." in projection_texts.quality_help(placed)
    assert projection_texts.quality({}) == projection_texts.quality_help({}) == ""
