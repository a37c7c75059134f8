"""Pictures of what a task does with a few fixed images, written after every epoch for whoever watches the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sslstudio.api import PretextTask, Preview
from sslstudio.augment.resample import fit_square
from sslstudio.training.batches import BatchMaker
from sslstudio.training.reporter import Reporter

NAME = "preview"
IMAGES = 8
_LARGEST_SIDE = 128


class PreviewWriter:
    """Writes `preview.png`, one row of pictures each line, and `preview.json` with the rows' titles and the epoch.

    Both stand in `folder` and are replaced as a whole; a task without pictures leaves none. The images are those of
    `rows` (N, V), in every epoch the same.
    """

    def __init__(self, batches: BatchMaker, rows: Tensor, folder: Path, report: Reporter) -> None:
        self._batches = batches
        self._rows = rows[:IMAGES]
        self._folder = folder
        self._report = report

    @torch.no_grad()
    def __call__(self, task: PretextTask, epoch: int) -> None:
        """Ask `task` for its pictures after `epoch`, counted from 0, and write them."""
        task.eval()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            previews = task.preview(self._batches.fixed(self._rows))
        task.train()
        if not previews:
            return
        sheet = np.concatenate([self._strip(one) for one in previews])
        titles = {"epoch": epoch, "titles": [one.title for one in previews], "images": len(self._rows)}
        self._replace("json", lambda path: path.write_text(json.dumps(titles), encoding="utf-8"))
        self._replace("png", lambda path: Image.fromarray(sheet).save(path, format="PNG"))

    def _strip(self, preview: Preview) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        """The row's images, or the middle slices of its volumes, side by side: uint8 (T, N * T, 3)."""
        seen = self._batches.augmenter.as_seen(preview.images.float()[: len(self._rows)]).clamp(0.0, 1.0)
        if seen.ndim == 5:
            seen = seen[:, :, seen.shape[2] // 2]
        if seen.shape[-1] > _LARGEST_SIDE:
            seen = fit_square(seen, _LARGEST_SIDE)
        pixels = (seen * 255.0).round().to(torch.uint8).expand(-1, 3, -1, -1)
        return np.concatenate(list(pixels.permute(0, 2, 3, 1).cpu().numpy()), axis=1)

    def _replace(self, kind: str, write: Callable[[Path], object]) -> None:
        self._report.check_place()
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{NAME}.{kind}"
        temporary = path.with_suffix(f".{kind}.partial")
        write(temporary)
        temporary.replace(path)
        self._report.artifact(path.name, path)
