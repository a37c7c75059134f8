"""Stages that end in every way a stage can, and a worker entry point that runs them in place of the real ones.

`python -m tests.fakes.tiny_stages RUN_DIR` is a real worker process; the kind of ending stands in the run's name.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from sslstudio.domain.specs import PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import worker
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.stages.context import StageContext


def counts(_spec: object, context: StageContext) -> dict[str, Any]:
    """Count to 150 in 10 ms steps, from where an earlier attempt stopped; obeys cancel and pause."""
    done_file = context.run_dir / "checkpoints" / "done"
    done = int(done_file.read_text()) if done_file.exists() else 0
    start = done
    while done < 150:
        context.check_cancelled()
        time.sleep(0.01)
        done += 1
        temporary = done_file.with_suffix(".new")
        temporary.write_text(str(done))
        temporary.replace(done_file)
        context.progress(done, 150, "step")
        context.metric(done, 0, loss=1.0 / done)
    return {"counted": done, "from": start}


def hurries(spec: PretrainSpec, context: StageContext) -> dict[str, Any]:
    """Done at once."""
    context.progress(1, 1)
    return {"answer": 42, "epochs": spec.epochs}


def stubborn(_spec: object, context: StageContext) -> dict[str, Any]:
    """Never looks whether it is cancelled."""
    context.progress(0, 1)
    while True:
        time.sleep(0.05)


def parent(_spec: object, context: StageContext) -> dict[str, Any]:
    """Has a child process, and neither ever ends."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    context.metric(0, 0, child=child.pid)
    return stubborn(_spec, context)


def plain_error(_spec: object, _context: StageContext) -> dict[str, Any]:
    raise SSLStudioError("The moon is full.", "Wait a day.", code="moon")


def unexpected(_spec: object, _context: StageContext) -> dict[str, Any]:
    read_from_a_file = "CANARY^PATIENT"
    raise ValueError(read_from_a_file)


def no_memory(_spec: object, _context: StageContext) -> dict[str, Any]:
    raise MemoryError


def exits(_spec: object, _context: StageContext) -> dict[str, Any]:
    os._exit(0)


def system_exit(_spec: object, _context: StageContext) -> dict[str, Any]:
    sys.exit(0)


ENDINGS: dict[str, Callable[..., dict[str, Any]]] = {
    function.__name__: function
    for function in (counts, hurries, stubborn, parent, plain_error, unexpected, no_memory, exits, system_exit)
}
COMMAND = (sys.executable, "-P", "-m", "tests.fakes.tiny_stages")


def main(run_dir: str) -> int:
    """Run the stage that the run directory is named after."""
    name = os.path.basename(run_dir).rstrip("-0123456789")  # noqa: PTH119
    return worker.main(run_dir, load=lambda _stage: ENDINGS[name], launcher=LocalLauncher(COMMAND))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
