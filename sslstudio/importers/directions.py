"""Where the rows and columns of a picture run to in the body, as the letters a radiologist reads at its edges; pure."""

from __future__ import annotations

from collections.abc import Sequence

DIRECTIONS = "directions"
"""The further fact with these letters, as "L/P" or, of an oblique picture, "LA/F": only there when really known."""
_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
_LEAST = 0.3
"""A part of a direction below this (about 17 degrees) is not told."""
_SLANT = 0.1
"""Rows and columns whose cosine is greater are not those of a picture of the body."""


def letters(row: Sequence[float], column: Sequence[float]) -> str:
    """The letters of two directions in patient coordinates (x to the left, y to the back, z to the head; PS3.3
    C.7.6.1.1.1), the greatest part first; "" where these are no two directions at a right angle."""
    lengths = [sum(part * part for part in direction) ** 0.5 for direction in (row, column)]
    if not all(0.0 < length < float("inf") for length in lengths):
        return ""
    cosine = sum(a * b for a, b in zip(row, column, strict=True)) / lengths[0] / lengths[1]
    if not abs(cosine) < _SLANT:
        return ""
    return f"{_word(row, lengths[0])}/{_word(column, lengths[1])}"


def _word(direction: Sequence[float], length: float) -> str:
    parts = sorted(
        ((abs(part) / length, pair[part < 0]) for part, pair in zip(direction, _LETTERS, strict=True)), reverse=True
    )
    return "".join(letter for share, letter in parts if share >= _LEAST)
