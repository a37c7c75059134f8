"""Views for the window are those of training: same squares, same augmentation, repeatable by their seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sslstudio.augment.batch import BatchAugmenter
from sslstudio.augment.presets import PRESETS
from sslstudio.domain.items import Item
from sslstudio.importers.pixel_cache import PixelCacheWriter
from sslstudio.training import pixel_store
from sslstudio.training.sampling import generator_for
from sslstudio.training.view_preview import draw_views


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    rng = np.random.default_rng(0)
    made = []
    with PixelCacheWriter(tmp_path / "a.bin") as cache:
        for number in range(3):
            place = cache.append(rng.integers(0, 4000, (40, 30, 1), dtype=np.uint16))
            made.append(
                Item(
                    image_id=number + 1,
                    subject=f"s{number}",
                    study="t",
                    series="r",
                    modality="CT",
                    scanner="",
                    windows=((500.0, 3000.0),),
                    **place.model_dump(),
                )
            )
    return made


@pytest.mark.parametrize("preset", ["ct", "histology"])
def test_views_are_those_of_training(items: list[Item], tmp_path: Path, preset: str) -> None:
    plain, views = draw_views(str(tmp_path), items, preset, 32, 2, seed=5)
    assert plain.shape == (3, 32, 32, 3) and views.shape == (3, 2, 32, 32, 3) and views.dtype == np.uint8
    again = draw_views(str(tmp_path), items, preset, 32, 2, seed=5)
    other = draw_views(str(tmp_path), items, preset, 32, 2, seed=6)
    assert np.array_equal(views, again[1]) and not np.array_equal(views, other[1])
    assert np.array_equal(plain, other[0]), "the original does not change"
    made = pixel_store.squares(items, pixel_store.PixelCache(tmp_path), 32, 1, PRESETS[preset].window_margin)
    augmenter = BatchAugmenter(PRESETS[preset], 32, (0.449,), (0.226,))
    first = augmenter.as_seen(augmenter.view(made, generator_for(torch.device("cpu"), 5, 7, 0)))
    seen = (first.clamp(0, 1) * 255).round().numpy()[:, 0]
    assert np.abs(seen - views[:, 0, :, :, 0].astype(float)).max() <= 1
