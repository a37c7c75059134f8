"""What a user may do to a run from outside: cancel, stop, kill, resume, extend. Works on any worker, ours or not."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Literal

from sslstudio.backbones import kept
from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import processes
from sslstudio.jobs.launcher import Launcher, LocalLauncher
from sslstudio.jobs.run_directory import RunDirectory, overrides, write_atomically

KeepOnStop = Literal["best", "last", "discard"]
CANCEL_SECONDS = 8.0
"""How long a worker may take to obey a cancel before it is ended."""
_LETTING_GO = 2.0


def cancel(run_dir: Path, keep: KeepOnStop | None = None) -> None:
    """Ask a run to stop; returns at once. A `RunMonitor` that follows it ends a worker that does not obey.

    `keep` says what becomes of the weights of a pretraining: whoever adopts the run does it, see `settle_kept`.
    """
    run = RunDirectory(run_dir)
    if keep is not None:
        write_atomically(run.keep_file, keep)
    run.request_cancel()


def settle_kept(run_dir: Path) -> str:
    """Do with the weights of a stopped pretraining what was asked for; returns which are kept, "" for none.

    Nothing happens while its worker lives, or when nothing was asked for.
    """
    run = RunDirectory(run_dir)
    try:
        wish = run.keep_file.read_text(encoding="utf-8")
    except OSError:
        return ""
    if not _has_let_go(run):
        return ""
    taken = ""
    if wish == "discard":
        kept.discard(run.artifacts_dir, run.checkpoints_dir)
    elif wish in ("best", "last") and kept.offered(run.artifacts_dir):
        taken = kept.hand_on(run.artifacts_dir, "best" if wish == "best" else "last")
    run.keep_file.unlink(missing_ok=True)
    return taken


def choose_kept(run_dir: Path, keep: KeepOnStop) -> str:
    """Decide on the weights of a pretraining that has ended, also anew; returns which are kept, "" for none.

    Raises SSLStudioError: "still_running", "nothing_kept".
    """
    run = RunDirectory(run_dir)
    if not _has_let_go(run):
        raise SSLStudioError(f"{run.run_id} is still running.", "Stop it first.", code="still_running")
    run.keep_file.unlink(missing_ok=True)
    if keep == "discard":
        kept.discard(run.artifacts_dir, run.checkpoints_dir)
        return ""
    return kept.hand_on(run.artifacts_dir, keep)


def stop(run_dir: Path, seconds: float = CANCEL_SECONDS) -> RunState:
    """Cancel a run and wait; after `seconds` terminate its worker, then kill it. Returns the final state."""
    run = RunDirectory(run_dir)
    run.request_cancel()
    if _wait_for_end(run, seconds) or (_end_worker(run, force=False) and _wait_for_end(run, 1.0)):
        return run.state()
    kill(run_dir)
    return run.state()


def kill(run_dir: Path) -> bool:
    """End a run's worker and its children now; True when a worker was ended.

    Only a run with a living worker is touched, and only the process whose start time is the noted one: a process
    that got the number of a dead worker is safe.
    """
    run = RunDirectory(run_dir)
    return _end_worker(run, force=True) and _wait_for_end(run, 5.0)


def resume(run_dir: Path, extend_epochs: int = 0, launcher: Launcher | None = None) -> int:
    """Start a run again from where it stopped, `extend_epochs` longer; returns the worker's process id.

    Raises SSLStudioError "already_running", or "cannot_extend" for a run that has no epochs.
    """
    run = RunDirectory(run_dir)
    if not _has_let_go(run):
        raise SSLStudioError(f"{run.run_id} is running already.", "Wait for it, or stop it.", code="already_running")
    if extend_epochs:
        _extend(run, extend_epochs)
    run.cancel_file.unlink(missing_ok=True)
    run.keep_file.unlink(missing_ok=True)
    run.clear_pause()
    return (launcher or LocalLauncher()).start(run.path)


def wait(run_dir: Path, seconds: float | None = None) -> RunState:
    """Wait until a launched run is final, at most `seconds`; returns its state then."""
    run = RunDirectory(run_dir)
    until = None if seconds is None else time.monotonic() + seconds
    while not (state := run.state()).final and (until is None or time.monotonic() < until):
        time.sleep(0.1)
    return state


def _extend(run: RunDirectory, epochs: int) -> None:
    spec = run.job().spec
    if not isinstance(spec, PretrainSpec) or epochs < 0:
        raise SSLStudioError("Only a pretraining can be extended, by some epochs.", code="cannot_extend")
    total = overrides(run.path).get("epochs", spec.epochs) + epochs
    write_atomically(run.overrides_file, json.dumps({"epochs": total}))


def _end_worker(run: RunDirectory, *, force: bool) -> bool:
    status = run.status()
    if not run.alive(status) or not processes.same_process(status.pid, status.process_started):
        return False
    processes.terminate_group(status.pid, force=force)
    return True


def _has_let_go(run: RunDirectory) -> bool:
    """True when no worker lives; one that has said its last word is given a moment to close its files."""
    return _wait_for_end(run, _LETTING_GO if run.state().final else 0.0)


def _wait_for_end(run: RunDirectory, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while run.alive():
        if time.monotonic() >= until:
            return False
        time.sleep(0.05)
    return True
