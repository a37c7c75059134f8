"""Views of volumes: shapes, the same changes for all slices of one, no turning round, and plain ones unchanged."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from sslstudio.augment import geometry, intensity
from sslstudio.augment.batch import VolumeAugmenter
from sslstudio.augment.presets import PRESETS, AugmentationPreset
from sslstudio.augment.resample import axis_weights, fit_volumes
from sslstudio.training.sampling import generator_for

CPU = torch.device("cpu")
STILL = AugmentationPreset(name="plain", title="still", crop=(1.0, 1.0), ratio=(1.0, 1.0))


def augmenter(preset: AugmentationPreset = PRESETS["mr"], depth: int = 8) -> VolumeAugmenter:
    return VolumeAugmenter(preset, 16, depth, (0.5,), (0.25,))


def ramps(rows: int = 3) -> torch.Tensor:
    """Stored volumes (rows, 1, 16, 24, 24) that get brighter from slice to slice and column to column."""
    z, _, x = torch.meshgrid(torch.arange(16), torch.arange(24), torch.arange(24), indexing="ij")
    return (z * 10 + x * 4).to(torch.uint8).expand(rows, 1, 16, 24, 24).contiguous()


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_views_of_every_preset_are_finite_and_repeatable(name: str) -> None:
    made = VolumeAugmenter(PRESETS[name], 16, 8, (0.5,) * 3, (0.25,) * 3)
    kind = torch.int16 if PRESETS[name].window_margin else torch.uint8
    pixels = torch.randint(0, 255, (3, 3, 16, 24, 24), generator=torch.Generator().manual_seed(0)).to(kind)
    first, again = (made.view(pixels, generator_for(CPU, 1)) for _ in range(2))
    assert first.shape == (3, 3, 8, 16, 16) and first.dtype == torch.float32
    assert bool(torch.isfinite(first).all())
    assert torch.equal(first, again)
    assert not torch.equal(first, made.view(pixels, generator_for(CPU, 2)))
    assert made.plain(pixels).shape == first.shape
    assert made.view(pixels, generator_for(CPU, 1), small_share=0.5).shape == (3, 3, 8, 16, 16)


def test_without_changes_a_view_shows_the_whole_volume_along_its_axis() -> None:
    still = augmenter(STILL)
    view, plain = still.view(ramps(), generator_for(CPU, 0)), still.plain(ramps())
    assert torch.allclose(view[:, :, 1:-1, 2:-2, 2:-2], plain[:, :, 1:-1, 2:-2, 2:-2], atol=0.05)
    assert bool((view.mean(dim=(3, 4)).diff(dim=2) > 0).all())


def test_slices_are_never_in_reverse_though_pictures_are_mirrored() -> None:
    always = replace(STILL, crop=(0.3, 1.0), horizontal_flip=1.0)
    view = augmenter(always).view(ramps(16), generator_for(CPU, 3), full=False)
    assert bool((view[:, :, :, 4:12, 4:12].mean(dim=(3, 4)).diff(dim=2) > 0).all())
    assert bool((view[:, :, :, 4:12, 4:12].mean(dim=(2, 3)).diff(dim=2) < 0).all())


def test_each_volume_has_a_crop_of_its_own_along_all_three_axes() -> None:
    uniform = torch.rand(200, geometry.VOLUME_DRAWS, generator=torch.Generator().manual_seed(0))
    matrices = geometry.volume_transforms(uniform, replace(STILL, crop=(0.25, 1.0)))
    depth, centre = matrices[:, 2, 2], matrices[:, 2, 3]
    assert float(depth.min()) >= 0.5 and float(depth.max()) <= 1.0 and float(depth.std()) > 0.05
    assert bool((centre.abs() + depth <= 1.0 + 1e-5).all())
    assert torch.equal(matrices[:, 2, :2], torch.zeros(200, 2)) and torch.equal(matrices[:, :2, 2], torch.zeros(200, 2))


def test_intensities_change_alike_in_all_slices_and_the_field_is_smooth() -> None:
    uniform = torch.rand(4, intensity.VOLUME_DRAWS, generator=torch.Generator().manual_seed(0))
    flat = torch.full((4, 1, 8, 16, 16), 0.5)
    alike = replace(STILL, brightness=0.2, contrast=0.3, gamma=(0.7, 1.4), window_jitter=0.2)
    changed = intensity.apply(flat, uniform, alike, generator_for(CPU, 0))
    assert torch.allclose(changed, changed[:, :, :1, :1, :1].expand_as(changed), atol=1e-6)
    assert len(changed[:, 0, 0, 0, 0].unique()) == 4
    field = intensity.apply(flat, uniform, replace(STILL, bias_field=0.4), generator_for(CPU, 0))
    assert float(field.diff(n=2, dim=2).abs().max()) < 0.05
    assert float((field[:, :, 0] - field[:, :, -1]).abs().max()) > 0.02
    noisy = intensity.apply(flat, uniform, replace(STILL, noise=0.1), generator_for(CPU, 0))
    assert not torch.equal(noisy[:, :, 0], noisy[:, :, 1])


def test_blur_works_slice_by_slice() -> None:
    point = torch.zeros(1, 1, 5, 16, 16)
    point[0, 0, 2, 8, 8] = 1.0
    uniform = torch.full((1, intensity.VOLUME_DRAWS), 0.5)
    blurred = intensity.apply(point, uniform, replace(STILL, blur=1.0), generator_for(CPU, 0))
    assert float(blurred[0, 0, 2, 8, 9]) > 0 and float(blurred[0, 0, 1].abs().max()) == 0.0


def test_an_axis_is_resampled_whole_and_keeps_what_is_even() -> None:
    for count, size in ((7, 16), (40, 16), (16, 16), (300, 8)):
        weights = axis_weights(count, size)
        assert weights.shape == (size, count)
        assert torch.allclose(weights.sum(dim=1), torch.ones(size), atol=1e-5)
        assert bool((weights.sum(dim=0) > 0).all()), "every slice counts"
    assert torch.allclose(axis_weights(16, 16), torch.eye(16), atol=1e-6)
    volume = torch.rand(2, 1, 16, 24, 24)
    assert torch.allclose(fit_volumes(volume, 16, 24), volume, atol=1e-5)
