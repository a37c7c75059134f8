"""One augmented view of a whole batch, on the device where the batch lies; the recipe the training loop calls."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sslstudio.augment import geometry, intensity
from sslstudio.augment.preprocess import normalise
from sslstudio.augment.presets import AugmentationPreset
from sslstudio.augment.resample import fit_square, fit_volumes


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

    _geometry_draws, _intensity_draws = geometry.DRAWS, intensity.DRAWS

    def __init__(
        self, preset: AugmentationPreset, image_size: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        self.preset = preset
        self.image_size = image_size
        self._mean = tuple(mean)
        self._std = tuple(std)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """The uniform numbers that decide a view of each of `count` images, on the generator's device."""
        wide = self._geometry_draws + self._intensity_draws
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
        images = self._cut(shares(pixels), draws[:, : self._geometry_draws], crop, small_share)
        if full:
            images = intensity.apply(images, draws[:, self._geometry_draws :], self.preset, generator)
        else:
            images = self._centred_window(images)
        return normalise(images, self._mean, self._std)

    def plain(self, pixels: Tensor) -> Tensor:
        """Stored squares `pixels` (N, C, T, T) as float32 (N, C, S, S), normalised, not augmented."""
        images = self._centred_window(self._whole(shares(pixels)))
        return normalise(images, self._mean, self._std)

    def as_seen(self, views: Tensor) -> Tensor:
        """Normalised `views` (N, C, S, S) as pixels 0 to 1 again, for pictures."""
        return normalise(
            views, [-m / s for m, s in zip(self._mean, self._std, strict=True)], [1 / s for s in self._std]
        )

    def _cut(self, images: Tensor, draws: Tensor, crop: tuple[float, float] | None, small_share: float) -> Tensor:
        """Crop, flip and rotation by `draws`."""
        size = small_side(self.image_size, small_share) if small_share else self.image_size
        return geometry.resample(images, geometry.transforms(draws, self.preset, crop), size)

    def _whole(self, images: Tensor) -> Tensor:
        """The whole of each at the training size."""
        return fit_square(images, self.image_size)

    def _centred_window(self, images: Tensor) -> Tensor:
        """The window itself, out of the wider one that is stored where windows are moved."""
        margin = self.preset.window_margin
        return (images * (1.0 + 2.0 * margin) - margin).clamp(0.0, 1.0) if margin else images


class VolumeAugmenter(BatchAugmenter):
    """The same for stored volumes (N, C, D', T, T): views are (N, C, D, S, S) with D = `depth`.

    Each volume has one crop, flip, rotation, window, contrast and gamma for all its slices. Small views are smaller
    along all three axes.
    """

    _geometry_draws, _intensity_draws = geometry.VOLUME_DRAWS, intensity.VOLUME_DRAWS

    def __init__(
        self, preset: AugmentationPreset, image_size: int, depth: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        super().__init__(preset, image_size, mean, std)
        self.depth = depth

    def _cut(self, images: Tensor, draws: Tensor, crop: tuple[float, float] | None, small_share: float) -> Tensor:
        size, depth = self.image_size, self.depth
        if small_share:
            size, depth = small_side(size, small_share), min(depth, small_side(depth, small_share))
        matrices = geometry.volume_transforms(draws, self.preset, crop)
        return geometry.resample_volumes(images, matrices, depth, size)

    def _whole(self, images: Tensor) -> Tensor:
        return fit_volumes(images, self.depth, self.image_size)
