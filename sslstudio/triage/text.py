"""Text burned into the pixels: lines that may name a patient, and single side markers, told apart.

A detector proposes lines, a reader says whether letters stand there. What is read is counted and forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.findings import Box
from sslstudio.triage.text_models import TextModels

Grey = NDArray[np.uint8]

SMALLEST_SIDE = 448
"""Smaller pictures are enlarged towards this longest side, in pixels: letters of 10 pixels become large enough."""
LARGEST_SIDE = 1024
_LARGEST_FACTOR = 2.0
_STROKE, _FEWEST_STROKES = 20, 24
_PROBABLE = 0.3
_LINE_SCORE = 0.5
_GROW = 1.6
_TALLEST = 0.16
"""Of the picture's height: what is taller is anatomy, not a line of text."""
_LEAST_SIGNS = 3
_SURE = 0.7
_SURE_OF_MARK = 0.9


@dataclass(frozen=True, slots=True)
class Line:
    """One place that may hold text: where, how sure the detector is, and what the reader counted."""

    box: Box
    detected: float
    signs: int
    other: int
    confidence: float

    @property
    def is_text(self) -> bool:
        """Several letters or digits in a row that the reader is sure of."""
        return self.signs >= _LEAST_SIGNS and self.other <= self.signs / 2 and self.confidence >= _SURE

    @property
    def is_mark(self) -> bool:
        """One or two letters, as a side marker has."""
        return 0 < self.signs < _LEAST_SIGNS and not self.other and self.confidence >= _SURE_OF_MARK


def may_hold_text(picture: Grey) -> bool:
    """A cheap test that spares pictures without any fine strokes the detector; it errs towards looking."""
    kernel = np.ones((9, 9), np.uint8)
    strokes = 0
    for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        strokes += int((cv2.morphologyEx(picture, way, kernel) > _STROKE).sum())
    return strokes >= _FEWEST_STROKES


def find_lines(models: TextModels, picture: Grey) -> list[Line]:
    """Lines in a grey picture (H, W) that the detector proposes and that have the shape of text."""
    scaled = _scaled(picture)
    chance = models.probability(scaled)
    lines = []
    for left, top, right, bottom, score in _boxes(chance):
        if bottom - top > _TALLEST * scaled.shape[0] and right - left > _TALLEST * scaled.shape[1]:
            continue
        crop = scaled[top:bottom, left:right]
        if crop.shape[0] > 1.5 * crop.shape[1]:
            crop = np.ascontiguousarray(np.rot90(crop))
        signs, other, confidence = models.read(crop)
        box = Box(
            left=left / scaled.shape[1],
            top=top / scaled.shape[0],
            width=(right - left) / scaled.shape[1],
            height=(bottom - top) / scaled.shape[0],
        )
        lines.append(Line(box, score, signs, other, confidence))
    return lines


def _scaled(picture: Grey) -> Grey:
    """The picture with sides of multiples of 32 and a longest side between the two bounds."""
    height, width = picture.shape
    longest = max(height, width)
    factor = min(max(min(longest, LARGEST_SIDE), SMALLEST_SIDE) / longest, _LARGEST_FACTOR)
    size = tuple(max(32, round(side * factor / 32) * 32) for side in (width, height))
    way = cv2.INTER_LINEAR if factor >= 1 else cv2.INTER_AREA
    return cv2.resize(picture, size, interpolation=way).astype(np.uint8)


def _boxes(chance: NDArray[np.float32]) -> list[tuple[int, int, int, int, float]]:
    """(left, top, right, bottom, mean probability) of connected probable places, grown to the letters' full height."""
    mask = (chance > _PROBABLE).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for number in range(1, count):
        left, top, width, height = (int(value) for value in stats[number][:4])
        if min(width, height) < 3:
            continue
        part = labels[top : top + height, left : left + width] == number
        score = float(chance[top : top + height, left : left + width][part].mean())
        if score < _LINE_SCORE:
            continue
        grow = round(_GROW * width * height / (2 * (width + height)))
        found.append(
            (
                max(0, left - grow),
                max(0, top - grow),
                min(chance.shape[1], left + width + grow),
                min(chance.shape[0], top + height + grow),
                score,
            )
        )
    return found
