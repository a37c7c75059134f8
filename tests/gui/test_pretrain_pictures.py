"""Pictures of a method are read back as rows; files that do not fit are left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication

from sslstudio.gui.pages.pretrain.run_pictures import read_pictures


def write(folder: Path, rows: int, columns: int, titles: object, side: int = 8) -> None:
    sheet = np.arange(rows * side * columns * side, dtype=np.uint8).reshape(rows * side, columns * side)
    Image.fromarray(sheet).save(folder / "preview.png")
    (folder / "preview.json").write_text(json.dumps(titles))


def test_a_sheet_is_cut_into_rows(qapp: QApplication, tmp_path: Path) -> None:
    write(tmp_path, 3, 5, {"titles": ["Original", "Masked", "Rebuilt"], "epoch": 4})
    rows, titles = read_pictures(tmp_path)
    assert titles == ["Original", "Masked", "Rebuilt"] and [len(row) for row in rows] == [5, 5, 5]
    sheet = np.asarray(Image.open(tmp_path / "preview.png"))
    assert rows[1][2].pixelColor(3, 1).red() == sheet[9, 19]


@pytest.mark.parametrize(
    "titles",
    [{"titles": []}, {"titles": ["a", "b"]}, {"other": 1}, [1], {"titles": ["a"] * 40}],
    ids=["none", "too few", "missing", "a list", "far too many"],
)
def test_what_does_not_fit_is_left_out(qapp: QApplication, tmp_path: Path, titles: object) -> None:
    write(tmp_path, 3, 5, titles, side=7)
    assert read_pictures(tmp_path) == ([], [])


def test_no_files_no_pictures(qapp: QApplication, tmp_path: Path) -> None:
    assert read_pictures(tmp_path) == ([], [])
    (tmp_path / "preview.json").write_text('{"titles": ["a"]}')
    (tmp_path / "preview.png").write_bytes(b"no picture")
    assert read_pictures(tmp_path) == ([], [])
