"""Brightness, contrast, colour, gamma, bias field, noise and blur of a batch, each image with values of its own.

Pixels are float32 in 0 to 1. Colour operations are all linear, so one 3 x 3 matrix an image does them together.
Volumes (N, C, D, S, S) are changed as images are, all slices of one alike; only noise differs from voxel to voxel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from sslstudio.augment.preprocess import LUMA
from sslstudio.augment.presets import AugmentationPreset

DRAWS = 18
"""Uniform numbers that one image's intensity changes take."""
VOLUME_DRAWS = DRAWS + 4
"""Those of a volume: its bias field also changes from slice to slice."""
_BLUR_SIGMA = (0.3, 1.2)
_BLUR_RADIUS = 3


def apply(images: Tensor, uniform: Tensor, preset: AugmentationPreset, generator: torch.Generator) -> Tensor:
    """Changed copies of `images` (N, C, S, S) in 0 to 1, from `uniform` (N, DRAWS); noise is drawn from `generator`.

    For volumes (N, C, D, S, S) `uniform` has VOLUME_DRAWS numbers each.
    """
    if preset.window_margin:
        images = _rewindow(images, uniform, preset)
    images = _linear(images, uniform, preset)
    if preset.bias_field:
        images = images * _bias_field(uniform, preset.bias_field, images.shape[2:])
    images = images.clamp(0.0, 1.0)
    if preset.gamma[0] != preset.gamma[1]:
        low, high = math.log(preset.gamma[0]), math.log(preset.gamma[1])
        exponent = torch.exp(low + (high - low) * uniform[:, 2])
        images = images.clamp(min=1e-6).pow(_each(exponent, images))
    if preset.blur:
        images = _blur(images, uniform[:, 3], uniform[:, 4], preset.blur)
    if preset.noise or preset.speckle:
        images = _noise(images, uniform, preset, generator)
    return images


def _each(values: Tensor, images: Tensor) -> Tensor:
    """(N,) as (N, 1, 1, 1), or with as many axes as `images` have."""
    return values.view(-1, *[1] * (images.ndim - 1))


def _signed(uniform: Tensor) -> Tensor:
    return 2.0 * uniform - 1.0


def _rewindow(images: Tensor, uniform: Tensor, preset: AugmentationPreset) -> Tensor:
    """A window within the stored, wider one: centre and width moved by up to the jitter, in shares of the width."""
    total = 1.0 + 2.0 * preset.window_margin
    centre = preset.window_margin + 0.5 + preset.window_jitter * _signed(uniform[:, 5])
    width = 1.0 + preset.window_jitter * _signed(uniform[:, 6])
    low, high = (centre - width / 2.0) / total, (centre + width / 2.0) / total
    return ((images - _each(low, images)) / _each(high - low, images)).clamp(0.0, 1.0)


def _linear(images: Tensor, uniform: Tensor, preset: AugmentationPreset) -> Tensor:
    """Contrast about the image's mean, brightness, and for colour saturation and hue."""
    contrast = 1.0 + preset.contrast * _signed(uniform[:, 0])
    offset = preset.brightness * _signed(uniform[:, 1])
    mean = images.mean(dim=tuple(range(1, images.ndim)))
    shift = _each(mean * (1.0 - contrast) + offset, images)
    if images.shape[1] == 3 and (preset.saturation or preset.hue or preset.grayscale):
        matrix = _colour_matrix(uniform, preset) * contrast.view(-1, 1, 1)
        mixed = torch.matmul(matrix, images.flatten(2)).view_as(images)
        return mixed + shift
    return images * _each(contrast, images) + shift


def _colour_matrix(uniform: Tensor, preset: AugmentationPreset) -> Tensor:
    """Saturation and hue as (N, 3, 3): grey part plus the rotated, scaled rest about the grey axis."""
    saturation = 1.0 + preset.saturation * _signed(uniform[:, 7])
    saturation = torch.where(uniform[:, 8] < preset.grayscale, torch.zeros_like(saturation), saturation).clamp(min=0.0)
    angle = 2.0 * math.pi * preset.hue * _signed(uniform[:, 9])
    device = uniform.device
    identity = torch.eye(3, device=device)
    grey = torch.tensor(LUMA, device=device).expand(3, 3)
    third = torch.full((3, 3), 1.0 / 3.0, device=device)
    cross = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]], device=device) / math.sqrt(3.0)
    cosine, sine = torch.cos(angle).view(-1, 1, 1), torch.sin(angle).view(-1, 1, 1)
    rotation = cosine * identity + sine * cross + (1.0 - cosine) * third
    scale = saturation.view(-1, 1, 1)
    return torch.matmul(scale * identity + (1.0 - scale) * grey, rotation)


def _bias_field(uniform: Tensor, strength: float, sides: Sequence[int]) -> Tensor:
    """A smooth gain (N, 1, S, S), or (N, 1, D, S, S) for `sides` of volumes.

    It is the exponential of a second-order polynomial with coefficients up to `strength`.
    """
    axes = torch.meshgrid(*(torch.linspace(-1.0, 1.0, side, device=uniform.device) for side in sides), indexing="ij")
    y, x = axes[-2:]
    terms = [x, y, x * y, x.square() - 1 / 3, y.square() - 1 / 3]
    chosen = uniform[:, 10:15]
    if len(axes) == 3:
        z = axes[0]
        terms += [z, z * x, z * y, z.square() - 1 / 3]
        chosen = torch.cat((chosen, uniform[:, DRAWS:VOLUME_DRAWS]), dim=1)
        strength *= math.sqrt(5 / len(terms))  # more terms, as strong together
    field = torch.matmul(strength * _signed(chosen), torch.stack(terms).flatten(1)) / 2.0
    return torch.exp(field).view(-1, 1, *sides)


def _blur(images: Tensor, chance: Tensor, width: Tensor, probability: float) -> Tensor:
    """Separable Gaussian blur of those images whose `chance` is below `probability`, each with a width of its own.

    Volumes are blurred slice by slice.
    """
    rows = torch.nonzero(chance < probability).flatten()
    if not len(rows):
        return images
    chosen = images[rows]
    count, planes, size = chosen.shape[0], chosen.shape[1:-2].numel(), chosen.shape[-1]
    sigma = (_BLUR_SIGMA[0] + (_BLUR_SIGMA[1] - _BLUR_SIGMA[0]) * width[rows]).view(-1, 1)
    sigma = sigma * max(size / 64.0, 0.5)
    taps = torch.arange(-_BLUR_RADIUS, _BLUR_RADIUS + 1, device=images.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (taps / sigma).square())
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(planes, dim=0)
    groups = count * planes
    flat = chosen.reshape(1, groups, size, size)
    flat = functional.pad(flat, (_BLUR_RADIUS,) * 4, mode="replicate")
    flat = functional.conv2d(flat, kernel.view(groups, 1, 1, -1), groups=groups)
    flat = functional.conv2d(flat, kernel.view(groups, 1, -1, 1), groups=groups)
    return images.index_copy(0, rows, flat.view(chosen.shape))


def _noise(images: Tensor, uniform: Tensor, preset: AugmentationPreset, generator: torch.Generator) -> Tensor:
    noise = torch.randn(images.shape, generator=generator, device=images.device)
    deviation = _each(preset.noise * uniform[:, 15], images)
    if preset.speckle:
        deviation = deviation + images * _each(preset.speckle * uniform[:, 16], images)
    return images + noise * deviation
