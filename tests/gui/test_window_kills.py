"""The real window killed with -9 while keys label: what it had shown is stored, and it comes up at the same image."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import window_kills


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.name == "nt", reason="kills by SIGKILL")
def test_killed_windows_lose_no_label_they_had_shown(tmp_path: Path) -> None:
    tally = window_kills.kills(tmp_path, 3, seed=100, images=12)
    assert tally.kills == 3 and tally.acknowledged >= 3
    assert tally.sound, tally
    assert tally.undone > 0
