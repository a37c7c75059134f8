"""Pre-flight: figures of the real training, settings that fit, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sslstudio.domain.specs import PreflightSpec, PretrainSpec
from sslstudio.stages import load
from sslstudio.stages.context import Cancelled
from sslstudio.training import trial
from sslstudio.training.memory import Peak
from tests.fakes.pretext_task import write_images
from tests.fakes.stage_context import FakeStageContext, fake_context

TRAINING = PretrainSpec(image_size=32, epochs=10, batch_size=16, precision="float32", device="cpu")


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sslstudio.training.devices.use_every_core", lambda: torch.set_num_threads(1))


def context(root: Path, spec: PreflightSpec) -> FakeStageContext:
    return fake_context(root, "preflight", spec, run_id="preflight-1", items=write_images(root, 40))


def left_behind(run: FakeStageContext) -> list[Path]:
    return [path for path in run.run_dir.rglob("*") if path.is_file()]


def test_a_trial_says_how_long_and_how_much_and_keeps_nothing(tmp_path: Path) -> None:
    spec = PreflightSpec(training=TRAINING, steps=3)
    run = context(tmp_path, spec)
    result = load("preflight")(spec, run)
    assert result["fits"] is True
    assert result["steps"] == 3
    assert result["device"] == "cpu"
    assert result["changed"] == {}
    assert result["spec"] == TRAINING.model_dump(mode="json")
    assert result["images_per_second"] > 0
    expected = result["seconds_per_epoch"] * 10
    assert expected <= result["seconds"] <= expected * 1.1 + 5
    assert result["disk_bytes"] > 9 * 4 * 11_000_000
    assert any("minute" in sentence for sentence in result["sentences"])
    assert not left_behind(run)
    assert not run.metrics
    assert not run.monitors
    assert not run.artifacts


def test_what_is_too_large_is_said_and_made_to_fit_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = {8: 100, 16: 140, 32: 220, 64: 380, 128: 700}  # megabytes

    def attempt(training: PretrainSpec, *_: object, steps: int, seconds: float) -> trial.Trial:
        peak = needs[training.batch_size] << 20
        return trial.Trial(
            steps=steps, batch_size=training.batch_size, steps_per_epoch=1.0, images_per_second=10.0, data_wait=0.5,
            peak_bytes=peak, precision="float32", preparing=0.0, measuring=0.0, parameters=10, encoder_parameters=5,
            compares=True, device="cpu",
        )  # fmt: skip

    monkeypatch.setattr(trial, "attempt", attempt)
    monkeypatch.setattr("sslstudio.training.devices.free_bytes", lambda device: 500 << 20)
    large = TRAINING.model_copy(update={"batch_size": 128})
    asked = PreflightSpec(training=large)
    refused = load("preflight")(asked, context(tmp_path / "a", asked))
    assert refused["fits"] is False
    assert "0.7 GB" in refused["sentences"][0]
    asked = PreflightSpec(training=large, fit=True)
    fitted = load("preflight")(asked, context(tmp_path / "b", asked))
    assert fitted["fits"] is True
    assert fitted["changed"] == {"batch_size": 64}
    assert "64 instead of 128" in fitted["sentences"][0]
    assert any("waits for images 50 %" in sentence for sentence in fitted["sentences"])


def test_a_trial_can_be_cancelled(tmp_path: Path) -> None:
    spec = PreflightSpec(training=TRAINING)
    run = context(tmp_path, spec)
    run.cancel_after = 5
    with pytest.raises(Cancelled):
        load("preflight")(spec, run)
    assert not left_behind(run)


def test_a_part_of_the_images_fills_the_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "LARGEST_SHARE_OF_IMAGES", 20)
    items = write_images(tmp_path, 80, subjects=40)
    assert len(trial.choose(items, 8)) == 20
    wide = trial.choose(items, 30)
    assert len({item.subject for item in wide}) > 30 - 1
    assert trial.choose(items[:10], 8) == items[:10]


def test_the_highest_use_of_memory_is_seen() -> None:
    with Peak(torch.device("cpu")) as memory:
        block = torch.ones(40 << 20, dtype=torch.uint8).clone()
        del block
        torch.ones(1000, 1000) @ torch.ones(1000, 1000)
    assert memory.peak >= memory.before > 0
