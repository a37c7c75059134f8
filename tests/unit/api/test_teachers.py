"""A teacher's momentum: from its start to 1, and a short memory in a short run."""

from __future__ import annotations

import pytest

from sslstudio.api import teacher_momentum


def test_it_rises_from_its_start_to_one() -> None:
    momenta = [teacher_momentum(step, 2000, 0.99) for step in range(0, 2001, 100)]
    assert momenta[0] == pytest.approx(0.99) and momenta[-1] == 1.0
    assert momenta == sorted(momenta)
    assert momenta[10] == pytest.approx(0.995), "a cosine is half way in the middle"


def test_a_short_run_forgets_its_beginning_within_a_tenth_of_it_but_a_teacher_stays_slow() -> None:
    for total, memory in ((1, 10), (30, 10), (300, 30), (5000, 250)):
        assert 1 / (1 - teacher_momentum(0, total, 0.996)) == pytest.approx(memory)
    assert teacher_momentum(0, 30, 0.5) == pytest.approx(0.5)


def test_steps_beyond_the_plan_leave_the_teacher_where_it_is() -> None:
    assert teacher_momentum(50, 40, 0.9) == 1.0
