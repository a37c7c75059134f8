"""The pairing assistant on a project of small volumes: rules, coverage, contact sheet, and what a run is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.domain.specs import Pairing
from sslstudio.gui.pages.pretrain import pair_texts
from sslstudio.gui.pages.pretrain.controller import PretrainController
from sslstudio.gui.pages.pretrain.pairs_pane import PairsPane
from sslstudio.gui.pages.pretrain.view import PAIRS, PretrainView
from tests.gui import volume_project
from tests.gui.image_project import desk


@pytest.fixture
def page(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> Iterator[PretrainController]:
    at = desk(volume_project.build(tmp_path / "p.sslproj"))
    view = PretrainView()
    qtbot.addWidget(view)
    view.resize(1100, 760)
    view.show()
    controller = PretrainController(at.services, view)
    qtbot.waitUntil(lambda: controller.reason() == "", timeout=10000)
    yield controller
    controller.close()
    at.close()


def tiles(pane: PairsPane) -> list[str]:
    entries = [pane._flow.itemAt(place) for place in range(pane._flow.count())]
    return [entry.widget().accessibleName() for entry in entries if entry is not None]


def test_rules_change_the_pairs_the_coverage_and_the_run(page: PretrainController, qtbot: QtBot) -> None:
    pane, sections = page._view.pairs, page._view.sections
    page.setting_up.pick_method("simclr")
    assert not sections.isTabVisible(sections.section_ids().index(PAIRS))
    page.setting_up.pick_method("micle")
    page._view.setup.method.pairs.click()
    assert sections.current_section() == PAIRS
    qtbot.waitUntil(lambda: len(tiles(pane)) == 3, timeout=20000)
    assert pane.coverage.text() == "100 % of 3 patients have two or more images that fit"
    assert tiles(pane)[0].startswith("Patient ")
    assert not pane._alike["laterality"].isEnabled() and "No image" in pane._alike["laterality"].toolTip()
    assert pane._alike["modality"].isEnabled()
    pane._alike["series"].click()
    pane.gap.setValue(3)
    qtbot.waitUntil(lambda: all("3 slices" in tile or "4 slices" in tile for tile in tiles(pane)), timeout=20000)
    wanted = Pairing(alike=("series",), slice_gap=3)
    assert page.setting_up.specification().pairing == wanted
    pane.gap.setValue(5)
    qtbot.waitUntil(lambda: pane.message.text() == pair_texts.NO_PAIRS, timeout=20000)
    assert pane.about.property("role") == "warning" and "hardly more than SimCLR" in pane.about.text()
    pane.reset.click()
    qtbot.waitUntil(lambda: len(tiles(pane)) == 3, timeout=20000)
    assert page.setting_up.specification().pairing == Pairing()
    page.setting_up.pick_method("simclr")
    assert sections.current_section() != PAIRS


def test_other_pairs_are_drawn(page: PretrainController, qtbot: QtBot) -> None:
    page.setting_up.pick_method("micle")
    page._view.sections.show_section(PAIRS)
    pane = page._view.pairs
    qtbot.waitUntil(lambda: len(tiles(pane)) == 3, timeout=20000)
    seen = {tuple(tiles(pane))}
    for _ in range(5):
        before = page.pairs._seed
        pane.others.click()
        qtbot.waitUntil(
            lambda b=before: page.pairs._seed == b + 1 and not page._services.background.busy, timeout=20000
        )
        seen.add(tuple(tiles(pane)))
    assert len(seen) > 1
