"""From display pixels to a network's input without augmentation; embedding and the exported graph run exactly this."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sslstudio.augment.resample import fit_square

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey (ITU-R BT.601)."""


def match_channels(pixels_nchw: Tensor, channels: int) -> Tensor:
    """Pixels (N, C, H, W) as (N, `channels`, H, W): grey repeated into colour, colour weighted into grey (float32)."""
    given = pixels_nchw.shape[1]
    if given == channels:
        return pixels_nchw
    if given == 1:
        return pixels_nchw.expand(-1, channels, -1, -1)
    weights = torch.tensor(LUMA, dtype=torch.float32, device=pixels_nchw.device).view(1, 3, 1, 1)
    return (pixels_nchw.to(torch.float32) * weights).sum(dim=1, keepdim=True)


def normalise(images_nchw: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Images (N, C, H, W) or volumes (N, C, D, H, W) with values in 0 to 1, shifted and scaled channel by channel."""
    each = (1, -1, *[1] * (images_nchw.ndim - 2))
    device = images_nchw.device
    shift = torch.tensor(tuple(mean), dtype=torch.float32, device=device).view(each)
    scale = torch.tensor(tuple(std), dtype=torch.float32, device=device).view(each)
    return (images_nchw - shift) / scale


def prepare(pixels_nchw: Tensor, size: int, channels: int, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Display pixels 0 to 255 (N, C, H, W) as the network sees them: (N, `channels`, size, size), normalised."""
    fitted = fit_square(match_channels(pixels_nchw, channels), size)
    return normalise(fitted / 255.0, mean, std)
