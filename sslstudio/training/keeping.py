"""The weights of a run's best epoch: held in memory, written when a checkpoint is, and the weights it ended with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

BEST, LAST = "best", "last"
FACTS = "epoch.json"
Save = Callable[[Mapping[str, Tensor], Path], object]


class BestWeights:
    """Keeps encoders in `folder`: below `best` that of the best epoch, below `last` that of the end of the run.

    `save` writes tensors into a folder so that it can be read as a backbone; beside them `epoch.json` says which epoch
    they are of (counted from 0) and by which measure they were chosen.
    """

    def __init__(self, folder: Path, save: Save) -> None:
        self._folder = folder
        self._save = save
        self._held: tuple[dict[str, Tensor], dict[str, object]] | None = None

    @torch.no_grad()
    def hold(self, encoder: nn.Module, epoch: int, measure: str, value: float) -> None:
        """Remember the weights of `encoder` as the best ones; nothing is written yet."""
        tensors = {name: tensor.detach().to("cpu", copy=True) for name, tensor in encoder.state_dict().items()}
        self._held = tensors, {"epoch": epoch, "measure": measure, "value": value}

    def forget(self) -> None:
        """Let go of what was held and not written: the run went back to an earlier checkpoint."""
        self._held = None

    def flush(self) -> None:
        """Write the weights that are held, if any."""
        if self._held is not None:
            self._write(BEST, *self._held)
            self._held = None

    def keep_last(self, encoder: nn.Module, epoch: int, *, whole: bool = True) -> None:
        """Write the weights a run ends with, well or early; `whole` is False within an epoch."""
        self._write(LAST, encoder.state_dict(), {"epoch": epoch} if whole else {"epoch": epoch, "whole": False})

    def _write(self, name: str, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> None:
        folder = self._folder / name
        self._save(tensors, folder)
        temporary = folder / f"{FACTS}.partial"
        temporary.write_text(json.dumps(facts), encoding="utf-8")
        temporary.replace(folder / FACTS)
