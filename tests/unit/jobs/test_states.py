"""What became of a run, case by case and for any evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.domain.runs import Done, Event, Failed, Progress, RunState, Started, Warned
from sslstudio.jobs.states import SILENCE_SECONDS, classify

STARTED = Started(at=1.0, pid=1)
PROGRESS = Progress(at=2.0, done=1, total=2)
DONE = Done(at=3.0)
CANCELLED = Done(at=3.0, cancelled=True)
FAILED = Failed(at=3.0, code="x", message="x")

# last event, exit code, cancel requested, heartbeat age, alive -> state
TABLE = [
    (None, None, False, None, False, RunState.PREPARED),
    (None, None, False, None, None, RunState.PREPARED),
    (None, None, False, None, True, RunState.PREPARED),
    (None, None, True, None, False, RunState.CANCELLED),
    (None, None, False, 0.5, True, RunState.RUNNING),
    (None, None, False, 0.5, False, RunState.LOST),
    (STARTED, None, False, None, True, RunState.RUNNING),
    (PROGRESS, None, False, 0.5, True, RunState.RUNNING),
    (PROGRESS, None, True, 0.5, True, RunState.RUNNING),
    (PROGRESS, None, False, 0.5, None, RunState.RUNNING),
    (PROGRESS, None, False, SILENCE_SECONDS + 1, None, RunState.LOST),
    (PROGRESS, None, False, SILENCE_SECONDS + 1, True, RunState.RUNNING),
    (PROGRESS, None, False, 0.5, False, RunState.LOST),
    (PROGRESS, None, True, 0.5, False, RunState.CANCELLED),
    (PROGRESS, -9, False, 0.5, False, RunState.LOST),
    (PROGRESS, 0xC0000005, False, 0.5, False, RunState.LOST),
    (PROGRESS, -9, True, 0.5, False, RunState.CANCELLED),
    (PROGRESS, 0, False, 0.5, False, RunState.FAILED),
    (PROGRESS, 1, False, 0.5, False, RunState.FAILED),
    (None, 1, False, None, False, RunState.FAILED),
    (DONE, None, False, 0.5, True, RunState.SUCCEEDED),
    (DONE, 0, True, 99.0, False, RunState.SUCCEEDED),
    (CANCELLED, 3, True, 99.0, False, RunState.CANCELLED),
    (FAILED, 1, True, 99.0, False, RunState.FAILED),
]


@pytest.mark.parametrize(("last", "code", "cancel", "age", "alive", "state"), TABLE)
def test_each_case(
    last: Event | None, code: int | None, cancel: bool, age: float | None, alive: bool | None, state: RunState
) -> None:
    assert classify(last, code, cancel, age, alive) is state


events = st.sampled_from([None, STARTED, PROGRESS, DONE, CANCELLED, FAILED, Warned(at=0, code="c", message="m")])
codes = st.none() | st.integers(-64, 255) | st.just(0xC0000005)
ages = st.none() | st.floats(0, 1e6)
lives = st.sampled_from([None, True, False])


@given(last=st.sampled_from([DONE, CANCELLED, FAILED]), code=codes, cancel=st.booleans(), age=ages, alive=lives)
def test_the_last_word_is_final(
    last: Event, code: int | None, cancel: bool, age: float | None, alive: bool | None
) -> None:
    assert classify(last, code, cancel, age, alive) is classify(last, None, False, None, None)
    assert classify(last, code, cancel, age, alive).final


@given(last=events, code=codes, cancel=st.booleans(), age=ages, alive=lives)
def test_success_needs_the_word_done(
    last: Event | None, code: int | None, cancel: bool, age: float | None, alive: bool | None
) -> None:
    state = classify(last, code, cancel, age, alive)
    assert (state is RunState.SUCCEEDED) == (last == DONE)
    if code is not None:
        assert state.final, "a worker that has ended never counts as running"
    if alive and code is None and not isinstance(last, Done | Failed):
        assert not state.final
