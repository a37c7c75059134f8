"""The drawings of a report: made once with reportlab's graphics, for the PDF as they are and for HTML as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from reportlab.graphics.shapes import Circle, Drawing, Line, Polygon, PolyLine, Rect, String
from reportlab.lib import colors
from reportlab.pdfbase.pdfmetrics import stringWidth

WIDTH = 490.0
FONT = "Card"
MOST_POINTS = 4_000
_INK, _GREY, _LINE, _SOFT = (colors.HexColor(code) for code in ("#222222", "#666666", "#BBBBBB", "#F2F4F7"))
_BLUE, _ORANGE = colors.HexColor("#0072B2"), colors.HexColor("#D55E00")
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
Points = Sequence[tuple[float, float]]


def flow(steps: Sequence[tuple[str, Sequence[str]]]) -> Drawing:
    """The way of the data: boxes (title, lines) from left to right in rows of three, with arrows between."""
    each, gap, high, columns = 148.0, 23.0, 70.0, 3
    rows = math.ceil(len(steps) / columns)
    drawing = Drawing(WIDTH, rows * (high + 24))
    for number, (title, lines) in enumerate(steps):
        row, column = divmod(number, columns)
        x, y = column * (each + gap), drawing.height - (row + 1) * (high + 24) + 20
        drawing.add(Rect(x, y, each, high, rx=4, ry=4, fillColor=_SOFT, strokeColor=_LINE, strokeWidth=0.8))
        drawing.add(_text(x + 8, y + high - 15, title, 8.5, _INK, bold=True))
        for place, line in enumerate(lines[:4]):
            drawing.add(_text(x + 8, y + high - 29 - 11 * place, _cut(line, 7.5, each - 14), 7.5, _GREY))
        if number + 1 == len(steps):
            continue
        if column + 1 < columns:
            _arrow(drawing, x + each + 2, y + high / 2, x + each + gap - 2, y + high / 2)
        else:
            middle = y - 12
            start, end = x + each / 2, each / 2
            drawing.add(PolyLine([start, y - 2, start, middle, end, middle], strokeColor=_GREY, strokeWidth=0.9))
            _arrow(drawing, end, middle, end, y - 22)
    return drawing


def curves(lines: Mapping[str, Points], chance: float | None, unit: str) -> Drawing:
    """Values by epoch, each line by its name; `chance` is drawn dashed."""
    drawing = Drawing(WIDTH, 150)
    every = [point for line in lines.values() for point in line]
    values = [y for _, y in every] + ([chance] if chance is not None else [])
    x_end = max([x for x, _ in every] + [1.0])
    low, high = _span(values)
    left, bottom, wide, tall = 42.0, 26.0, WIDTH - 150, 112.0

    def at(x: float, y: float) -> tuple[float, float]:
        return left + wide * x / x_end, bottom + tall * (y - low) / (high - low)

    _axes(drawing, left, bottom, wide, tall, (low, high), x_end, unit)
    if chance is not None:
        y = at(0, chance)[1]
        drawing.add(Line(left, y, left + wide, y, strokeColor=_ORANGE, strokeDashArray=[4, 3], strokeWidth=1))
        drawing.add(_text(left + wide + 8, y - 3, "chance level", 7.5, _ORANGE))
    for number, (name, line) in enumerate(lines.items()):
        colour = colors.HexColor(PALETTE[number % len(PALETTE)])
        flat = [value for point in line for value in at(*point)]
        if len(line) > 1:
            drawing.add(PolyLine(flat, strokeColor=colour, strokeWidth=1.4))
        drawing.add(Circle(flat[-2], flat[-1], 2, fillColor=colour, strokeColor=None))
        drawing.add(_text(left + wide + 8, bottom + tall - 10 - 12 * number, name, 7.5, colour))
    return drawing


def scatter(xy: npt.NDArray[np.floating], groups: npt.NDArray[np.integer], names: Sequence[str],
            shades: Sequence[str] = PALETTE) -> Drawing:  # fmt: skip
    """The map: a point an image, by group (-1: grey). Its axes have no unit and show none."""
    drawing = Drawing(WIDTH, 300)
    side = 280.0
    drawing.add(Rect(0, 8, side + 20, side + 4, fillColor=None, strokeColor=_LINE, strokeWidth=0.8))
    keep = np.linspace(0, len(xy) - 1, min(len(xy), MOST_POINTS)).round().astype(int)
    low, high = np.percentile(xy, 0.5, axis=0), np.percentile(xy, 99.5, axis=0)
    place = np.clip((xy - low) / np.maximum(high - low, 1e-9), 0, 1) * side + 8
    for number in keep[np.argsort(groups[keep], kind="stable")]:
        group = int(groups[number])
        colour = colors.HexColor(shades[group % len(shades)]) if group >= 0 else colors.HexColor("#C8C8C8")
        x, y = float(place[number, 0]), float(place[number, 1]) + 4
        drawing.add(_mark(x, y, group, colour))
    for group, name in enumerate(names[:18]):
        y = side - 4 - 14 * group
        drawing.add(_mark(side + 38, y + 3, group, colors.HexColor(shades[group % len(shades)])))
        drawing.add(_text(side + 48, y, _cut(name, 7.5, WIDTH - side - 50), 7.5, _INK))
    if (groups < 0).any():
        y = side - 4 - 14 * min(len(names), 18)
        drawing.add(_mark(side + 38, y + 3, -1, colors.HexColor("#C8C8C8")))
        drawing.add(_text(side + 48, y, "none", 7.5, _INK))
    return drawing


def confusion(names: Sequence[str], counts: Sequence[Sequence[int]]) -> Drawing:
    """Rows are labels, columns answers; the shade is the share of the row."""
    cell, left = min(46.0, 340.0 / max(1, len(names))), 120.0
    drawing = Drawing(WIDTH, cell * len(names) + 40)
    top = drawing.height - 26
    drawing.add(_text(left, top + 16, "answer of the model", 7.5, _GREY))
    drawing.add(_text(0, top + 4, "label", 7.5, _GREY))
    for row, name in enumerate(names):
        y = top - cell * (row + 1)
        drawing.add(_text(0, y + cell / 2 - 3, _cut(name, 7.5, left - 8), 7.5, _INK))
        drawing.add(_text(left + cell * row + 3, top + 4, _cut(name, 7, cell - 4), 7, _INK))
        total = max(1, sum(counts[row]))
        for column, count in enumerate(counts[row]):
            share = count / total
            fill = colors.Color(1 - 0.9 * share, 1 - 0.45 * share, 1 - 0.3 * share)
            drawing.add(Rect(left + cell * column, y, cell, cell, fillColor=fill, strokeColor=colors.white))
            ink = colors.white if share > 0.6 else _INK
            drawing.add(_text(left + cell * (column + 0.5), y + cell / 2 - 3, f"{count:,}", 8, ink, anchor="middle"))
    return drawing


def reliability(bins: Sequence[Mapping[str, float]]) -> Drawing:
    """How often the model is right at each of its confidences, with 95 % intervals; on the diagonal it is honest."""
    drawing = Drawing(WIDTH, 190)
    left, bottom, side = 46.0, 30.0, 146.0
    _axes(drawing, left, bottom, side, side, (0.0, 1.0), 1.0, "share right", "confidence")
    drawing.add(Line(left, bottom, left + side, bottom + side, strokeColor=_LINE, strokeDashArray=[3, 3]))
    for one in bins:
        x = left + side * float(one["confidence"])
        low, middle, high = (bottom + side * float(one[name]) for name in ("low", "right", "high"))
        drawing.add(Line(x, low, x, high, strokeColor=_BLUE, strokeWidth=1))
        drawing.add(Circle(x, middle, 2 + min(5.0, math.sqrt(one["n"]) / 4), fillColor=_BLUE, strokeColor=None))
    told = ("A point a range of confidence, larger for", "more images; bars: 95 % intervals. On the",
            "dashed line confidence is what it says.")  # fmt: skip
    for place, line in enumerate(told):
        drawing.add(_text(left + side + 24, bottom + side - 12 - 12 * place, line, 7.5, _GREY))
    return drawing


def _axes(drawing: Drawing, left: float, bottom: float, wide: float, tall: float, span: tuple[float, float],
          x_end: float, unit: str, below: str = "epoch") -> None:  # fmt: skip
    for share in (0.0, 0.5, 1.0):
        y = bottom + tall * share
        drawing.add(Line(left, y, left + wide, y, strokeColor=colors.HexColor("#E4E4E4"), strokeWidth=0.6))
        number = f"{span[0] + (span[1] - span[0]) * share:.3g}"
        drawing.add(_text(left - 5, y - 2.5, number, 7, _GREY, anchor="end"))
        drawing.add(_text(left + wide * share, bottom - 11, f"{x_end * share:.3g}", 7, _GREY, anchor="middle"))
    drawing.add(Line(left, bottom, left + wide, bottom, strokeColor=_LINE, strokeWidth=0.8))
    drawing.add(_text(left + wide / 2, bottom - 22, below, 7.5, _GREY, anchor="middle"))
    drawing.add(_text(left, bottom + tall + 5, unit, 7.5, _GREY))


def _span(values: Sequence[float]) -> tuple[float, float]:
    known = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    pad = (high - low) * 0.08 or max(1e-3, abs(high) * 0.1)
    return low - pad, high + pad


def _mark(x: float, y: float, group: int, colour: colors.Color) -> Circle | Rect | Polygon:
    """A circle, a square or a triangle: colours alone must not tell groups apart."""
    shape = (group // len(PALETTE) + group) % 3 if group >= 0 else 0
    if shape == 1:
        return Rect(x - 1.8, y - 1.8, 3.6, 3.6, fillColor=colour, strokeColor=None)
    if shape == 2:
        return Polygon([x - 2.3, y - 1.8, x + 2.3, y - 1.8, x, y + 2.4], fillColor=colour, strokeColor=None)
    return Circle(x, y, 2, fillColor=colour, strokeColor=None)


def _arrow(drawing: Drawing, x: float, y: float, to_x: float, to_y: float) -> None:
    drawing.add(Line(x, y, to_x, to_y, strokeColor=_GREY, strokeWidth=0.9))
    angle = math.atan2(to_y - y, to_x - x)
    ends = [to_x, to_y]
    for turn in (2.6, -2.6):
        ends += [to_x + 6 * math.cos(angle + turn), to_y + 6 * math.sin(angle + turn)]
    drawing.add(Polygon(ends, fillColor=_GREY, strokeColor=None))


def _text(x: float, y: float, text: str, size: float, colour: colors.Color, *, bold: bool = False,
          anchor: str = "start") -> String:  # fmt: skip
    name = f"{FONT}-Bold" if bold else FONT
    return String(x, y, text, fontName=name, fontSize=size, fillColor=colour, textAnchor=anchor)


def _cut(text: str, size: float, wide: float) -> str:
    while len(text) > 2 and stringWidth(text, FONT, size) > wide:
        text = text.removesuffix("…")[:-1] + "…"
    return text
