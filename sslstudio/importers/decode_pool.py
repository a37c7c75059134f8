"""A pool of decode workers: one process for each thread here, replaced when it dies or takes too long.

Apart because it is the only place where importing meets processes: a crash, a hang or a memory bomb in a decoder costs
one file and at most a second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Generic, Self, TypeVar

import numpy as np

from sslstudio.importers.decoding import DecodeSettings, FrameFacts, Note
from sslstudio.importers.frame_spool import FrameSpool, ReceivedFrame

COMMAND: tuple[str, ...] = (sys.executable, "-m", "sslstudio.importers.decode_worker")
FILE_LIMIT = 4 << 30
"""A file may yield this many bytes of stored pixels."""

_AHEAD = 16
_TICK = 0.05
_STARTUP_SECONDS = 60.0

Request = TypeVar("Request")


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


class DecodePool(Generic[Request]):
    """Decodes files in worker processes; a context manager.

    `command` starts a worker; `workers` is their number (default: one for each core, at most 8). `scratch` is where
    the frames of very long files wait (default: the system's folder for such files).
    """

    def __init__(
        self,
        settings: DecodeSettings,
        *,
        workers: int = 0,
        command: Sequence[str] = COMMAND,
        scratch: Path | None = None,
    ) -> None:
        self._scratch = scratch
        self._settings = settings
        self._command = tuple(command)
        self._count = workers or max(1, min(8, os.cpu_count() or 1))
        self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="decode")
        self._local = threading.local()
        self._workers: set[_Worker] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._watchdog, name="decode-watchdog", daemon=True)
        self._watch.start()

    def map(
        self, requests: Iterable[Request], path_of: Callable[[Request], str], check: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Request, Answer]]:
        """Answers in the order of the requests, a few files ahead. `check` is called about ten times a second while
        waiting and may raise to stop."""
        waiting: deque[tuple[Request, Future[Answer]]] = deque()
        source = iter(requests)
        exhausted = False
        while True:
            while not exhausted and len(waiting) < _AHEAD * self._count:
                try:
                    request = next(source)
                except StopIteration:
                    exhausted = True
                    break
                waiting.append((request, self._threads.submit(self._decode, path_of(request))))
            if not waiting:
                return
            request, future = waiting.popleft()
            check()
            while not future.done():
                wait([future], timeout=0.1)
                check()
            yield request, future.result()

    def close(self) -> None:
        """Stop at once: workers are killed, waiting files dropped."""
        self._closed.set()
        with self._lock:
            workers = list(self._workers)
        for worker in workers:
            worker.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._watch.join()
        for worker in self._workers:
            worker.dispose()
        self._workers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _decode(self, path: str) -> Answer:
        if self._closed.is_set():
            return Answer("decoder_crashed")
        worker: _Worker | None = getattr(self._local, "worker", None)
        if worker is None or not worker.alive:
            worker = self._start()
        try:
            return worker.decode(path)
        except _WorkerLostError:
            code = "decoder_timeout" if worker.overdue else "decoder_crashed"
            with self._lock:
                self._workers.discard(worker)
            worker.dispose()
            self._local.worker = None
            if not self._closed.is_set():
                self._start()
            return Answer(code)

    def _start(self) -> _Worker:
        worker = _Worker(self._command, self._settings, self._scratch)
        self._local.worker = worker
        with self._lock:
            self._workers.add(worker)
        if self._closed.is_set():
            worker.kill()
        return worker

    def _watchdog(self) -> None:
        while not self._closed.wait(_TICK):
            with self._lock:
                workers = list(self._workers)
            now = time.monotonic()
            for worker in workers:
                worker.kill_if_overdue(now)


class _WorkerLostError(Exception):
    """The worker's pipe ended: it crashed or was killed."""


class _Worker:
    """One worker process; used by one thread, killed by any."""

    def __init__(self, command: Sequence[str], settings: DecodeSettings, scratch: Path | None = None) -> None:
        self._scratch = scratch
        self._seconds = settings.seconds
        self._deadline = float("inf")
        self._fresh = True
        self.overdue = False
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout
        self._send(asdict(settings))

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self._process.poll() is None

    def decode(self, path: str) -> Answer:
        """Ask for one file and wait for the answer; raises _WorkerLostError."""
        extra = _STARTUP_SECONDS if self._fresh else 0.0
        self._deadline = time.monotonic() + self._seconds + extra
        try:
            self._send({"path": path})
            return self._receive()
        except (OSError, ValueError):  # ValueError: a line cut in the middle is no JSON
            raise _WorkerLostError from None
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
            try:
                stream.close()
            except OSError:  # what was still buffered has no reader any more
                continue

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._requests.write(json.dumps(message).encode("ascii") + b"\n")
            self._requests.flush()
        except OSError:
            if "path" in message:
                raise

    def _receive(self) -> Answer:
        frames = FrameSpool(self._scratch)
        too_large = False
        count = 0
        facts: FrameFacts | None = None
        while True:
            line = self._answers.readline()
            if not line.endswith(b"\n"):
                raise _WorkerLostError
            self._fresh = False
            self._deadline = time.monotonic() + self._seconds
            message = json.loads(line)
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

    def _frame(self, message: dict[str, Any]) -> ReceivedFrame:
        shape = tuple(message["shape"])
        dtype = np.dtype(message["dtype"]).newbyteorder("<")
        pixels = np.frombuffer(self._exactly(int(np.prod(shape)) * dtype.itemsize), dtype).reshape(shape)
        return ReceivedFrame(
            index=message["index"],
            facts=FrameFacts(**message["facts"]),
            pixel_digest=message["pixel_digest"],
            plain=message["plain"],
            pixels=pixels,
            jpeg=self._exactly(message["jpeg"]),
        )

    def _exactly(self, count: int) -> bytes:
        data = self._answers.read(count)
        if len(data) != count:
            raise _WorkerLostError
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


def _environment() -> dict[str, str]:
    """The worker finds this package wherever it lies, nothing in the current folder, and uses one core."""
    package_root = str(Path(__file__).parents[2])
    search = os.pathsep.join(filter(None, (package_root, os.environ.get("PYTHONPATH", ""))))
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **single, "PYTHONPATH": search, "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8"}
