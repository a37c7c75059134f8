"""Golden numbers of the one formula from stored values to display values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sslstudio.importers.windowing import centre_width_window, percentile_window, to_uint8


def test_golden_values() -> None:
    stored = np.array([[[0], [100], [150], [200], [300]]], np.uint16)
    assert to_uint8(stored, 100, 200)[0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_eight_bits_over_the_full_range_are_unchanged() -> None:
    stored = np.arange(256, dtype=np.uint8)
    shown = to_uint8(stored, 0, 255)
    assert (shown == stored).all() and not np.shares_memory(shown, stored)


def test_empty_window_is_one_step() -> None:
    assert to_uint8(np.array([4, 5, 6], np.uint8), 5, 5).tolist() == [0, 0, 255]


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError):
        to_uint8(np.zeros(3, np.float32), 0, 1)  # type: ignore[arg-type]


@given(
    arrays.arrays(np.uint16, (7, 5)),
    st.floats(-1000, 70000),
    st.floats(0.5, 70000),
)
def test_table_and_formula_agree(values: np.ndarray, low: float, width: float) -> None:
    many = np.tile(values, (2000, 1))  # more values than a table has: the table is used
    assert (to_uint8(values, low, low + width) == to_uint8(many, low, low + width)[:7]).all()


@given(arrays.arrays(np.uint16, st.integers(1, 300)))
def test_percentile_window_is_never_empty(values: np.ndarray) -> None:
    low, high = percentile_window(values)
    assert high > low


def test_percentile_window_ignores_few_outliers() -> None:
    values = np.concatenate([np.full(10, 60000), np.arange(10000)]).astype(np.uint16)
    low, high = percentile_window(values)
    assert 0 < low < 100 and 9900 < high < 10000


def test_percentile_window_of_nothing() -> None:
    assert percentile_window(np.array([], np.uint16)) == (0.0, 1.0)


def test_dicom_window_as_the_standard_has_it() -> None:
    # PS3.3 C.11.2.1.2.1: c = 2048, w = 4096 maps 0 to black and 4095 to white.
    assert centre_width_window(2048, 4096) == (0.0, 4095.0)
    assert centre_width_window(2048, 4096, "LINEAR_EXACT") == (0.0, 4096.0)
    assert centre_width_window(10, 1) == (9.0, 10.0)
    with pytest.raises(ValueError, match="positive"):
        centre_width_window(10, 0)
