"""A person's whole way through the window on the demo data, by mouse and keys, with the real `main()` running."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_whole_journey_by_mouse_and_keys(root, tmp_path):
    command = [sys.executable, "-m", "tests.e2e.sit_down", "demo", "--epochs", "2", "--labels", "24"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=1100, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    noise = "This plugin does not support propagateSizeHints()"  # the offscreen platform, about every dialog
    assert [line for line in done.stderr.splitlines() if line != noise] == []
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["finished"] and report["code"] == 0
    assert report["heavy"] == [], "the window's process loaded the learning libraries"
    assert report["subjects"] == 60 and report["images"] > 100
    assert report["labels"] == 24 and report["labelling"]["keys"] >= 24
    scores = report["scores"]
    assert scores["n_images"] >= 1 and sum(map(sum, scores["confusion"])) == scores["n_images"]
    assert scores["balanced_accuracy"]["low"] <= scores["balanced_accuracy"]["high"]
