"""Some steps of a training on some of its images, to see how fast it is and what it needs; nothing of it is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from sslstudio.api import ParameterValue
from sslstudio.backbones import table
from sslstudio.domain.items import Item
from sslstudio.domain.specs import PretrainSpec
from sslstudio.domain.stacks import stacks
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.training import monitors, state
from sslstudio.training.devices import Precision, choose_precision, laid_out
from sslstudio.training.memory import Peak
from sslstudio.training.pretraining import Assembly, TaskFactory, assembled
from sslstudio.training.reporter import Reporter
from sslstudio.training.step import StepRunner

LARGEST_SHARE_OF_IMAGES = 2048
_LARGEST_SHARE_OF_VOLUMES = 64


@dataclass(frozen=True)
class Trial:
    """What was seen. Times in seconds, memory in bytes above what was in use before.

    `preparing` is the time of one image on its way into memory, `measuring` that of the measures after an epoch.
    `compares` says whether the loss of the method depends on how many images stand in a batch.
    """

    steps: int
    batch_size: int
    steps_per_epoch: float
    images_per_second: float
    data_wait: float
    peak_bytes: int
    precision: Precision
    preparing: float
    measuring: float
    parameters: int
    encoder_parameters: int
    compares: bool
    device: str


def attempt(
    spec: PretrainSpec,
    items: Sequence[Item],
    cache: PixelCache,
    make_backbone: Callable[[], nn.Module],
    make_task: TaskFactory,
    parameters: Mapping[str, ParameterValue],
    scratch: Path,
    report: Reporter,
    *,
    steps: int,
    seconds: float,
) -> Trial:
    """Train for `steps` steps, or until `seconds` are over and two steps are done. Raises as `pretrain` does."""
    chosen = choose_volumes if table.sees_volumes(spec.backbone) else choose
    some = chosen(items, spec.batch_size)
    started = time.perf_counter()
    with assembled(spec, some, cache, make_backbone(), make_task, parameters, scratch, report) as made:
        preparing = (time.perf_counter() - started) / len(some)
        rows_in_all = len(made.store) * len(items) / len(some)
        optimiser = state.make_optimiser(made.task, spec.learning_rate, spec.weight_decay)
        runner = StepRunner(made.task, optimiser, made.batches, made.device, report)
        runner.accumulation = spec.accumulation
        rows = made.sampler.epoch(0)

        def one(precision: Precision) -> None:
            runner.bfloat16 = precision == "bfloat16"
            for step_rows, squares in made.batches.squares(rows[:1]):
                runner.forward_backward(step_rows, squares, 0)

        made.task.train()
        with Peak(made.device) as memory:
            precision = choose_precision(spec.precision, made.device, one)
            runner.bfloat16 = precision == "bfloat16"
            done, elapsed, waited = _steps(made, runner, spec, report, steps, seconds)
        measuring = _measuring(made, runner, monitors.sample_size(max(1, int(rows_in_all))))
        compares = made.task.chance_loss(8) != made.task.chance_loss(16)
        return Trial(
            steps=done,
            batch_size=made.sampler.batch_size,
            steps_per_epoch=max(1.0, made.sampler.steps_per_epoch * len(items) / len(some)),
            images_per_second=done * made.sampler.batch_size / max(elapsed, 1e-9),
            data_wait=waited / max(elapsed, 1e-9),
            peak_bytes=memory.grown,
            precision=precision,
            preparing=preparing,
            measuring=measuring,
            parameters=sum(p.numel() for p in made.task.parameters()),
            encoder_parameters=sum(p.numel() for p in made.task.encoder().parameters()),
            compares=compares,
            device=made.device.type,
        )


def choose(items: Sequence[Item], batch_size: int) -> list[Item]:
    """Images for a trial: enough for full batches, patients and series whole, in the order of the list."""
    wanted = max(LARGEST_SHARE_OF_IMAGES, 2 * batch_size)
    if len(items) <= wanted:
        return list(items)
    chosen: list[Item] = []
    bags: set[str] = set()
    for item in sorted(items, key=lambda one: (one.subject, one.bag, one.series, one.place)):
        bags.add(item.bag or item.subject)
        chosen.append(item)
        if len(chosen) >= wanted and len(bags) > batch_size:
            break
    return chosen


def choose_volumes(items: Sequence[Item], batch_size: int) -> list[Item]:
    """The slices of enough volumes for a trial."""
    some = stacks(items)[: max(_LARGEST_SHARE_OF_VOLUMES, 2 * batch_size)]
    return [item for one in some for item in one.slices]


def _steps(
    made: Assembly, runner: StepRunner, spec: PretrainSpec, report: Reporter, steps: int, seconds: float
) -> tuple[int, float, float]:
    """Steps done, seconds they took without the first one, which pays for what later ones find ready, and waited."""
    done, epoch = 0, 0
    started = waited_before = 0.0
    began = time.perf_counter()
    while True:
        for rows, squares in made.batches.squares(made.sampler.epoch(epoch)):
            report.check_cancelled()
            runner.run(rows, squares, done, spec.learning_rate * 1e-3)
            _wait_for(made.device)
            if done == 0:
                started, waited_before = time.perf_counter(), made.batches.waited
            done += 1
            report.progress(min(done, steps), steps, "steps", "Trying out")
            now = time.perf_counter()
            if done > steps or (done > 2 and now - began > seconds):
                return done - 1, now - started, made.batches.waited - waited_before
        epoch += 1


@torch.no_grad()
def _measuring(made: Assembly, runner: StepRunner, sample: int) -> float:
    """Seconds that the encoder needs for the measures after an epoch, from a part of the sample."""
    encoder = made.task.encoder().eval()
    rows = torch.arange(min(64, len(made.store)))
    start = time.perf_counter()
    for images in made.batches.sample(rows):
        with runner.autocast():
            encoder(laid_out(images))
    _wait_for(made.device)
    return (time.perf_counter() - start) * sample / len(rows)


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
