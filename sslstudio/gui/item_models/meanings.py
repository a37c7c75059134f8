"""From what the catalogue knows of an image to what its pixels mean on the screen, for every view that shows one."""

from __future__ import annotations

from sslstudio.catalogue.rows import ImageDetail
from sslstudio.gui.widgets.image_meaning import Meaning

_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}
DIRECTIONS = "directions"
"""The further fact that says where rows and columns run to, as "L/P": only there when it is really known."""


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


def sides(directions: str) -> tuple[str, str, str, str] | None:
    """Letters at the left, right, top and bottom edge for rows that run to one side and columns to another."""
    row, _, column = directions.partition("/")
    if row not in _OPPOSITE or column not in _OPPOSITE:
        return None
    return _OPPOSITE[row], row, _OPPOSITE[column], column
