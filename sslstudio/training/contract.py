"""The contract of a pretext task, checked on CPU with small random images; run in a throw-away process.

`python -m sslstudio.training.contract FOLDER RESULT.json` runs foreign code: never import this into the window.
"""

from __future__ import annotations

import copy
import json
import math
import sys
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from sslstudio.api import Batch, PretextTask, Preview, StepResult, TaskContext, ViewPlan
from sslstudio.augment.batch import small_side
from sslstudio.backbones import table
from sslstudio.backbones.build import build
from sslstudio.backbones.features import patch_size
from sslstudio.errors import SSLStudioError
from sslstudio.extensions import host
from sslstudio.extensions.manifest import PretextTaskEntry

BACKBONE, TRANSFORMER, VOLUMETRIC = "resnet18", "vit_tiny", "resnet10_3d"
SIDE = 32
ROWS, VOLUMES, DEPTH = 8, 4, 16
LONGEST_STEP = 5.0


@dataclass(frozen=True)
class CheckResult:
    """One clause of the contract for one task: kept or not, and what was seen."""

    task: str
    check: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True)
class _Trainings:
    """Losses of four steps, of the first two once more, and of the last two after a stop and a resume."""

    whole: list[float]
    again: list[float]
    resumed: list[float]


class Broken(Exception):  # noqa: N818 - the finding of a check, not an error of ours
    """A clause that is not kept; its text says how."""


def check_plugin(folder: Path) -> list[CheckResult]:
    """Check every pretext task of the plugin in `folder`; raises SSLStudioError when it is no readable plugin."""
    info = host.inspect(folder, "bundled")
    if info.manifest is None:
        raise SSLStudioError(f"{folder.name} is not a usable plugin.", info.reason, code="no_plugin")
    results = []
    for entry in info.manifest.pretext_tasks:
        try:
            task_class = host.load_class(folder, entry.code, info.id)
        except SSLStudioError as problem:
            results.append(CheckResult(entry.id, "loads", False, str(problem)))
            continue
        if not issubclass(task_class, PretextTask):
            results.append(CheckResult(entry.id, "loads", False, "The class is not a PretextTask."))
            continue
        results.append(CheckResult(entry.id, "loads", True))
        results += list(TaskContract(task_class, entry).results())
    return results


class TaskContract:
    """The clauses for one task class; each method is one and returns what it saw, or raises Broken."""

    def __init__(
        self, task_class: type[PretextTask], entry: PretextTaskEntry, longest_step: float = LONGEST_STEP
    ) -> None:
        self._class = task_class
        self._entry = entry
        self._longest_step = longest_step
        self._channels = 3 if entry.requires.colour else 1

    def results(self, only: Collection[str] = ()) -> Iterator[CheckResult]:
        """Try every clause, or those named in `only`; a task that raises has broken that clause."""
        clauses: dict[str, Callable[[], str]] = {
            "view plan": self.view_plan,
            "finite loss": self.finite_loss,
            "gradients reach the encoder": self.gradients,
            "features": self.features,
            "colour images": self.colour,
            "odd and small batches": self.odd_batches,
            "same seed, same losses": self.repeatable,
            "checkpoint": self.checkpoint,
            "bfloat16": self.bfloat16,
            "chance loss": self.chance,
            "preview": self.preview,
            "throughput": self.throughput,
        }
        if 3 in self._entry.requires.dimensions:
            clauses["volumes"] = self.volumes
        for name, clause in clauses.items():
            if only and name not in only:
                continue
            try:
                yield CheckResult(self._entry.id, name, True, clause())
            except Broken as finding:
                yield CheckResult(self._entry.id, name, False, str(finding))
            except Exception as error:  # foreign code may raise anything; its text is not ours to repeat
                yield CheckResult(self._entry.id, name, False, f"It raised {type(error).__name__}.")

    def view_plan(self) -> str:
        """`views()` gives a plan that the loop can carry out."""
        plan = self._task().views()
        if not isinstance(plan, ViewPlan) or not 1 <= plan.views <= 16:
            raise Broken("views() must give a ViewPlan with 1 to 16 views.")
        if plan.small_views and (plan.sampling != "image" or plan.small_views > 16):
            raise Broken("Small views, at most 16, go with the sampling 'image' alone.")
        return f"{plan.views} views of one {plan.sampling}"

    def finite_loss(self) -> str:
        """The loss is a finite scalar with a gradient."""
        task = self._task()
        result = _step(task, self._batch(task))
        return f"loss {float(result.loss.detach()):.4f}"

    def gradients(self) -> str:
        """`backward` leaves finite gradients, not all zero, in the encoder, or in what the encoder follows."""
        task = self._task()
        return _learns(task, self._batch(task))

    def features(self) -> str:
        """`encoder()` maps images to features of the backbone's dimension."""
        task = self._task()
        encoder = task.encoder().eval()
        with torch.no_grad():
            features = encoder(torch.randn(2, self._channels, SIDE, SIDE))
        expected = (2, task.context.feature_dim)
        if tuple(features.shape) != expected:
            raise Broken(f"The encoder gives {tuple(features.shape)} where {expected} is expected.")
        return f"{expected[1]} numbers"

    def colour(self) -> str:
        """Three-channel images work as one-channel images do."""
        task = self._task(channels=3)
        _step(task, self._batch(task))
        return "3 channels"

    def odd_batches(self) -> str:
        """The last batch of an epoch may be small and odd."""
        task = self._task()
        for rows in (5, 3, 2):
            _step(task, self._batch(task, rows=rows))
        return "5, 3 and 2 rows"

    def repeatable(self) -> str:
        """Two trainings with one seed have the same losses."""
        if self._trainings.again != self._trainings.whole[:2]:
            raise Broken("Two runs with the same seed differ; use torch's own random numbers alone.")
        return "2 steps twice"

    def checkpoint(self) -> str:
        """A task that is saved and loaded after two steps goes on as one that was never stopped."""
        if self._trainings.resumed != self._trainings.whole[2:]:
            raise Broken("After loading a checkpoint the losses differ: some state is neither parameter nor buffer.")
        return "stopped after 2 of 4 steps"

    def bfloat16(self) -> str:
        """The loss stays finite under bfloat16 autocast."""
        task = self._task()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            result = _step(task, self._batch(task))
        return f"loss {float(result.loss.detach()):.4f}"

    def chance(self) -> str:
        """`chance_loss` gives a finite number or None."""
        chance = self._task().chance_loss(ROWS)
        if chance is not None and not math.isfinite(chance):
            raise Broken("chance_loss() must give a finite number or None.")
        return "none" if chance is None else f"{chance:.4f}"

    def preview(self) -> str:
        """`preview` gives pictures of the batch's shape, or none."""
        task = self._task().eval()
        with torch.no_grad():
            rows = task.preview(self._batch(task))
        for row in rows:
            if not isinstance(row, Preview) or row.images.ndim != 4 or row.images.shape[1] != task.context.in_channels:
                raise Broken("preview() must give Preview rows of images (N, C, S, S).")
        return f"{len(rows)} rows of pictures"

    def throughput(self) -> str:
        """A step is short enough that a run can be stopped; the speed is told."""
        task = self._task()
        batch = self._batch(task)
        _step(task, batch)
        started = time.perf_counter()
        _step(task, batch).loss.backward()
        seconds = time.perf_counter() - started
        if seconds > self._longest_step:
            raise Broken(f"One step of {ROWS} small images takes {seconds:.0f} s: the run could not be stopped.")
        return f"{ROWS / seconds:.0f} images a second at {SIDE} px on this CPU"

    def volumes(self) -> str:
        """Volumes are learned from as images are, and the encoder maps them to features."""
        task = self._volume_task()
        batch = self._batch(task)
        _learns(task, batch)
        _step(task, self._batch(task, 2))
        with torch.no_grad():
            pictures = task.eval().preview(batch)
            features = task.encoder().eval()(batch.views[0][:2])
        if any(row.images.ndim != 5 or row.images.shape[1] != self._channels for row in pictures):
            raise Broken("preview() must give Preview rows of volumes (N, C, depth, S, S).")
        if tuple(features.shape) != (2, task.context.feature_dim):
            raise Broken(f"The encoder gives {tuple(features.shape)} for 2 volumes.")
        return f"{VOLUMES} of {DEPTH} slices"

    def _volume_task(self) -> PretextTask:
        """The task with a small network for volumes: loading those of the table would take seconds."""
        torch.manual_seed(0)
        mean, std = table.find(VOLUMETRIC).normalisation(self._channels)
        context = TaskContext(
            backbone=_VolumeNetwork(self._channels),
            feature_dim=_VolumeNetwork.WIDTH,
            in_channels=self._channels,
            image_size=SIDE,
            batch_size=VOLUMES,
            parameters=self._entry.values({}),
            total_steps=10,
            mean=mean,
            std=std,
            depth=DEPTH,
        )
        return self._class(context).train()

    def _task(self, channels: int = 0) -> PretextTask:
        """The task as the loop builds it, with the defaults of its parameters."""
        torch.manual_seed(0)
        families = self._entry.requires.families
        entry = table.find(BACKBONE if "cnn" in families else TRANSFORMER)
        channels = channels or self._channels
        mean, std = entry.normalisation(channels)
        backbone = _backbone(entry.name, channels)
        context = TaskContext(
            backbone=backbone,
            feature_dim=entry.feature_dim,
            in_channels=channels,
            image_size=SIDE,
            batch_size=ROWS,
            parameters=self._entry.values({}),
            total_steps=10,
            family=entry.family,
            patch_size=patch_size(backbone),
            mean=mean,
            std=std,
        )
        return self._class(context).train()

    @staticmethod
    def _batch(task: PretextTask, rows: int = 0, step: int = 0) -> Batch:
        """Random views: of images, or of volumes where the task was built for them."""
        generator = torch.Generator().manual_seed(1000 + step)
        channels, depth = task.context.in_channels, task.context.depth
        rows = rows or (VOLUMES if depth else ROWS)
        plan = task.views()
        side = small_side(SIDE, plan.small_share)
        large: tuple[int, ...] = (SIDE, SIDE)
        less: tuple[int, ...] = (side, side)
        if depth:
            large, less = (depth, *large), (min(depth, small_side(depth, plan.small_share)), *less)
        views = tuple(torch.randn(rows, channels, *large, generator=generator) for _ in range(plan.views))
        small = tuple(torch.randn(rows, channels, *less, generator=generator) for _ in range(plan.small_views))
        return Batch(views, torch.arange(rows), torch.arange(rows), step, small)

    def _advance(self, task: PretextTask, optimiser: torch.optim.Optimizer, step: int) -> float:
        torch.manual_seed(step)
        loss = _step(task, self._batch(task, step=step)).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            task.after_step(step)
        return float(loss.detach())

    @cached_property
    def _trainings(self) -> _Trainings:
        def train(task: PretextTask, steps: range) -> list[float]:
            optimiser = torch.optim.SGD(task.parameters(), lr=0.01)
            return [self._advance(task, optimiser, step) for step in steps]

        whole = train(self._task(), range(4))
        stopped, resumed = self._task(), self._task()
        again = train(stopped, range(2))
        resumed.load_state_dict(stopped.state_dict())
        return _Trainings(whole, again, train(resumed, range(2, 4)))


class _VolumeNetwork(nn.Module):
    """A network for volumes (N, C, depth, S, S) with two maps, as the table's have four."""

    WIDTH = 64

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fine = nn.Sequential(
            nn.Conv3d(channels, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm3d(8), nn.ReLU()
        )
        self.coarse = nn.Conv3d(8, self.WIDTH, 3, stride=2, padding=1)

    def forward(self, volumes: Tensor) -> Tensor:
        """Features (N, 64)."""
        return self.forward_intermediates(volumes)[0].mean(dim=(2, 3, 4))

    def forward_intermediates(self, volumes: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The last map, and both, fine to coarse."""
        fine = self.fine(volumes)
        coarse = self.coarse(fine)
        return coarse, [fine, coarse]


@cache
def _pattern(name: str, channels: int) -> nn.Module:
    torch.manual_seed(0)
    return build(name, channels, SIDE)


def _backbone(name: str, channels: int) -> nn.Module:
    """A fresh copy of one network: drawing its weights anew takes as long as a step."""
    network = copy.deepcopy(_pattern(name, channels))
    torch.manual_seed(0)
    return network


def _learns(task: PretextTask, batch: Batch) -> str:
    """What carries a step's loss into the encoder; raises Broken where nothing does."""
    _step(task, batch).loss.backward()
    if not all(bool(torch.isfinite(one.grad).all()) for one in task.parameters() if one.grad is not None):
        raise Broken("Some gradients are not finite.")
    parameters = list(task.encoder().parameters())
    found = [one.grad for one in parameters if one.grad is not None]
    if any(bool(one.abs().sum() > 0) for one in found):
        return f"{len(found)} of {len(parameters)} tensors"
    before = [one.detach().clone() for one in parameters]
    torch.optim.SGD(task.parameters(), lr=1.0).step()
    with torch.no_grad():
        task.after_step(0)
    if all(torch.equal(one, now) for one, now in zip(before, task.encoder().parameters(), strict=True)):
        raise Broken("No gradient reaches the encoder: nothing would be learned.")
    return "the encoder follows what is trained"


def _step(task: PretextTask, batch: Batch) -> StepResult:
    """One step whose result is what the contract says; raises Broken otherwise."""
    result = task.training_step(batch)
    if not isinstance(result, StepResult) or not isinstance(result.loss, Tensor):
        raise Broken("training_step() must give a StepResult with a tensor as loss.")
    if result.loss.ndim != 0 or not result.loss.requires_grad:
        raise Broken("The loss must be one number with a gradient.")
    if not bool(torch.isfinite(result.loss)):
        raise Broken(f"The loss is not finite for a batch of {len(batch.image_ids)} rows.")
    if not isinstance(task.encoder(), nn.Module):
        raise Broken("encoder() must give a module.")
    return result


def main(folder: str, result: str) -> int:
    """Write the results of `check_plugin` as JSON to the file `result`: {"checks": [...]} or {"error", "hint"}."""
    torch.set_num_threads(1)
    try:
        content: dict[str, object] = {"checks": [asdict(one) for one in check_plugin(Path(folder))]}
    except SSLStudioError as problem:
        content = {"error": problem.message, "hint": problem.hint, "code": problem.code}
    Path(result).write_text(json.dumps(content), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
