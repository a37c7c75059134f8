"""Running statistics that fit whole images, of a backbone that is trained on masks, tiles or noise.

Batch normalisation remembers mean and variance of what it sees while training and uses them afterwards. A task that
feeds tiles, masked or noisy images would leave numbers that misfit the whole images the backbone is kept for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

_MOST_IMAGES = 64


@contextmanager
def batch_statistics(backbone: nn.Module) -> Iterator[None]:
    """Within it batch normalisation uses the batch's own numbers, in evaluation mode too, and remembers none."""
    layers = [module for module in backbone.modules() if isinstance(module, _BatchNorm)]
    before = [(layer.training, layer.momentum) for layer in layers]
    for layer in layers:
        layer.training, layer.momentum = True, 0.0
    try:
        yield
    finally:
        for layer, (training, momentum) in zip(layers, before, strict=True):
            layer.training, layer.momentum = training, momentum


@torch.no_grad()
def settle_statistics(backbone: nn.Module, images: Tensor) -> None:
    """Let batch normalisation remember whole `images` (N, C, S, S), the first 64 of them; nothing without it."""
    if len(images) > 1 and any(isinstance(module, _BatchNorm) for module in backbone.modules()):
        backbone(images[:_MOST_IMAGES])
