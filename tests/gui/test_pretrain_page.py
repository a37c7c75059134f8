"""The Pretrain page in the real window: training, stopping, extending, and the chain to a map, by real processes."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import PretrainSpec
from sslstudio.gui.pages.pretrain import run_texts, texts, trial_texts
from sslstudio.gui.pages.pretrain.form import COMMON, RARE, Form, spec_fields
from sslstudio.gui.pages.pretrain.view import PretrainView
from sslstudio.gui.window import MainWindow
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session.project import Project
from tests.gui.conftest import MakeWindow


def pretrain_view(window: MainWindow) -> PretrainView:
    assert window.workspace is not None
    window.show_page("pretrain")
    return cast(PretrainView, window.workspace.page("pretrain").widget)


def ready(window: MainWindow, qtbot: QtBot) -> PretrainView:
    view = pretrain_view(window)
    qtbot.waitUntil(lambda: view.setup.start.reason == "", timeout=20000)
    return view


def training(project: Project) -> str:
    """The name of the project's training, whatever method was recommended."""
    return next(row.run_id for row in project.catalogue.runs() if row.stage == "pretrain")


def test_training_is_followed_and_goes_on_to_a_map(
    make_window: MakeWindow, qtbot: QtBot, small_project: Project
) -> None:
    window = make_window()
    window.attach(small_project)
    view = ready(window, qtbot)
    assert view.setup.data.text() == "48 images, 12 patients, 4.0 images per patient"
    assert "not measured" in view.setup.time.text()
    view.setup.common.set_values({"epochs": 6})
    qtbot.mouseClick(view.setup.start.button, Qt.MouseButton.LeftButton)
    assert view.setup.start.reason == texts.STARTING
    qtbot.waitUntil(lambda: view.run.head.state.text().startswith("Epoch"), timeout=30000)
    assert view.run.head.stop.isVisible() and not view.run.head.embed.isVisible()
    catalogue = small_project.catalogue
    done = RunState.SUCCEEDED
    qtbot.waitUntil(
        lambda: (
            [row.stage for row in catalogue.runs() if row.state == done and row.adopted]
            == ["pretrain", "embed", "map_embeddings"]
        ),
        timeout=60000,
    )
    qtbot.waitUntil(lambda: view.run.head.state.text() == "Finished, 6 epochs, in less than a minute", timeout=10000)
    assert [light._light.mood for light in view.run._lights] == ["good", "good", "good"]
    assert view.run.head.embed.isVisible() and view.run.head.extend.isVisible()
    assert (small_project.maps_dir / "map-1.npz").is_file()
    qtbot.waitUntil(lambda: "not measured" not in view.setup.time.text(), timeout=20000)
    assert catalogue.setting("training_speeds") == {"resnet18@64@cpu": 160.0}


def test_a_stopped_training_can_be_resumed(make_window: MakeWindow, qtbot: QtBot, small_project: Project) -> None:
    window = make_window()
    window.attach(small_project)
    view = ready(window, qtbot)
    view.setup.then.setChecked(False)
    view.setup.common.set_values({"epochs": 200})
    view.setup.start_requested.emit()
    qtbot.waitUntil(lambda: view.run.head.state.text().startswith("Epoch"), timeout=30000)
    view.run.head.stop.click()
    qtbot.waitUntil(lambda: view.run.head.resume.isVisible(), timeout=30000)
    assert view.runs.lines[0].state == "Stopped"
    catalogue = small_project.catalogue
    qtbot.waitUntil(lambda: catalogue.run(training(small_project)).state == RunState.CANCELLED, timeout=10000)
    view.run.head.resume.click()
    qtbot.waitUntil(lambda: view.run.head.stop.isVisible() and view.run.head.stop.isEnabled(), timeout=30000)
    view.run.head.stop.click()
    qtbot.waitUntil(lambda: view.run.head.resume.isVisible(), timeout=30000)


def test_a_run_is_held_shows_pictures_and_is_stopped_with_its_best_weights(
    make_window: MakeWindow, qtbot: QtBot, small_project: Project
) -> None:
    window = make_window()
    window.attach(small_project)
    view = ready(window, qtbot)
    view.methods.method_chosen.emit("mae")
    view.setup.then.setChecked(False)
    view.setup.common.set_values({"epochs": 300})
    view.setup.start_requested.emit()
    qtbot.waitUntil(lambda: view.run.choice.isVisible(), timeout=30000)
    assert view.run.pictures.picture(0, 2).pixelColor(0, 0).red() == 40
    assert view.run.pictures.picture(1, 0).pixelColor(0, 0).red() >= 60
    run = RunDirectory(small_project.run_dir("mae-1"))
    view.run.head.hold.click()
    qtbot.waitUntil(run.pause_requested, timeout=20000)
    qtbot.waitUntil(lambda: view.run.head.hold.text() == run_texts.GO_ON, timeout=20000)
    qtbot.waitUntil(lambda: run_texts.PAUSED in view.run.head.state.text(), timeout=20000)
    view.run.head.hold.click()
    qtbot.waitUntil(lambda: not run.pause_requested(), timeout=20000)
    qtbot.waitUntil(lambda: "You may stop here." in " ".join(view.run.notices.sentences()), timeout=30000)
    best = next(way for way in view.run.head.ways.actions() if way.text() == run_texts.STOP_BEST)
    best.trigger()
    qtbot.waitUntil(lambda: view.run.head.resume.isVisible(), timeout=30000)
    qtbot.waitUntil(lambda: small_project.catalogue.run("mae-1").state == RunState.CANCELLED, timeout=10000)
    assert view.run.notices.sentences() == (), "an end that has come is not offered any more"


def test_weights_of_a_finished_run_are_chosen_anew(
    make_window: MakeWindow, qtbot: QtBot, small_project: Project
) -> None:
    window = make_window()
    window.attach(small_project)
    view = ready(window, qtbot)
    view.methods.method_chosen.emit("simclr")
    view.setup.then.setChecked(False)
    view.setup.common.set_values({"epochs": 4})
    view.setup.start_requested.emit()
    head = view.run.head
    qtbot.waitUntil(lambda: head.kept.text().startswith("Last epoch (4) in use"), timeout=30000)
    assert "the best was epoch 3, by finding altered images again" in head.kept.text()
    next(one for one in head.choices.actions() if one.data() == "best").trigger()
    qtbot.waitUntil(lambda: head.kept.text().startswith("Best epoch (3) in use"), timeout=10000)
    weights = small_project.run_dir("simclr-1") / "artifacts" / "backbone.safetensors"
    assert weights.read_bytes() == b"best"
    next(one for one in head.choices.actions() if one.data() == "discard").trigger()
    qtbot.waitUntil(lambda: not head.weights.isVisible(), timeout=10000)
    assert not weights.exists()


def test_a_training_is_found_again_after_the_window_was_closed(
    make_window: MakeWindow, qtbot: QtBot, small_project: Project
) -> None:
    window = make_window()
    window.attach(small_project)
    view = ready(window, qtbot)
    view.setup.common.set_values({"epochs": 25})
    view.setup.start_requested.emit()
    qtbot.waitUntil(lambda: view.run.head.state.text().startswith("Epoch"), timeout=30000)
    window.detach()
    assert any("goes on" in text for text in window.chrome.toasts.texts())

    project = Project.open(small_project.path)
    window.attach(project)
    view = pretrain_view(window)
    qtbot.waitUntil(lambda: view.run.head.state.text().startswith("Epoch"), timeout=30000)
    assert window.chrome.status.run.isVisible()
    done = RunState.SUCCEEDED
    qtbot.waitUntil(
        lambda: (
            [row.stage for row in project.catalogue.runs() if row.state == done and row.adopted]
            == ["pretrain", "embed", "map_embeddings"]
        ),
        timeout=60000,
    )


def test_a_killed_training_is_told_with_resume(make_window: MakeWindow, qtbot: QtBot, small_project: Project) -> None:
    window = make_window()
    window.attach(small_project)
    view = ready(window, qtbot)
    view.setup.common.set_values({"epochs": 300})
    view.setup.start_requested.emit()
    qtbot.waitUntil(lambda: view.run.head.state.text().startswith("Epoch 2"), timeout=30000)
    assert window.workspace is not None
    window.workspace.jobs.kill(training(small_project))
    qtbot.waitUntil(lambda: bool(window.notify.issues()), timeout=30000)
    issue = window.notify.issues()[0]
    assert issue.text.startswith(f"Training {training(small_project)} stopped at epoch") and issue.action == "Resume"
    assert issue.callback is not None
    issue.callback()
    qtbot.waitUntil(lambda: view.run.head.stop.isVisible(), timeout=30000)
    assert window.notify.issues() == []
    window.workspace.jobs.cancel(training(small_project))
    qtbot.waitUntil(lambda: not window.workspace.jobs.active() if window.workspace else True, timeout=30000)


def test_a_second_training_waits_for_the_first(make_window: MakeWindow, qtbot: QtBot, small_project: Project) -> None:
    window = make_window()
    window.attach(small_project)
    view = ready(window, qtbot)
    view.methods.method_chosen.emit("simclr")
    view.setup.then.setChecked(False)
    view.setup.common.set_values({"epochs": 300})
    view.setup.start_requested.emit()
    qtbot.waitUntil(lambda: view.run.head.state.text().startswith("Epoch"), timeout=30000)
    assert view.setup.start.button.text() == texts.QUEUE
    view.setup.common.set_values({"epochs": 3})
    for number in (2, 3):
        qtbot.waitUntil(lambda: view.setup.start.reason == "", timeout=10000)
        view.setup.start_requested.emit()
        qtbot.waitUntil(lambda n=number: len(view.runs.lines) == n, timeout=10000)
    states = {line.run_id: line.state for line in view.runs.lines}
    assert states["simclr-2"] == "Waiting, next" and states["simclr-3"] == "Waiting, 2 in the queue"
    view.run_selected.emit("simclr-3")
    assert view.run.head.sooner.isVisible() and not view.run.head.resume.isVisible()
    view.run.head.sooner.click()
    qtbot.waitUntil(lambda: view.run.head.state.text() == "Waiting, next", timeout=10000)
    view.run_selected.emit("simclr-2")
    view.run.head.withdraw.click()
    qtbot.waitUntil(lambda: view.run.head.resume.isVisible(), timeout=10000)
    view.run_selected.emit("simclr-1")
    view.run.head.stop.click()
    done = RunState.SUCCEEDED
    catalogue = small_project.catalogue
    qtbot.waitUntil(lambda: catalogue.run("simclr-3").state == done, timeout=60000)
    assert catalogue.run("simclr-2").state == RunState.CANCELLED


def test_a_training_is_tried_out_and_made_to_fit(make_window: MakeWindow, qtbot: QtBot, small_project: Project) -> None:
    window = make_window()
    window.attach(small_project)
    view = ready(window, qtbot)
    trial = view.setup.trial
    view.setup.common.set_values({"batch_size": 16})
    trial.start.button.click()
    assert view.setup.start.reason == texts.TRYING or trial.bar.isVisible()
    qtbot.waitUntil(lambda: trial.title.text() == trial_texts.FITS_NOT, timeout=30000)
    assert "40.0 GB" in trial.sentences()[0] and trial.fit.isVisible() and not trial.take.isVisible()
    assert view.setup.start.reason == ""
    trial.fit.click()
    qtbot.waitUntil(lambda: trial.take.isVisible(), timeout=30000)
    assert trial.title.text() == trial_texts.CHANGED and "Changed: batch 8." in trial.sentences()
    trial.take.click()
    assert view.setup.values()["batch_size"] == 8 and trial.title.text() == trial_texts.FITS
    assert not trial.take.isVisible()
    view.setup.common.set_values({"epochs": 7})
    view.setup.parameters_changed.emit()
    assert trial.title.text().startswith(trial_texts.OTHERS)
    qtbot.waitUntil(lambda: "not measured" not in view.setup.time.text(), timeout=20000)
    assert [row.stage for row in small_project.catalogue.runs()] == ["preflight", "preflight"]


def test_without_images_the_button_says_so(make_window: MakeWindow, qtbot: QtBot, tmp_path: object) -> None:
    window = make_window()
    window.attach(Project.create(f"{tmp_path}/new"))
    view = pretrain_view(window)
    qtbot.waitUntil(lambda: view.setup.start.reason == texts.NO_IMAGES, timeout=10000)
    assert not view.setup.start.button.isEnabled()


def test_the_form_knows_every_field_and_its_limits(qtbot: QtBot) -> None:
    fields = spec_fields((*COMMON, *RARE))
    form = Form(fields)
    qtbot.addWidget(form)
    assert PretrainSpec.model_validate(form.values()) == PretrainSpec()
    limits = {field.name: (field.minimum, field.maximum) for field in fields}
    assert limits["image_size"] == (16, 1024) and limits["warmup_fraction"] == (0, 0.5)
    missing = set(PretrainSpec.model_fields) - {field.name for field in fields}
    assert missing == {"kind", "task", "init", "parameters", "preset", "pairing"}
