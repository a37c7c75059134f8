"""A labelling process killed with -9 again and again: nothing acknowledged is lost, nothing appears unasked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import label_kills


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills by SIGKILL")
def test_ten_kills_lose_no_acknowledged_label_and_make_none_up(tmp_path: Path) -> None:
    tally = label_kills.kills(tmp_path, 10, seed=100, images=60)
    assert tally.kills == 10
    assert tally.acknowledged > 20, "the child must have been labelling when it was killed"
    assert (tally.lost, tally.phantom, tally.disagreements, tally.notices) == (0, 0, 0, 0)


def test_the_comparison_finds_lost_and_phantom_labels(tmp_path: Path) -> None:
    label_kills.make_project(tmp_path, 5)
    model, tally = label_kills.Model(), label_kills.Tally()
    label_kills.compare(tmp_path, model, model, tally)
    assert (tally.lost, tally.phantom) == (0, 0)
    model.step(["set", 1, 1])
    label_kills.compare(tmp_path, model, model, tally)
    assert tally.lost == 2, "one command and one label"
