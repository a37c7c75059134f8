"""One decode worker as seen from outside: the process, its pipes, its deadline, and what it answers.

Apart from the pool, which decides who is asked what.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from sslstudio.importers.decoding import DecodeSettings, FrameFacts, Note
from sslstudio.importers.frame_spool import IN_MEMORY, FrameSpool, ReceivedFrame

COMMAND: tuple[str, ...] = (sys.executable, "-m", "sslstudio.importers.decode_main")
FILE_LIMIT = 4 << 30
"""A file may yield this many bytes of stored pixels."""

_STARTUP_SECONDS = 60.0
_MEMORY_KEPT = {"MALLOC_TRIM_THRESHOLD_": str(256 << 20), "MALLOC_MMAP_THRESHOLD_": str(32 << 20)}
"""A worker keeps the memory of one picture for the next, where the C library can be told so; to get it anew from the
system, zeroed page by page, took a third of the time of a picture."""
_PIPE_BYTES = 1 << 20
_BUFFER_BYTES = 1 << 17
"""So much is taken from a pipe at a time: several small pictures."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one file: its frames, or the code of a refusal. `count` is the number of frames; `note` is what is
    to be told of a file although it was decoded. With headers only there are no frames; `facts` is then what a DICOM
    header says of the first."""

    code: str = ""
    detail: dict[str, str] = field(default_factory=dict)
    digest: str = ""
    count: int = 0
    frames: Sequence[ReceivedFrame] = ()
    note: Note | None = None
    facts: FrameFacts | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of pixels that the answer holds in memory."""
        return min(self.frames.nbytes, IN_MEMORY) if isinstance(self.frames, FrameSpool) else 0


class WorkerLostError(Exception):
    """The worker's pipe ended: it crashed or was killed."""


def request_line(path: str) -> bytes:
    """What a worker is told to decode `path`."""
    return json.dumps({"path": path}).encode("ascii") + b"\n"


class Worker:
    """One worker process; used by one thread, killed by any. `scratch` is where large files' frames wait."""

    def __init__(self, command: Sequence[str], settings: DecodeSettings, scratch: Path | None = None) -> None:
        self._seconds = settings.seconds
        self._scratch = scratch
        self._deadline = float("inf")
        self._fresh = True
        self.overdue = False
        self._process = subprocess.Popen(
            command,
            bufsize=_BUFFER_BYTES,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout
        _widen(self._answers)
        with contextlib.suppress(OSError):  # one that ends at once is noticed when it is asked
            self._write(json.dumps(asdict(settings)).encode("ascii") + b"\n")

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self._process.poll() is None

    def ask(self, line: bytes) -> None:
        """Send one request; answers come in the order of the requests. Raises WorkerLostError."""
        try:
            self._write(line)
        except OSError:
            raise WorkerLostError from None

    def answer(self) -> Answer:
        """Wait for the answer to the oldest request. Raises WorkerLostError."""
        self._deadline = time.monotonic() + self._seconds + (_STARTUP_SECONDS if self._fresh else 0.0)
        try:
            return self._receive(FrameSpool(self._scratch))
        finally:
            self._deadline = float("inf")

    def kill_if_overdue(self, now: float) -> None:
        """Kill the process if its file or frame takes longer than allowed."""
        if now > self._deadline:
            self.overdue = True
            self.kill()

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()

    def dispose(self) -> None:
        """End the process and free its pipes."""
        self.kill()
        self._process.wait()
        for stream in (self._requests, self._answers):
            with contextlib.suppress(OSError):  # what was still buffered has no reader any more
                stream.close()

    def _write(self, line: bytes) -> None:
        self._requests.write(line)
        self._requests.flush()

    def _receive(self, frames: FrameSpool) -> Answer:
        too_large = False
        count = 0
        facts: FrameFacts | None = None
        while True:
            message = self._message()
            if "ready" in message:  # from here on a file has its own time alone
                continue
            if "frame" in message:
                frame = self._frame(message["frame"])
                count += 1
                too_large = too_large or not _kept(frames, frame)
            elif "frames" in message:
                count = int(message["frames"])
                facts = FrameFacts(**message["facts"]) if message["facts"] else None
            elif "refused" in message:
                return Answer(message["refused"]["code"], message["refused"]["detail"])
            elif too_large:
                return Answer("too_large")
            else:
                done = message["done"]
                note = Note(**done["note"]) if done["note"] else None
                kept = frames if len(frames) else ()
                return Answer(digest=done["digest"], count=count, frames=kept, note=note, facts=facts)

    def _frame(self, told: dict[str, Any]) -> ReceivedFrame:
        dtype = np.dtype(told["dtype"]).newbyteorder("<")
        pixels = np.frombuffer(self._exactly(math.prod(told["shape"]) * dtype.itemsize), dtype)
        return ReceivedFrame(
            index=told["index"],
            facts=FrameFacts(**told["facts"]),
            pixel_digest=told["pixel_digest"],
            plain=told["plain"],
            pixels=pixels.reshape(told["shape"]),
            jpeg=self._exactly(told["jpeg"]),
        )

    def _message(self) -> dict[str, Any]:
        try:
            line = self._answers.readline()
            if not line.endswith(b"\n"):
                raise WorkerLostError
            message: dict[str, Any] = json.loads(line)
        except (OSError, ValueError):  # ValueError: what a killed worker left is no JSON
            raise WorkerLostError from None
        self._fresh = False
        self._deadline = time.monotonic() + self._seconds
        return message

    def _exactly(self, count: int) -> bytes:
        try:
            data = self._answers.read(count)
        except (OSError, ValueError):
            raise WorkerLostError from None
        if len(data) != count:
            raise WorkerLostError
        return data


def _kept(frames: FrameSpool, frame: ReceivedFrame) -> bool:
    """Keep a frame unless the file, or what the disk has left, is at its end."""
    if frames.nbytes + frame.pixels.nbytes > FILE_LIMIT:
        return False
    try:
        frames.append(frame)
    except OSError:
        return False
    return True


def _widen(pipe: IO[bytes]) -> None:
    """Let a whole picture fit into the pipe, where the system can: fewer switches between worker and reader."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _environment() -> dict[str, str]:
    """The worker finds this package wherever it lies, nothing in the current folder, and uses one core."""
    package_root = str(Path(__file__).parents[2])
    search = os.pathsep.join(filter(None, (package_root, os.environ.get("PYTHONPATH", ""))))
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        **os.environ,
        **single,
        **_MEMORY_KEPT,
        "PYTHONPATH": search,
        "PYTHONSAFEPATH": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
    }
