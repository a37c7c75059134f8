"""One warm child process for numeric work that is no job: heads, scores, neighbours; without torch.

It keeps the window free of scikit-learn and of work, answers at once because its imports are done, and dies with
the window: it reads from a pipe that only we hold the other end of, and the end of the pipe is its own end.
"""

from __future__ import annotations

import importlib
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess
from types import TracebackType
from typing import Any

from sslstudio.errors import SSLStudioError
from sslstudio.jobs import discreet_log

WARM_IMPORTS = ("numpy", "sklearn.linear_model", "sklearn.cluster", "sklearn.decomposition", "sklearn.neighbors")


class _Spawning(SpawnContext):
    """Starts processes anew, and remembers them."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]
        process = SpawnProcess(*args, **kwargs)
        self.started.append(process)
        return process


class ComputeProcess:
    """Runs module-level functions, named "package.module:function", in one child process, one after another.

    Arguments and results are pickled; large arrays had better be named by their file. Safe to use from any thread.
    """

    def __init__(self, *, warm: bool = True) -> None:
        self._warm = warm
        self._guard = threading.Lock()
        self._closed = False
        self._start()

    def submit(self, target: str, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call `target` in the child; the future's error, if any, is an SSLStudioError.

        A child that was lost is replaced by a new one; what it was doing then fails with "compute_lost", and an
        error that the function did not mean to raise becomes "unexpected" without its text.
        Raises SSLStudioError "closed" after `close`.
        """
        with self._guard:
            if self._closed:
                raise SSLStudioError("The project is closed.", code="closed")
            try:
                inner = self._pool.submit(_call, target, args, kwargs)
            except BrokenProcessPool:
                self._stop()
                self._start()
                inner = self._pool.submit(_call, target, args, kwargs)
        return _linked(inner)

    def close(self) -> None:
        """End the child, whatever it is doing; futures that are not done fail. Closing twice is no error."""
        with self._guard:
            if not self._closed:
                self._closed = True
                self._stop()

    def __enter__(self) -> ComputeProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        context = _Spawning()
        self._started = context.started
        theirs, self._lifeline = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(1, context, initializer=_begin, initargs=(theirs,))
        # The first task starts the process, which takes its end of the pipe along.
        self._pool.submit(_import_all, WARM_IMPORTS if self._warm else ())
        theirs.close()

    def _stop(self) -> None:
        self._lifeline.close()
        for process in self._started:  # one that is still starting, or holds the interpreter, hears of nothing
            process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _linked(inner: Future[Any]) -> Future[Any]:
    """A future that follows `inner` and speaks of a lost process in plain words."""
    outer: Future[Any] = Future()

    def finish(done: Future[Any]) -> None:
        if done.cancelled():
            outer.cancel()
        if not outer.set_running_or_notify_cancel():
            return
        error = done.exception()
        if error is None:
            outer.set_result(done.result())
        elif isinstance(error, SSLStudioError):
            outer.set_exception(error)
        else:
            lost = SSLStudioError("The computation stopped unexpectedly.", "Try it again.", code="compute_lost")
            lost.add_note(type(error).__name__)
            outer.set_exception(lost)

    def follow(done: Future[Any]) -> None:
        if done.cancelled():
            inner.cancel()

    inner.add_done_callback(finish)
    outer.add_done_callback(follow)
    return outer


def _begin(lifeline: Connection) -> None:
    """First thing in the child: leave Ctrl-C to the parent, and end when the parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        try:
            lifeline.recv_bytes()
        except (EOFError, OSError):
            os._exit(0)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def _import_all(names: tuple[str, ...]) -> None:
    for name in names:
        importlib.import_module(name)


def _call(target: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    module, _, name = target.partition(":")
    try:
        return getattr(importlib.import_module(module), name)(*args, **kwargs)
    except SSLStudioError:
        raise
    except MemoryError:
        message = "The computer has not enough memory for this."
        raise SSLStudioError(message, "Close other programs, then try again.", code="out_of_memory") from None
    except Exception as error:
        message = f"Something went wrong that SSL Studio did not expect ({type(error).__name__})."
        plain = SSLStudioError(message, "Try it again, or report the problem.", code="unexpected")
        plain.add_note(discreet_log.describe(error))
        raise plain from None
