"""Training on volumes: how they are stored, that it learns, and that a stopped run goes on bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from sslstudio.api import ParameterValue, PretextTask, TaskContext
from sslstudio.augment.batch import shares
from sslstudio.domain.items import Item
from sslstudio.domain.specs import Pairing, PretrainSpec
from sslstudio.domain.stacks import middles, stacks
from sslstudio.errors import SSLStudioError
from sslstudio.extensions import host
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.training import trial, volume_store
from sslstudio.training.loop import LoopResult
from sslstudio.training.pretraining import TaskFactory, assembled, identity, pretrain
from tests.fakes.volumes import TinyVolumeNet, write_series
from tests.unit.training.conftest import CPU, Recorder, Stopped

SPEC = PretrainSpec(
    backbone="resnet10_3d",
    image_size=16,
    depth=8,
    epochs=2,
    batch_size=8,
    precision="float32",
    preset="mr",
    device="cpu",
)


@pytest.fixture(autouse=True)
def _leave_torch_as_it_was() -> Iterator[None]:
    yield
    torch.set_deterministic_debug_mode("default")


def factory(task: str) -> TaskFactory:
    task_class = host.load(host.find_plugin(task), task)
    assert issubclass(task_class, PretextTask)

    def make(context: TaskContext) -> PretextTask:
        return task_class(context)

    return make


def values(task: str) -> dict[str, ParameterValue]:
    return host.find_plugin(task).task(task).values({})


def train(
    root: Path, items: list[Item], spec: PretrainSpec, report: Recorder, folder: str = "run"
) -> tuple[dict[str, torch.Tensor], LoopResult]:
    torch.manual_seed(0)
    cache = PixelCache(root / "pixels")
    encoder, result = pretrain(
        spec, items, cache, TinyVolumeNet(), factory(spec.task), values(spec.task), root / folder, root / "pictures",
        report,
    )  # fmt: skip
    cache.close()
    return encoder.state_dict(), result


def build(root: Path, channels: int = 1, margin: float = 0.0, **changes: int) -> torch.Tensor:
    items = write_series(root, series=3, **changes)
    return volume_store.build(
        stacks(items), PixelCache(root / "pixels"), image_size=16, depth=8, channels=channels, margin=margin,
        device=CPU, scratch=root / "scratch.bin", report=Recorder(),
    ).squares  # fmt: skip


def test_volumes_are_stored_with_room_along_all_axes(tmp_path: Path) -> None:
    stored = build(tmp_path)
    assert stored.shape == (3, 1, 16, 24, 24) and stored.dtype == torch.uint8
    assert int(stored.amax()) > 150
    colour = build(tmp_path / "colour", channels=3)
    assert torch.equal(colour[:, 0], stored[:, 0]) and torch.equal(colour[:, 2], stored[:, 0])


def test_a_window_margin_is_stored_in_sixteen_bits_as_for_images(tmp_path: Path) -> None:
    plain, wide = build(tmp_path / "a"), build(tmp_path / "b", margin=0.25)
    assert wide.dtype == torch.int16
    assert float(((shares(wide) * 1.5 - 0.25).clamp(0, 1) - shares(plain)).abs().amax()) * 255 < 1.1


def test_a_volume_stretches_over_the_depth_whatever_its_number_of_slices(tmp_path: Path) -> None:
    few, many = build(tmp_path / "a", slices=8), build(tmp_path / "b", slices=60)
    assert float((few.float() - many.float()).abs().mean()) < 4.0


def test_volumes_that_do_not_fit_into_memory_lie_in_the_scratch_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory = build(tmp_path / "a")
    monkeypatch.setattr("sslstudio.training.pixel_store.free_bytes", lambda device: 0)
    assert torch.equal(build(tmp_path / "b"), in_memory)
    assert (tmp_path / "b" / "scratch.bin").stat().st_size == in_memory.numel()


def test_views_ids_and_patients_are_those_of_volumes(tmp_path: Path) -> None:
    items = write_series(tmp_path)
    spec = SPEC.model_copy(update={"task": "micle", "pairing": Pairing(), "batch_size": 4})
    made_of = (factory("micle"), values("micle"), tmp_path / "scratch.bin", Recorder())
    with assembled(spec, items, PixelCache(tmp_path / "pixels"), TinyVolumeNet(), *made_of) as made:
        assert len(made.store) == 16 and made.task.context.depth == 8
        rows, squares = next(made.batches.squares(made.sampler.epoch(0)))
        batch = made.batches.batch(rows, squares, 0)
    assert all(view.shape == (4, 1, 8, 16, 16) for view in batch.views)
    ids = [one.image_id for one in middles(stacks(items))]
    assert batch.sources is not None and set(batch.sources.flatten().tolist()) <= set(ids)
    owner = {item.image_id: item.subject for item in items}
    assert all(owner[a] == owner[b] and a != b for a, b in batch.sources.tolist()), "two volumes of one patient"


@pytest.mark.slow
def test_it_learns_to_tell_volumes_apart(tmp_path: Path) -> None:
    report = Recorder()
    spec = SPEC.model_copy(update={"epochs": 40, "batch_size": 16, "learning_rate": 3e-3})
    _, result = train(tmp_path, write_series(tmp_path), spec, report)
    assert result.chance is not None and result.loss < 0.6 * result.chance
    assert report.monitors[-1]["view_retrieval"] > report.monitors[0]["view_retrieval"] + 0.2


@pytest.mark.parametrize("task", ["simclr", "micle"])
def test_a_stopped_run_ends_with_the_same_weights(tmp_path: Path, task: str) -> None:
    spec = SPEC.model_copy(update={"task": task, "batch_size": 4})
    items = write_series(tmp_path)
    whole, _ = train(tmp_path, items, spec, Recorder(), "whole")
    with pytest.raises(Stopped):
        train(tmp_path, items, spec, Recorder(stop_at=16 + 3), "stopped")
    assert list((tmp_path / "stopped").glob("checkpoint-*"))
    resumed, result = train(tmp_path, items, spec, Recorder(), "stopped")
    assert result.epochs == 2
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_trial_counts_volumes(tmp_path: Path) -> None:
    items = write_series(tmp_path)
    seen = trial.attempt(
        SPEC, items, PixelCache(tmp_path / "pixels"), TinyVolumeNet, factory("simclr"), values("simclr"),
        tmp_path / "scratch.bin", Recorder(), steps=2, seconds=20.0,
    )  # fmt: skip
    assert (seen.steps, seen.batch_size, seen.steps_per_epoch) == (2, 8, 2.0)


def test_without_volumes_a_training_is_refused(tmp_path: Path) -> None:
    items = [item.model_copy(update={"place": -1}) for item in write_series(tmp_path, series=2)]
    made_of = (factory("simclr"), values("simclr"), tmp_path / "scratch.bin", Recorder())
    with (
        pytest.raises(SSLStudioError, match="at least two"),
        assembled(SPEC, items, PixelCache(tmp_path / "pixels"), TinyVolumeNet(), *made_of),
    ):
        pass


def test_depth_belongs_to_what_a_resumption_must_not_change_for_volumes_alone(tmp_path: Path) -> None:
    items = write_series(tmp_path, series=2)
    deeper = SPEC.model_copy(update={"depth": 16})
    assert identity(SPEC, items) != identity(deeper, items)
    flat, flat_deeper = (one.model_copy(update={"backbone": "resnet18"}) for one in (SPEC, deeper))
    assert identity(flat, items) == identity(flat_deeper, items)
