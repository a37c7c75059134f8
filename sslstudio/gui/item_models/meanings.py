"""From what the catalogue knows of an image to what its pixels mean on the screen, for every view that shows one."""

from __future__ import annotations

from dataclasses import replace

from sslstudio.catalogue.rows import ImageDetail
from sslstudio.gui.widgets.image_meaning import Meaning
from sslstudio.importers.directions import DIRECTIONS

_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


def display_window(detail: ImageDetail) -> tuple[float, float]:
    """The window an image is first shown with, in stored values (black, white): that of its file, if it has one."""
    return detail.original


def meaning(detail: ImageDetail, left: tuple[str, ...] = (), right: tuple[str, ...] = ()) -> Meaning:
    """Values, sizes and directions of an image; `left` and `right` are written into its upper corners."""
    return Meaning(
        slope=detail.slope,
        intercept=detail.intercept,
        unit=detail.unit,
        row_spacing=detail.row_spacing,
        column_spacing=detail.column_spacing,
        sides=sides(detail.columns.get(DIRECTIONS, "")),
        corners=(left, right),
    )


def meaning_on_screen(detail: ImageDetail) -> Meaning:
    """As `meaning`, of an image shown as the model sees it: with several windows the values mean nothing more."""
    told = meaning(detail)
    return told if len(detail.windows) == 1 else replace(told, slope=1.0, intercept=0.0, unit="")


def sides(directions: str) -> tuple[str, str, str, str] | None:
    """Letters at the left, right, top and bottom edge for rows that run to one side and columns to another."""
    row, _, column = directions.partition("/")
    if not row or not column or not set(row + column) <= set(_OPPOSITE):
        return None
    return _opposite(row), row, _opposite(column), column


def _opposite(letters: str) -> str:
    return "".join(_OPPOSITE[letter] for letter in letters)
