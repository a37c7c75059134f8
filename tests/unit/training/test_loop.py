"""The loop: it learns, resumes bit for bit from any stop, extends, and survives what goes wrong in a step."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from sslstudio.api import Batch, Preview, ViewPlan
from sslstudio.errors import SSLStudioError
from sslstudio.training import checkpoint
from sslstudio.training.loop import TrainingLoop
from sslstudio.training.previews import PreviewWriter
from tests.unit.training.conftest import Bench, Recorder, Stopped

MEMORY = {"memory_bytes", "memory_peak_bytes", "memory_free_bytes"}


def weights(task: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in task.state_dict().items()}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def test_training_lowers_the_loss_and_reports_it(bench: Bench) -> None:
    report = Recorder()
    loop, _ = bench.loop(report, epochs=12)
    result = loop.run()
    assert result.epochs == 12
    assert result.chance == pytest.approx(2.0794, abs=1e-3)
    assert result.loss < report.monitors[1]["loss"] - 0.1
    assert [step for step, _ in report.metrics] == list(range(1, 37))
    told = set(report.metrics[0][1])
    assert told - MEMORY == {"loss", "chance", "learning_rate", "images_per_second", "data_wait", "spread"}
    assert told >= MEMORY or not Path("/proc/self/status").exists()
    measured = {"collapse", "rank_me", "alpha_req", "view_retrieval", "patient_purity", "patient_purity_chance"}
    assert set(report.monitors[0]) == measured
    assert report.epochs == list(range(-1, 12))
    assert set(report.monitors[-1]) == measured | {"loss", "chance", "neighbours_kept"}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("stop", [1, 2, 3, 4, 6, 8, 9])
def test_a_run_stopped_anywhere_ends_with_the_same_weights(bench: Bench, stop: int, precision: str) -> None:
    whole_loop, whole = bench.loop(Recorder(), folder="whole", precision=precision)
    whole_loop.run()
    stopped_loop, _ = bench.loop(Recorder(stop_at=stop), folder="stopped", precision=precision)
    with pytest.raises(Stopped):
        stopped_loop.run()
    torch.rand(7)  # another process would have another random state
    resumed_loop, resumed = bench.loop(Recorder(), folder="stopped", precision=precision)
    torch.rand(7)
    result = resumed_loop.run()
    assert same(weights(whole), weights(resumed))
    assert result.epochs == 3


def test_a_run_killed_without_a_word_goes_on_from_its_last_checkpoint(bench: Bench) -> None:
    whole_loop, whole = bench.loop(Recorder(), folder="whole")
    whole_loop.run()
    loop, _ = bench.loop(Recorder(), folder="killed", checkpoint_seconds=3600.0, epochs=3)

    def die(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        if batch.step == 5:
            raise KeyboardInterrupt
        return loss

    loop._task.spoil = die
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    resumed_loop, resumed = bench.loop(Recorder(), folder="killed")
    resumed_loop.run()
    assert same(weights(whole), weights(resumed))


def test_a_damaged_checkpoint_gives_way_to_the_one_before(bench: Bench) -> None:
    whole_loop, whole = bench.loop(Recorder())
    whole_loop.run()
    newest = sorted((bench.folder / "checkpoints").glob("*.safetensors"))[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 4
    newest.write_bytes(content)
    report = Recorder()
    resumed_loop, resumed = bench.loop(report)
    resumed_loop.run()
    assert report.warnings == ["checkpoint_damaged"]
    assert same(weights(whole), weights(resumed))


def test_a_finished_run_is_extended_without_a_jump(bench: Bench) -> None:
    first = Recorder()
    loop, _ = bench.loop(first, epochs=4)
    loop.run()
    more = Recorder()
    longer, _ = bench.loop(more, epochs=10)
    result = longer.run()
    assert result.epochs == 10
    assert [step for step, _ in more.metrics] == list(range(13, 31))
    rates = [values["learning_rate"] for _, values in (*first.metrics, *more.metrics)]
    assert max(abs(after - before) for before, after in itertools.pairwise(rates)) < 0.006
    assert rates[-1] < 0.0005


def test_a_finished_run_started_again_changes_nothing(bench: Bench) -> None:
    loop, task = bench.loop(Recorder())
    first = loop.run()
    again_loop, again = bench.loop(Recorder())
    second = again_loop.run()
    assert same(weights(task), weights(again))
    assert (first.loss, first.collapse) == (second.loss, second.collapse)


def test_a_checkpoint_of_other_settings_is_refused(bench: Bench) -> None:
    bench.loop(Recorder())[0].run()
    with pytest.raises(SSLStudioError) as caught:
        bench.loop(Recorder(), identity="other")[0].run()
    assert caught.value.code == "checkpoint_misfit"


@pytest.mark.parametrize("step", [0, 4, 8])
def test_a_single_bad_step_is_left_out_and_told(bench: Bench, step: int) -> None:
    def spoil(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        return loss * float("nan") if batch.step == step else loss

    report = Recorder()
    loop, task = bench.loop(report, spoil=spoil)
    loop.run()
    assert report.warnings == ["step_skipped"]
    assert all(bool(torch.isfinite(tensor).all()) for tensor in task.state_dict().values())
    assert all(values["loss"] < 100 for _, values in report.metrics)


def test_images_that_are_not_finite_do_not_reach_the_running_statistics(bench: Bench) -> None:
    loop, task = bench.loop(Recorder())
    original = loop._batches.batch

    def batch(rows: torch.Tensor, squares: torch.Tensor, step: int, part: int = 0) -> Batch:
        made = original(rows, squares, step, part)
        if step == 4:
            return Batch(tuple(view * float("inf") for view in made.views), made.image_ids, made.subject_ids, step)
        return made

    loop._batches.batch = batch
    loop.run()
    assert all(bool(torch.isfinite(tensor).all()) for tensor in task.state_dict().values())


def test_after_four_bad_steps_the_run_goes_back_and_halves_the_rate(bench: Bench) -> None:
    failures = iter([True] * 4)

    def spoil(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        return loss * float("nan") if batch.step >= 4 and next(failures, False) else loss

    report = Recorder()
    loop, _ = bench.loop(report, spoil=spoil, epochs=4, checkpoint_seconds=0.0)
    result = loop.run()
    assert report.warnings == ["step_skipped"] * 3 + ["rolled_back"]
    assert result.epochs == 4
    steps = [step for step, _ in report.metrics]
    assert steps.count(4) + steps.count(7) >= 2
    assert report.metrics[-2][1]["learning_rate"] == pytest.approx(0.5 * 0.01 * 0.0545, rel=0.6)


def test_a_run_that_never_recovers_stops_with_its_reason_and_saves_nothing_bad(bench: Bench) -> None:
    def spoil(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        return loss * float("nan") if batch.step >= 2 else loss

    loop, _ = bench.loop(Recorder(), spoil=spoil)
    with pytest.raises(SSLStudioError) as caught:
        loop.run()
    assert caught.value.code == "diverged"
    found, damaged = checkpoint.load_newest(bench.folder / "checkpoints")
    assert found is not None
    assert damaged == 0
    assert all(bool(torch.isfinite(t).all()) for t in found.tensors.values() if t.is_floating_point())


def test_out_of_memory_halves_the_batch_and_goes_on(bench: Bench) -> None:
    def spoil(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        if len(batch.image_ids) > 4:
            raise torch.OutOfMemoryError
        return loss

    report = Recorder()
    loop, _ = bench.loop(report, spoil=spoil)
    result = loop.run()
    assert report.warnings == ["batch_halved"]
    assert result.epochs == 3
    assert report.metrics[-1][1]["chance"] == pytest.approx(1.386, abs=1e-3)


def test_a_batch_that_was_halved_stays_so_when_the_run_is_resumed(bench: Bench) -> None:
    def spoil(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        if batch.step == 2 and len(batch.image_ids) > 4:
            raise torch.OutOfMemoryError
        return loss

    with pytest.raises(Stopped):
        bench.loop(Recorder(stop_at=5), spoil=spoil)[0].run()
    report = Recorder()
    loop, _ = bench.loop(report)
    loop.run()
    assert loop._runner.accumulation == 2
    assert report.warnings == []
    assert report.metrics[-1][1]["chance"] == pytest.approx(1.386, abs=1e-3)


def test_a_batch_asked_for_in_parts_is_computed_in_parts(bench: Bench) -> None:
    sizes: list[int] = []

    def spoil(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        sizes.append(len(batch.image_ids))
        return loss

    bench.loop(Recorder(), spoil=spoil, accumulation=4)[0].run()
    assert set(sizes) == {2}


@pytest.mark.parametrize("seed", range(5))
def test_a_forced_collapse_is_told_whatever_the_images(bench: Bench, seed: int) -> None:
    report = Recorder()
    loop, task = bench.loop(report, epochs=2, seed=seed, learning_rate=1e-12)
    with torch.no_grad():
        task.backbone.second.weight.mul_(1e-4)
        task.backbone.second.bias.fill_(1.0)
    loop.run()
    assert "collapse" in report.all_warnings


def test_a_card_too_small_for_any_batch_is_said(bench: Bench) -> None:
    def spoil(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError

    loop, _ = bench.loop(Recorder(), spoil=spoil)
    with pytest.raises(SSLStudioError) as caught:
        loop.run()
    assert caught.value.code == "out_of_memory"


def test_bags_give_views_of_different_images_of_a_subject(bench: Bench) -> None:
    seen: list[Batch] = []

    def spoil(batch: Batch, loss: torch.Tensor) -> torch.Tensor:
        seen.append(batch)
        return loss

    loop, _ = bench.loop(Recorder(), plan=ViewPlan(views=2, sampling="bag"), spoil=spoil)
    loop.run()
    for batch in seen:
        assert len(batch.subject_ids.unique()) == len(batch.subject_ids)


def test_a_forced_collapse_is_told_within_two_epochs(bench: Bench) -> None:
    report = Recorder()
    loop, task = bench.loop(report, epochs=2)
    with torch.no_grad():
        task.backbone.second.weight.mul_(1e-4)
        task.backbone.second.bias.fill_(1.0)
    loop._settings = loop._settings.__class__(**{**loop._settings.__dict__, "learning_rate": 1e-12})
    loop.run()
    assert report.all_warnings == ["collapse"]


def test_metrics_are_not_told_more_often_than_asked(bench: Bench) -> None:
    report = Recorder()
    loop, _ = bench.loop(report, metric_seconds=3600.0)
    loop.run()
    assert [step for step, _ in report.metrics] == [9]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_two_checkpoints_are_kept(bench: Bench) -> None:
    loop, _ = bench.loop(Recorder(), epochs=5)
    assert isinstance(loop, TrainingLoop)
    loop.run()
    assert files(bench.folder / "checkpoints") == [
        "checkpoint-000000012.safetensors",
        "checkpoint-000000015.safetensors",
    ]


def test_after_each_step_the_task_is_told_and_after_each_epoch_the_watcher(bench: Bench) -> None:
    loop, task = bench.loop(Recorder())
    steps: list[int] = []
    task.after_step = steps.append
    loop.run()
    assert steps == list(range(9))


def test_pictures_of_a_task_are_written_whole_and_change_nothing_of_the_run(bench: Bench, tmp_path: Path) -> None:
    plain, _ = bench.loop(Recorder())
    expected = plain.run().loss
    report = Recorder()
    loop, task = bench.loop(report, folder="other")
    task.preview = lambda batch: (
        Preview("Original", batch.views[0]),
        Preview("Noise", torch.randn_like(batch.views[1])),
    )
    loop._after_epoch = PreviewWriter(loop._batches, loop._sampler.epoch(0)[0], tmp_path / "artifacts", report)
    assert loop.run().loss == expected
    with Image.open(tmp_path / "artifacts" / "preview.png") as sheet:
        assert sheet.size == (8 * 16, 2 * 16)
    told = json.loads((tmp_path / "artifacts" / "preview.json").read_text())
    assert told == {"epoch": 2, "titles": ["Original", "Noise"], "images": 8}
    assert not list((tmp_path / "artifacts").glob("*.partial"))


def test_a_batch_of_bags_knows_the_image_of_every_view(bench: Bench) -> None:
    loop, _ = bench.loop(Recorder(), plan=ViewPlan(sampling="bag"))
    rows = loop._sampler.epoch(0)[0]
    ids = torch.tensor([item.image_id for item in bench.items])
    ((_, squares),) = loop._batches.squares(rows[None])
    made = loop._batches.batch(rows, squares, 0)
    assert made.sources is not None and torch.equal(made.sources, ids[rows])
    assert torch.equal(made.sources[:, 0], made.image_ids)
    plain, _ = bench.loop(Recorder())
    assert plain._batches.fixed(plain._sampler.epoch(0)[0]).sources is None
