"""`sslstudio pretrain`: starts, rules for pairs and recommended settings become the run's specification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sslstudio.__main__ import main
from sslstudio.cli import learning
from sslstudio.domain.specs import Pairing, PretrainSpec
from sslstudio.extensions import host
from sslstudio.extensions.manifest import Recommended
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import Project, workflow
from tests.fakes.project_runs import imported, write_backbone


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Eight patients with three images each, and a finished run simclr-1 with a ResNet-50 at 96 px."""
    path = tmp_path / "study.sslproj"
    with Project.create(path) as made:
        imported(made, tmp_path)
        run_id = workflow.prepare_pretrain(made, PretrainSpec())
        write_backbone(made.run_dir(run_id) / "artifacts", run_id, 96, "resnet50")
    return path


@pytest.fixture
def prepared(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Call the command with options; returns exit code, the specification of what it prepared, and its words."""
    specs: list[PretrainSpec] = []

    def carry_out(opened: Project, run_id: str, output: object) -> dict[str, object]:
        spec = RunDirectory(opened.run_dir(run_id)).job().spec
        assert isinstance(spec, PretrainSpec)
        specs.append(spec)
        return {"run": run_id}

    monkeypatch.setattr(learning, "carry_out", carry_out)

    def call(*options: str) -> tuple[int, PretrainSpec | None, str]:
        specs.clear()
        code = main(["pretrain", str(project), *options])
        return code, specs[0] if specs else None, capsys.readouterr().err

    return call


def test_without_options_the_specification_is_the_plain_one(prepared: Any) -> None:
    code, spec, _ = prepared()
    assert code == 0
    assert spec == PretrainSpec()


def test_rules_for_pairs_become_the_pairing_and_their_effect_is_told(prepared: Any) -> None:
    rules = ("--pair-within", "study", "--pair-alike", "laterality,view", "--slice-gap", "0", "--most-days", "30")
    code, spec, words = prepared("--task", "micle", *rules)
    assert code == 0
    assert spec.pairing == Pairing(bag="study", alike=("laterality", "view"), slice_gap=0, most_days=30)
    assert "in 8 of 8 groups" in words


def test_rules_without_pairs_or_without_sense_are_refused(prepared: Any) -> None:
    code, spec, words = prepared("--task", "simclr", "--slice-gap", "2")
    assert (code, spec) == (1, None) and "no pairs" in words
    code, spec, words = prepared("--task", "micle", "--most-days", "-1")
    assert (code, spec) == (1, None) and "negative" in words
    code, spec, words = prepared("--task", "micle", "--pair-alike", "series", "--slice-gap", "50")
    assert (code, spec) == (1, None) and "pairing rules" in words


def test_a_run_as_start_brings_its_backbone_and_size(prepared: Any) -> None:
    code, spec, _ = prepared("--task", "micle", "--init", "run:simclr-1")
    assert code == 0
    assert (spec.init, spec.backbone, spec.image_size) == ("run:simclr-1", "resnet50", 96)
    _, spec, _ = prepared("--init", "run:simclr-1", "--image-size", "64")
    assert (spec.backbone, spec.image_size) == ("resnet50", 64)


def test_a_start_that_does_not_fit_is_refused(prepared: Any) -> None:
    for init, word in (("run:nothing-7", "nothing-7"), ("run:import-1", "no finished backbone"), ("x.pt", "x.pt")):
        code, spec, words = prepared("--init", init)
        assert (code, spec) == (1, None) and word in words
    code, spec, words = prepared("--init", "run:simclr-1", "--backbone", "resnet18")
    assert (code, spec) == (1, None) and "resnet50" in words


def test_what_the_method_recommends_stands_where_nothing_was_given(
    prepared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = host.find_plugin("simclr")
    assert info.manifest is not None
    recommended = Recommended(learning_rate=5e-4, weight_decay=0.04, warmup_fraction=0.1, backbone="resnet50")
    entry = info.manifest.pretext_tasks[0].model_copy(update={"recommended": recommended})
    monkeypatch.setattr(learning, "find_plugin", lambda _task: FakeInfo(entry))
    _, spec, words = prepared()
    assert (spec.learning_rate, spec.weight_decay, spec.warmup_fraction) == (5e-4, 0.04, 0.1)
    assert spec.backbone == "resnet50"
    assert "24 images are few" in words
    _, spec, _ = prepared("--learning-rate", "0.01", "--backbone", "resnet18")
    assert (spec.learning_rate, spec.weight_decay, spec.backbone) == (0.01, 0.04, "resnet18")


class FakeInfo:
    """A plugin with one entry."""

    def __init__(self, entry: object) -> None:
        self._entry = entry

    def task(self, _task: str) -> object:
        return self._entry
