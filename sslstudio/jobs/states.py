"""The one pure function that decides what became of a run; apart so that it can be tested case by case."""

from __future__ import annotations

from sslstudio.domain.runs import Done, Event, Failed, RunState

SILENCE_SECONDS = 60.0
"""A worker whose heartbeat is older than this does not answer; without other evidence of life it counts as lost."""

_WINDOWS_CRASH = 0xC0000000


def classify(
    last_event: Event | None,
    exit_code: int | None,
    cancel_requested: bool,
    heartbeat_age: float | None,
    alive: bool | None = None,
) -> RunState:
    """The state of a run by its evidence.

    `last_event` is the last one of the present attempt. `exit_code` is None while the worker runs or where nobody
    saw it end; negative is a signal. `heartbeat_age` is in seconds, None without a heartbeat. `alive` says whether
    the worker holds its lock, None when that cannot be known (a worker on another computer).

    What the worker wrote last decides: once it has said done or failed, nothing can change that. A worker that
    ended without a word FAILED if it chose its exit code (0 included), and is LOST if a signal took it or nobody
    saw it go; after a request to cancel either is CANCELLED.
    """
    if isinstance(last_event, Done):
        return RunState.CANCELLED if last_event.cancelled else RunState.SUCCEEDED
    if isinstance(last_event, Failed):
        return RunState.FAILED
    if exit_code is not None:
        if cancel_requested:
            return RunState.CANCELLED
        return RunState.LOST if _killed(exit_code) else RunState.FAILED
    launched = last_event is not None or heartbeat_age is not None
    if alive is None:
        alive = heartbeat_age is not None and heartbeat_age <= SILENCE_SECONDS
    if alive:
        return RunState.RUNNING if launched else RunState.PREPARED
    if cancel_requested:
        return RunState.CANCELLED
    return RunState.LOST if launched else RunState.PREPARED


def _killed(exit_code: int) -> bool:
    return exit_code < 0 or exit_code >= _WINDOWS_CRASH
