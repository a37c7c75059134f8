"""One augmented view of a whole batch, on the device where the batch lies; the recipe the training loop calls."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sslstudio.augment import geometry, intensity
from sslstudio.augment.preprocess import normalise
from sslstudio.augment.presets import AugmentationPreset
from sslstudio.augment.resample import fit_square


def shares(squares: Tensor) -> Tensor:
    """Stored squares as float32 in 0 to 1: uint8, or int16 for 65,536 levels from -32,768 on."""
    if squares.dtype == torch.int16:
        return (squares.to(torch.float32) + 32768.0) / 65535.0
    return squares.to(torch.float32) / 255.0


class BatchAugmenter:
    """Augments and normalises batches of stored squares; every image gets random values of its own.

    `image_size` is S of the result; `mean` and `std` hold one number for each of the C channels, for pixels 0 to 1.
    """

    def __init__(
        self, preset: AugmentationPreset, image_size: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        self.preset = preset
        self.image_size = image_size
        self._mean = tuple(mean)
        self._std = tuple(std)

    def view(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """One random view of stored squares `pixels` (N, C, T, T) as float32 (N, C, S, S), normalised.

        The same `generator` state gives the same view; `generator` lives on the device of `pixels`.
        """
        draws = torch.rand(len(pixels), geometry.DRAWS + intensity.DRAWS, generator=generator, device=pixels.device)
        matrices = geometry.transforms(draws[:, : geometry.DRAWS], self.preset)
        images = geometry.resample(shares(pixels), matrices, self.image_size)
        images = intensity.apply(images, draws[:, geometry.DRAWS :], self.preset, generator)
        return normalise(images, self._mean, self._std)

    def plain(self, pixels: Tensor) -> Tensor:
        """Stored squares `pixels` (N, C, T, T) as float32 (N, C, S, S), normalised, not augmented."""
        images = fit_square(shares(pixels), self.image_size)
        if self.preset.window_margin:
            total = 1.0 + 2.0 * self.preset.window_margin
            images = (images * total - self.preset.window_margin).clamp(0.0, 1.0)
        return normalise(images, self._mean, self._std)
