"""The explanation of a case: one key, neighbours by class, probabilities, the map with its check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.gui.explain import heat, texts
from sslstudio.gui.explain.controller import Explaining
from sslstudio.gui.explain.panel import ExplanationPanel
from sslstudio.gui.item_models.project_images import LIVE, ProjectImages, Suggestions
from sslstudio.session import workflow
from tests.gui.image_project import Desk, build, desk, label_all, pictures

GIVEN = pictures(patients=12)
SOON = 60_000


class Looked:
    """What a look at an image with a network gives."""

    heat = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    fields, method, likeness, doubtful, empty = 8, "Grad-CAM", 0.1, False, False


@pytest.fixture
def made(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    opened = desk(build(tmp_path / "p.sslproj", GIVEN))
    yield opened
    ProjectImages.of(opened.services).close()
    opened.close()


@pytest.fixture
def explaining(made: Desk, qtbot: QtBot) -> Iterator[Explaining]:
    label_all(made.session, GIVEN)
    workflow.fit_linear(made.project, made.project.catalogue.runs()[-2].run_id)
    found = Explaining.of(made.services)
    release = found.add_to(made.services.actions, "label")
    qtbot.waitUntil(lambda: found._images.loaded and found._current.loaded, timeout=SOON)
    yield found
    release()


def opened(explaining: Explaining, made: Desk, qtbot: QtBot, image_id: int = 1) -> ExplanationPanel:
    made.session.select([image_id])
    made.services.actions.trigger("label.explain")
    assert explaining.panel is not None
    panel = explaining.panel
    qtbot.waitUntil(lambda: panel.title.text().startswith(f"#{image_id},"), timeout=SOON)
    return panel


def test_one_key_shows_opinion_and_neighbours_of_other_patients(
    explaining: Explaining, made: Desk, qtbot: QtBot
) -> None:
    action = made.services.actions.get("label.explain")
    assert action.keys == "E" and action.page == "label"
    assert made.services.actions.trigger("label.explain") == texts.NOTHING
    panel = opened(explaining, made, qtbot)
    assert panel.heat_class.count() == 3 and panel.heat_class.itemText(0) == "ring"
    case = explaining._case
    assert case is not None and case.explained is not None
    table = explaining._images.table
    owners = {int(table.subject_code[table.rows_of(np.array([one.image_id]))[0]]) for one in case.explained.near}
    assert int(table.subject_code[0]) not in owners
    assert {one.image_id for one in case.explained.near} <= set(panel.wanted())
    assert texts.LEARNED in panel.notice.text() or not case.explained.learned
    made.session.select([5])  # it follows the selection
    qtbot.waitUntil(lambda: panel.title.text().startswith("#5,"), timeout=SOON)
    made.services.actions.trigger("label.explain")
    assert not panel.isVisible()


def test_the_map_lies_over_the_image_with_its_check_and_goes_again(
    explaining: Explaining, made: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    def call(_target: str, *args: Any) -> Looked:
        asked.append(args)
        return Looked()

    monkeypatch.setattr(explaining._networks, "call", call)
    panel = opened(explaining, made, qtbot)
    panel.show_heat.setChecked(True)
    qtbot.waitUntil(lambda: panel._heat is not None, timeout=SOON)
    assert asked[0][-1] == 0  # the place of the likeliest class in the model
    assert "random weights: 0.10" in panel.map_words.text() and panel.caution.text() == texts.CAUTION
    assert not panel.image._heat.isNull()
    panel.opacity.setValue(30)
    assert panel.image._heat_share == pytest.approx(0.3)
    panel.show_heat.setChecked(False)
    assert panel.image._heat.isNull() and not panel.map_words.text()


def test_without_a_classifier_neighbours_are_shown_all_the_same(made: Desk, qtbot: QtBot) -> None:
    label_all(made.session, GIVEN)
    found = Explaining.of(made.services)
    release = found.add_to(made.services.actions, "label")
    qtbot.waitUntil(lambda: found._images.loaded and found._current.loaded, timeout=SOON)
    panel = opened(found, made, qtbot)
    assert panel.notice.text() == texts.NO_MODEL and panel.wanted() and not panel.show_heat.isEnabled()
    release()


def test_while_labelling_the_suggestions_speak_and_elsewhere_the_classifier(
    explaining: Explaining, made: Desk, qtbot: QtBot
) -> None:
    images = explaining._images
    ids, shares = np.array([1, 2]), np.full((2, 2), 0.5, dtype=np.float32)
    images.set_suggestions(Suggestions(ids, shares, (1, 2), LIVE))
    panel = opened(explaining, made, qtbot)
    assert panel.opinion.text() == "What the suggestions say" and not panel.show_heat.isEnabled()
    explaining.open()
    made.session.select([1])
    explaining.open()
    qtbot.waitUntil(lambda: panel.opinion.text().startswith("What linear-"), timeout=SOON)
    assert panel.show_heat.isEnabled()
    explaining.open()


def test_what_cannot_be_ruled_out_stands_below_the_opinion(explaining: Explaining, made: Desk, qtbot: QtBot) -> None:
    panel = opened(explaining, made, qtbot)
    panel.set_opinion([(1, "ring", 0.6), (2, "disc", 0.4)], "At a promise of 90 % it cannot rule out ring or disc.")
    assert panel._sets.isVisible()
    panel.set_opinion([(1, "ring", 1.0)])
    assert not panel._sets.isVisible()
    words = texts.cannot_rule_out([(0.9, ["ring"]), (0.95, ["ring", "disc"])], indicative=True).splitlines()
    assert words[0].endswith("rules out all but ring.") and words[1].endswith("cannot rule out ring or disc.")
    assert words[2].startswith("Indicative only")


def test_words_and_colours_say_what_the_map_is() -> None:
    bad = texts.map_words("Grad-CAM", 8, 0.9, True)
    assert bad.startswith("Do not rely on this map") and "0.90" in bad
    assert "same for every class" in texts.map_words("attention rollout", 8, 0.1, False)
    assert texts.days(1) == "1 day before" and "not known" in texts.days(None)
    drawn = heat.picture(np.array([[0.0, 1.0]], dtype=np.float32))
    low, high = drawn.pixelColor(0, 0), drawn.pixelColor(1, 0)
    assert low.alpha() == 0 and high.alpha() == 255
    assert len({high.red(), high.green(), high.blue()}) > 1 and high.lightness() > low.lightness()
