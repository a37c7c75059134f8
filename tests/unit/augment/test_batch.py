"""Augmentation: per-image values, seeds, finite results for every preset, and what a preset must never do."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sslstudio.augment import geometry, intensity
from sslstudio.augment.batch import BatchAugmenter, small_side
from sslstudio.augment.presets import PRESETS, AugmentationPreset, resolve
from sslstudio.augment.resample import fit_square
from sslstudio.domain.items import Item


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def augmenter(preset: AugmentationPreset, channels: int, size: int = 32) -> BatchAugmenter:
    return BatchAugmenter(preset, size, (0.45,) * channels, (0.225,) * channels)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("channels", [1, 3])
def test_each_image_of_a_batch_gets_values_of_its_own(name: str, channels: int) -> None:
    one = (torch.rand(1, channels, 44, 44, generator=generator()) * 255).to(torch.uint8)
    views = augmenter(PRESETS[name], channels).view(one.expand(6, -1, -1, -1), generator(1))
    assert views.shape == (6, channels, 32, 32)
    for first in range(6):
        for second in range(first):
            assert (views[first] - views[second]).abs().mean() > 0.01


@pytest.mark.parametrize("name", PRESETS)
def test_the_generator_fixes_the_views(name: str) -> None:
    pixels = (torch.rand(4, 3, 44, 44, generator=generator()) * 255).to(torch.uint8)
    make = augmenter(PRESETS[name], 3)
    assert torch.equal(make.view(pixels, generator(7)), make.view(pixels, generator(7)))
    assert not torch.equal(make.view(pixels, generator(7)), make.view(pixels, generator(8)))


@settings(max_examples=80)
@given(
    name=st.sampled_from(sorted(PRESETS)),
    channels=st.sampled_from([1, 3]),
    level=st.sampled_from([0, 1, 127, 255]),
    count=st.integers(1, 5),
    seed=st.integers(0, 10_000),
)
def test_views_are_finite_and_bounded(name: str, channels: int, level: int, count: int, seed: int) -> None:
    pixels = torch.full((count, channels, 24, 24), level, dtype=torch.uint8)
    views = augmenter(PRESETS[name], channels, 16).view(pixels, generator(seed))
    assert bool(torch.isfinite(views).all())
    assert float(views.abs().max()) < 20.0


def test_the_transform_with_everything_off_is_the_plain_resize() -> None:
    nothing = AugmentationPreset(name="plain", title="", crop=(1.0, 1.0), ratio=(1.0, 1.0))
    pixels = (torch.rand(2, 1, 32, 32, generator=generator()) * 255).to(torch.uint8)
    make = augmenter(nothing, 1, 32)
    assert torch.allclose(make.view(pixels, generator(3)), make.plain(pixels), atol=1e-4)


def test_a_small_view_shows_a_small_part_and_the_same_numbers_the_same_crop() -> None:
    recipe = augmenter(PRESETS["mr"], 1, 64)
    pixels = torch.randint(0, 256, (4, 1, 88, 88), dtype=torch.uint8, generator=generator())
    assert recipe.view(pixels, generator(), small_share=0.5).shape == (4, 1, 32, 32)
    draws = recipe.draw(4, generator())
    first, second = (recipe.view(pixels, generator(seed), draws=draws, full=False) for seed in (1, 2))
    assert torch.equal(first, second)
    noisy = recipe.view(pixels, generator(1), draws=draws)
    assert not torch.allclose(first, noisy)
    assert small_side(224, 96 / 224) == 96 and small_side(32, 0.5) == 16
    assert torch.allclose(recipe.as_seen(recipe.plain(pixels)), fit_square(pixels, 64) / 255.0, atol=1e-5)


def test_crops_stay_inside_the_image() -> None:
    preset = AugmentationPreset(name="plain", title="", crop=(0.1, 1.0))
    matrices = geometry.transforms(torch.rand(500, geometry.DRAWS, generator=generator()), preset)
    corners = torch.tensor([[-1.0, -1.0, 1.0], [1.0, 1.0, 1.0], [-1.0, 1.0, 1.0]]).T
    assert float((matrices @ corners).abs().max()) <= 1.0 + 1e-5


def test_flips_happen_as_often_as_asked_and_never_where_laterality_matters() -> None:
    draws = torch.rand(2000, geometry.DRAWS, generator=generator())
    for name, share in (("xray", 0.0), ("mr", 0.5)):
        matrices = geometry.transforms(draws, PRESETS[name])
        assert float((matrices[:, 0, 0] < 0).float().mean()) == pytest.approx(share, abs=0.04)


def test_colour_matrix_keeps_grey_grey_and_grayscale_removes_colour() -> None:
    draws = torch.rand(50, intensity.DRAWS, generator=generator())
    matrix = intensity._colour_matrix(draws, PRESETS["histology"])
    grey = torch.full((3, 1), 0.4)
    assert torch.allclose(matrix @ grey, grey.expand(50, 3, 1), atol=1e-5)
    always = AugmentationPreset(name="natural", title="", crop=(1.0, 1.0), grayscale=1.0, hue=0.3)
    mixed = intensity._colour_matrix(draws, always) @ torch.rand(3, 5, generator=generator())
    assert torch.allclose(mixed[:, 0], mixed[:, 1], atol=1e-5)


def deep(shares: torch.Tensor) -> torch.Tensor:
    """Squares as the pixel store keeps them for moving windows."""
    return (shares * 65535).round().sub(32768).to(torch.int16)


def test_the_wider_range_is_undone_where_nothing_is_augmented() -> None:
    preset = PRESETS["ct"]
    levels = torch.linspace(0, 1, 32).expand(1, 1, 32, 32)
    stored = deep((levels + preset.window_margin) / (1 + 2 * preset.window_margin))
    plain = augmenter(preset, 1, 32).plain(stored) * 0.225 + 0.45
    assert torch.allclose(plain, levels, atol=1 / 2000)


def test_the_window_of_a_ct_moves_in_centre_and_width_by_shares_of_the_width() -> None:
    """By hand: HU 100 in a window of centre 40 and width 400 moved to centre 100 and width 340 is its middle."""
    preset = PRESETS["ct"]
    assert 0.1 <= preset.window_jitter <= 0.2 and preset.window_margin == pytest.approx(1.5 * preset.window_jitter)
    low, width = 40 - 200 - preset.window_margin * 400, 400 * (1 + 2 * preset.window_margin)
    hu = torch.tensor([-69.9, -70.1, 100.0, 185.0, 270.0]).view(1, 1, 1, 5)
    stored = (hu - low) / width
    uniform = torch.full((1, intensity.DRAWS), 0.5)
    uniform[0, 5], uniform[0, 6] = 1.0, 0.0  # + 0.15 * 400 = 60 HU, * 0.85
    shown = intensity._rewindow(stored, uniform, preset).flatten()
    assert shown.tolist() == pytest.approx([0.1 / 340, 0.0, 0.5, 0.75, 1.0], abs=1e-5)


def test_every_image_and_every_channel_of_it_moves_together() -> None:
    preset = AugmentationPreset(name="ct", title="", crop=(1.0, 1.0), ratio=(1.0, 1.0), window_jitter=0.2)
    stored = deep(torch.full((400, 3, 24, 24), 0.5))
    views = augmenter(preset, 3, 16).view(stored, generator(2))[:, :, 8, 8] * 0.225 + 0.45
    assert torch.allclose(views[:, 0], views[:, 2], atol=1e-5)
    # the middle of the window at 0.5 - shift / width: shift up to 0.2, width 0.8 to 1.2
    assert 0.25 <= float(views.min()) < 0.29 and 0.71 < float(views.max()) <= 0.75
    assert len(torch.unique(views[:, 0])) > 350


def item(modality: str, channels: int) -> Item:
    values = {"image_id": 1, "shard": "a.bin", "offset": 0, "height": 8, "width": 8, "dtype": "uint8", "low": 0.0}
    names = dict.fromkeys(("subject", "study", "series", "scanner"), "x")
    return Item.model_validate({**values, **names, "high": 255.0, "modality": modality, "channels": channels})


def test_auto_follows_the_commonest_modality_and_else_the_channels() -> None:
    assert resolve("auto", [item("MR", 1), item("MR", 1), item("CT", 1)]).name == "mr"
    assert resolve("auto", [item("", 1)]).name == "plain"
    assert resolve("auto", [item("", 3)]).name == "natural"
    assert resolve("auto", []).name == "plain"
    assert resolve("histology", [item("MR", 1)]).name == "histology"
