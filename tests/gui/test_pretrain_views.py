"""Views of the user's own images: drawn while looked at, again when their preset or size changes, and told in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.augment.presets import PRESETS
from sslstudio.domain.items import Item
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.controller import PretrainController
from sslstudio.gui.pages.pretrain.view import VIEWS, PretrainView
from sslstudio.gui.pages.pretrain.views_presenter import ViewsPresenter
from tests.gui.image_project import Desk, build, desk, pictures


class DrawsHere:
    """In place of the child process: notes what it is asked for and answers with flat pictures."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[Item], str, int, int]] = []
        self.fails = False
        self.closed = False

    def call(
        self, target: str, _pixels: str, items: list[Item], preset: str, size: int, each: int, seed: int, depth: int
    ) -> Any:
        assert target == "sslstudio.training.view_preview:draw_views" and depth == 0
        if self.fails:
            raise SSLStudioError("The computation stopped unexpectedly.", "Try it again.", code="compute_lost")
        self.asked.append((items, preset, size, seed))
        shape = (len(items), each, size, size, 3)
        return np.full(shape[:1] + shape[2:], 10, np.uint8), np.full(shape, 100 + seed, np.uint8)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    made = desk(build(tmp_path / "p.sslproj", pictures(6, 2), with_map=False))
    yield made
    made.close()


@pytest.fixture
def page(qtbot: QtBot, themed: QApplication, at: Desk) -> Iterator[PretrainController]:
    view = PretrainView()
    qtbot.addWidget(view)
    view.resize(1100, 760)
    view.show()
    controller = PretrainController(at.services, view)
    controller.views.compute = DrawsHere()
    qtbot.waitUntil(lambda: controller.reason() == "", timeout=10000)
    yield controller
    controller.close()


def asked(views: ViewsPresenter) -> list[tuple[list[Item], str, int, int]]:
    drawing = views.compute
    assert isinstance(drawing, DrawsHere)
    return drawing.asked


def test_views_are_drawn_when_looked_at_and_when_settings_change(page: PretrainController, qtbot: QtBot) -> None:
    view, views = page._view, page.views
    assert asked(views) == []
    view.setup.kind.look_requested.emit()
    assert view.sections.current_section() == VIEWS
    qtbot.waitUntil(lambda: view.views._stack.currentWidget() is view.views.grid, timeout=20000)
    items, preset, size, seed = asked(views)[-1]
    assert (preset, size, seed) == ("mr", 64, 0)
    assert len({item.subject for item in items}) == 4, "four patients"
    assert view.views.grid.picture(3, 4).pixelColor(0, 0).red() == 100
    assert view.views.grid.picture(0, 0).pixelColor(0, 0).red() == 10
    view.views.again.click()
    qtbot.waitUntil(lambda: view.views.grid.picture(3, 4).pixelColor(0, 0).red() == 101, timeout=20000)
    assert asked(views)[-1][0] == items
    view.views.others.click()
    qtbot.waitUntil(lambda: asked(views)[-1][0] != items, timeout=20000)
    view.setup.kind.chosen.emit("histology")
    qtbot.waitUntil(lambda: asked(views)[-1][1] == "histology", timeout=20000)
    assert "any turn" in view.views.about.text() and page.setting_up.specification().preset == "histology"
    before = len(asked(views))
    page.setting_up.pick_method("simclr")
    qtbot.wait(300)
    assert len(asked(views)) == before, "nothing that the views depend on has changed"


def test_a_child_that_fails_is_told_in_place_of_the_pictures(page: PretrainController, qtbot: QtBot) -> None:
    views, drawing = page.views, page.views.compute
    assert isinstance(drawing, DrawsHere)
    drawing.fails = True
    page._view.sections.show_section(VIEWS)
    qtbot.waitUntil(lambda: "stopped unexpectedly" in page._view.views.waiting.text.text(), timeout=20000)
    drawing.fails = False
    page._view.views.again.click()
    qtbot.waitUntil(lambda: len(asked(views)) == 1, timeout=20000)
    page.close()
    assert drawing.closed


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_is_told_in_words(name: str) -> None:
    title, done, never = texts.preset_words(PRESETS[name], automatic=False)
    assert title and done.startswith("Changed: crops of") and done.endswith(".")
    assert ("left-right flips" in done) != ("left-right flips" in never)
    assert name in texts.CHOICES


def test_what_suits_the_images_is_told_with_reasons_and_taken(page: PretrainController, qtbot: QtBot) -> None:
    why = page._view.setup.why
    qtbot.waitUntil(lambda: len(why.lines()) == 6, timeout=10000)
    found = page.why._found
    assert found is not None
    assert why.lines()[0][0] == f"Method: {texts.method_title(found.spec.task)}"
    assert all(reason.endswith(".") and evidence for _, reason, evidence in why.lines())
    page.setting_up.pick_method("simclr" if found.spec.task != "simclr" else "micle")
    page.setting_up.take({"epochs": 3})
    qtbot.waitUntil(lambda: why.take.isEnabled(), timeout=20000)
    why.take.click()
    taken = page.setting_up.specification()
    for name in ("task", "init", "backbone", "image_size", "epochs", "batch_size"):
        assert getattr(taken, name) == getattr(found.spec, name), name
    qtbot.waitUntil(lambda: not why.take.isEnabled(), timeout=20000)
    assert texts.TAKEN_ALREADY in why.take.toolTip()
