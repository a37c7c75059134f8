"""Jobs give way to what the user looks at, also where the system schedules whole sessions against each other."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sslstudio.jobs import control, processes
from sslstudio.jobs.launcher import LocalLauncher
from tests.fakes.runs import tiny_run
from tests.fakes.tiny_stages import COMMAND

AUTOGROUP = Path("/proc/self/autogroup")


@pytest.mark.skipif(sys.platform == "win32", reason="the launcher says it when the process starts")
def test_a_job_and_its_session_have_a_lower_priority_than_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(processes.NICENESS_VARIABLE)
    run = tiny_run(tmp_path, "waits-1")
    pid = LocalLauncher(COMMAND).start(run.path)
    try:
        assert os.getpriority(os.PRIO_PROCESS, pid) == processes.NICENESS > os.getpriority(os.PRIO_PROCESS, 0)
        ours = AUTOGROUP.read_text() if AUTOGROUP.exists() else ""
        if ours:  # some kernels have the file and leave it empty
            theirs = Path(f"/proc/{pid}/autogroup").read_text()
            assert theirs.endswith(f" nice {processes.NICENESS}\n") and theirs.split()[0] != ours.split()[0]
    finally:
        control.kill(run.path)
        control.wait(run.path, 60)


def test_a_process_that_is_gone_needs_no_priority() -> None:
    processes.yield_to_the_window(2**30)
