"""Two trainings beside each other on the Pretrain page: curves, maps in which a case is followed, images that moved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.domain.runs import Monitor
from sslstudio.domain.specs import PretrainSpec
from sslstudio.gui.pages.pretrain import compare_texts
from sslstudio.gui.pages.pretrain.compare_pane import ComparePane
from sslstudio.gui.pages.pretrain.compare_presenter import ComparePresenter
from sslstudio.session.project import Project
from tests.gui.image_project import Desk, add_embedding, add_run, build, desk, pictures


def tell(project: Project, run_id: str, found: float, epochs: int = 5) -> None:
    folder = project.run_dir(run_id)
    folder.mkdir(parents=True, exist_ok=True)
    values = [{"view_retrieval": found * (n + 1) / epochs, "loss": 4.0 - n, "collapse": 0.8} for n in range(epochs)]
    lines = [Monitor(at=0, epoch=n, values=one).model_dump_json() for n, one in enumerate(values)]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    project = build(tmp_path / "p.sslproj", pictures(10, 3))
    vectors = np.random.default_rng(7).normal(size=(30, 12)).astype(np.float32)
    add_run(project, "micle-1", "pretrain", PretrainSpec(task="micle"), {})
    add_embedding(project, vectors, "micle-1", "embed-2", "map-2")
    add_run(project, "simclr-2", "pretrain", PretrainSpec(), {})
    tell(project, "simclr-1", 0.4)
    tell(project, "micle-1", 0.8)
    tell(project, "simclr-2", 0.6)
    made = desk(project)
    yield made
    made.close()


@pytest.fixture
def pane(qtbot: QtBot, themed: QApplication) -> ComparePane:
    shown = ComparePane()
    qtbot.addWidget(shown)
    shown.resize(760, 640)
    shown.show()
    return shown


def presenter(at: Desk, pane: ComparePane) -> ComparePresenter:
    made = ComparePresenter(at.services, pane)
    made.set_rows([row for row in at.project.catalogue.runs() if row.stage == "pretrain"])
    return made


def test_two_runs_are_laid_over_each_other_and_followed(at: Desk, pane: ComparePane, qtbot: QtBot) -> None:
    made = presenter(at, pane)
    pane.chosen.emit("simclr-1", "micle-1")
    qtbot.waitUntil(lambda: pane.maps.isVisible(), timeout=20000)
    assert "are the same in both (30 images" in pane.kept.text()
    assert pane._plots is not None and pane.no_loss.isVisible() and not pane._plots[1].isVisible()
    spots = pane.maps._spots(1)[4]
    qtbot.mouseMove(pane.maps, QPoint(round(spots[0]), round(spots[1])))
    qtbot.mouseClick(pane.maps, Qt.MouseButton.LeftButton, pos=QPoint(round(spots[0]), round(spots[1])))
    qtbot.waitUntil(lambda: len(at.session.selection) == 1, timeout=20000)
    assert pane.maps._ringed == at.session.selection
    pane.moved.click()
    assert len(at.session.selection) == 20 and pane.maps._ringed == at.session.selection
    made.close()


def test_runs_of_one_method_have_their_losses_compared(at: Desk, pane: ComparePane, qtbot: QtBot) -> None:
    made = presenter(at, pane)
    pane.chosen.emit("simclr-1", "simclr-2")
    qtbot.waitUntil(lambda: "no embeddings of simclr-2" in pane.message.text(), timeout=10000)
    assert not pane.maps.isVisible() and not pane.moved.isEnabled()
    assert pane._plots is not None and pane._plots[1].isVisible() and not pane.no_loss.isVisible()
    made.close()


def test_one_run_alone_says_that_two_are_needed(at: Desk, pane: ComparePane, qtbot: QtBot) -> None:
    made = ComparePresenter(at.services, pane)
    made.set_rows([at.project.catalogue.run("simclr-1")])
    qtbot.waitUntil(lambda: pane.message.text() == compare_texts.TWO_NEEDED, timeout=10000)
    made.close()
