"""Memory while training: what is in use, at its highest, what is free; and one warning when it runs short."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest
import torch

from sslstudio.training import devices, memory
from sslstudio.training.devices import Room
from sslstudio.training.memory import Gauge
from tests.unit.training.conftest import CPU, Recorder

GB = 2**30


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="other systems tell less")
def test_a_tensor_is_seen_and_its_peak_stays() -> None:
    gauge = Gauge(CPU, Recorder())
    before = gauge.look()
    fresh = mmap.mmap(-1, 64 * 2**20)  # of the system: a process that has grown may have as much lying idle
    held = torch.frombuffer(fresh, dtype=torch.float32).fill_(1)
    during = gauge.look()
    del held, fresh
    after = gauge.look()
    assert during["memory_bytes"] - before["memory_bytes"] > 60e6
    assert during["memory_peak_bytes"] >= during["memory_bytes"]
    assert after["memory_bytes"] < during["memory_bytes"] <= after["memory_peak_bytes"]
    room = devices.room(CPU)
    assert room is not None and 0 < after["memory_free_bytes"] < room.total


def test_short_memory_is_told_once_and_not_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Recorder()
    gauge = Gauge(CPU, report)
    course = [0.3, 0.04, 0.3, 0.04, 0.03, 0.02, 0.5, 0.01, 0.01]
    told = []
    for share in course:
        monkeypatch.setattr(devices, "room", lambda _device, free=share: Room(int(free * 16 * GB), 16 * GB))
        assert gauge.look()["memory_free_bytes"] == int(share * 16 * GB)
        told.append(len(report.warnings))
    assert told == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert report.warnings == ["memory_short"]


def test_on_a_graphics_card_the_card_and_the_computer_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    free = {"cuda": 0.5, "cpu": 0.01}
    monkeypatch.setattr(devices, "room", lambda device: Room(int(free[device.type] * 80 * GB), 80 * GB))
    monkeypatch.setattr(memory, "used_bytes", lambda _device: 3 * GB)
    monkeypatch.setattr(memory, "peak_bytes", lambda _device: 5 * GB)
    sentences: list[str] = []
    report = Recorder()
    monkeypatch.setattr(report, "warn", lambda _code, message, _hint: sentences.append(message))
    gauge = Gauge(torch.device("cuda"), report)
    for _ in range(3):
        values = gauge.look()
    assert values == {"memory_bytes": 3 * GB, "memory_peak_bytes": 5 * GB, "memory_free_bytes": 40 * GB}
    assert sentences == ["This computer is short of memory: 0.8 of 80.0 GB are free."]
    free["cuda"] = 0.02
    for _ in range(3):
        gauge.look()
    assert sentences[1:] == ["The graphics card is short of memory: 1.6 of 80.0 GB are free."]


def test_a_system_that_tells_nothing_leaves_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "room", lambda _device: None)
    monkeypatch.setattr(memory, "used_bytes", lambda _device: 0)
    monkeypatch.setattr(memory, "peak_bytes", lambda _device: 0)
    report = Recorder()
    assert Gauge(CPU, report).look() == {}
    assert devices.free_bytes(CPU) > 0 and not report.warnings
