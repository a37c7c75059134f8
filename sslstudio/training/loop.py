"""The training loop: epochs, numbers, monitors, checkpoints, and what to do when the loss is not finite."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from sslstudio.api import PretextTask
from sslstudio.errors import SSLStudioError
from sslstudio.training import checkpoint, schedule, state
from sslstudio.training.batches import BatchMaker
from sslstudio.training.compiling import Pause
from sslstudio.training.devices import Precision, choose_precision
from sslstudio.training.feature_log import FeatureLog
from sslstudio.training.keeping import BestWeights
from sslstudio.training.memory import Gauge
from sslstudio.training.reporter import Reporter
from sslstudio.training.sampling import Sampler
from sslstudio.training.state import LoopState
from sslstudio.training.step import StepRunner
from sslstudio.training.watching import Watch, Watcher

_MOST_SKIPS = 3
_LONGEST_UNSAVED = 600.0


@dataclass(frozen=True)
class LoopSettings:
    """What the loop needs of a specification; see `PretrainSpec`. Times are in seconds."""

    identity: str
    epochs: int
    learning_rate: float
    weight_decay: float
    warmup_fraction: float
    seed: int
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    accumulation: int = 1
    metric_seconds: float = 0.25
    checkpoint_seconds: float = 20.0


@dataclass(frozen=True)
class LoopResult:
    """How a run ended: mean loss of the last epoch, chance level, collapse measure, epochs done, time spent."""

    loss: float
    chance: float | None
    collapse: float
    epochs: int
    seconds: float


class TrainingLoop:
    """Trains one task. Every decision that a resume must repeat stands in `LoopState` and its checkpoints.

    `goes_on` is told the step from which training begins, goes on, or goes back to: what was told of later steps is
    void. In `as_written()` the network is measured. `watch` takes the place of the one for pretraining; `pace` says for
    each parameter's name by what its learning rate is multiplied.
    """

    def __init__(
        self,
        task: PretextTask,
        batches: BatchMaker,
        sampler: Sampler,
        settings: LoopSettings,
        device: torch.device,
        folder: Path,
        report: Reporter,
        after_epoch: Callable[[PretextTask, int], None] | None = None,
        keeper: BestWeights | None = None,
        goes_on: Callable[[int], None] | None = None,
        as_written: Pause = contextlib.nullcontext,
        log: FeatureLog | None = None,
        watch: Watch | None = None,
        pace: Callable[[str], float] = lambda name: 1.0,
    ) -> None:
        self._after_epoch = after_epoch
        self._goes_on = goes_on
        self._as_written = as_written
        self._keeper = keeper
        self._task = task
        self._batches = batches
        self._sampler = sampler
        self._settings = settings
        self._device = device
        self._folder = folder
        self._report = report
        self._optimiser = state.make_optimiser(task, settings.learning_rate, settings.weight_decay, pace)
        self._runner = StepRunner(task, self._optimiser, batches, device, report)
        self._runner.accumulation = settings.accumulation
        self._total = settings.epochs * sampler.steps_per_epoch
        self._state: LoopState
        self._skips = self._rollbacks = 0
        self._saved_step = -1
        self._saving = 0.0
        self._started = self._saved_at = self._told_at = time.monotonic()
        self._since: list[float] = []
        self._waited = 0.0
        self._collapse = 0.0
        self._gauge = Gauge(device, report)
        self._watcher = watch or Watcher(
            batches, sampler.items, settings.epochs, settings.seed, report, keeper, log
        )  # fmt: skip

    def run(self) -> LoopResult:
        """Train from the newest checkpoint, or the start, to the last epoch; on a cancel save and pass it on."""
        self._begin()
        while not self._over():
            with contextlib.suppress(_RolledBack):
                self._epoch(self._state.step // self._sampler.steps_per_epoch)
        if not self._state.loss_count and self._skips:
            raise SSLStudioError(
                "Training stopped: the loss was not finite in any step.",
                "Lower the learning rate or choose float32, and start a new run.",
                code="diverged",
            )
        if not self._collapse:
            with self._as_written():
                self._collapse = self._watcher.collapse(self._task.encoder(), self._runner.autocast)
        self._keep_last()
        return LoopResult(
            loss=self._mean_loss(),
            chance=self._task.chance_loss(self._sampler.batch_size),
            collapse=self._collapse,
            epochs=self._state.step // self._sampler.steps_per_epoch,
            seconds=self._seconds(),
        )

    def _begin(self) -> None:
        found, damaged = checkpoint.load_newest(self._folder)
        if damaged:
            self._report.warn("checkpoint_damaged", "A damaged checkpoint was passed over; the one before is used.")
        if found is not None:
            resumed = state.unpack(found, self._task, self._optimiser)
            if resumed.identity != self._settings.identity:
                raise SSLStudioError(
                    "The checkpoint belongs to a run with other settings.", "Start a new run.", code="checkpoint_misfit"
                )
            curve = resumed.schedule.extended(self._total, resumed.step, self._settings.warmup_fraction)
            self._state = resumed.model_copy(update={"schedule": curve})
            checkpoint.discard_newer(self._folder, found.step)
        else:
            curve = schedule.begin(self._total, self._settings.learning_rate, self._settings.warmup_fraction)
            precision = choose_precision(self._settings.precision, self._device, self._probe())
            settings = self._settings
            self._state = LoopState(
                identity=settings.identity, schedule=curve, precision=precision, accumulation=settings.accumulation
            )
            checkpoint.discard_newer(self._folder, -1)
            self._save()
        self._runner.bfloat16 = self._state.precision == "bfloat16"
        self._runner.accumulation = self._state.accumulation
        self._watcher.state = self._state.watch
        if self._goes_on is not None:
            self._goes_on(self._state.step)
        if self._state.step == 0:
            with self._as_written():
                self._watcher.start(self._task.encoder(), self._runner.autocast)
        self._started = time.monotonic()

    def _over(self) -> bool:
        return self._state.step >= self._total or self._watcher.ended

    def _probe(self) -> Callable[[Precision], None]:
        """A step without effect on a whole batch, for timing arithmetic: a small one would mislead."""
        rows = self._sampler.epoch(0)[:1]

        def step(precision: Precision) -> None:
            self._runner.bfloat16 = precision == "bfloat16"
            self._task.train()
            for step_rows, squares in self._batches.squares(rows):
                self._runner.forward_backward(step_rows, squares, 0)

        return step

    def _epoch(self, epoch: int) -> None:
        steps = self._sampler.steps_per_epoch
        self._task.train()
        position = self._state.step - epoch * steps
        if position == 0:
            self._advance(loss_sum=0.0, loss_count=0)
        for rows, squares in self._batches.squares(self._sampler.epoch(epoch)[position:]):
            self._stop_if_asked()
            self._step(rows, squares, epoch)
            if time.monotonic() - self._saved_at > _LONGEST_UNSAVED:
                self._save()
        self._look(epoch)
        if self._after_epoch is not None:
            with self._as_written():
                self._after_epoch(self._task, epoch)
        last = self._over()
        # twenty seconds for a checkpoint that takes .4 s to write, in proportion for larger ones: 2 % of the time
        due = self._settings.checkpoint_seconds * max(1.0, self._saving / 0.4)
        if last or time.monotonic() - self._saved_at >= due:
            self._save()

    def _step(self, rows: Tensor, squares: Tensor, epoch: int) -> None:
        step = self._state.step
        rate = self._state.schedule.rate(step) * self._state.rate_scale
        outcome = self._runner.run(rows, squares, step, rate)
        self._advance(step=step + 1, accumulation=self._runner.accumulation)
        if not outcome.finite:
            self._non_finite(step)
            return
        self._skips = 0
        self._advance(loss_sum=self._state.loss_sum + outcome.loss, loss_count=self._state.loss_count + 1)
        self._since.append(outcome.loss)
        elapsed = time.monotonic() - self._told_at
        if elapsed >= self._settings.metric_seconds or self._state.step == self._total:
            self._tell(epoch, rate, elapsed, outcome.scalars)

    def _tell(self, epoch: int, rate: float, elapsed: float, scalars: Mapping[str, float]) -> None:
        values = dict(scalars)
        chance = self._task.chance_loss(self._sampler.batch_size // self._state.accumulation)
        if chance is not None:
            values["chance"] = chance
        images = len(self._since) * self._sampler.batch_size
        values |= {
            "loss": sum(self._since) / len(self._since),
            "learning_rate": rate,
            "images_per_second": images / max(elapsed, 1e-9),
            "data_wait": (self._batches.waited - self._waited) / max(elapsed, 1e-9),
            **self._gauge.look(),
        }
        self._report.metric(self._state.step, epoch, **values)
        done = self._state.step / self._sampler.steps_per_epoch
        self._report.progress(done, self._settings.epochs, "epochs", "Training")
        self._since.clear()
        self._waited = self._batches.waited
        self._told_at = time.monotonic()

    def _non_finite(self, step: int) -> None:
        """Leave out up to three steps in a row, then roll back once with half the rate, then give up."""
        self._skips += 1
        if self._skips <= _MOST_SKIPS:
            self._report.warn("step_skipped", f"Step {step} was left out: its loss or gradient was not finite.")
            return
        self._report.check_place()
        found, _ = checkpoint.load_newest(self._folder)
        if found is None or self._rollbacks:
            raise SSLStudioError(
                "Training stopped: the loss is not finite even after a roll-back with half the learning rate.",
                "Lower the learning rate or choose float32, and start a new run.",
                code="diverged",
            )
        self._rollbacks += 1
        self._skips = 0
        scale = self._state.rate_scale / 2
        seconds = self._seconds()
        restored = state.unpack(found, self._task, self._optimiser)
        self._watcher.state = restored.watch
        if self._keeper is not None:
            self._keeper.forget()
        curve = self._state.schedule
        self._state = restored.model_copy(update={"rate_scale": scale, "schedule": curve, "seconds": seconds})
        self._started = time.monotonic()
        self._since.clear()
        if self._goes_on is not None:
            self._goes_on(found.step)
        self._report.warn(
            "rolled_back",
            f"The loss was not finite {_MOST_SKIPS + 1} times in a row: training went back to step {found.step} "
            "and goes on with half the learning rate.",
        )
        raise _RolledBack

    def _look(self, epoch: int) -> None:
        chance = self._task.chance_loss(self._sampler.batch_size // self._state.accumulation)
        encoder, arithmetic = self._task.encoder(), self._runner.autocast
        with self._as_written():
            self._collapse = self._watcher.look(encoder, arithmetic, epoch, self._mean_loss(), chance)
        self._task.train()

    def _advance(self, **changes: object) -> None:
        self._state = self._state.model_copy(update=changes)

    def _mean_loss(self) -> float:
        return self._state.loss_sum / max(1, self._state.loss_count)

    def _seconds(self) -> float:
        return self._state.seconds + time.monotonic() - self._started

    def _save(self) -> None:
        self._report.check_place()
        self._advance(seconds=self._seconds() if self._state.step else 0.0)
        self._advance(watch=self._watcher.state)
        self._started = time.monotonic()
        if self._keeper is not None:
            self._keeper.flush()
        packed = state.pack(self._task, self._optimiser, self._state)
        checkpoint.save(self._folder, packed, self._report.check_place)
        self._saving = time.monotonic() - self._started
        self._saved_at = time.monotonic()
        self._saved_step = self._state.step

    def _stop_if_asked(self) -> None:
        """Let the run stop or pause here; whatever stops it, all that was learned is kept."""
        try:
            self._report.check_cancelled()
        except BaseException:
            if self._saved_step != self._state.step:
                self._save()
            self._keep_last()
            raise

    def _keep_last(self) -> None:
        self._report.check_place()
        if self._keeper is not None and self._state.step:
            epoch, position = divmod(self._state.step - 1, self._sampler.steps_per_epoch)
            whole = position + 1 == self._sampler.steps_per_epoch
            self._keeper.keep_last(self._task.encoder(), epoch, whole=whole)


class _RolledBack(Exception):  # noqa: N818 - steers the loop back to the checkpoint's epoch
    pass
