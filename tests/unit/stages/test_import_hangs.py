"""Reads that never return, and folders that vanish: what hangs is listed, all else comes in, an import can go on."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers import patience
from sslstudio.importers.tables import SubjectTable
from sslstudio.stages import import_images
from sslstudio.stages.context import Cancelled
from sslstudio.stages.import_images import run
from tests.fakes import bad_decoder
from tests.fakes.image_files import import_context, write_png
from tests.unit.stages.test_import_images import ledger_of

with_pipes = pytest.mark.skipif(sys.platform == "win32", reason="pipes in folders exist on POSIX only")
SPEC = ImportSpec(decode_seconds=1.0, drive_seconds=0.2)


def volume(path: Path) -> Path:
    """A tiny volume, NIfTI with header and voxels in two files."""
    import nibabel

    nibabel.save(nibabel.Nifti1Pair(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.eye(4)), path)
    return path


@with_pipes
def test_a_read_that_never_returns_is_listed_and_the_others_come_in(tmp_path: Path) -> None:
    """Pipes that nobody writes to stand where a picture, the voxels of a volume and its JSON should."""
    source = tmp_path / "source"
    for number in range(6):
        write_png(source / f"{number}.png", seed=number)
    write_png(source / "2-hangs.png", tail=bad_decoder.HANG)
    for name in ("3-pair", "4-whole"):
        volume(source / f"{name}.img")
    (source / "3-pair.img").unlink()
    for pipe in ("1-pipe.png", "3-pair.img", "4-whole.json"):
        os.mkfifo(source / pipe)
    context = import_context(tmp_path / "project", source, spec=SPEC)
    result = run(SPEC, context, workers=1, command=bad_decoder.COMMAND)
    codes = {Path(row.path).name: row.code for row in ledger_of(context)}
    assert codes.pop("2-hangs.png") == "decoder_timeout"
    assert codes.pop("1-pipe.png") == codes.pop("3-pair.img") == codes.pop("4-whole.json") == "not_a_file"
    assert (codes.pop("3-pair.hdr"), codes.pop("4-whole.hdr")) == ("decoder_timeout", "imported")
    assert [codes[f"{number}.png"] for number in range(6)] == ["imported"] * 6
    assert all(row.reason and row.hint for row in ledger_of(context) if row.status == "skipped")
    assert result["imported"] == 7


def test_an_import_that_waits_for_a_file_can_be_stopped_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    for number in range(6):
        write_png(source / f"{number}.png", seed=number, tail=bad_decoder.HANG if number == 3 else b"")
    spec = ImportSpec(decode_seconds=600.0)
    context = import_context(tmp_path / "project", source, spec=spec)
    take = import_images._Import.take

    def taking(self: Any, file: Any, answer: Any) -> None:
        take(self, file, answer)
        context.cancel_requested = file.relative == "2.png"

    monkeypatch.setattr(import_images._Import, "take", taking)
    with pytest.raises(Cancelled):
        run(spec, context, workers=1, command=bad_decoder.COMMAND)
    assert Counter(row.code for row in ledger_of(context)) == {"imported": 3}
    context.cancel_requested = False
    monkeypatch.undo()
    assert run(spec, context, workers=1)["imported"] == 6


def test_a_table_on_a_drive_that_hangs_does_not_keep_the_import_from_being_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_png(tmp_path / "a.png")
    table = tmp_path / "t.csv"
    table.write_text("image,patient\na.png,P", encoding="utf-8")
    stuck = threading.Event()
    monkeypatch.setattr(SubjectTable, "read", lambda *_: stuck.wait())
    context = import_context(tmp_path / "project", tmp_path, table=table)
    context.cancel_requested = True
    with pytest.raises(Cancelled):
        run(ImportSpec(), context, workers=1)
    stuck.set()


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_folder_that_vanishes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comes_back: bool) -> None:
    source, away = tmp_path / "source", tmp_path / "away"
    for number in range(40):
        write_png(source / f"{number:02}.png", seed=number)
    spec = ImportSpec(drive_seconds=30.0 if comes_back else 0.2)
    context = import_context(tmp_path / "project", source, spec=spec)
    take, taken = import_images._Import.take, 0

    def taking(self: Any, file: Any, answer: Any) -> None:
        nonlocal taken
        taken += 1
        take(self, file, answer)
        if taken == 5:
            source.rename(away)

    waiting = context.progress

    def waits(done: float, total: float, unit: str = "", text: str = "") -> None:
        waiting(done, total, unit, text)
        if comes_back and text.startswith("Waiting") and away.exists():
            away.rename(source)

    monkeypatch.setattr(import_images._Import, "take", taking)
    monkeypatch.setattr(context, "progress", waits)
    if comes_back:
        assert run(spec, context, workers=1)["imported"] == 40
    else:
        with pytest.raises(SSLStudioError, match="cannot be read any more") as error:
            run(spec, context, workers=1)
        assert error.value.code == "drive_lost" and "what was read is kept" in str(error.value.hint)
        kept = [row.path for row in ledger_of(context)]
        assert 5 <= len(kept) < 40 and {row.code for row in ledger_of(context)} == {"imported"}
        away.rename(source)
        assert run(spec, context, workers=1)["imported"] == 40
        assert [row.path for row in ledger_of(context)][: len(kept)] == kept
    rows = ledger_of(context)
    assert {row.code for row in rows} == {"imported"} and len({row.path for row in rows}) == len(rows) == 40


def test_a_subfolder_that_vanishes_meanwhile_is_told_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        write_png(tmp_path / "source" / ("kept" if number < 15 else "lost") / f"{number:02}.png", seed=number)
    context = import_context(tmp_path / "project", tmp_path / "source", spec=SPEC)
    take = import_images._Import.take

    def taking(self: Any, file: Any, answer: Any) -> None:
        if file.relative == "kept/00.png":
            (tmp_path / "source" / "lost").rename(tmp_path / "elsewhere")
        take(self, file, answer)

    monkeypatch.setattr(import_images._Import, "take", taking)
    result = run(SPEC, context, workers=1)
    codes = Counter(row.code for row in ledger_of(context))
    assert codes["imported"] == result["imported"] >= 15 and codes["imported"] + codes["missing"] == 30
    (tmp_path / "elsewhere").rename(tmp_path / "source" / "lost")


def test_an_errand_is_asked_after() -> None:
    go = threading.Event()
    waiting, failing = patience.Errand(go.wait), patience.Errand(int, "no number")
    assert not waiting.done(0.05)
    go.set()
    assert waiting.done(10.0) and waiting.result()
    assert failing.done(10.0)
    with pytest.raises(ValueError, match="no number"):
        failing.result()
