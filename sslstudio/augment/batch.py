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


def small_side(image_size: int, share: float) -> int:
    """Side of a small view in pixels: about `share` of `image_size`, a multiple of 16 (or 8 for small images)."""
    step = 16 if image_size >= 96 else 8
    return max(2 * step, round(image_size * share / step) * step)


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

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """The uniform numbers that decide a view of each of `count` images, on the generator's device."""
        wide = geometry.DRAWS + intensity.DRAWS
        return torch.rand(count, wide, generator=generator, device=generator.device)

    def view(
        self,
        pixels: Tensor,
        generator: torch.Generator,
        *,
        draws: Tensor | None = None,
        full: bool = True,
        small_share: float = 0.0,
    ) -> Tensor:
        """One random view of stored squares `pixels` (N, C, T, T) as float32 (N, C, S, S), normalised.

        The same `generator` state gives the same view; `generator` lives on the device of `pixels`. `draws` of `draw`
        repeat another view's crop and changes (not its noise). Without `full` the image is cropped, flipped and rotated
        alone. With a `small_share` the view is a crop of a small part, at about this share of S.
        """
        if draws is None:
            draws = self.draw(len(pixels), generator)
        crop = geometry.small_crop(self.preset) if small_share else None
        matrices = geometry.transforms(draws[:, : geometry.DRAWS], self.preset, crop)
        size = small_side(self.image_size, small_share) if small_share else self.image_size
        images = geometry.resample(shares(pixels), matrices, size)
        if full:
            images = intensity.apply(images, draws[:, geometry.DRAWS :], self.preset, generator)
        else:
            images = self._centred_window(images)
        return normalise(images, self._mean, self._std)

    def plain(self, pixels: Tensor) -> Tensor:
        """Stored squares `pixels` (N, C, T, T) as float32 (N, C, S, S), normalised, not augmented."""
        images = self._centred_window(fit_square(shares(pixels), self.image_size))
        return normalise(images, self._mean, self._std)

    def as_seen(self, views: Tensor) -> Tensor:
        """Normalised `views` (N, C, S, S) as pixels 0 to 1 again, for pictures."""
        return normalise(
            views, [-m / s for m, s in zip(self._mean, self._std, strict=True)], [1 / s for s in self._std]
        )

    def _centred_window(self, images: Tensor) -> Tensor:
        """The window itself, out of the wider one that is stored where windows are moved."""
        margin = self.preset.window_margin
        return (images * (1.0 + 2.0 * margin) - margin).clamp(0.0, 1.0) if margin else images
