"""Which weights a run hands on: the chosen, the only ones, or a sentence; and nothing after a discard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sslstudio.backbones import kept
from sslstudio.errors import SSLStudioError


def offer(artifacts: Path, *names: str) -> None:
    for name in names:
        (artifacts / name).mkdir(parents=True)
        for file in kept.FILES:
            (artifacts / name / file).write_text(name)
        (artifacts / name / "epoch.json").write_text(json.dumps({"epoch": len(name)}))


def test_the_chosen_weights_become_the_backbone_and_can_be_chosen_anew(tmp_path: Path) -> None:
    offer(tmp_path, "best", "last")
    assert kept.offered(tmp_path) == {"best": {"epoch": 4}, "last": {"epoch": 4}}
    for choice in ("best", "last", "last", "best"):
        assert kept.hand_on(tmp_path, choice) == choice
        assert [(tmp_path / file).read_text() for file in kept.FILES] == [choice, choice]
        assert kept.in_use(tmp_path) == choice
    assert not list(tmp_path.glob("*.partial"))


def test_where_there_are_no_best_ones_the_last_are_taken(tmp_path: Path) -> None:
    offer(tmp_path, "last")
    assert kept.hand_on(tmp_path, "best") == "last"


def test_a_run_without_weights_says_so(tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as caught:
        kept.hand_on(tmp_path, "best")
    assert caught.value.code == "nothing_kept"


def test_a_disk_without_links_gets_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("os.link", refuse)
    offer(tmp_path, "best")
    kept.hand_on(tmp_path, "best")
    assert (tmp_path / "backbone.safetensors").stat().st_nlink == 1
    assert kept.in_use(tmp_path) == "best"


def test_a_discard_leaves_no_weights(tmp_path: Path) -> None:
    artifacts, checkpoints = tmp_path / "artifacts", tmp_path / "checkpoints"
    offer(artifacts, "best", "last")
    kept.hand_on(artifacts, "last")
    checkpoints.mkdir()
    (checkpoints / "checkpoint-000000001.safetensors").write_text("x")
    kept.discard(artifacts, checkpoints)
    assert kept.in_use(artifacts) == ""
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["discarded"]
    assert kept.discarded(artifacts)
    offer(artifacts, "last")
    assert not kept.discarded(artifacts), "it has learned anew"
