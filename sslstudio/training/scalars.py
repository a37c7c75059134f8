"""The numbers of a run as TensorBoard's event files, beside the JSON lines; nothing of the product reads them.

One file for each time a training began, went on or went back, so that a TensorBoard that looks on sees it; what was
told of steps that are trained again is cut off the earlier files. A file holds numbers and times, no name of a computer
or a user, and none stands in its name. Each record is written whole by one call, so that a kill leaves no half one.
"""

from __future__ import annotations

import math
import os
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sslstudio.training.reporter import Reporter

if TYPE_CHECKING:
    from tensorboardX.proto.event_pb2 import Event

FOLDER = "tensorboard"
NAMES = {"learning_rate": "lr"}
"""Numbers that researchers know by another name; all others keep theirs."""
OF_AN_EPOCH = {"loss": "loss_epoch", "chance": ""}
"""Those measured after an epoch that a step has too: under a name of their own, or once is enough."""
_FILE = "events.out.tfevents."
_FRAME = struct.Struct("<QI")  # length, check sum of the length; behind the record stands a check sum of it
_CHECK = struct.Struct("<I")
_LARGEST_RECORD = 1 << 20


class ScalarFiles:
    """Writes the files of one run into `folder`. What goes wrong here is told once and ends no training."""

    def __init__(self, folder: Path, steps_per_epoch: int, report: Reporter) -> None:
        self._folder = folder
        self._steps_per_epoch = steps_per_epoch
        self._report = report
        self._descriptor = -1

    def go_on_from(self, step: int) -> None:
        """Begin a file behind `step`; whatever earlier files hold of later steps goes. Step 0 begins anew."""
        self._carefully(lambda: self._begin(step))

    def steps(self, step: int, values: Mapping[str, float]) -> None:
        """The numbers told after `step` optimiser steps."""
        named = {NAMES.get(name, name): value for name, value in values.items()}
        self._carefully(lambda: self._add(step, named))

    def epoch(self, epoch: int, values: Mapping[str, float]) -> None:
        """The numbers measured after `epoch`, counted from 0; -1 is the start."""
        named = {OF_AN_EPOCH.get(name, name): value for name, value in values.items()}
        self._carefully(lambda: self._add((epoch + 1) * self._steps_per_epoch, named))

    def close(self) -> None:
        """Close the file; what is told afterwards is written nowhere."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _begin(self, step: int) -> None:
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        self.close()
        self._report.check_place()
        self._folder.mkdir(exist_ok=True)
        number = 0
        for path in sorted(self._folder.glob(f"{_FILE}*")):
            number = int(path.name.removeprefix(_FILE))
            _cut(path, step)
        path = self._folder / f"{_FILE}{number + 1:04d}"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o644)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        # TensorBoard forgets what it has read of this step and later ones.
        begun = SessionLog(status=SessionLog.START)
        self._write(Event(wall_time=time.time(), step=step + 1 if step else 0, session_log=begun))

    def _add(self, step: int, values: Mapping[str, float]) -> None:
        if self._descriptor < 0:
            return
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary

        told = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in values.items()
            if name and math.isfinite(value)
        ]
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=told)))

    def _write(self, event: Event) -> None:
        """Append a record; one that the disk had no room for leaves nothing behind."""
        data = _framed(event.SerializeToString())
        before = os.fstat(self._descriptor).st_size
        if os.write(self._descriptor, data) < len(data):
            os.truncate(self._descriptor, before)
            raise OSError("the disk is full")

    def _carefully(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, ImportError, ValueError):
            self.close()
            self._report.warn(
                "no_tensorboard", "The files for TensorBoard cannot be written; the training goes on without them."
            )


class Telling:
    """A reporter whose numbers also go into `files`."""

    def __init__(self, report: Reporter, files: ScalarFiles) -> None:
        self._files = files
        self._report = report
        self.progress = report.progress
        self.artifact = report.artifact
        self.warn = report.warn
        self.check_cancelled = report.check_cancelled
        self.check_place = report.check_place

    def metric(self, step: int, epoch: int, **values: float) -> None:
        """Report numbers of one optimiser step."""
        self._report.metric(step, epoch, **values)
        self._files.steps(step, values)

    def monitor(self, epoch: int, **values: float) -> None:
        """Report numbers measured at the end of an epoch."""
        self._report.monitor(epoch, **values)
        self._files.epoch(epoch, values)


def _cut(path: Path, step: int) -> None:
    """Shorten a file to its whole records up to `step`, and remove one that then tells nothing."""
    end, numbers = 0, 0
    with path.open("rb") as stream:
        for event in _records(stream.read):
            if event.HasField("summary"):
                if event.step > step or step == 0:
                    break
                numbers += 1
            end = stream.tell()
    if numbers:
        os.truncate(path, end)
    else:
        path.unlink()


def _records(read: Callable[[int], bytes]) -> Iterator[Event]:
    """The records of a file up to its end, or to one that is damaged."""
    from tensorboardX.proto.event_pb2 import Event

    while len(head := read(_FRAME.size)) == _FRAME.size:
        length, _ = _FRAME.unpack(head)
        data = read(length) if length <= _LARGEST_RECORD else b""
        if head + data + read(_CHECK.size) != _framed(data):
            return
        yield Event.FromString(data)


def _framed(data: bytes) -> bytes:
    """A record as it stands in the file."""
    from tensorboardX.record_writer import masked_crc32c

    length = struct.pack("<Q", len(data))
    return length + _CHECK.pack(masked_crc32c(length)) + data + _CHECK.pack(masked_crc32c(data))
