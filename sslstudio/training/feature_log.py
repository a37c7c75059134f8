"""The features of the watched images after some epochs, kept so that it can be looked at how the view of them changed.

At most about a dozen epochs: the start, the newest, and others evenly between; each time there are too many, every
second one goes. `embeddings.epochs` makes maps of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from torch import Tensor

from sslstudio.domain.epoch_files import FOLDER, SAMPLE, file_of, stored
from sslstudio.training.reporter import Reporter

MOST = 12


class FeatureLog:
    """Writes below `artifacts`; the training sees `images` images. A disk that refuses is told once and costs nothing
    but these files."""

    def __init__(self, artifacts: Path, images: int, report: Reporter) -> None:
        self._folder = artifacts / FOLDER
        self._images = images
        self._report = report
        self._refused = False

    def keep(self, epoch: int, ids: Sequence[int], features: Tensor) -> None:
        """Keep features (n, D) of images `ids` (n,) after `epoch`, counted from 1; 0 is before the first step."""
        if self._refused:
            return
        self._report.check_place()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not (self._folder / SAMPLE).exists():
                held, of = np.asarray(ids, dtype=np.int64), np.asarray(self._images)
                self._replace(self._folder / SAMPLE, lambda stream: np.savez(stream, ids=held, of=of))
            values = features.clamp(-6e4, 6e4).numpy().astype(np.float16)
            self._replace(file_of(self._folder, epoch), lambda stream: np.save(stream, values))
            for one in surplus(stored(self._folder), epoch):
                file_of(self._folder, one).unlink(missing_ok=True)
        except OSError:
            self._refused = True
            self._report.warn(
                "features_not_kept",
                "How the view of the images changes cannot be kept: the disk refuses it.",
                "The training goes on; only the maps of its epochs will be missing.",
            )

    def _replace(self, path: Path, write: Callable[[BinaryIO], object]) -> None:
        temporary = path.with_name(f"{path.name}.partial")
        with temporary.open("wb") as stream:
            write(stream)
        temporary.replace(path)


def surplus(epochs: Sequence[int], newest: int) -> list[int]:
    """Which of the `epochs` need not stay when features after `newest` have come; later ones are of a course left."""
    step = 1
    while newest // step >= MOST:
        step *= 2
    return [epoch for epoch in epochs if epoch > newest or (epoch != newest and epoch % step)]
