"""The table of a run's numbers: what a later part of the training took back does not stand in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sslstudio.cli.advising import measured
from sslstudio.domain.runs import Metric, Monitor


def test_repeated_steps_and_epochs_stand_once_as_they_counted() -> None:
    events = [
        Monitor(at=0, epoch=-1, values={"a": 0}),
        Metric(at=1, step=1, epoch=0, values={"loss": 1}),
        Metric(at=2, step=3, epoch=0, values={"loss": 2}),
        Monitor(at=3, epoch=0, values={"a": 1}),
        Metric(at=4, step=2, epoch=0, values={"loss": 3}),
        Monitor(at=5, epoch=0, values={"a": 2}),
    ]
    assert measured(events) == [events[0], events[1], events[4], events[5]]


@given(st.lists(st.integers(0, 9)))
def test_steps_only_rise_and_the_last_is_kept(steps: list[int]) -> None:
    events = [Metric(at=place, step=step, epoch=0, values={}) for place, step in enumerate(steps)]
    kept = [event.step for event in measured(events) if isinstance(event, Metric)]
    assert kept == sorted(set(kept)) and kept[-1:] == steps[-1:]
