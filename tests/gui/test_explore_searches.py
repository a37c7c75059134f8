"""Searches among all images: what is found is listed, selected and said in a sentence; each can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.embeddings.answers import Pairs
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.explore import finding, finding_texts, long_work
from sslstudio.gui.pages.explore.finding_line import FindingLine
from sslstudio.gui.pages.explore.long_work import LongWork
from sslstudio.gui.pages.explore.view import ExploreView
from sslstudio.gui.pages.page import Page
from sslstudio.stages import embed_file
from sslstudio.stages.embed_file import EmbeddedFile
from tests.gui.explore_desk import NowIdle, compute_here, shown
from tests.gui.image_project import Desk, build, desk, pictures

GIVEN = pictures()
Opened = tuple[Desk, Page, ExploreView]


@pytest.fixture
def opened(qtbot: QtBot, themed: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    compute_here(monkeypatch)
    rng = np.random.default_rng(2)
    vectors = np.eye(3)[[one.kind for one in GIVEN]].repeat(4, axis=1) * 3 + rng.normal(0, 0.4, (len(GIVEN), 12))
    vectors[9] = vectors[8]  # of one patient
    vectors[30] = vectors[2]  # of two
    vectors[5] = -vectors[5]
    yield from shown(desk(build(tmp_path / "p.sslproj", GIVEN, vectors=vectors)), qtbot)


def found(view: ExploreView, qtbot: QtBot) -> list[int]:
    qtbot.waitUntil(lambda: view.finding.isVisible() and view.finding.close_button.isVisible(), timeout=60000)
    return [int(one) for one in view.gallery.grid.tiles.ids]


def test_near_duplicates_are_listed_pair_by_pair(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    ids = made.project.catalogue.image_ids()
    made.services.actions.trigger("explore.duplicates")
    assert found(view, qtbot) == [ids[2], ids[30], ids[8], ids[9]]
    assert view.finding.sentence.text().startswith("2 groups of near-duplicates, 4 images: closer than ")
    assert "one group joins images of different patients" in view.finding.sentence.text()
    assert made.session.selection == {ids[2], ids[30], ids[8], ids[9]}
    made.session.select([ids[30]])
    assert view.finding.remark.text() == f"Image {ids[30]}: The same as image {ids[2]}, of another patient."
    view.finding.close_button.click()
    assert len(view.gallery.grid.tiles.ids) == len(GIVEN) and not view.finding.isVisible()


def test_outliers_say_why(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    ids = made.project.catalogue.image_ids()
    made.services.actions.trigger("explore.outliers")
    assert found(view, qtbot)[0] == ids[5]
    made.session.select([ids[5]])
    assert "Far from all others: its nearest image is " in view.finding.remark.text()
    assert "Alone in its patient" in view.finding.remark.text()


def test_typical_examples_of_groups_and_of_the_selection(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    made.services.actions.trigger("explore.typical")
    assert len(found(view, qtbot)) == 18
    assert "of 3 groups" in view.finding.sentence.text()
    ids = made.project.catalogue.image_ids()
    made.session.select(ids[:8])
    made.services.actions.trigger("explore.typical")
    qtbot.waitUntil(lambda: "of the selection" in view.finding.sentence.text(), timeout=60000)
    assert set(found(view, qtbot)) == set(ids[:8])
    first = [made.project.catalogue.items()[ids.index(one)].subject for one in found(view, qtbot)[:2]]
    assert len(set(first)) == 2


def test_similar_to_the_centre_is_another_question_than_to_any(opened: Opened, qtbot: QtBot) -> None:
    made, _, view = opened
    ids = made.project.catalogue.image_ids()
    assert made.services.actions.get("explore.centre").reason() == finding_texts.SEVERAL_NEEDED
    assert not view.similar.isEnabled()
    made.session.select([ids[0], ids[4]])
    made.services.actions.trigger("explore.centre")
    assert found(view, qtbot)[:2] == [ids[0], ids[4]]
    assert view.finding.sentence.text().startswith("The 24 images from")
    assert "most like the centre of these 2 images" in view.finding.sentence.text()
    assert view.gallery.filters.currentText() == "similar to the centre of 2"
    assert len(made.session.selection) == 24


def test_a_dropped_file_is_embedded_and_compared(
    opened: Opened, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _, view = opened
    ids = made.project.catalogue.image_ids()
    asked: list[tuple[str, str]] = []

    def embed(path: str, folder: str, _rendering: object) -> EmbeddedFile:
        asked.append((path, folder))
        if "broken" in path:
            raise SSLStudioError("The file is damaged.", code="corrupt")
        return EmbeddedFile(np.eye(3)[1].repeat(4).astype(np.float32), b"", 3, 7)

    monkeypatch.setattr(embed_file, "embed_file", embed)
    drop(view, [tmp_path / "scan.dcm"])
    listed = found(view, qtbot)
    assert len(listed) == 24 and sum(GIVEN[ids.index(one)].kind == 1 for one in listed[:16]) >= 14
    assert asked == [(str(tmp_path / "scan.dcm"), str(made.project.run_dir("embed-1") / "artifacts"))]
    assert "most like the file (picture 4 of 7)" in view.finding.sentence.text()
    assert view.gallery.filters.currentText() == "similar to scan.dcm"
    drop(view, [tmp_path / "broken.dcm"])
    qtbot.waitUntil(lambda: "The file is damaged." in made.said, timeout=60000)
    drop(view, [tmp_path / "a.png", tmp_path / "b.png"])
    assert made.said[-1] == finding_texts.ONE_FILE and len(asked) == 2


def drop(view: ExploreView, paths: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    rest = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPointF(5, 5).toPoint(), *rest)
    QApplication.sendEvent(view, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(view, QDropEvent(QPointF(5, 5), *rest))


def test_long_work_can_be_stopped(
    qtbot: QtBot, themed: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, closed, heard = threading.Event(), list[str](), list[object]()

    class Slow(NowIdle):
        def close(self) -> None:
            closed.append("closed")
            ended.set()

    monkeypatch.setattr(long_work, "IdleCompute", Slow)
    made = desk(build(tmp_path / "p.sslproj", GIVEN[:3], with_map=False))
    line = FindingLine()
    qtbot.addWidget(line)
    work = LongWork(made.services, line)
    work.start("Looking ...", lambda _: ended.wait(10), heard.append)
    assert line.stop.isVisibleTo(line) and work.busy
    line.stop.click()
    assert closed == ["closed", "closed"] and not work.busy and line.isHidden()
    work.start("Again ...", lambda call: call("math:sqrt", 9.0), heard.append)
    qtbot.waitUntil(lambda: heard == [3.0], timeout=60000)
    work.close()
    made.close()


def test_known_duplicates_join_the_groups() -> None:
    pairs = Pairs(np.array([[0, 1]]), np.array([0.001], np.float32), 0.01, 0.1, 1.0)
    result = finding.near_duplicates(
        np.array([[10, 11]]), pairs, {11: "d1", 12: "d1", 99: "d1"}, {10: 1, 11: 1, 12: 1, 13: 2}
    )
    assert result.ids == (10, 11, 12)
    assert "1 group is known from looking through" in result.sentence and "different patients" not in result.sentence
    none = finding.near_duplicates(
        np.empty((0, 2), np.int64),
        Pairs(np.empty((0, 2), np.int64), np.empty(0, np.float32), 0.0042, 0.08, 1.0),
        {},
        {},
    )
    assert none.sentence == "No near-duplicates: no two images are closer than .0042; most have their nearest at .08."


def test_words_of_distances_and_of_what_may_be_missed() -> None:
    said = [finding_texts.distance(value) for value in (0, 0.41, 0.1, 0.08, 0.0042, 0.003, 1.25)]
    assert said == ["0", ".41", ".10", ".08", ".0042", ".003", "1.25"]
    assert finding_texts.similar(24, 9, 1, False, 0.05, 0.978).endswith("The search finds 97 % of the truly nearest.")
    far = finding_texts.like_file(24, 9, 0.5, 0.05, 0, 1, None)
    assert far.endswith("nothing here looks much like it.")
    assert finding_texts.outlier(0.01, 0.08, float("nan"), float("nan")).startswith("One of a few")
    assert "same patient" in finding_texts.outlier(0.4, 0.08, 1.0, 1.0)
