"""An interrupted prediction goes on where it was and gives what an undisturbed one gives, byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sslstudio.exporters import predictor
from sslstudio.exporters.scoring import Scorer
from sslstudio.importers.discovery import FoundFile
from sslstudio.stages.context import Cancelled
from tests.unit.exporters.test_cases import looking_at_the_bright, with_pooling
from tests.unit.exporters.test_predictor import grey

TABLES = ("t.csv", "t-studies.csv", "t-patients.csv")
KILLED = """
import os, signal, sys
from pathlib import Path
from sslstudio.exporters import predictor

def progress(done, total):
    if done >= 16:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

package, images, table = map(Path, sys.argv[1:])
predictor.predict(package, [images], table, progress, batch_size=1)
"""


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Forty images of ten patients by folder, one of which cannot be read."""
    values = np.random.default_rng(0).integers(0, 255, 40)
    for n, value in enumerate(values.tolist()):
        grey(tmp_path / "images" / f"case-{n // 4}" / f"{n:02d}.png", value)
    (tmp_path / "images" / "case-1" / "05.png").write_bytes(b"nothing")
    return tmp_path / "images"


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From which file on scoring was asked for, call by call."""
    seen: list[int] = []
    scored = Scorer.scored

    def noted(self: Scorer, files: Sequence[FoundFile], first: int = 0, known: set[str] | None = None) -> Iterator[Any]:
        seen.append(first)
        return scored(self, files, first, known)

    monkeypatch.setattr(Scorer, "scored", noted)
    return seen


def test_a_killed_prediction_goes_on(brightness: Path, images: Path, tmp_path: Path, asked_for: list[int]) -> None:
    scores = {"nothing": "dark", "counting": {"unit": "patient", "pooling": "attention"}}
    made = with_pooling(brightness, tmp_path / "made", looking_at_the_bright(tmp_path / "model"), scores)
    out = tmp_path / "out"
    out.mkdir()
    root = str(Path(__file__).parents[3])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(made), str(images), str(out / "t.csv")],
        env={**os.environ, "PYTHONPATH": root}, check=False,
    )  # fmt: skip
    assert killed.returncode != 0
    journal = out / ".t.csv.journal"
    assert journal.is_file() and not (out / "t.csv").exists()
    if os.name == "posix":
        assert journal.stat().st_mode & 0o077 == 0
    with journal.open("ab") as stream:
        stream.write(b"00000000 {half a li")
    predictor.predict(made, [images], out / "t.csv", batch_size=1)
    assert asked_for == [16]
    predictor.predict(made, [images], tmp_path / "t.csv", batch_size=1)
    assert asked_for == [16, 0]
    for name in TABLES:
        assert (out / name).read_bytes() == (tmp_path / name).read_bytes()
    assert sorted(path.name for path in out.iterdir()) == sorted(TABLES), "journal and unfinished tables are gone"


def test_a_stop_within_the_rest_keeps_both_parts(
    brightness: Path, images: Path, tmp_path: Path, asked_for: list[int]
) -> None:
    for stop_at in (16, 32):
        with pytest.raises(Cancelled):
            predictor.predict(brightness, [images], tmp_path / "t.csv", stopping(stop_at), batch_size=1)
    (tmp_path / "images" / "case-9" / "99.png").write_bytes(b"new")
    predictor.predict(brightness, [images], tmp_path / "t.csv", batch_size=1)
    assert asked_for == [0, 16, 0], "with another list of files it begins anew"
    assert not (tmp_path / ".t.csv.journal").exists()


def stopping(at: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done >= at:
            raise Cancelled

    return progress
