"""Crop, flip, rotation and resize of a whole batch in one resampling, each image with values of its own."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from sslstudio.augment.presets import AugmentationPreset

DRAWS = 7
"""Uniform numbers that one image's transform takes."""
VOLUME_DRAWS = DRAWS + 2
"""Those of a volume: how much of its axis is shown, and where."""


def small_crop(preset: AugmentationPreset) -> tuple[float, float]:
    """Shares of the area that a small view shows: from a third of the smallest large crop up to it (SwAV's ratio)."""
    return max(preset.crop[0] / 3.0, 0.05), max(preset.crop[0], 0.1)


def transforms(uniform: Tensor, preset: AugmentationPreset, crop: tuple[float, float] | None = None) -> Tensor:
    """Affine matrices (N, 2, 3) from `uniform` (N, DRAWS) in 0 to 1: output to input coordinates, both -1 to 1.

    `crop` replaces the preset's range of the area that is shown.
    """
    area = _between(uniform[:, 0], *(crop or preset.crop))
    ratio = torch.exp(_between(uniform[:, 1], math.log(preset.ratio[0]), math.log(preset.ratio[1])))
    half_width = torch.sqrt(area * ratio).clamp(max=1.0)
    half_height = torch.sqrt(area / ratio).clamp(max=1.0)
    centre_x = (2.0 * uniform[:, 2] - 1.0) * (1.0 - half_width)
    centre_y = (2.0 * uniform[:, 3] - 1.0) * (1.0 - half_height)
    half_width = torch.where(uniform[:, 4] < preset.horizontal_flip, -half_width, half_width)
    half_height = torch.where(uniform[:, 5] < preset.vertical_flip, -half_height, half_height)
    angle = (2.0 * uniform[:, 6] - 1.0) * math.radians(preset.rotation)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    across = torch.stack((cosine * half_width, -sine * half_height, centre_x), dim=1)
    down = torch.stack((sine * half_width, cosine * half_height, centre_y), dim=1)
    return torch.stack((across, down), dim=1)


def volume_transforms(uniform: Tensor, preset: AugmentationPreset, crop: tuple[float, float] | None = None) -> Tensor:
    """Affine matrices (N, 3, 4) from `uniform` (N, VOLUME_DRAWS): `transforms` within slices, a crop across them.

    The crop shows as large a share of the axis as the side of a square crop would be; the axis is never turned round,
    since head and feet are no matter of chance.
    """
    within = transforms(uniform[:, :DRAWS], preset, crop)
    half_depth = torch.sqrt(_between(uniform[:, DRAWS], *(crop or preset.crop)))
    centre = (2.0 * uniform[:, DRAWS + 1] - 1.0) * (1.0 - half_depth)
    matrices = torch.zeros(len(uniform), 3, 4, device=uniform.device)
    matrices[:, :2, :2], matrices[:, :2, 3] = within[:, :, :2], within[:, :, 2]
    matrices[:, 2, 2], matrices[:, 2, 3] = half_depth, centre
    return matrices


def resample_volumes(volumes: Tensor, matrices: Tensor, depth: int, size: int) -> Tensor:
    """Volumes (N, C, D, T, T) seen through `matrices` (N, 3, 4) as (N, C, depth, size, size); zeros beyond."""
    count, channels = volumes.shape[:2]
    grid = functional.affine_grid(matrices, [count, channels, depth, size, size], align_corners=False)
    return functional.grid_sample(volumes, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def resample(images_nchw: Tensor, matrices: Tensor, size: int) -> Tensor:
    """Images (N, C, T, T) float32 seen through `matrices` (N, 2, 3) as (N, C, size, size); zeros beyond the image."""
    count, channels = images_nchw.shape[:2]
    grid = functional.affine_grid(matrices, [count, channels, size, size], align_corners=False)
    return functional.grid_sample(images_nchw, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _between(uniform: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * uniform
