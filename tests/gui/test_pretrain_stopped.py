"""What a run's page says after a stop: which weights are kept, of which epoch, and what can be done with them."""

from __future__ import annotations

from typing import cast

import pytest
from pytestqt.qtbot import QtBot

from sslstudio.gui.pages.pretrain import help_texts, run_texts
from sslstudio.gui.pages.pretrain.view import PretrainView
from sslstudio.jobs import control
from sslstudio.session.project import Project
from tests.fakes.stopped_training import stopped_training
from tests.gui.conftest import MakeWindow

LAST = "Last epoch (5, not finished) in use; the best was epoch 3, by finding altered images again"


@pytest.mark.parametrize(
    ("keep", "said", "usable"),
    [
        ("best", "Best epoch (3) in use; the last was epoch 5, not finished", True),
        ("last", LAST, True),
        ("discard", run_texts.THROWN_AWAY, False),
    ],
    ids=["best", "last", "discard"],
)
def test_each_choice_is_said_as_it_was_carried_out(
    make_window: MakeWindow,
    qtbot: QtBot,
    small_project: Project,
    keep: control.KeepOnStop,
    said: str,
    usable: bool,
) -> None:
    run_id = stopped_training(small_project, "best", "last")
    control.cancel(small_project.run_dir(run_id), keep)  # as the page does; its worker has obeyed meanwhile
    window = make_window()
    window.attach(small_project)
    assert window.workspace is not None
    window.show_page("pretrain")
    run = cast(PretrainView, window.workspace.page("pretrain").widget).run
    qtbot.waitUntil(lambda: run.head.kept.text() == said, timeout=20000)
    assert run.head.state.text() == "Stopped" and not run.head.kept.isHidden()
    assert run.head.embed.isHidden() is not usable
    assert run.head.weights.isHidden() is (keep == "discard")
    assert run.help.ask.reason == ("" if usable else help_texts.GONE)
    assert not run.head.resume.isHidden()
