"""Where training runs: a worker gives way to the window, whatever the system shares processor time by."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

AUTOGROUP = Path("/proc/self/autogroup")
LOOK = """
from sslstudio.training import devices
devices.yield_to_the_window()
import os
print(os.nice(0), open("/proc/self/autogroup").read().split()[-1])
"""


@pytest.mark.skipif(not AUTOGROUP.is_file(), reason="this system does not share processor time among sessions")
@pytest.mark.parametrize("own_session", [True, False])
def test_a_worker_in_a_session_of_its_own_lowers_the_session_and_any_other_itself_alone(own_session: bool) -> None:
    before = AUTOGROUP.read_text().split()[-1]
    done = subprocess.run(
        [sys.executable, "-c", LOOK], start_new_session=own_session, capture_output=True, text=True, check=True
    )
    nice, group = done.stdout.split()
    assert int(nice) >= 10
    assert group == ("10" if own_session else before)
    assert AUTOGROUP.read_text().split()[-1] == before
