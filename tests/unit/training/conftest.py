"""A loop on tiny images with a tiny network: a few milliseconds a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from sslstudio.api import Batch, PretextTask, TaskContext, ViewPlan
from sslstudio.augment.batch import BatchAugmenter
from sslstudio.augment.presets import PRESETS
from sslstudio.domain.items import Item
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.training import pixel_store
from sslstudio.training.batches import BatchMaker
from sslstudio.training.keeping import BestWeights
from sslstudio.training.loop import LoopSettings, TrainingLoop
from sslstudio.training.reporter import Reporter
from sslstudio.training.sampling import Sampler
from sslstudio.training.scalars import ScalarFiles, Telling
from tests.fakes.pretext_task import AgreementTask, TinyBackbone, write_images

CPU = torch.device("cpu")
torch.set_num_threads(1)  # tiny tensors: a second thread costs more than it does


class Stopped(Exception):  # noqa: N818 - stands for the user's wish
    """What the recording reporter raises at its stop."""


@dataclass
class Recorder:
    """Keeps all that the loop reports; asks it to stop at look number `stop_at`."""

    stop_at: int = -1
    looks: int = 0
    metrics: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    monitors: list[dict[str, float]] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    all_warnings: list[str] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """Codes without "collapse": features of the tiny network lie close together at first."""
        return [code for code in self.all_warnings if code != "collapse"]

    def progress(self, done: float, total: float, unit: str = "", text: str = "") -> None:
        assert 0 <= done <= total

    def metric(self, step: int, epoch: int, **values: float) -> None:
        self.metrics.append((step, values))

    def monitor(self, epoch: int, **values: float) -> None:
        self.epochs.append(epoch)
        self.monitors.append(values)

    def warn(self, code: str, message: str, hint: str = "") -> None:
        self.all_warnings.append(code)

    def artifact(self, name: str, path: Path) -> None:
        assert path.is_file() and path.name == name

    def check_place(self) -> None:
        """The folder of a test stays where it is."""

    def check_cancelled(self) -> None:
        self.looks += 1
        if self.looks == self.stop_at:
            raise Stopped


@dataclass
class Bench:
    """Builds loops over the same images."""

    items: list[Item]
    store: pixel_store.PixelStore
    folder: Path

    def loop(
        self,
        report: Reporter,
        *,
        folder: str = "checkpoints",
        plan: ViewPlan | None = None,
        keeper: BestWeights | None = None,
        scalars: ScalarFiles | None = None,
        spoil: Callable[[Batch, torch.Tensor], torch.Tensor] | None = None,
        **changes: Any,
    ) -> tuple[TrainingLoop, PretextTask]:
        """A loop with a fresh task; `changes` are settings. Seeds as a new process would be seeded."""
        torch.manual_seed(0)
        values: dict[str, Any] = {
            "identity": "same",
            "epochs": 3,
            "learning_rate": 0.01,
            "weight_decay": 1e-4,
            "warmup_fraction": 0.1,
            "seed": 5,
            "precision": "float32",
            "metric_seconds": 0.0,
            "checkpoint_seconds": 0.0,
        }
        settings = LoopSettings(**{**values, **changes})
        context = TaskContext(TinyBackbone(), 8, 1, 16, 8, {}, 9)
        task = AgreementTask(context, plan).to(memory_format=torch.channels_last)
        task.spoil = spoil
        sampler = Sampler(self.items, task.views(), 8, settings.seed)
        augmenter = BatchAugmenter(PRESETS["mr"], 16, (0.4,), (0.2,))
        ids = torch.tensor([item.image_id for item in self.items])
        batches = BatchMaker(self.store, augmenter, task.views(), ids, sampler.subject_ids, settings.seed)
        told, goes_on = (report, None) if scalars is None else (Telling(report, scalars), scalars.go_on_from)
        place = self.folder / folder
        loop = TrainingLoop(
            task, batches, sampler, settings, CPU, place, told, keeper=keeper, goes_on=goes_on
        )  # fmt: skip
        return loop, task


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """24 small images of 8 subjects: 3 steps an epoch."""
    items = write_images(tmp_path)
    cache = PixelCache(tmp_path / "pixels")
    store = pixel_store.build(
        items, cache, image_size=16, channels=1, margin=0.0, device=CPU, scratch=tmp_path / "x", report=Recorder()
    )
    torch.set_deterministic_debug_mode("error")
    yield Bench(items, store, tmp_path)
    torch.set_deterministic_debug_mode("default")
    cache.close()
