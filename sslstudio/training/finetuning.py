"""Fine-tuning put together from the parts of pretraining: a task whose loss is that of the labels, in the same loop."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from sslstudio.api import Batch, PretextTask, StepResult, TaskContext, ViewPlan
from sslstudio.augment import presets
from sslstudio.augment.batch import BatchAugmenter
from sslstudio.backbones import lora, table
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.domain.items import Item
from sslstudio.domain.specs import FinetuneMode, FinetuneSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.training import devices, pixel_store
from sslstudio.training.batches import BatchMaker
from sslstudio.training.keeping import BestWeights
from sslstudio.training.loop import LoopResult, LoopSettings, TrainingLoop
from sslstudio.training.reporter import Reporter
from sslstudio.training.sampling import BalancedSampler
from sslstudio.training.validating import Validation
from sslstudio.training.watching import WatchState

SMOOTHING = 0.1
"""Share of a label that is spread over all classes (Szegedy et al. 2016): labels of images may be wrong."""
_LAST = {"cnn": ("layer4", "stages.3", "blocks.6", "conv_head", "bn2"), "vit": ("norm", "fc_norm")}
_LAST_BLOCKS = 4  # of a transformer's twelve, as the last stage of a ResNet holds most of its weights


@dataclass(frozen=True)
class HeadStart:
    """A linear head over standardised features: coef (K, D), intercept (K,), mean (D,), scale (D,), float32."""

    coef: Tensor
    intercept: Tensor
    mean: Tensor
    scale: Tensor


class Classifier(nn.Module):
    """Images (N, C, S, S) to logits (N, K): a backbone and the linear head on its standardised features."""

    mean: Tensor
    scale: Tensor

    def __init__(self, backbone: nn.Module, head: HeadStart) -> None:
        super().__init__()
        self.backbone = backbone
        self.coef = nn.Parameter(head.coef.clone())
        self.intercept = nn.Parameter(head.intercept.clone())
        self.register_buffer("mean", head.mean.clone())
        self.register_buffer("scale", head.scale.clone())

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K)."""
        standard = (self.backbone(images).float() - self.mean) / self.scale
        return nn.functional.linear(standard, self.coef, self.intercept)


class FineTuning(PretextTask):
    """The loss of the labels; `class_of` holds the class of each image id that is learned from."""

    def __init__(
        self, context: TaskContext, head: HeadStart, mode: FinetuneMode, class_of: Mapping[int, int], rank: int
    ) -> None:
        super().__init__(context)
        self.classifier = Classifier(context.backbone, head)
        self._class_of = dict(class_of)
        self._classes = len(head.intercept)
        self._still = _freeze(context.backbone, context.family, mode, rank)

    def views(self) -> ViewPlan:
        """One augmented view of each image."""
        return ViewPlan(views=1)

    def training_step(self, batch: Batch) -> StepResult:
        """Cross entropy with smoothed labels, and how many were right."""
        known = [self._class_of[image_id] for image_id in batch.image_ids.tolist()]
        target = torch.tensor(known, device=batch.image_ids.device)
        logits = self.classifier(batch.views[0]).float()
        loss = nn.functional.cross_entropy(logits, target, label_smoothing=SMOOTHING)
        return StepResult(loss, {"right": float((logits.detach().argmax(dim=1) == target).float().mean())})

    def encoder(self) -> nn.Module:
        """Network and head together: one is nothing without the other."""
        return self.classifier

    def chance_loss(self, batch_size: int) -> float:
        """The loss of one who knows nothing."""
        return float(torch.log(torch.tensor(float(self._classes))))

    def train(self, mode: bool = True) -> FineTuning:
        """What is frozen keeps evaluating: its normalisation follows no batch."""
        super().train(mode)
        for module in self._still:
            module.eval()
        return self


def pace_of(mode: FinetuneMode, slower: float) -> Callable[[str], float]:
    """By what the learning rate of a parameter is multiplied, by its name in `FineTuning`."""

    def pace(name: str) -> float:
        body = name.startswith("classifier.backbone.")
        new_head = mode in ("frozen", "full")
        alone = (body and mode == "lora") or (not body and new_head)
        return 1.0 if alone else 1.0 / slower

    return pace


@dataclass(frozen=True)
class Learners:
    """Who takes part: `items` learn or are held out by `held_out` (N,); `classes` (N,) are theirs."""

    items: Sequence[Item]
    classes: Sequence[int]
    held_out: Sequence[bool]


def finetune(
    spec: FinetuneSpec,
    learners: Learners,
    backbone: nn.Module,
    description: BackboneDescription,
    head: HeadStart,
    cache: PixelCache,
    folder: Path,
    keeper: BestWeights,
    report: Reporter,
) -> tuple[LoopResult, WatchState]:
    """Train `backbone` and `head` on the labels; returns how it ended and what the watch knows of the best epoch.

    `folder` holds the checkpoints: a run that finds some goes on from the newest. The weights of the best epoch go to
    `keeper`. Raises what `report` raises when the run is cancelled (after saving), and SSLStudioError.
    """
    device = devices.choose_device(spec.device)
    devices.make_repeatable(spec.seed, device)
    layout = devices.memory_format(2, device)
    train = [row for row, out in enumerate(learners.held_out) if not out]
    held = [row for row, out in enumerate(learners.held_out) if out]
    ordered = [learners.items[row] for row in (*train, *held)]
    classes = [learners.classes[row] for row in (*train, *held)]
    task = FineTuning(
        _context(spec, description, backbone, len(train)), head, spec.mode,
        {item.image_id: number for item, number in zip(ordered, classes, strict=True)}, spec.rank,
    ).to(device=device, memory_format=layout)  # type: ignore[call-overload]  # fmt: skip
    sampler = BalancedSampler(ordered[: len(train)], classes[: len(train)], task.views(), spec.batch_size, spec.seed)
    preset = presets.gentle(presets.resolve(spec.preset, ordered))
    store = pixel_store.build(
        ordered, cache, image_size=description.image_size, channels=description.in_channels,
        margin=preset.window_margin, device=device, scratch=folder / "pixels.bin", report=report,
    )  # fmt: skip
    try:
        augmenter = BatchAugmenter(preset, description.image_size, description.mean, description.std)
        ids = torch.tensor([item.image_id for item in ordered])
        batches = BatchMaker(store, augmenter, task.views(), ids, torch.zeros_like(ids), spec.seed)
        rows = range(len(train), len(ordered))
        watch = Validation(batches, rows, classes[len(train) :], spec.patience, report, keeper)
        settings = LoopSettings(
            identity=_identity(spec, learners), epochs=spec.epochs, learning_rate=spec.learning_rate,
            weight_decay=spec.weight_decay, warmup_fraction=spec.warmup_fraction, seed=spec.seed,
            precision=spec.precision,
        )  # fmt: skip
        loop = TrainingLoop(
            task, batches, sampler, settings, device, folder, report,
            keeper=keeper, watch=watch, pace=pace_of(spec.mode, spec.slower),
        )  # fmt: skip
        return loop.run(), watch.state
    finally:
        store.close()


def _context(spec: FinetuneSpec, description: BackboneDescription, backbone: nn.Module, images: int) -> TaskContext:
    return TaskContext(
        backbone=backbone,
        feature_dim=description.feature_dim,
        in_channels=description.in_channels,
        image_size=description.image_size,
        batch_size=min(spec.batch_size, images),
        parameters={},
        total_steps=spec.epochs * max(1, images // spec.batch_size),
        family=table.find(description.name).family,
        mean=description.mean,
        std=description.std,
    )


def _identity(spec: FinetuneSpec, learners: Learners) -> str:
    """A digest of all that must not change between a run and its resumption (its device may)."""
    digest = hashlib.sha256(spec.model_dump_json(exclude={"device"}).encode())
    for item, number, out in zip(learners.items, learners.classes, learners.held_out, strict=True):
        windows = ",".join(f"{low},{high}" for low, high in item.windows)
        digest.update(f"{item.image_id},{number},{out},{windows};".encode())
    return digest.hexdigest()


def _freeze(backbone: nn.Module, family: str, mode: FinetuneMode, rank: int) -> list[nn.Module]:
    """Let only the parts learn that `mode` names; returns the modules that are to keep evaluating.

    Under a head that was fitted to its features a network keeps the statistics of its normalisation: so it starts as
    what the linear classifier sees, and small batches of classes in other proportions do not move it.
    """
    if mode == "full":
        return []
    normalising: list[nn.Module] = [
        module for module in backbone.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
    ]
    if mode == "lpft":
        return normalising
    if mode == "lora":
        if family != "vit":
            raise SSLStudioError(
                "Small matrices (LoRA) are for vision transformers.", "Choose another way.", code="mode_does_not_fit"
            )
        lora.adapt(backbone, rank)
        return []
    backbone.requires_grad_(False)
    if mode == "frozen":
        return [backbone]
    parts = dict(backbone.named_modules())
    chosen = [parts[name] for name in _LAST[family] if name in parts]
    if family == "vit":
        chosen += list(parts["blocks"].children())[-_LAST_BLOCKS:]
    for module in chosen:
        module.requires_grad_(True)
    learning = {id(inner) for module in chosen for inner in module.modules()}
    return normalising + [module for module in backbone.modules() if id(module) not in learning and not _holds(module)]


def _holds(module: nn.Module) -> bool:
    return next(module.children(), None) is not None
