"""The watch over a fine-tuning: scored after every epoch on training patients held out; best weights, early end."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sslstudio.training.batches import BatchMaker
from sslstudio.training.devices import laid_out
from sslstudio.training.keeping import BestWeights
from sslstudio.training.reporter import Reporter
from sslstudio.training.watching import START, Autocast, WatchState

MEASURE = "balanced_accuracy"
_BATCH = 256
_TIE = 1e-4


class Validation:
    """Scores a classifier (images to logits) on the rows held out; see `watching.Watch`.

    `classes` (M,) belong to `rows` (M,) of the store. Of epochs with equal balanced accuracy the one with the smaller
    loss is kept. `state.settled` counts epochs in a row that brought nothing: with `patience` of them the run ends.
    """

    def __init__(
        self,
        batches: BatchMaker,
        rows: Sequence[int],
        classes: Sequence[int],
        patience: int,
        report: Reporter,
        keeper: BestWeights,
    ) -> None:
        self.state = WatchState()
        self._batches = batches
        self._rows = torch.tensor(list(rows), dtype=torch.int64)
        self._classes = torch.tensor(list(classes), dtype=torch.int64)
        self._patience = patience
        self._report = report
        self._keeper = keeper

    @property
    def ended(self) -> bool:
        """Whether the last `patience` epochs brought nothing."""
        return self.state.settled >= self._patience

    def start(self, encoder: nn.Module, autocast: Autocast) -> None:
        """Score the weights that the run starts from; they are the best so far."""
        values = self._score(encoder, autocast)
        self.state = self.state.model_copy(update={"start": values})
        self._report.monitor(START, **values)
        self._keep(encoder, START, values)

    def look(self, encoder: nn.Module, autocast: Autocast, epoch: int, loss: float, chance: float | None) -> float:
        """Score the weights after `epoch` and keep them when they are the best; returns 1: nothing can collapse."""
        values = self._score(encoder, autocast)
        told = {"loss": loss} | ({"chance": chance} if chance is not None else {})
        self._report.monitor(epoch, **values, **told)
        better = values[MEASURE] - (self.state.best or 0.0)
        level = abs(better) <= _TIE and values["log_loss"] < self.state.start.get("best_log_loss", float("inf"))
        if better > _TIE or level:
            self._keep(encoder, epoch, values)
        else:
            self.state = self.state.model_copy(update={"settled": self.state.settled + 1})
        return 1.0

    def collapse(self, encoder: nn.Module, autocast: Autocast) -> float:
        """1: a classifier is not measured for it."""
        return 1.0

    def _keep(self, encoder: nn.Module, epoch: int, values: dict[str, float]) -> None:
        start = self.state.start | {"best_log_loss": values["log_loss"]}
        best = {"measure": MEASURE, "best": values[MEASURE], "best_epoch": epoch, "settled": 0, "start": start}
        self.state = self.state.model_copy(update=best)
        self._keeper.hold(encoder, epoch, MEASURE, values[MEASURE])

    @torch.no_grad()
    def _score(self, encoder: nn.Module, autocast: Autocast) -> dict[str, float]:
        """Balanced accuracy and class-balanced log loss, in nats, of the rows held out."""
        encoder.eval()
        found: list[Tensor] = []
        for some in self._rows.split(_BATCH):
            with autocast():
                found.append(encoder(laid_out(self._batches.plain(some))).float().cpu())
        logits = torch.cat(found)
        loss = nn.functional.cross_entropy(logits, self._classes, reduction="none")
        right = (logits.argmax(dim=1) == self._classes).float()
        of = [self._classes == number for number in self._classes.unique()]
        return {
            MEASURE: float(torch.stack([right[mine].mean() for mine in of]).mean()),
            "log_loss": float(torch.stack([loss[mine].mean() for mine in of]).mean()),
        }
