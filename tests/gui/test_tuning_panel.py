"""Fine-tuning on the Classify page: offered with its cost, followed live, tested when done, called better or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.domain.runs import Job, Monitor, Progress, RunState
from sslstudio.domain.specs import FinetuneSpec
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.pages.classify import tuning_texts as texts
from sslstudio.gui.pages.classify.tuning import Tuning
from sslstudio.gui.pages.classify.tuning_panel import TuningPanel
from sslstudio.session import finetuning, judging, leaks
from tests.fakes.project_runs import write_backbone
from tests.gui.image_project import Desk, build, desk, label_all, pictures

GIVEN = pictures(patients=12)
SOON = 60_000


@pytest.fixture
def made(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    opened = desk(build(tmp_path / "p.sslproj", GIVEN))
    yield opened
    opened.close()


@pytest.fixture
def panel(made: Desk, qtbot: QtBot) -> TuningPanel:
    found = TuningPanel()
    qtbot.addWidget(found)
    current = CurrentMap.of(made.services)
    qtbot.waitUntil(lambda: current.loaded, timeout=SOON)
    assert current.known.current is not None
    folder = made.project.run_dir(current.known.current.embedding) / "artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    write_backbone(folder, "simclr-1")
    return found


def test_it_is_offered_with_its_cost_and_started_with_what_was_chosen(
    made: Desk, panel: TuningPanel, qtbot: QtBot
) -> None:
    tuning = Tuning(made.services, panel, lambda: None)
    qtbot.waitUntil(lambda: "two classes" in panel.start.reason, timeout=SOON)
    label_all(made.session, GIVEN)
    tuning.refresh()
    qtbot.waitUntil(lambda: not panel.start.reason, timeout=SOON)
    assert "48 labelled images" in panel.offer.text() and "guess" in panel.offer.text()
    assert panel.mode.findData("lora") < 0 and panel.mode.currentData() == "lpft"
    panel.mode.setCurrentIndex(panel.mode.findData("last"))
    panel.epochs.setValue(3)
    panel.start.button.click()
    ((run_id, _),) = made.jobs.launched
    spec = FinetuneSpec.model_validate_json(made.project.catalogue.run(run_id).spec_json)
    assert (spec.mode, spec.epochs) == ("last", 3)


def test_a_run_is_followed_live_and_can_be_paused_and_stopped(made: Desk, panel: TuningPanel, qtbot: QtBot) -> None:
    tuning = Tuning(made.services, panel, lambda: None)
    known = Progress(at=0.0, done=2.2, total=20, unit="epochs", text="Training", seconds_left=600)
    made.jobs.busy = SimpleNamespace(run_id="finetune-1", stage="finetune", progress=known, held=False)
    made.jobs.followed.emit("finetune-1")
    scores = [Monitor(at=0.0, epoch=epoch, values={"balanced_accuracy": 0.5 + 0.1 * epoch}) for epoch in (-1, 0, 1)]
    made.jobs.events.emit("finetune-1", scores)
    made.jobs.changed.emit("finetune-1")
    assert tuning._points == [(0.0, 0.4), (1.0, 0.5), (2.0, 0.6)] and not panel.curve.isHidden()
    assert panel.doing.text() == "Pass 3 of 20. 10 min left" and panel.start.reason == texts.RUNNING
    panel.stop.click()
    assert made.jobs.cancelled == ["finetune-1"]
    panel.hold.click()
    assert made.jobs.held == [("finetune-1", True)]
    made.jobs.busy = None
    made.jobs.changed.emit("finetune-1")
    assert panel.stop.isHidden()


def test_a_run_that_was_stopped_can_go_on(made: Desk, panel: TuningPanel, qtbot: QtBot) -> None:
    label_all(made.session, GIVEN)
    tuning = Tuning(made.services, panel, lambda: None)
    qtbot.waitUntil(lambda: bool(panel.offer.text()), timeout=SOON)
    panel.start.button.click()
    ((run_id, _),) = made.jobs.launched
    made.project.catalogue.set_run_state(run_id, RunState.CANCELLED, {})
    tuning.refresh()
    qtbot.waitUntil(lambda: not panel.resume.isHidden(), timeout=SOON)
    resumed: list[str] = []
    made.jobs.resume = resumed.append
    panel.resume.click()
    assert resumed == [run_id] and panel.resume.text() == f"Go on with {run_id}"


def test_it_is_not_tested_while_the_two_sides_leak_and_by_itself_once_they_do_not(
    made: Desk, panel: TuningPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, leaking = made.project, []
    label_all(made.session, GIVEN)
    project.catalogue.split_by_subject(0.3)
    with monkeypatch.context() as patched:
        patched.setattr(project.catalogue, "new_run_id", lambda prefix: "finetune-1")
        model = judging.fit(project, "embed-1", SplitPlan())
    sides = {part: key for key, part in project.catalogue.parts().items()}
    same = "UPDATE images SET pixel_digest = 'same' WHERE image_id IN (?, ?)"
    with project.catalogue._db.transaction() as connection:
        connection.execute(same, (sides["train"], sides["test"]))
    spec = FinetuneSpec(embedding="embed-1", source="simclr-1", classes=("a", "b"))
    job = Job(run_id=model, stage="finetune", name=model, spec=spec, created="2026-01-01T00:00:00", package_version="0")
    project.catalogue.add_run(job)
    tuning = Tuning(made.services, panel, lambda: None, None, leaking.append)
    qtbot.waitUntil(lambda: bool(leaking), timeout=SOON)
    assert project.catalogue.model(model).scores is None and panel.verdict.text() == texts.LEAKS
    assert [leak.kind for leak in leaking[0].found] == ["identical"] and not tuning._testing
    leaks.solve(project, leaking[0].found, "leave_out")
    made.session.images_were_changed()
    qtbot.waitUntil(lambda: project.catalogue.model(model).scores is not None, timeout=SOON)
    qtbot.waitUntil(lambda: not tuning._testing, timeout=SOON)


def test_what_is_no_better_is_not_recommended() -> None:
    def model(name: str, verdict: str | None) -> SimpleNamespace:
        against = {} if verdict is None else {"against_linear": {"verdict": verdict}}
        return SimpleNamespace(model_id=name, scores=against)

    linear, worse, better = model("linear-1", None), model("finetune-1", "unclear"), model("finetune-2", "better")
    assert finetuning.recommended([linear, worse]) == "linear-1"
    assert finetuning.recommended([linear, worse, better]) == "finetune-2"
    assert finetuning.recommended([]) == "" and finetuning.recommended([worse]) == "finetune-1"
