"""Golden numbers of the one formula from stored values to display values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sslstudio.importers.windowing import centre_width_window, render, render_wide, spread, to_uint8, to_uint16


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
        to_uint8(np.zeros(3, np.float32), 0, 1)


@given(
    arrays.arrays(np.uint16, (7, 5)),
    st.floats(-1000, 70000),
    st.floats(0.5, 70000),
)
def test_table_and_formula_agree(values: np.ndarray, low: float, width: float) -> None:
    many = np.tile(values, (2000, 1))  # more values than a table has: the table is used
    assert (to_uint8(values, low, low + width) == to_uint8(many, low, low + width)[:7]).all()


@given(arrays.arrays(st.sampled_from([np.uint8, np.uint16]), st.integers(1, 300)))
def test_counted_percentiles_are_those_of_numpy(values: np.ndarray) -> None:
    found = spread(values)
    assert found[:2] == pytest.approx(tuple(np.percentile(values, (0.5, 99.5))), rel=1e-12)
    assert found[2:] == (values.min(), values.max())


def test_spread_of_few_outliers_of_floats_and_of_nothing() -> None:
    values = np.concatenate([np.full(10, 60000), np.arange(10000)]).astype(np.uint16)
    assert 0 < spread(values).auto_low < 100 and 9900 < spread(values).auto_high < 10000
    assert spread(values.astype(np.float64)) == pytest.approx(spread(values))
    assert spread(np.array([], np.uint16)) == (0.0, 1.0, 0.0, 1.0)


def test_sixteen_bits_are_the_same_formula_in_finer_steps() -> None:
    stored = np.array([[[0], [100], [150], [200], [300]]], np.uint16)
    assert to_uint16(stored, 100, 200)[0, :, 0].tolist() == [0, 0, 32768, 65535, 65535]
    assert (np.rint(to_uint16(stored, 90, 210) / 257) == to_uint8(stored, 90, 210)).all()


def test_one_window_keeps_the_channels_and_three_make_three() -> None:
    grey = np.array([[[0], [50], [100]]], np.uint16)
    assert render(grey, ((0, 100),)).tolist() == [[[0], [128], [255]]]
    seen = render(grey, ((0, 100), (50, 100), (0, 50)))
    assert seen.tolist() == [[[0, 0, 0], [128, 0, 255], [255, 255, 255]]]
    colour = np.array([[[10, 20, 30]]], np.uint8)
    assert render(colour, ((0, 255),)).tolist() == [[[10, 20, 30]]]
    assert render(colour, ((0, 255),) * 3).tolist() == [[[10, 20, 30]]]
    assert render_wide(grey, ((0, 100), (50, 100), (0, 50)))[0, 1].tolist() == [32768, 0, 65535]


def test_dicom_window_as_the_standard_has_it() -> None:
    # PS3.3 C.11.2.1.2.1: c = 2048, w = 4096 maps 0 to black and 4095 to white.
    assert centre_width_window(2048, 4096) == (0.0, 4095.0)
    assert centre_width_window(2048, 4096, "LINEAR_EXACT") == (0.0, 4096.0)
    assert centre_width_window(10, 1) == (9.0, 10.0)
    with pytest.raises(ValueError, match="positive"):
        centre_width_window(10, 0)
