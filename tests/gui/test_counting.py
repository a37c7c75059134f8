"""Counting by image, study or patient on the Classify page: all that depends on it follows, and a cell selects whole
patients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.domain.split_plans import SplitPlan
from sslstudio.gui.pages.classify import counting_texts, texts
from sslstudio.gui.pages.classify.counting_bar import CountingBar
from sslstudio.gui.pages.classify.page import create
from sslstudio.gui.pages.classify.view import ClassifyView
from sslstudio.gui.widgets.controls import Segmented
from sslstudio.session import attending, judging
from tests.gui.image_project import Desk, build, desk, label_all, pictures, scores_of

GIVEN = pictures(patients=24)
SOON = 30_000


@pytest.fixture
def made(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    opened = desk(build(tmp_path / "p.sslproj", GIVEN))
    label_all(opened.session, GIVEN)
    ids = opened.project.catalogue.image_ids()
    opened.session.label_images([ids[3]], opened.project.catalogue.classes()[1].class_id)  # one patient is mixed
    opened.project.catalogue.assign_parts({n: "test" if (n - 1) // 4 % 2 == 0 else "train" for n in ids})
    model = judging.fit(opened.project, "simclr-1", SplitPlan())
    judging.evaluate(opened.project, model)
    yield opened
    opened.close()


def press(part: Segmented, value: str) -> None:
    part._group.button(part._values.index(value)).click()


def test_all_that_depends_on_it_follows_the_choice(made: Desk, qtbot: QtBot, themed: QApplication) -> None:
    page = create(made.services)
    view = page.widget
    assert isinstance(view, ClassifyView)
    qtbot.addWidget(view)
    view.resize(1000, 1200)
    view.show()
    page.activate()
    bar = view.counting
    qtbot.waitUntil(lambda: "48 test images" in view._basis.text(), timeout=SOON)
    assert bar.comparison.isHidden() and not bar.way._group.button(1).isEnabled()
    assert bar.unit._group.button(1).toolTip().startswith("All test patients have one study each")
    press(bar.unit, "patient")
    qtbot.waitUntil(lambda: not bar.comparison.isHidden(), timeout=SOON)
    pooled = scores_of(made.project, "linear-1")["pooled"]
    assert "on 11 test patients (44 images)" in view._basis.text()
    assert view._value.text() == texts.figure(pooled["balanced_accuracy"])
    assert view.confusion.matrix.counts.tolist() == pooled["confusion"]
    assert "Left out: 1 patient (4 images) whose images are of different classes" in bar.left_out.text()
    assert "11 test patients" in view.examination.trust.calibrated.text()
    assert view.examination.cut.cut.text().startswith("Call a patient")
    qtbot.waitUntil(lambda: page.badge() == f"{pooled['balanced_accuracy']['value']:.2f}", timeout=SOON)
    assert "it needs 20" in bar.comparison.verdict.text() and "Keep the mean" in bar.comparison.verdict.text()
    assert bar.way._group.button(2).toolTip() in bar.comparison.verdict.text() and bar.way.value() == "mean"
    row = next(n for n in range(3) if pooled["confusion"][n][n])
    view.confusion.cell_requested.emit(row, row)
    qtbot.waitUntil(lambda: len(made.session.selection) == 4 * pooled["confusion"][row][row], timeout=SOON)
    assert "patient" in made.said[-1]
    bar.comparison.table.row_requested.emit(1)
    qtbot.waitUntil(lambda: scores_of(made.project, "linear-1")["counting"]["pooling"] == "max", timeout=SOON)
    qtbot.waitUntil(lambda: "Left out" in bar.left_out.text(), timeout=SOON)
    bar.nothing.setCurrentIndex(bar.nothing.findData("ring"))
    bar.nothing.activated.emit(bar.nothing.currentIndex())
    qtbot.waitUntil(lambda: "12 test patients" in view._basis.text(), timeout=SOON)
    assert attending.nothing_class(made.project) == made.project.catalogue.classes()[0].class_id
    assert "ring that of the image in which it is lowest" in bar._way_row.help.text()
    assert bar.nothing.currentData() == "ring" and not bar.left_out.text()
    press(bar.unit, "image")
    qtbot.waitUntil(lambda: "48 test images" in view._basis.text(), timeout=SOON)
    view.grab()
    page.close()


def test_the_words_say_what_is_better_and_never_more(qtbot: QtBot, themed: QApplication) -> None:
    score = {"value": 0.8, "low": 0.7, "high": 0.9}
    gap = {"value": 0.1, "low": 0.02, "high": 0.18}
    row = {"balanced_accuracy": score, "macro_auc": score, "differences": {}, "verdict": "unclear"}
    shown = {
        "unit": "study",
        "pooling": "max",
        "comparison": [
            {**row, "pooling": "mean"},
            {**row, "pooling": "max", "differences": {"balanced_accuracy": gap}, "verdict": "better"},
        ],
    }
    said = counting_texts.verdict(shown, "No attention.")
    assert said.startswith("Highest does better than the mean in balanced accuracy: +0.10 (+0.02 to +0.18).")
    assert "Keep" not in said and "too good" in said and said.endswith("No attention.")
    bar = CountingBar()
    qtbot.addWidget(bar)
    bar.comparison.set_rows("study", ("mean", "max"), counting_texts.rows(shown), said)
    assert [line.strong for line in bar.comparison.table.scores.rows] == [False, True]
    with qtbot.waitSignal(bar.chosen) as asked:
        bar.comparison.table.row_requested.emit(0)
    assert asked.args == ["image", "mean"]
    assert "show different findings" in counting_texts.left_out(
        {"unit": "patient", "differ": 2, "differ_images": 5, "further": 3, "nothing": "none"}
    )
