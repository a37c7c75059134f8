"""Features of some epochs are kept, few of them, evenly; a disk that refuses is told once and stops nothing."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from sslstudio.domain import epoch_files
from sslstudio.training.feature_log import MOST, FeatureLog, surplus
from tests.unit.training.conftest import Recorder


def kept_of(last: int) -> list[int]:
    held: list[int] = []
    for epoch in range(last + 1):
        held.append(epoch)
        gone = surplus(held, epoch)
        held = [one for one in held if one not in gone]
    return held


def test_few_epochs_stay_the_first_and_the_newest_among_them() -> None:
    assert kept_of(5) == [0, 1, 2, 3, 4, 5]
    assert kept_of(23) == [*range(0, 23, 2), 23]
    for last in (12, 31, 100, 999):
        held = kept_of(last)
        assert held[0] == 0 and held[-1] == last and len(held) <= MOST + 1
        steps = {after - before for before, after in pairwise(held[:-1])}
        assert len(steps) == 1
    assert surplus([0, 4, 8, 9, 10], 4) == [8, 9, 10]  # the run went back to an earlier checkpoint


def test_the_features_are_read_back_as_they_were(tmp_path: Path) -> None:
    log = FeatureLog(tmp_path, 40, Recorder())
    ids, features = [5, 9, 11], torch.randn(3, 4)
    features[0, 0] = 1e6
    log.keep(0, ids, features)
    log.keep(1, ids, features + 1)
    folder = tmp_path / epoch_files.FOLDER
    assert epoch_files.stored(folder) == [0, 1]
    held = np.load(epoch_files.file_of(folder, 1))
    assert held.dtype == np.float16 and np.isfinite(held).all()
    assert np.allclose(held[1:], features[1:].numpy() + 1, atol=5e-3)
    with np.load(folder / epoch_files.SAMPLE) as sample:
        assert sample["ids"].tolist() == ids and int(sample["of"]) == 40


def test_a_disk_that_refuses_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = Recorder()
    log = FeatureLog(tmp_path, 40, report)
    (tmp_path / epoch_files.FOLDER).write_text("a file where the folder should be", encoding="utf-8")
    log.keep(0, [1], torch.randn(1, 4))
    log.keep(1, [1], torch.randn(1, 4))
    assert report.warnings == ["features_not_kept"]
