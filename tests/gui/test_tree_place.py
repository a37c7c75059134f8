"""The tree of images made anew: what is chosen, opened and in view stays, however far down and whatever came before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui.item_models.image_tree import ImageTree
from sslstudio.gui.item_models.tiles import Tile
from sslstudio.gui.pages.data.images_view import ImagesPane
from sslstudio.gui.pages.data.tree_nodes import PATIENTS_A_TIME

FAR = PATIENTS_A_TIME + 300
SELECT = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows


def tree_of(*patients: int) -> ImageTree:
    """Two studies of two series of two images for each patient; keys follow from the patient's."""
    series = [key * 4 + n for key in patients for n in range(4)]
    matches = [(2 * key + n, key) for key in series for n in range(2)]
    groups = [(key, key // 2, key // 4) for key in series]
    return ImageTree(np.array(matches, dtype=np.int64).reshape(-1, 2), np.array(groups, dtype=np.int64).reshape(-1, 3))


@pytest.fixture
def pane(qtbot: QtBot, themed: QApplication) -> Iterator[ImagesPane]:
    made = ImagesPane(lambda _: None, Tile)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    made.set_tree(tree_of(*range(10, 1010)))
    yield made


def row(pane: ImagesPane, patient: int, *rows: int) -> QModelIndex:
    model = pane.tree_model
    place = next(node.place for node in model.below(None) if node.branch.key == patient)
    index = model.index(place, 0)
    for at in rows:
        index = model.index(at, 0, index)
    return index


def far_down(pane: ImagesPane, patient: int) -> None:
    """Scroll to a patient, open it and a study of it, and choose a series there."""
    pane.tree_model.show_patient(patient - 10)
    pane.tree.expand(row(pane, patient))
    pane.tree.expand(row(pane, patient, 1))
    pane.tree.scrollTo(row(pane, patient, 1, 0), pane.tree.ScrollHint.PositionAtTop)
    pane.tree.selectionModel().setCurrentIndex(row(pane, patient, 1, 0), SELECT)


def at_the_top(pane: ImagesPane) -> tuple[int, int]:
    branch = pane.tree_model.node(pane.tree.indexAt(QPoint(0, 0))).branch
    return branch.level, branch.key


@pytest.mark.parametrize("patients", [range(10, 1010), range(1010), range(100, 1300)])
def test_a_series_far_down_stays_chosen_and_in_view(pane: ImagesPane, qtbot: QtBot, patients: range) -> None:
    far_down(pane, FAR)
    chosen, top = [one.key for one in pane.chosen_branches()], at_the_top(pane)
    assert chosen == [FAR * 4 + 2] and top == (2, FAR * 4 + 2)
    with qtbot.assertNotEmitted(pane.branches_chosen):
        pane.set_tree(tree_of(*patients))
    assert [one.key for one in pane.chosen_branches()] == chosen and at_the_top(pane) == top
    assert pane.tree.currentIndex() == row(pane, FAR, 1, 0)
    assert pane.tree.isExpanded(row(pane, FAR)) and pane.tree.isExpanded(row(pane, FAR, 1))
    assert not pane.tree.isExpanded(row(pane, FAR + 1))


def test_what_is_chosen_in_a_closed_patient_stays_chosen(pane: ImagesPane) -> None:
    far_down(pane, 30)
    pane.tree.collapse(row(pane, 30))
    pane.tree.selectionModel().select(row(pane, 30, 1, 0), SELECT)
    pane.set_tree(tree_of(*range(5, 1010)))
    assert [one.key for one in pane.chosen_branches()] == [30 * 4 + 2]
    assert not pane.tree.isExpanded(row(pane, 30)) and pane.tree.isExpanded(row(pane, 30, 1))


def test_what_is_gone_is_let_go(pane: ImagesPane) -> None:
    far_down(pane, 30)
    pane.tree.selectionModel().select(row(pane, 31), SELECT)
    pane.set_tree(tree_of(*range(31, 60)))
    assert [one.key for one in pane.chosen_branches()] == [31]
    pane.set_tree(tree_of())
    assert not pane.chosen_branches() and not pane.tree.currentIndex().isValid()


def test_at_the_very_top_new_patients_come_into_view(pane: ImagesPane) -> None:
    pane.set_tree(tree_of(*range(1010)))
    assert at_the_top(pane) == (0, 0)
