"""The only module a plugin author imports: the pretext task and what it receives and returns.

A plugin is a folder with a `plugin.toml` (data: the window builds the method card and the form from it and never
imports the code) and a Python package with one subclass of `PretextTask`. The package is imported in the worker
process of a run. `docs/plugins.md` walks through one; `sslstudio plugin check FOLDER` proves that it keeps to this.

Shapes: N images in a batch, V views, C channels (1 or 3), S = image size in pixels, D = feature dimension.
A task whose plugin.toml says `dimensions = [2, 3]` also learns from volumes: then each view is (N, C, depth, S, S), and
"image" means a volume, which goes by the id of its middle slice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn

from sslstudio.backbones.features import feature_map, feature_pyramid
from sslstudio.domain.specs import ParameterValue, Preset
from sslstudio.pretext.blocks import block_mask
from sslstudio.pretext.decoder import ImageDecoder
from sslstudio.pretext.painting import BlockPainter
from sslstudio.pretext.statistics import batch_statistics, settle_statistics
from sslstudio.pretext.teachers import teacher_momentum
from sslstudio.pretext.tiles import cut_tiles, tile_side

__all__ = [
    "API_VERSION",
    "Batch",
    "BlockPainter",
    "ImageDecoder",
    "ParameterValue",
    "PretextTask",
    "Preview",
    "Recipe",
    "Sampling",
    "StepResult",
    "TaskContext",
    "ViewPlan",
    "batch_statistics",
    "block_mask",
    "cut_tiles",
    "feature_map",
    "feature_pyramid",
    "settle_statistics",
    "teacher_momentum",
    "tile_side",
]

API_VERSION = 1
"""The contract's version; a plugin.toml names the one it was written for as `api`."""

Sampling = Literal["image", "bag", "neighbours"]
"""Where the views of a row come from: one image, different images of one bag, or successive images of one series."""

Recipe = Literal["full", "geometric", "plain"]
"""What is done to a view: all of the preset, its crop, flips and rotation alone, or the whole image as it is."""


@dataclass(frozen=True)
class ViewPlan:
    """How the loop prepares each batch for the task.

    `views` is V, the number of views of each row. With `sampling` "image" all views of a row come from one image; with
    "bag" bags are drawn instead of images, the views of a row come from different images of its bag (from one image
    where the bag has only one that fits), and a bag occurs at most once in a batch; with "neighbours" the views of a
    row are V successive images of one series, in reading order.
    `small_views` further views follow the V large ones: crops of a smaller part of the image, at `small_share` of its
    side (rounded to 16 pixels); only with "image".
    `recipe` says how much of the augmentation is done; with `shared` all views of a row are cropped, flipped and
    rotated alike, and changed alike in brightness. `augmentation` names a preset of `sslstudio.augment.presets`;
    "auto" takes that of the run.
    """

    views: int = 2
    small_views: int = 0
    small_share: float = 0.5
    sampling: Sampling = "image"
    recipe: Recipe = "full"
    shared: bool = False
    augmentation: Preset = "auto"


@dataclass(frozen=True)
class TaskContext:
    """What a task is built from.

    `backbone` maps (N, C, S, S) to features (N, D) and already carries its initial weights; `feature_dim` is D,
    `in_channels` C, `image_size` S, `family` "cnn" or "vit" (then `backbone` is timm's VisionTransformer with patches
    of `patch_size` pixels; 0 for a CNN). `parameters` holds a value for every parameter that plugin.toml declares,
    within its range. `total_steps` counts optimiser steps over the whole run, for tasks with a schedule of their own.
    `mean` and `std` have a number for each channel: a view times `std` plus `mean` is pixels from 0 to 1 again.
    `depth` is the number of slices of volumes, for which `backbone` maps (N, C, depth, S, S) to (N, D); 0 for images.
    """

    backbone: nn.Module
    feature_dim: int
    in_channels: int
    image_size: int
    batch_size: int
    parameters: Mapping[str, ParameterValue]
    total_steps: int
    family: Literal["cnn", "vit"] = "cnn"
    patch_size: int = 0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    depth: int = 0


@dataclass(frozen=True)
class Batch:
    """One batch on the training device.

    `views` are V float32 tensors (N, C, S, S), augmented and normalised (about zero mean, unit variance); volumes are
    (N, C, depth, S, S);
    `small_views` those of the plan that are smaller.
    `image_ids` and `subject_ids` are int64 (N,): the image of the first view, and a number for its subject.
    `step` counts optimiser steps from 0 over the whole run, resumed or not. Where the views of a row may come from
    different images, `sources` is int64 (N, V): the image of each view; else None.
    """

    views: tuple[Tensor, ...]
    image_ids: Tensor
    subject_ids: Tensor
    step: int
    small_views: tuple[Tensor, ...] = ()
    sources: Tensor | None = None


@dataclass(frozen=True)
class StepResult:
    """`loss` is a scalar tensor with a gradient; `scalars` are further numbers for the live chart."""

    loss: Tensor
    scalars: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """A row of pictures that show what the task does: `images` (N, C, S, S), normalised like views, under a `title`."""

    title: str
    images: Tensor


class PretextTask(nn.Module, ABC):
    """One way to learn from images without labels. Subclasses are built with a `TaskContext` in the worker.

    Everything that must survive a resume is a parameter or a buffer; use torch's own random numbers alone, since
    their state is kept in the checkpoint. The loop owns optimiser, precision, schedule, devices and checkpoints.
    """

    def __init__(self, context: TaskContext) -> None:
        super().__init__()
        self.context = context

    def views(self) -> ViewPlan:
        """How batches are made for this task; asked once, before the first step."""
        return ViewPlan()

    @abstractmethod
    def training_step(self, batch: Batch) -> StepResult:
        """The loss of one batch. May run under bfloat16 autocast: compute a loss that needs float32 in float32.

        N may be smaller than the run's batch size, and odd. Do not call `backward`.
        """

    def after_step(self, step: int) -> None:
        """Called after optimiser step `step` has changed the weights, without gradient: moving averages go here."""

    def preview(self, batch: Batch) -> tuple[Preview, ...]:
        """Pictures of a few images for whoever watches the run, such as original, masked and rebuilt; none if ().

        Called without gradient, in evaluation mode and under a random state of its own, after every epoch.
        """
        return ()

    @abstractmethod
    def encoder(self) -> nn.Module:
        """What is kept when training ends: maps (N, C, S, S) to (N, D); as a rule the context's backbone."""

    def chance_loss(self, batch_size: int) -> float | None:
        """The loss of a task that has learned nothing, for N = `batch_size`; None when there is no such number."""
        return None
