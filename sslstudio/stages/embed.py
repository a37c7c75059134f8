"""Embedding as a job: each item through a backbone without augmentation, one row of a float16 matrix an image.

A backbone that sees volumes gives one row a volume, under the id of its middle slice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: idle threads sleep, not spin

import numpy as np
import torch
from torch import Tensor, nn

from sslstudio.augment.preprocess import match_channels, normalise
from sslstudio.augment.resample import fit_square
from sslstudio.backbones import backbone_file, table, weights
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.backbones.build import build
from sslstudio.domain.items import Item
from sslstudio.domain.specs import PUBLIC_STARTS, EmbedSpec
from sslstudio.domain.stacks import NO_VOLUMES, Stack, middles, stacks
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.stages.context import StageContext
from sslstudio.training import devices
from sslstudio.training.pixel_store import channels_of, display_pixels
from sslstudio.training.volume_store import read_volume

EMBEDDINGS, IMAGE_IDS = "embeddings.npy", "image_ids.npy"


def run(spec: EmbedSpec, context: StageContext) -> dict[str, Any]:
    """Embed the run's items with the backbone `spec.source` names; see docs/architecture.md for the files."""
    items = context.items()
    if not items:
        raise SSLStudioError("There are no images to embed.", "Import images first.", code="no_images")
    devices.use_every_core()
    device = devices.choose_device(spec.device)
    devices.make_repeatable(spec.seed, device)
    backbone, description = find_backbone(spec, items, context.run_dir.parent)
    description = description.model_copy(update={"rendering": context.job.rendering or description.rendering})
    _say_rendering(context)
    layout = devices.memory_format(3 if description.depth else 2, device)
    backbone = backbone.to(device=device, memory_format=layout).eval()  # type: ignore[call-overload]
    cache = PixelCache(context.pixels_dir)
    volumes = find_volumes(items) if description.depth else []
    seen = middles(volumes) if description.depth else items
    features = embed_with(backbone, description, seen, volumes, cache, device, spec.batch_size, context)
    write(context, features, seen)
    for path in backbone_file.save(backbone, description, context.artifact_path(backbone_file.WEIGHTS).parent):
        context.artifact(path.name, path)
    counted: dict[str, Any] = {"count": len(seen), "dimensions": description.feature_dim}
    return counted | ({"slices": sum(len(one.slices) for one in volumes)} if description.depth else {})


def embed_with(
    backbone: nn.Module,
    description: BackboneDescription,
    seen: Sequence[Item],
    volumes: Sequence[Stack],
    cache: PixelCache,
    device: torch.device,
    batch_size: int,
    context: StageContext,
) -> np.ndarray[Any, np.dtype[np.float16]]:
    """Features (N, D) of the images `seen`, or of `volumes`; the backbone is on `device` and evaluating."""
    features = np.empty((len(seen), description.feature_dim), np.float16)
    batches = (
        _volume_batches(volumes, cache, description, batch_size, context)
        if description.depth
        else _batches(seen, cache, description, batch_size)
    )
    done = 0
    with torch.inference_mode():
        for images in batches:
            context.check_cancelled()
            prepared = normalise(images.to(device), description.mean, description.std)
            features[done : done + len(images)] = _as_float16(backbone(devices.laid_out(prepared)))
            done += len(images)
            context.progress(done, len(seen), "volumes" if description.depth else "images", "Embedding")
    return features


def find_volumes(items: Sequence[Item]) -> list[Stack]:
    """The volumes among `items`; raises SSLStudioError (code "no_volumes") when there is none."""
    found = stacks(items)
    if not found:
        raise SSLStudioError(NO_VOLUMES, "Choose a backbone that sees single images.", code="no_volumes")
    return found


def find_backbone(spec: EmbedSpec, items: Sequence[Item], runs: Path) -> tuple[nn.Module, BackboneDescription]:
    """The backbone of a pretraining run below `runs`, or one with random or ImageNet weights; raises SSLStudioError."""
    if spec.source not in PUBLIC_STARTS:
        if Path(spec.source).name != spec.source or spec.source in ("", ".", ".."):
            raise SSLStudioError("There is no run of that name.", code="no_backbone")
        return backbone_file.load(runs / spec.source / "artifacts")
    channels: Literal[1, 3] = 3 if channels_of(items) == 3 else 1
    backbone = build(spec.backbone, channels, spec.image_size, spec.seed)
    if spec.source == "imagenet":
        weights.load_imagenet(backbone, spec.backbone)
    entry = table.find(spec.backbone)
    mean, std = entry.normalisation(channels)
    return backbone, BackboneDescription(
        name=spec.backbone,
        in_channels=channels,
        feature_dim=entry.feature_dim,
        image_size=spec.image_size,
        mean=mean,
        std=std,
        source=spec.source,
        depth=spec.depth if entry.dimensions == 3 else 0,
    )


def _say_rendering(context: StageContext) -> None:
    job = context.job
    if job.rendering_of and job.rendering is not None:
        context.warn(
            "rendering_of_run",
            f"The backbone of {job.rendering_of} was trained to see: {job.rendering.title}. It is used that way here.",
            "What the model sees was changed since. To use the new setting, train a backbone with it.",
        )


def _batches(items: Sequence[Item], cache: PixelCache, description: BackboneDescription, size: int) -> Iterator[Tensor]:
    """Images (N, C, S, S) in 0 to 1, in the order of `items`."""
    for start in range(0, len(items), size):
        fitted = [
            fit_square(match_channels(display_pixels(cache, item), description.in_channels), description.image_size)
            for item in items[start : start + size]
        ]
        yield torch.cat(fitted) / 255.0


def _volume_batches(
    volumes: Sequence[Stack], cache: PixelCache, description: BackboneDescription, size: int, context: StageContext
) -> Iterator[Tensor]:
    """Volumes (N, C, depth, S, S) in 0 to 1, in the order of `volumes`, of at most as many voxels as `size` images."""
    together = max(1, size // description.depth)
    for start in range(0, len(volumes), together):
        read = []
        for volume in volumes[start : start + together]:
            context.check_cancelled()
            read.append(
                read_volume(
                    cache, volume, channels=description.in_channels, depth=description.depth,
                    side=description.image_size,
                )
            )  # fmt: skip
        yield torch.stack(read) / 255.0


def _as_float16(features: Tensor) -> np.ndarray[Any, np.dtype[np.float16]]:
    values = features.float().cpu()
    if not bool(torch.isfinite(values).all()):
        raise SSLStudioError(
            "The backbone gave numbers that are not finite.",
            "Train it again at a lower learning rate.",
            code="non_finite",
        )
    limit = float(np.finfo(np.float16).max)
    return values.clamp(-limit, limit).numpy().astype(np.float16)


def write(context: StageContext, features: np.ndarray[Any, np.dtype[np.float16]], items: Sequence[Item]) -> None:
    """Leave the features (N, D) and the ids of `items` as artifacts, each complete or absent."""
    ids = np.array([item.image_id for item in items], np.int64)
    for name, values in ((EMBEDDINGS, features), (IMAGE_IDS, ids)):
        path = context.artifact_path(name)
        temporary = path.with_name(f".{name}.partial")
        with temporary.open("wb") as stream:
            np.save(stream, values)
        temporary.replace(path)
        context.artifact(name, path)
