"""Showing a file's folder: the nearest one that is there."""

from __future__ import annotations

from pathlib import Path

from sslstudio.gui.pages.data.ledger import nearest_folder


def test_the_nearest_folder_that_is_there_is_shown(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    assert Path(nearest_folder(tmp_path / "study" / "a.dcm").toLocalFile()) == tmp_path / "study"
    assert Path(nearest_folder(tmp_path / "gone" / "too" / "a.dcm").toLocalFile()) == tmp_path
