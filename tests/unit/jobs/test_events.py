"""The record of a run: whole lines only, whatever cuts it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.domain.runs import Artifact, Done, Event, Failed, Metric, Monitor, Progress, Started, Warned
from sslstudio.jobs import events
from sslstudio.jobs.events import EventWriter

text = st.text(max_size=30)
number = st.floats(allow_nan=False, allow_infinity=False)
values = st.dictionaries(st.text(min_size=1, max_size=8), number, max_size=3)
any_event: st.SearchStrategy[Event] = st.one_of(
    st.builds(Started, at=number, pid=st.integers(0, 2**31), attempt=st.integers(1, 9)),
    st.builds(Progress, at=number, done=number, total=number, unit=text, text=text, seconds_left=st.none() | number),
    st.builds(Metric, at=number, step=st.integers(0), epoch=st.integers(0), values=values),
    st.builds(Monitor, at=number, epoch=st.integers(0), values=values),
    st.builds(Artifact, at=number, name=text, path=text),
    st.builds(Warned, at=number, code=text, message=text, hint=text),
    st.builds(Failed, at=number, code=text, message=text, hint=text),
    st.builds(Done, at=number, cancelled=st.booleans(), result=st.dictionaries(text, text, max_size=3)),
)


@given(written=st.lists(any_event, max_size=12), chunk=st.integers(1, 400))
def test_round_trip_in_any_portions(tmp_path_factory: pytest.TempPathFactory, written: list[Event], chunk: int) -> None:
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    with EventWriter(path) as writer:
        for event in written:
            writer.write(event)
    found: list[Event] = []
    offset = 0
    while (batch := events.read(path, offset, chunk)).offset > offset:
        found.extend(batch.events)
        offset = batch.offset
    assert found == written
    assert offset == path.stat().st_size == events.end_of_lines(path)
    assert events.last(path) == (written[-1] if written else None)


@given(written=st.lists(any_event, min_size=1, max_size=6), data=st.data())
def test_cut_anywhere_gives_a_whole_prefix_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, written: list[Event], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    with EventWriter(path) as writer:
        for event in written:
            writer.write(event)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    prefix = written[: whole[:cut].count(b"\n")]
    batch = events.read_all(path)
    assert list(batch.events) == prefix
    assert events.last(path) == (prefix[-1] if prefix else None)
    with EventWriter(path) as writer:
        writer.write(written[0])
    assert list(events.read_all(path, batch.offset).events) == [written[0]]
    assert list(events.read_all(path).events) == [*prefix, written[0]]


def test_a_damaged_line_is_told_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        writer.write(Started(at=1, pid=1))
        writer.write(Done(at=2))
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b'{"event": "metr\xff\x00\n' + b'{"event": "unheard", "at": 1}\n' + second)
    found = events.read_all(path).events
    assert [event.event for event in found] == ["started", "warning", "warning", "done"]
    assert isinstance(found[1], Warned) and found[1].code == events.UNREADABLE


def test_the_last_event_may_be_kept_to_one_attempt(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    assert events.last(path) is None
    assert events.read(path).events == ()
    with EventWriter(path) as writer:
        writer.write(Done(at=1))
    assert events.last(path, path.stat().st_size) is None


def test_a_line_longer_than_a_portion_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    long = Warned(at=1, code="long", message="x" * 50_000)
    with EventWriter(path) as writer:
        writer.write(Started(at=1, pid=1))
        writer.write(long)
    assert events.last(path) == long
    assert events.read_all(path).events[1] == long
    assert events.read(path, 0, 16).events == (Started(at=1, pid=1),)


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.jsonl"
    real_write = events.os.write
    calls = 0

    def write(descriptor: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            return real_write(descriptor, data[:7])
        if calls == 3:
            raise OSError(28, "No space left on device")
        return real_write(descriptor, data)

    with EventWriter(path) as writer:
        monkeypatch.setattr(events.os, "write", write)
        writer.write(Started(at=1, pid=1))
        with pytest.raises(OSError):
            writer.write(Done(at=2))
        writer.write(Done(at=3))
    assert [event.at for event in events.read_all(path).events] == [1, 3]


def test_numbers_that_are_not_finite_do_not_reach_the_file() -> None:
    from sslstudio.jobs.run_context import _numbers

    assert _numbers({"a": 1.0, "b": math.nan, "c": math.inf}) == {"a": 1.0}
