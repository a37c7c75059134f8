"""The learning rate: warm-up, cosine to zero, and no jump where a run is extended."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sslstudio.training.schedule import begin


def test_warm_up_then_cosine_to_zero() -> None:
    schedule = begin(100, 1.0, 0.1)
    rates = [schedule.rate(step) for step in range(100)]
    assert rates[0] == 0.1
    assert max(rates) == rates[9] == 1.0
    assert rates[55] == 0.5
    assert rates[-1] < 0.001


@given(total=st.integers(2, 400), more=st.integers(1, 800), warmup=st.floats(0, 0.5), share=st.floats(0, 1))
def test_rates_stay_in_range_and_extension_joins_smoothly(total: int, more: int, warmup: float, share: float) -> None:
    schedule = begin(total, 1.0, warmup)
    step = round(share * total)
    longer = schedule.extended(total + more, step, 0.05)
    rates = [longer.rate(at) for at in range(step, total + more)]
    assert all(0 <= rate <= 1 for rate in rates)
    if step and rates:
        target = longer._curve(step)
        assert abs(rates[0] - schedule.rate(step)) <= abs(target - schedule.rate(step)) / 2 + 1e-9
    assert longer.rate(total + more) < 1e-9 or longer.ramp_steps >= total + more - step


def test_an_unchanged_length_is_the_same_schedule() -> None:
    schedule = begin(50, 1.0, 0.05)
    assert schedule.extended(50, 20, 0.05) is schedule
