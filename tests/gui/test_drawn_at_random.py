"""Cases drawn at random on the Label page: handed out in turn, blind, counted apart, never learned from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.classifiers.queue import RANDOM_EVERY
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.session.project import Project
from tests.gui import test_label_page
from tests.gui.image_project import KINDS, Picture, build, desk, pictures
from tests.gui.test_label_page import Bench

GIVEN = pictures(patients=24, each=3)


@pytest.fixture
def bench(qtbot: QtBot, themed: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(test_label_page, "GIVEN", GIVEN)
    made = desk(build(tmp_path / "p.sslproj", GIVEN))
    shown = Bench(made, qtbot)
    yield shown
    shown.page.close()
    made.close()


def given(bench: Bench, image_id: int) -> Picture:
    return GIVEN[bench.ids.index(image_id)]


def label_from_the_queue(bench: Bench, labels: int) -> list[int]:
    """Label so many cases truly as the queue hands them out; which of them it had drawn at random."""
    bench.view.mode_requested.emit("case")
    drawn = []
    bench.view.next_requested.emit()
    bench.qtbot.waitUntil(lambda: "most typical" in bench.view.side.why.text(), timeout=20000)
    for _ in range(labels):
        bench.qtbot.waitUntil(lambda: len(bench.session.selection) == 1, timeout=20000)
        (image_id,) = bench.session.selection
        if image_id in bench.session.drawing.draws:
            drawn.append(image_id)
            assert "Drawn at random from 72 images of 24 patients" in bench.view.side.why.text()
            bench.qtbot.waitUntil(lambda: "kept back" in bench.view._suggestion.text(), timeout=20000)
            bench.press(Qt.Key.Key_Space, at=bench.view.case)
            assert image_id not in bench.session.labels(), "it is to be labelled by hand"
        bench.press(getattr(Qt.Key, f"Key_{given(bench, image_id).kind + 1}"), at=bench.view.case)
        bench.qtbot.waitUntil(lambda before=image_id: set(bench.session.selection) != {before}, timeout=20000)
    return drawn


def test_one_in_eight_is_drawn_tests_and_can_be_listed_and_switched_off(bench: Bench, qtbot: QtBot) -> None:
    drawn = label_from_the_queue(bench, 3 * RANDOM_EVERY)
    assert len(drawn) == 3 and len({given(bench, key).subject for key in drawn}) == 3
    part = bench.view.side.drawn
    qtbot.waitUntil(lambda: part.value.text() == "3 of 3 right", timeout=20000)
    assert "probably between 44 and 100 %" in part.range.text() and "3 of your 24 labels were" in part.basis.text()
    images = ProjectImages.of(bench.desk.services)
    assert bench.desk.project.catalogue.drawn_images() == set(drawn)
    learner = bench.page.refresh.__self__._learner
    assert not set(drawn) & set(learner._lesson().image_ids) and len(learner._lesson().image_ids) == 21
    part.show_them.click()
    assert bench.view.gallery.grid.tiles.ids.tolist() == drawn
    part.keep.click()
    qtbot.waitUntil(lambda: "learned from like all others" in part.basis.text(), timeout=20000)
    assert len(learner._lesson().image_ids) == 24 and not bench.desk.project.catalogue.drawn_images()
    part.keep.click()
    qtbot.waitUntil(lambda: bench.session.drawing.kept, timeout=20000)
    assert images.suggestions is not None and len(learner._lesson().image_ids) == 21


def test_undo_lets_a_patient_teach_again_and_a_restart_keeps_what_was_drawn(bench: Bench, tmp_path: Path) -> None:
    (image_id,) = label_from_the_queue(bench, RANDOM_EVERY)
    learner = bench.page.refresh.__self__._learner
    mates = [key for key in bench.ids if given(bench, key).subject == given(bench, image_id).subject]
    bench.session.label_images([next(key for key in mates if key != image_id)], bench.classes[KINDS[0]])
    assert not set(mates) & set(learner._lesson().image_ids), "the whole patient tests"
    bench.session.undo(), bench.session.undo()
    assert image_id not in bench.session.labels() and not bench.desk.project.catalogue.drawn_subjects()
    bench.session.redo()
    assert not set(mates) & set(learner._lesson().image_ids)
    bench.page.close()
    bench.desk.close()
    with Project.open(tmp_path / "p.sslproj") as again:
        assert again.catalogue.drawn_images() == {image_id}
        assert {again.catalogue.parts()[key] for key in mates} == {"test"}
