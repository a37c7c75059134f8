"""One optimiser step that survives what goes wrong in it: no memory, or numbers that are not finite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from sslstudio.api import PretextTask
from sslstudio.errors import SSLStudioError
from sslstudio.training.batches import BatchMaker
from sslstudio.training.reporter import Reporter

_SMALLEST_PART = 2
_MOST_HALVINGS = 4


@dataclass(frozen=True)
class StepOutcome:
    """Loss and further numbers of a step; `finite` is False when the step was left out for a non-finite number."""

    loss: float
    scalars: Mapping[str, float]
    finite: bool


class StepRunner:
    """Runs forward, backward and the optimiser for one batch.

    `accumulation` is the number of parts a batch is cut into; it doubles when the graphics card has no memory left.
    A step whose loss or gradient is not finite changes nothing: neither weights nor buffers.
    """

    def __init__(
        self,
        task: PretextTask,
        optimiser: Optimizer,
        batches: BatchMaker,
        device: torch.device,
        report: Reporter,
    ) -> None:
        self.accumulation = 1
        self.bfloat16 = False
        self._task = task
        self._optimiser = optimiser
        self._batches = batches
        self._device = device
        self._report = report
        self._halvings = 0

    def run(self, rows: Tensor, squares: Tensor, step: int, rate: float) -> StepOutcome:
        """One step on `rows` (N, V) with `squares` (N, sources, C, T, T) at learning rate `rate`."""
        buffers = [buffer.clone() for buffer in self._task.buffers()]
        while True:
            try:
                outcome = self._accumulate(rows, squares, step)
                break
            except torch.OutOfMemoryError:
                self._optimiser.zero_grad(set_to_none=True)
                _restore(self._task, buffers)
                self._halve(len(rows))
        if outcome.finite:
            for group in self._optimiser.param_groups:
                group["lr"] = rate * group.get("pace", 1.0)
            self._optimiser.step()
            with torch.no_grad():
                self._task.after_step(step)
        else:
            _restore(self._task, buffers)
        self._optimiser.zero_grad(set_to_none=True)
        return outcome

    def forward_backward(self, rows: Tensor, squares: Tensor, step: int) -> None:
        """Forward and backward without a step, for timing; leaves gradients and buffers as they were."""
        buffers = [buffer.clone() for buffer in self._task.buffers()]
        with torch.random.fork_rng(devices=[]):
            self._accumulate(rows, squares, step)
        _restore(self._task, buffers)
        self._optimiser.zero_grad(set_to_none=True)

    def autocast(self) -> torch.autocast:
        """The arithmetic of the run as a context."""
        return torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self.bfloat16)

    def _accumulate(self, rows: Tensor, squares: Tensor, step: int) -> StepOutcome:
        total = len(rows)
        losses: list[Tensor] = []
        scalars: dict[str, float] = {}
        parts = zip(rows.tensor_split(self.accumulation), squares.tensor_split(self.accumulation), strict=True)
        for part, (part_rows, part_squares) in enumerate(parts):
            batch = self._batches.batch(part_rows, part_squares, step, part)
            with self.autocast():
                result = self._task.training_step(batch)
            share = len(part_rows) / total
            (result.loss * share).backward()
            losses.append(result.loss.detach().float() * share)
            for name, value in result.scalars.items():
                scalars[name] = scalars.get(name, 0.0) + value * share
        loss = float(torch.stack(losses).sum())
        gradients = [p.grad for p in self._task.parameters() if p.grad is not None]
        norm = float(nn.utils.get_total_norm(gradients))
        finite = all(abs(number) < float("inf") for number in (loss, norm))
        return StepOutcome(loss, scalars, finite)

    def _halve(self, rows: int) -> None:
        self._halvings += 1
        parts = self.accumulation * 2
        if self._halvings > _MOST_HALVINGS or rows // parts < _SMALLEST_PART:
            raise SSLStudioError(
                "The graphics card has too little memory for this run.",
                "Choose a smaller batch, a smaller image size or a smaller backbone, or the device 'cpu'.",
                code="out_of_memory",
            ) from None
        self.accumulation = parts
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self._report.warn(
            "batch_halved",
            f"The graphics card ran out of memory: each batch of {rows} images is now computed in {parts} parts.",
            "A contrastive method then compares fewer images at a time; a smaller image size avoids that.",
        )


@torch.no_grad()
def _restore(task: nn.Module, buffers: list[Tensor]) -> None:
    for buffer, before in zip(task.buffers(), buffers, strict=True):
        buffer.copy_(before)
