"""The pretraining job: artifacts, result, cancel and resume, warm start; with the bundled SimCLR on tiny images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from sslstudio.backbones import backbone_file
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.backbones.build import build
from sslstudio.domain.specs import PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.stages import load
from sslstudio.stages.context import Cancelled
from tests.fakes.pretext_task import write_images
from tests.fakes.stage_context import FakeStageContext, fake_context

SPEC = PretrainSpec(image_size=32, epochs=2, batch_size=8, precision="float32", parameters={"temperature": 0.3})


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own process must not become nicer, nor use more threads than tiny tensors deserve."""
    monkeypatch.setattr("sslstudio.training.devices.use_every_core", lambda: torch.set_num_threads(1))


def context(root: Path, spec: PretrainSpec = SPEC, run_id: str = "simclr-1", channels: int = 1) -> FakeStageContext:
    return fake_context(root, "pretrain", spec, run_id=run_id, items=write_images(root, 18, channels))


def final_weights(run: FakeStageContext) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(run.run_dir / "artifacts" / "backbone.safetensors")


@pytest.mark.slow
def test_a_run_writes_backbone_and_result_and_resumes_after_cancel(tmp_path: Path) -> None:
    whole = context(tmp_path / "a")
    result = load("pretrain")(SPEC, whole)
    assert result["epochs"] == 2
    assert set(result) == {"loss", "chance", "collapse", "epochs", "seconds", "kept", "best"}
    assert result["kept"] == "last"
    assert set(result["best"]) == {"epoch", "measure", "value"}
    assert whole.monitors[0][0] == -1
    description = json.loads((whole.run_dir / "artifacts" / "backbone.json").read_text())
    assert description == {
        "name": "resnet18",
        "in_channels": 1,
        "feature_dim": 512,
        "image_size": 32,
        "mean": [0.449],
        "std": [0.226],
        "source": "simclr-1",
        "depth": 0,
        "rendering": None,
    }
    assert set(whole.artifacts) == {"backbone.safetensors", "backbone.json"}
    assert whole.metrics[-1][2]["chance"] == pytest.approx(2.708, abs=1e-3)
    start = build("resnet18", 1, 32, seed=0).state_dict()
    assert not torch.equal(final_weights(whole)["conv1.weight"], start["conv1.weight"])

    stopped = context(tmp_path / "b")
    stopped.cancel_after = 19
    with pytest.raises(Cancelled):
        load("pretrain")(SPEC, stopped)
    assert list((stopped.run_dir / "checkpoints").glob("checkpoint-*"))
    stopped.cancel_after, stopped.cancel_requested = None, False
    load("pretrain")(SPEC, stopped)
    resumed, reference = final_weights(stopped), final_weights(whole)
    assert all(torch.equal(resumed[name], reference[name]) for name in reference)

    longer = SPEC.model_copy(update={"epochs": 3})
    assert load("pretrain")(longer, stopped)["epochs"] == 3


@pytest.mark.slow
def test_a_local_weights_file_is_the_start(tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"init": "start.safetensors", "epochs": 1, "learning_rate": 1e-12})
    run = context(tmp_path, spec, channels=3)
    donor = build("resnet18", 3, 32, seed=77).state_dict()
    safetensors.torch.save_file(dict(donor), run.private_dir / "start.safetensors")
    load("pretrain")(spec, run)
    assert torch.allclose(final_weights(run)["conv1.weight"], donor["conv1.weight"], atol=1e-6)


@pytest.mark.slow
def test_micle_goes_on_from_an_earlier_run_and_tells_its_pairs(tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"task": "micle", "init": "run:simclr-1", "epochs": 1, "learning_rate": 1e-12})
    run = context(tmp_path, spec, run_id="micle-1")
    donor = build("resnet18", 1, 32, seed=77)
    earlier = run.run_dir.parent / "simclr-1" / "artifacts"
    earlier.mkdir(parents=True)
    described = BackboneDescription(
        name="resnet18", in_channels=1, feature_dim=512, image_size=32, mean=(0.4,), std=(0.2,), source="simclr-1"
    )
    backbone_file.save(donor, described, earlier)
    load("pretrain")(spec, run)
    assert torch.allclose(final_weights(run)["conv1.weight"], donor.state_dict()["conv1.weight"], atol=1e-6)
    assert run.metrics[-1][2]["pairs"] == 1.0

    other = context(tmp_path / "b", spec.model_copy(update={"init": "run:simclr-9"}), run_id="micle-2")
    with pytest.raises(SSLStudioError):
        load("pretrain")(other.job.spec, other)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"task": "nothing"}, "unknown_task"),
        ({"parameters": {"temperature": 99}}, "bad_parameters"),
        ({"parameters": {"colour": 1}}, "bad_parameters"),
        ({"backbone": "resnet19"}, "unknown_backbone"),
        ({"image_size": 16}, "image_too_small"),
        ({"init": "../secret.safetensors"}, "bad_weights_name"),
        ({"init": "missing.safetensors"}, "weights_missing"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_written(
    tmp_path: Path, changes: dict[str, object], code: str
) -> None:
    spec = SPEC.model_copy(update=changes)
    run = context(tmp_path, spec)
    with pytest.raises(SSLStudioError) as caught:
        load("pretrain")(spec, run)
    assert caught.value.code == code
    assert not list((run.run_dir / "checkpoints").iterdir())


def test_too_few_images_are_said(tmp_path: Path) -> None:
    run = fake_context(tmp_path, "pretrain", SPEC, items=write_images(tmp_path, 1))
    with pytest.raises(SSLStudioError) as caught:
        load("pretrain")(SPEC, run)
    assert caught.value.code == "too_few_images"
