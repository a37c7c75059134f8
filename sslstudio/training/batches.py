"""From rows to a task's `Batch`: squares fetched ahead where they lie elsewhere, views made on the training device."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from sslstudio.api import Batch, ViewPlan
from sslstudio.augment.batch import BatchAugmenter
from sslstudio.training.devices import laid_out
from sslstudio.training.pixel_store import PixelStore
from sslstudio.training.sampling import generator_for

_VIEWS = 2


class BatchMaker:
    """Makes batches for one view plan. `waited` adds up the seconds the loop had to wait for pixels.

    With a store of volumes and their augmenter, views are volumes and each id is that of a volume's middle slice.
    """

    def __init__(
        self,
        store: PixelStore,
        augmenter: BatchAugmenter,
        plan: ViewPlan,
        image_ids: Tensor,
        subject_ids: Tensor,
        seed: int,
    ) -> None:
        self.waited = 0.0
        self.augmenter = augmenter
        self._store = store
        self._plan = plan
        self._image_ids = image_ids
        self._subject_ids = subject_ids
        self._seed = seed
        self._sources = 1 if plan.sampling == "image" else plan.views

    def squares(self, rows: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """For each step's rows (N, V) of `rows` (steps, N, V): the rows and their squares (N, sources, C, T, T)."""
        if self._store.resident:
            for step_rows in rows:
                start = time.perf_counter()
                squares = self._fetch(step_rows)
                self.waited += time.perf_counter() - start
                yield step_rows, squares
            return
        with ThreadPoolExecutor(1, "pixels") as pool:
            ahead = pool.submit(self._fetch, rows[0]) if len(rows) else None
            for index, step_rows in enumerate(rows):
                start = time.perf_counter()
                assert ahead is not None
                squares = ahead.result()
                self.waited += time.perf_counter() - start
                if index + 1 < len(rows):
                    ahead = pool.submit(self._fetch, rows[index + 1])
                yield step_rows, squares

    def batch(self, rows: Tensor, squares: Tensor, step: int, part: int = 0) -> Batch:
        """The batch of `rows` (N, V) with `squares` of the same N; random values follow from seed, step and part."""
        generator = generator_for(self._store.device, self._seed, _VIEWS, step, part)
        plan = self._plan
        draws = self.augmenter.draw(len(rows), generator) if plan.shared else None
        views = tuple(self._view(squares, view, generator, draws) for view in range(plan.views))
        small = tuple(self._view(squares, 0, generator, None, plan.small_share) for _ in range(plan.small_views))
        first = rows[:, 0]
        device = self._store.device
        sources = self._image_ids[rows].to(device) if self._sources > 1 else None
        return Batch(
            views, self._image_ids[first].to(device), self._subject_ids[first].to(device), step, small, sources
        )

    def sample(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Plain and augmented images (N, C, S, S) of `rows` (N,), always the same for the same rows."""
        squares = self._store.gather(rows)
        generator = generator_for(self._store.device, self._seed, _VIEWS + 1, int(rows[0]))
        return self.augmenter.plain(squares), self.augmenter.view(squares, generator)

    def plain(self, rows: Tensor) -> Tensor:
        """Images (N, C, S, S) of `rows` (N,) as they are, not augmented."""
        return self.augmenter.plain(self._store.gather(rows))

    def fixed(self, rows: Tensor) -> Batch:
        """A batch of `rows` (N, V) that is always the same, for pictures; its step is 0."""
        return self.batch(rows, self._fetch(rows), 0)

    def _view(
        self, squares: Tensor, view: int, generator: torch.Generator, draws: Tensor | None, small_share: float = 0.0
    ) -> Tensor:
        """One view (N, C, S, S) of the plan, from the source that it comes from."""
        source = squares[:, view if self._sources > 1 else 0]
        if self._plan.recipe == "plain":
            made = self.augmenter.plain(source)
        else:
            full = self._plan.recipe == "full"
            made = self.augmenter.view(source, generator, draws=draws, full=full, small_share=small_share)
        return laid_out(made)

    def _fetch(self, rows: Tensor) -> Tensor:
        count = len(rows)
        chosen = rows[:, : self._sources].reshape(-1)
        squares = self._store.gather(chosen)
        return squares.view(count, self._sources, *squares.shape[1:])
