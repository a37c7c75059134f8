"""The Classify page: trains and tests by patient, shows figures with their n, selects a cell's images, compares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.classifiers import conformal, trust
from sslstudio.classifiers.scores import evaluate
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.classify import examination_texts, texts
from sslstudio.gui.pages.classify.controller import ClassifyController
from sslstudio.gui.pages.classify.cut_panel import CutPanel
from sslstudio.gui.pages.classify.page import create
from sslstudio.gui.pages.classify.score_panel import ScorePanel
from sslstudio.gui.pages.classify.subgroup_panel import SubgroupPanel
from sslstudio.gui.pages.classify.trust_panel import TrustPanel
from sslstudio.gui.pages.classify.view import ClassifyView
from sslstudio.gui.pages.page import Page
from sslstudio.session import examining
from tests.gui.image_project import Desk, add_embedding, build, desk, label_all, pictures, scores_of

GIVEN = pictures(patients=24)
SOON = 60_000


class FakeView(QObject):
    """Keeps what it was last told, by setter name."""

    source_requested = Signal(str)
    train_requested = Signal()
    compare_requested = Signal()
    embed_requested = Signal()
    model_requested = Signal(str)
    cell_requested = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, tuple[Any, ...]] = {}

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("set_"):
            raise AttributeError(name)
        return lambda *values: self.told.__setitem__(name, values)


@pytest.fixture
def made(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    opened = desk(build(tmp_path / "p.sslproj", GIVEN))
    yield opened
    opened.close()


def ready(made: Desk, qtbot: QtBot) -> ProjectImages:
    images = ProjectImages.of(made.services)
    qtbot.waitUntil(lambda: images.loaded, timeout=10000)
    return images


@pytest.fixture
def page(made: Desk, qtbot: QtBot, themed: QApplication) -> Iterator[Page]:
    shown = create(made.services)
    qtbot.addWidget(shown.widget)
    shown.widget.resize(1000, 900)
    shown.widget.show()
    shown.activate()
    ready(made, qtbot)
    yield shown
    shown.close()


def view_of(page: Page) -> ClassifyView:
    assert isinstance(page.widget, ClassifyView)
    return page.widget


def test_without_labels_the_button_says_what_is_missing(page: Page, qtbot: QtBot) -> None:
    view = view_of(page)
    qtbot.waitUntil(lambda: view.train.reason == texts.FEW_LABELS, timeout=10000)
    assert view._stack.currentWidget() is view._empty
    assert page.badge() == ""


@pytest.mark.slow
def test_training_shows_figures_by_patient_and_a_cell_selects_its_images(made: Desk, page: Page, qtbot: QtBot) -> None:
    view = view_of(page)
    label_all(made.session, GIVEN)
    page.refresh()
    qtbot.waitUntil(lambda: view.train.reason == "", timeout=10000)
    view.train.button.click()
    assert view.train.reason == texts.TRAINING
    qtbot.waitUntil(lambda: len(view.confusion.matrix.names) == 3, timeout=SOON)
    scores = scores_of(made.project, "linear-1")
    assert view.confusion.matrix.counts.tolist() == scores["confusion"]
    assert f"{scores['n_images']} test images of {scores['n_subjects']} patients" in view._basis.text()
    assert "indicative" in view._basis.text()
    assert view._value.text() == texts.figure(scores["balanced_accuracy"])
    assert [row.cells[0] for row in view.examination.scores.per_class.scores.rows] == ["ring", "bar", "spots"]
    qtbot.waitUntil(lambda: "No patient is on both sides" in view.split.sides.text(), timeout=10000)
    images = ProjectImages.of(made.services)
    qtbot.waitUntil(lambda: images.suggestions is not None, timeout=SOON)
    assert page.badge() == f"{scores['balanced_accuracy']['value']:.2f}"
    for true in range(3):
        for predicted in range(3):
            view.confusion.cell_requested.emit(true, predicted)
            assert len(made.session.selection) == scores["confusion"][true][predicted]
    parts = made.project.catalogue.parts()
    view.confusion.setCurrentIndex(view.confusion.matrix.index(0, 0))
    qtbot.keyClick(view.confusion, Qt.Key.Key_Return)
    assert made.session.selection
    assert {parts[image_id] for image_id in made.session.selection} == {"test"}


@pytest.mark.slow
def test_the_comparison_trains_on_every_network_and_answers_in_words(made: Desk, page: Page, qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    add_embedding(made.project, rng.normal(size=(len(GIVEN), 12)), "random", "embed-2", "map-2")
    made.session.run_was_changed("embed-2")
    label_all(made.session, GIVEN)
    view = view_of(page)
    qtbot.waitUntil(lambda: len(view.comparison.scores.rows) == 2, timeout=10000)
    page.refresh()
    view.compare.clicked.emit()
    qtbot.waitUntil(lambda: all("(" in row.cells[1] for row in view.comparison.scores.rows), timeout=SOON)
    assert view._verdict.text().startswith(("Yes", "Perhaps"))
    assert "simclr-1" in view._verdict.text()
    assert not view.embed.isVisible()


def test_the_missing_start_is_embedded_with_the_same_backbone(made: Desk, page: Page, qtbot: QtBot) -> None:
    view = view_of(page)
    qtbot.waitUntil(lambda: not view.embed.isHidden(), timeout=10000)
    view.embed.clicked.emit()
    (run_id, _) = made.jobs.launched[0]
    assert '"source":"random"' in made.project.catalogue.run(run_id).spec_json.replace(" ", "")


@pytest.mark.slow
def test_the_controller_needs_no_window(made: Desk, qtbot: QtBot) -> None:
    view = FakeView()
    controller = ClassifyController(made.services, view)
    ready(made, qtbot)
    label_all(made.session, GIVEN)
    made.project.catalogue.split_by_subject(0.25)
    made.session.clear_labels(
        [key for key, part in made.project.catalogue.parts().items() if part == "test" and key in made.session.labels()]
    )
    controller.refresh()
    qtbot.waitUntil(lambda: view.told.get("set_train_reason") == ("",), timeout=10000)
    view.train_requested.emit()
    qtbot.waitUntil(lambda: "set_no_score" in view.told, timeout=SOON)
    assert any("could not be tested" in text for text in made.said)
    controller.close()


def test_the_verdict_may_say_no() -> None:
    def figure(value: float, reach: float = 0.05) -> dict[str, float]:
        return {"value": value, "low": value - reach, "high": value + reach}

    assert texts.verdict([("run", True, figure(0.8)), ("start", False, figure(0.6))]).startswith("Yes")
    assert texts.verdict([("run", True, figure(0.64)), ("start", False, figure(0.6))]).startswith("Perhaps")
    assert texts.verdict([("run", True, figure(0.5)), ("start", False, figure(0.6))]).startswith("No")
    assert "pretrained here" in texts.verdict([("start", False, figure(0.6))])
    assert "nothing to compare" in texts.verdict([("run", True, figure(0.5))])


def test_figures_say_when_they_do_not_exist() -> None:
    assert texts.figure({"value": None, "low": None, "high": None}) == "-"
    assert texts.figure({"value": 0.5, "low": 0.4, "high": 0.6}) == "0.50 (0.40 to 0.60)"
    assert "Guessing gives 0.25" in texts.basis(60, 20, 4)
    assert "indicative" not in texts.basis(60, 20, 4)


def evaluated(y: np.ndarray, proba: np.ndarray, groups: np.ndarray, names: list[str]) -> dict[str, Any]:
    """Scores as an evaluation keeps them, of a classifier calibrated with a temperature of 2."""
    kept = conformal.calibrate(y, proba, groups)
    return {
        **evaluate(y, proba, groups, names),
        **trust.describe(y, proba, groups, names, 2.0),
        "conformal": {**kept, "levels": conformal.describe(y, proba, groups, kept)},
    }


def two_classes() -> dict[str, Any]:
    y = np.array([0] * 20 + [1] * 20)
    first = np.r_[np.full(18, 0.9), np.full(2, 0.3), np.full(4, 0.9), np.full(16, 0.1)]
    groups = np.array([f"p{n // 2}" for n in range(40)])
    return evaluated(y, np.stack([first, 1 - first], axis=1), groups, ["glioma", "none"])


def test_cuts_follow_what_the_user_enters(qtbot: QtBot, themed: QApplication) -> None:
    panel = CutPanel()
    qtbot.addWidget(panel)
    panel.set_scores(two_classes())
    assert panel.which.currentText() == "glioma"
    assert panel.prevalence.value() == 50.0
    said = panel.cut.text()
    assert "from a probability of 0.90 on" in said
    assert "sensitivity 0.90" in said and "18 of 20 images of 10 patients" in said and "specificity 0.80" in said
    panel.prevalence.setValue(1.0)
    assert "PPV 0.04 (0.0" in panel.cut.text() and "NPV 0.999 (0.988 to" in panel.cut.text()
    panel.sensitivity.setValue(95.0)
    assert "from a probability of 0.30 on" in panel.cut.text()
    assert "act on glioma from a probability of" in panel.gain.text()
    panel.grab()


def test_probabilities_say_whether_they_can_be_trusted_and_when_it_cannot_tell(
    qtbot: QtBot, themed: QApplication
) -> None:
    panel = TrustPanel()
    qtbot.addWidget(panel)
    scores = two_classes()
    panel.set_scores(scores)
    assert "ECE" in panel.calibrated.text() and "temperature" in panel.before.text()
    assert "Indicative only" in panel.promise.text(), "40 images to set the limits on"
    assert [row.cells[0] for row in panel.sets.scores.rows] == ["90 %", "95 %"]
    level = {**scores["conformal"]["levels"][0], "held": {"value": 0.5, "low": 0.4, "high": 0.6}}
    panel.set_scores({**scores, "conformal": {"n_images": 400, "n_subjects": 90, "levels": [level]}})
    assert "not kept" in panel.promise.text()
    panel.set_scores({"n_images": 3, "calibration": None})
    assert panel.sets.isHidden() and "No sets" in panel.promise.text(), "an evaluation of an older version"
    panel.grab()


def test_all_scores_are_shown_with_what_they_count(qtbot: QtBot, themed: QApplication) -> None:
    panel = ScorePanel()
    qtbot.addWidget(panel)
    scores = two_classes()
    panel.set_scores(scores, {"glioma": "#d55e00"})
    titles = [row.cells for row in panel.overall.scores.rows]
    assert titles[0] == ("Balanced accuracy", texts.figure(scores["balanced_accuracy"]))
    assert panel.per_class.scores.rows[0].cells[1] == texts.figure(scores["per_class"][0]["sensitivity"])
    assert panel.more.scores.rows[0].cells[3] == texts.figure(scores["per_class"][0]["average_precision"])
    assert panel._basis.text().startswith("40 test images of 20 patients")
    panel.set_scores({**scores, "unit": "patient", "n_images": 40, "n_cases": 20}, {})
    assert panel._basis.text().startswith("20 test patients with 40 test images")
    panel.set_scores({**scores, "unit": "study", "n_cases": 30}, {})
    assert panel._basis.text().startswith("30 test studies of 20 patients")
    panel.grab()


@pytest.mark.slow
def test_worst_cases_and_subgroups_are_filled_when_they_are_looked_at(made: Desk, page: Page, qtbot: QtBot) -> None:
    view = view_of(page)
    label_all(made.session, GIVEN)
    page.refresh()
    qtbot.waitUntil(lambda: view.train.reason == "", timeout=10000)
    view.train.button.click()
    qtbot.waitUntil(lambda: len(view.confusion.matrix.names) == 3, timeout=SOON)
    tabs, worst = view.examination.tabs, view.examination.worst
    assert worst.gallery is not None and not len(worst.gallery.tiles.ids), "not read before it is looked at"
    tabs.show_panel("worst")
    qtbot.waitUntil(lambda: worst.gallery is not None and len(worst.gallery.tiles.ids) > 0, timeout=SOON)
    scores = scores_of(made.project, "linear-1")
    assert len(worst.gallery.tiles.ids) == scores["n_images"]
    cases = examining.worst_first(made.project, "linear-1")
    assert worst.gallery.tiles.ids.tolist() == cases.ids.tolist()
    worst.gallery.selection_requested.emit(cases.ids[:2], "replace")
    assert set(made.session.selection) == set(cases.ids[:2].tolist())
    images = ProjectImages.of(made.services)
    qtbot.waitUntil(lambda: images.suggestions is not None, timeout=SOON)
    view.confusion.cell_requested.emit(0, 0)
    assert len(worst.gallery.tiles.ids) == scores["confusion"][0][0] and not worst.all.isHidden()
    worst.all.click()
    assert len(worst.gallery.tiles.ids) == scores["n_images"] and worst.all.isHidden()
    tabs.show_panel("subgroups")
    panel = view.examination.subgroups
    qtbot.waitUntil(lambda: panel.words.text() not in ("", examination_texts.LOOKING), timeout=SOON)
    page.widget.grab()


def test_a_subgroup_that_is_worse_is_named_and_a_click_asks_for_its_images(qtbot: QtBot, themed: QApplication) -> None:
    panel = SubgroupPanel()
    qtbot.addWidget(panel)
    score = {"value": 0.7, "low": 0.6, "high": 0.8}
    row = {"column": "Scanner", "value": "A", "n": 40, "n_subjects": 12, "balanced_accuracy": score}
    gap = {"value": -0.2, "low": -0.35, "high": -0.05}
    unclear = {**row, "value": "B", "difference": {"value": 0.1, "low": -0.1, "high": 0.3}, "verdict": "unclear"}
    rows = [{**row, "difference": gap, "verdict": "worse"}, unclear]
    panel.set_rows(rows, examination_texts.subgroups(rows))
    assert "Reliably worse" in panel.words.text() and "Scanner A (-0.20 (-0.35 to -0.05))" in panel.words.text()
    with qtbot.waitSignal(panel.row_requested) as asked:
        panel.table.clicked.emit(panel.table.scores.index(1, 0))
    assert asked.args == [1]
    panel.resize(900, 300)
    panel.grab()
    assert "No difference can be shown" in examination_texts.subgroups([unclear])
    panel.set_rows([], examination_texts.subgroups([]))
    assert panel.table.isHidden() and "no subgroup" in panel.words.text()
