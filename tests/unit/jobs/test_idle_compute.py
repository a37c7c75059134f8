"""A compute process that starts with the first call, ends when idle, and starts again."""

from __future__ import annotations

import time

import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.jobs.idle_compute import IdleCompute


def test_it_starts_with_a_call_ends_when_idle_and_starts_again() -> None:
    compute = IdleCompute(idle_seconds=0.2)
    assert not compute.running
    assert compute.call("math:factorial", 5) == 120
    deadline = time.monotonic() + 60
    while compute.running and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not compute.running, "nobody called for a while"
    assert compute.call("math:factorial", 4) == 24
    compute.close()
    with pytest.raises(SSLStudioError, match="closed"):
        compute.call("math:factorial", 3)
    compute.close()
