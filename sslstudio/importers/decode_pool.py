"""A pool of decode workers: one process for each thread here, replaced when it dies or takes too long.

Apart because it is the only place where importing meets processes: a crash, a hang or a memory bomb in a decoder costs
one file and at most a second.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from sslstudio.importers.decode_process import COMMAND as COMMAND
from sslstudio.importers.decode_process import Answer as Answer
from sslstudio.importers.decode_process import Worker, WorkerLostError, request_line
from sslstudio.importers.decoding import DecodeSettings

_AHEAD = 32
_HELD_BYTES = 64 << 20
"""While answers of so many bytes wait for their turn, no more files are asked for than `_FEW` for each worker."""
_FEW = 8
_SENT_AHEAD = 32
"""Requests a worker has at a time: it goes on with the next while this process stores the answer before."""
_SENT_BYTES = 8192
"""More bytes of requests than this are not sent ahead: they must fit into any system's pipe."""
_LOST = ("decoder_timeout", "decoder_crashed")
_TICK = 0.05

Request = TypeVar("Request")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One file to decode: the request as a line, and where the answer goes."""

    line: bytes
    future: Future[Answer] = field(default_factory=Future)


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
        self._count = workers or max(1, min(8, os.cpu_count() or 1))
        self._new: Callable[[], Worker] = lambda: Worker(tuple(command), settings, scratch)
        self._todo: deque[_Asked] = deque()
        self._news = threading.Condition()
        self._closed = threading.Event()
        self._workers: set[Worker] = set()
        self._spare: list[Worker] = []
        self._held = 0
        self._threads = [
            threading.Thread(target=self._serve, name=f"decode-{number}", daemon=True) for number in range(self._count)
        ]
        self._threads.append(threading.Thread(target=self._watch, name="decode-watchdog", daemon=True))
        for thread in self._threads:
            thread.start()

    def warm(self, files: int) -> None:
        """Start the workers that so many files need, before the first is asked for."""
        with contextlib.suppress(OSError):  # whoever waits for a file is told
            for _ in range(min(files, self._count)):
                worker = self._new()
                with self._news:
                    self._workers.add(worker)
                    self._spare.append(worker)

    def map(
        self, requests: Iterable[Request], path_of: Callable[[Request], str], check: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Request, Answer]]:
        """Answers in the order of the requests, a few files ahead. `check` is called about ten times a second while
        waiting and may raise to stop."""
        waiting: deque[tuple[Request, Future[Answer]]] = deque()
        source = iter(requests)
        exhausted = False
        while True:
            while not exhausted and len(waiting) < (_AHEAD if self._held < _HELD_BYTES else _FEW) * self._count:
                try:
                    request = next(source)
                except StopIteration:
                    exhausted = True
                    break
                waiting.append((request, self._ask(path_of(request))))
            if not waiting:
                return
            request, future = waiting.popleft()
            check()
            while not future.done():
                with contextlib.suppress(TimeoutError):
                    future.exception(timeout=0.1)
                check()
            answer = future.result()
            with self._news:
                self._held -= answer.nbytes
            yield request, answer

    def close(self) -> None:
        """Stop at once: workers are killed, waiting files dropped."""
        with self._news:
            self._closed.set()
            self._todo.clear()
            self._news.notify_all()
            for worker in self._workers:
                worker.kill()
        for thread in self._threads:
            thread.join()
        for worker in self._workers:
            worker.dispose()
        self._workers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, path: str) -> Future[Answer]:
        asked = _Asked(request_line(path))
        with self._news:
            self._todo.append(asked)
            self._news.notify()
        return asked.future

    def _serve(self) -> None:
        """One thread with its worker. When the worker is lost, the file it was at gets the blame; those that were sent
        ahead are asked again."""
        worker: Worker | None = None
        unsent: deque[_Asked] = deque()
        sent: deque[_Asked] = deque()
        while self._take(sent, unsent):
            answer: Answer | Exception
            try:
                if worker is None or not (sent or worker.alive):
                    worker = self._hire(worker)
                while unsent and (not sent or sum(len(one.line) for one in (*sent, unsent[0])) <= _SENT_BYTES):
                    worker.ask(unsent[0].line)
                    sent.append(unsent.popleft())
                answer = worker.answer()
            except WorkerLostError:
                answer = Answer("decoder_timeout" if worker is not None and worker.overdue else "decoder_crashed")
            except Exception as error:  # no process could be made, say: whoever waits for the file is told
                answer = error
            at_work = (sent or unsent).popleft()
            if isinstance(answer, Exception) or answer.code in _LOST:
                unsent.extendleft(reversed(sent))
                sent.clear()
                with contextlib.suppress(OSError):
                    worker = self._hire(worker)
            if isinstance(answer, Exception):
                at_work.future.set_exception(answer)
            else:
                with self._news:
                    self._held += answer.nbytes
                at_work.future.set_result(answer)

    def _take(self, sent: deque[_Asked], unsent: deque[_Asked]) -> bool:
        """Fill up `unsent` with a fair share of what is to do, waiting if there is nothing at all; False at the end."""
        with self._news:
            while not self._closed.is_set():
                room = _SENT_AHEAD - len(sent) - len(unsent)
                for _ in range(min(room, -(-len(self._todo) // self._count))):
                    unsent.append(self._todo.popleft())
                if sent or unsent:
                    return True
                self._news.wait()
        return False

    def _hire(self, lost: Worker | None) -> Worker:
        """A new worker in place of one that was lost; killed at once when the pool is closed."""
        if lost is not None:
            with self._news:
                self._workers.discard(lost)
            lost.dispose()
        with self._news:
            spare = self._spare.pop() if self._spare else None
        worker = spare or self._new()
        with self._news:
            self._workers.add(worker)
            if self._closed.is_set():
                worker.kill()
        return worker

    def _watch(self) -> None:
        while not self._closed.wait(_TICK):
            with self._news:
                workers = list(self._workers)
            now = time.monotonic()
            for worker in workers:
                worker.kill_if_overdue(now)
