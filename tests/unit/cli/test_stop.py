"""`sslstudio stop --keep`: what was kept, and of which epoch, is said as it is on the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sslstudio.__main__ import main
from sslstudio.jobs import control
from sslstudio.session import Project
from tests.fakes.project_runs import imported
from tests.fakes.stopped_training import stopped_training

BOTH = ("best", "last")


def told(tmp_path: Path, capsys: pytest.CaptureFixture[str], offered: tuple[str, ...], *options: str) -> Any:
    """The words of the command, its result, and what the run's folder hands on."""
    path = tmp_path / "study.sslproj"
    with Project.create(path) as project:
        imported(project, tmp_path)
        run_id = stopped_training(project, *offered)
        weights = project.run_dir(run_id) / "artifacts" / "backbone.safetensors"
    assert main(["stop", str(path), run_id, *options]) == 0
    words = capsys.readouterr().out.strip()
    assert main(["stop", str(path), run_id, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    return words, again, weights.read_text() if weights.is_file() else ""


@pytest.mark.parametrize(
    ("offered", "keep", "said", "handed_on"),
    [
        (BOTH, "best", "the weights of its best epoch (3) are kept", "best"),
        (BOTH, "last", "the weights of its last epoch (5, not finished) are kept", "last"),
        (BOTH, "discard", "its weights are gone", ""),
        (
            ("last",),
            "best",
            "no epoch was measured yet; the weights of its last epoch (5, not finished) are kept",
            "last",
        ),
    ],
)
def test_each_choice_is_said_as_it_was_carried_out(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    offered: tuple[str, ...],
    keep: str,
    said: str,
    handed_on: str,
) -> None:
    words, again, left = told(tmp_path, capsys, offered, "--keep", keep)
    assert words == f"simclr-1 has ended (cancelled); {said}"
    assert left == handed_on
    assert again["state"] == "cancelled"


def test_without_a_choice_it_is_said_that_nothing_is_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, _, left = told(tmp_path, capsys, BOTH)
    assert words == "simclr-1 has ended (cancelled); none of its weights are in use: choose with --keep"
    assert left == ""


def test_a_run_that_learned_nothing_has_no_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, _, _ = told(tmp_path, capsys, ())
    assert words == "simclr-1 has ended (cancelled); it ended before it had learned anything, so it has no weights"


@pytest.mark.parametrize(("keep", "epoch"), [("best", 3), ("last", 5)])
def test_a_wish_made_while_it_ran_is_carried_out_when_the_project_is_opened(
    tmp_path: Path, keep: control.KeepOnStop, epoch: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "study.sslproj"
    with Project.create(path) as project:
        imported(project, tmp_path)
        run_id = stopped_training(project, *BOTH)
        control.cancel(project.run_dir(run_id), keep)
    assert main(["queue", str(path)]) == 0  # opens the project, and so takes over what has ended
    capsys.readouterr()
    assert main(["stop", str(path), run_id]) == 0
    words = capsys.readouterr().out.strip()
    assert words.startswith(f"simclr-1 has ended (cancelled); the weights of its {keep} epoch ({epoch}")
    assert words.endswith("are in use")
