"""The pictures a method writes after every epoch, read back for the run's panel; off the window's thread."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtGui import QImage

Pictures = tuple[list[list[QImage]], list[str]]
_MOST = 16


def read_pictures(artifacts: Path) -> Pictures:
    """Rows of square pictures and their titles from `preview.png` and `preview.json`; none where there are none.

    The sheet has one row for each title; a sheet that does not fit its titles is left out.
    """
    try:
        titles = [str(title) for title in json.loads((artifacts / "preview.json").read_bytes())["titles"]][:_MOST]
        sheet = QImage(str(artifacts / "preview.png"))
    except (OSError, ValueError, KeyError, TypeError):
        return [], []
    side = sheet.height() // max(1, len(titles))
    if sheet.isNull() or not side or side * len(titles) != sheet.height() or sheet.width() % side:
        return [], []
    columns = min(_MOST, sheet.width() // side)
    rows = [[sheet.copy(x * side, y * side, side, side) for x in range(columns)] for y in range(len(titles))]
    return rows, titles
