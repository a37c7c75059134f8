"""The one resize of the product; apart because training, embedding and the exported graph all run exactly this."""

from __future__ import annotations

import torch
from torch import Tensor


def fit_square(pixels_nchw: Tensor, size: int) -> Tensor:
    """Resize images (N, C, H, W) to (N, C, size, size): aspect kept, centred, zeros beyond the image.

    The filter is an antialiased triangle (what Pillow and torch call antialiased bilinear), applied as two matrix
    products whose matrices follow from H and W alone, so `torch.export` keeps N, H and W dynamic. Any numeric
    dtype goes in; float32 in the range of the input comes out.
    """
    images = pixels_nchw.to(torch.float32)
    height, width = images.shape[-2], images.shape[-1]
    device = images.device
    rows = torch.arange(height, dtype=torch.float32, device=device) + 0.5
    columns = torch.arange(width, dtype=torch.float32, device=device) + 0.5
    extent_y, extent_x = rows[-1] + 0.5, columns[-1] + 0.5
    scale = torch.maximum(extent_y, extent_x) / size
    vertical = _triangle_weights(rows, extent_y, scale, size)
    horizontal = _triangle_weights(columns, extent_x, scale, size)
    return torch.matmul(torch.matmul(vertical, images), horizontal.transpose(0, 1))


def axis_weights(count: int, size: int, device: torch.device | None = None) -> Tensor:
    """Weights (size, count) that resample an axis of `count` values, all of it, to `size`; the filter is the same."""
    centres = torch.arange(count, dtype=torch.float32, device=device) + 0.5
    extent = torch.tensor(float(count), device=device)
    return _triangle_weights(centres, extent, extent / size, size)


def fit_volumes(volumes: Tensor, depth: int, size: int) -> Tensor:
    """Resize volumes (N, C, D, H, W) to (N, C, depth, size, size): slices as `fit_square`, then all of the axis."""
    count, channels, slices = volumes.shape[:3]
    fitted = fit_square(volumes.flatten(1, 2), size).view(count, channels, slices, size * size)
    along = torch.matmul(axis_weights(slices, depth, volumes.device), fitted)
    return along.view(count, channels, depth, size, size)


def _triangle_weights(centres: Tensor, extent: Tensor, scale: Tensor, size: int) -> Tensor:
    """Weights (size, L) of the source pixels with the given centres (L,); rows sum to 1, or 0 outside the image."""
    outputs = torch.arange(size, dtype=torch.float32, device=centres.device) + (0.5 - size / 2)
    positions = (outputs * scale + extent / 2).unsqueeze(1)
    reach = torch.clamp(scale, min=1.0)
    weights = torch.clamp(1.0 - torch.abs(positions - centres.unsqueeze(0)) / reach, min=0.0)
    total = weights.sum(dim=1, keepdim=True)
    inside = ((positions >= 0.0) & (positions <= extent)).to(torch.float32)
    return weights * inside / torch.clamp(total, min=1e-12)
