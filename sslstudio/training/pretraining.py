"""Puts a pretraining run together: images, views, task and loop, from a specification and a backbone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import torch
from torch import nn

from sslstudio.api import ParameterValue, PretextTask, TaskContext
from sslstudio.augment import presets
from sslstudio.augment.batch import BatchAugmenter, VolumeAugmenter
from sslstudio.backbones import table
from sslstudio.backbones.features import patch_size
from sslstudio.domain.items import Item
from sslstudio.domain.specs import PretrainSpec
from sslstudio.domain.stacks import middles, stacks
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.training import devices, pixel_store, volume_store
from sslstudio.training.batches import BatchMaker
from sslstudio.training.compiling import compile_network
from sslstudio.training.feature_log import FeatureLog
from sslstudio.training.keeping import BestWeights
from sslstudio.training.loop import LoopResult, LoopSettings, TrainingLoop
from sslstudio.training.previews import PreviewWriter
from sslstudio.training.reporter import Reporter
from sslstudio.training.sampling import Sampler
from sslstudio.training.scalars import FOLDER, ScalarFiles, Telling

TaskFactory = Callable[[TaskContext], PretextTask]


def pretrain(
    spec: PretrainSpec,
    items: Sequence[Item],
    cache: PixelCache,
    backbone: nn.Module,
    make_task: TaskFactory,
    parameters: Mapping[str, ParameterValue],
    folder: Path,
    artifacts: Path,
    report: Reporter,
    keeper: BestWeights | None = None,
) -> tuple[nn.Module, LoopResult]:
    """Train `backbone` by the task on `items`; returns the task's encoder, on the CPU, and how the run ended.

    `folder` holds the checkpoints: a run that finds some goes on from the newest; pictures and the numbers for
    TensorBoard go to `artifacts`, the weights of the best and of the last epoch to `keeper`. Raises what `report`
    raises when the run is cancelled (after saving), and SSLStudioError.
    """
    with assembled(spec, items, cache, backbone, make_task, parameters, folder / "pixels.bin", report) as made:
        pictures = PreviewWriter(made.batches, made.sampler.epoch(0)[0], artifacts, report)
        settings = _settings(spec, items)
        as_written = compile_network(made.task.encoder(), made.device, report) if spec.compile else nullcontext
        with closing(ScalarFiles(artifacts / FOLDER, made.sampler.steps_per_epoch, report)) as files:
            told = Telling(report, files)
            result = TrainingLoop(
                made.task, made.batches, made.sampler, settings, made.device, folder, told, pictures, keeper,
                files.go_on_from, as_written, FeatureLog(artifacts, len(made.sampler.items), report),
            ).run()  # fmt: skip
    return made.task.encoder().cpu(), result


class _Places(TypedDict):
    """What stores of images and of volumes are built with alike."""

    channels: int
    margin: float
    device: torch.device
    scratch: Path
    report: Reporter


@dataclass(frozen=True)
class Assembly:
    """The parts of a training on their device."""

    task: PretextTask
    batches: BatchMaker
    sampler: Sampler
    store: pixel_store.PixelStore
    device: torch.device


@contextmanager
def assembled(
    spec: PretrainSpec,
    items: Sequence[Item],
    cache: PixelCache,
    backbone: nn.Module,
    make_task: TaskFactory,
    parameters: Mapping[str, ParameterValue],
    scratch: Path,
    report: Reporter,
) -> Iterator[Assembly]:
    """Put task, images and views of `spec` together; `scratch` is a file for pixels that do not fit into memory.

    For a backbone that sees volumes, each volume among `items` takes the place of an image, under the id, patient and
    label of its middle slice.
    """
    device = devices.choose_device(spec.device)
    devices.make_repeatable(spec.seed, device)
    channels = pixel_store.channels_of(items)
    entry = table.find(spec.backbone)
    mean, std = entry.normalisation(channels)
    compute_twice = getattr(backbone, "set_grad_checkpointing", None)
    if spec.checkpointing and callable(compute_twice):
        compute_twice()
    layout = devices.memory_format(entry.dimensions, device)
    backbone = backbone.to(device=device, memory_format=layout)  # type: ignore[call-overload]
    volumes = stacks(items) if entry.dimensions == 3 else []
    seen = middles(volumes) if entry.dimensions == 3 else items
    context = _task_context(spec, len(seen), channels, backbone, parameters)
    task = make_task(context).to(device=device, memory_format=layout)  # type: ignore[call-overload]
    _check_encoder(task)
    plan = task.views()
    sampler = Sampler(seen, plan, spec.batch_size, spec.seed, spec.pairing)
    preset = presets.resolve(spec.preset if plan.augmentation == "auto" else plan.augmentation, items)
    places: _Places = {
        "channels": channels, "margin": preset.window_margin, "device": device, "scratch": scratch, "report": report
    }  # fmt: skip
    if entry.dimensions == 3:
        store = volume_store.build(volumes, cache, image_size=spec.image_size, depth=spec.depth, **places)
        augmenter: BatchAugmenter = VolumeAugmenter(preset, spec.image_size, spec.depth, mean, std)
    else:
        store = pixel_store.build(items, cache, image_size=spec.image_size, **places)
        augmenter = BatchAugmenter(preset, spec.image_size, mean, std)
    try:
        ids = torch.tensor([item.image_id for item in seen])
        batches = BatchMaker(store, augmenter, plan, ids, sampler.subject_ids, spec.seed)
        yield Assembly(task, batches, sampler, store, device)
    finally:
        store.close()


def identity(spec: PretrainSpec, items: Sequence[Item]) -> str:
    """A digest of all that must not change between a run and its resumption (length and device may)."""
    free = {"epochs", "device", "keep", "compile"} | (set() if table.sees_volumes(spec.backbone) else {"depth"})
    digest = hashlib.sha256(spec.model_dump_json(exclude=free).encode())
    for item in items:
        windows = ",".join(f"{low},{high}" for low, high in item.windows)
        digest.update(f"{item.image_id},{item.subject},{windows},{item.bag},{item.place},{item.day};".encode())
    return digest.hexdigest()


def _check_encoder(task: PretextTask) -> None:
    """Raise SSLStudioError for a task that would keep no network, before hours are spent on it."""
    if not isinstance(task.encoder(), nn.Module):
        raise SSLStudioError(
            "The method says nothing of the network that it trains.", "Ask the plugin's author.", code="plugin_broken"
        )


def _task_context(
    spec: PretrainSpec, images: int, channels: int, backbone: nn.Module, parameters: Mapping[str, ParameterValue]
) -> TaskContext:
    entry = table.find(spec.backbone)
    mean, std = entry.normalisation(channels)
    return TaskContext(
        backbone=backbone,
        feature_dim=entry.feature_dim,
        in_channels=channels,
        image_size=spec.image_size,
        batch_size=min(spec.batch_size, images),
        parameters=parameters,
        total_steps=spec.epochs * max(1, images // spec.batch_size),
        family=entry.family,
        patch_size=patch_size(backbone),
        mean=mean,
        std=std,
        depth=spec.depth if entry.dimensions == 3 else 0,
    )


def _settings(spec: PretrainSpec, items: Sequence[Item]) -> LoopSettings:
    return LoopSettings(
        identity=identity(spec, items),
        epochs=spec.epochs,
        learning_rate=spec.learning_rate,
        weight_decay=spec.weight_decay,
        warmup_fraction=spec.warmup_fraction,
        seed=spec.seed,
        precision=spec.precision,
        accumulation=spec.accumulation,
    )
