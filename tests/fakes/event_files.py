"""Reads TensorBoard's event files with nothing of the product: framing and check sums by hand, messages by protobuf."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tensorboardX.proto.event_pb2 import Event, SessionLog

POLYNOMIAL = 0x82F63B78


def crc32c(data: bytes) -> int:
    """Castagnoli's check sum, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    """The check sum as TFRecord files store it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path: Path) -> Iterator[bytes]:
    """The records of one file; a torn last one is where a reader waits for more. A wrong check sum is an error."""
    content = path.read_bytes()
    while len(content) >= 12:
        length, check = struct.unpack("<QI", content[:12])
        assert check == masked(content[:8])
        if len(content) < 16 + length:
            return
        data = content[12 : 12 + length]
        assert struct.unpack("<I", content[12 + length : 16 + length])[0] == masked(data)
        yield data
        content = content[16 + length :]


def events(folder: Path) -> list[Any]:
    """The events of all files of a run, in the order in which TensorBoard reads them."""
    found = []
    for path in sorted(folder.glob("*tfevents*")):
        told = [Event.FromString(data) for data in records(path)]
        assert not told or told[0].file_version == "brain.Event:2"
        found += told
    return found


def scalars(folder: Path) -> list[tuple[str, int, float]]:
    """(name, step, value) of every number, in order."""
    return [(one.tag, event.step, one.simple_value) for event in events(folder) for one in event.summary.value]


def starts(folder: Path) -> list[int]:
    """The steps from which TensorBoard was told to forget what came before."""
    found = [event for event in events(folder) if event.HasField("session_log")]
    assert all(event.session_log.status == SessionLog.START for event in found)
    return [event.step for event in found]
