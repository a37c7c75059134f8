"""Shrinking is an area average: the mean is kept, whole factors are exact, nothing is invented."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.importers.shrink import limit_side
from tests.fakes.image_files import gradient


def test_small_images_are_untouched() -> None:
    stored = gradient(30, 40)[:, :, None]
    assert limit_side(stored, 40) is stored


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_whole_factor_is_the_block_mean(dtype: str, channels: int) -> None:
    stored = gradient(40, 80, dtype=dtype, channels=channels).reshape(40, 80, channels)
    small = limit_side(stored, 20)
    blocks = np.rint(stored.reshape(10, 4, 20, 4, channels).astype(np.float64).mean((1, 3)))
    assert small.dtype == stored.dtype and small.shape == (10, 20, channels)
    assert np.abs(small.astype(int) - blocks).max() <= 1  # rounding of exact halves


@given(st.integers(1, 90), st.integers(1, 90), st.integers(32, 60))
def test_any_size_keeps_mean_aspect_and_range(height: int, width: int, side: int) -> None:
    stored = gradient(height, width, seed=height * 100 + width, dtype="uint16")[:, :, None]
    small = limit_side(stored, side)
    assert max(small.shape[:2]) == min(side, max(height, width))
    assert small.mean() == pytest.approx(stored.mean(), abs=0.6)
    assert stored.min() <= small.min() and small.max() <= stored.max()
