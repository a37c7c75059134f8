"""The compute process: answers, errors, loss, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.jobs import processes
from sslstudio.jobs.compute import ComputeProcess

HERE = "tests.fakes.computations:"


@pytest.fixture(scope="module")
def compute() -> Iterator[ComputeProcess]:
    with ComputeProcess(warm=False) as found:
        yield found


def gone(pid: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while processes.start_time(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_it_computes_elsewhere(compute: ComputeProcess) -> None:
    assert compute.submit(HERE + "add", 2, b=3).result(30) == 5
    assert compute.submit(HERE + "process_id").result(30) != os.getpid()
    assert compute.submit("numpy:sum", np.arange(4)).result(30) == 6


def test_errors_are_plain_and_keep_no_private_text(compute: ComputeProcess) -> None:
    with pytest.raises(SSLStudioError) as refused:
        compute.submit(HERE + "say_no").result(30)
    assert (refused.value.message, refused.value.hint) == ("Too few labels.", "Label more.")
    assert refused.value.code == "few_labels"
    with pytest.raises(SSLStudioError) as tripped:
        compute.submit(HERE + "trip", "CANARY^PATIENT").result(30)
    assert tripped.value.code == "unexpected" and "ValueError" in tripped.value.message
    assert "CANARY" not in repr(tripped.value.__dict__)
    assert "in trip" in repr(tripped.value.__notes__)
    with pytest.raises(SSLStudioError, match="AttributeError"):
        compute.submit(HERE + "no_such_function").result(30)


def test_a_lost_process_is_replaced(compute: ComputeProcess) -> None:
    first = compute.submit(HERE + "process_id").result(30)
    compute.submit(HERE + "sleep", 0.5)  # so that both stand in the queue when the process dies
    dying = compute.submit(HERE + "die")
    waiting = compute.submit(HERE + "add", 1)
    for future in (dying, waiting):
        with pytest.raises(SSLStudioError) as lost:
            future.result(30)
        assert lost.value.code == "compute_lost"
    assert compute.submit(HERE + "process_id").result(30) != first


def test_what_waits_can_be_cancelled(compute: ComputeProcess) -> None:
    compute.submit(HERE + "sleep", 0.3)
    waiting = [compute.submit(HERE + "add", 1) for _ in range(4)]
    assert waiting[-1].cancel()
    assert waiting[0].result(30) == 2
    assert waiting[-1].cancelled()


def test_warm_without_torch_and_closed_in_the_midst_of_work() -> None:
    compute = ComputeProcess()
    modules = compute.submit(HERE + "modules").result(60)
    assert "sklearn.linear_model" in modules
    assert not [name for name in modules if name.split(".")[0] in ("torch", "PySide6", "lightly", "monai")]
    pid = compute.submit(HERE + "process_id").result(30)
    busy = compute.submit(HERE + "sleep", 60)
    time.sleep(0.1)
    begun = time.monotonic()
    compute.close()
    compute.close()
    assert time.monotonic() - begun < 20
    assert gone(pid)
    assert busy.exception(1) is not None
    with pytest.raises(SSLStudioError) as closed:
        compute.submit(HERE + "add", 1)
    assert closed.value.code == "closed"


@pytest.mark.skipif(sys.platform == "win32", reason="native code of POSIX")
def test_closing_waits_for_no_native_code() -> None:
    compute = ComputeProcess(warm=False)
    pid = compute.submit(HERE + "process_id").result(60)
    busy = compute.submit(HERE + "hold_the_interpreter", 120)
    time.sleep(0.5)
    begun = time.monotonic()
    compute.close()
    assert time.monotonic() - begun < 20
    assert gone(pid) and busy.exception(1) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_it_dies_with_its_parent(tmp_path: Path, root: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(
        "from sslstudio.jobs.compute import ComputeProcess\n"
        "if __name__ == '__main__':\n"
        "    compute = ComputeProcess(warm=False)\n"
        f"    print(compute.submit('{HERE}process_id').result(), flush=True)\n"
        f"    compute.submit('{HERE}sleep', 60).result()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    parent = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    time.sleep(0.2)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert gone(child)
