"""Where an image stands in a view: fit, zoom, pan, and pixels that are not square; pure arithmetic, no window."""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST_PIXELS_A_PIXEL = 32.0
"""How large one image pixel may be shown, in pixels of the view."""


@dataclass(frozen=True)
class Geometry:
    """An image of `width` x `height` pixels in a view of `view_width` x `view_height`.

    `stretch_x`, `stretch_y` (at least 1) make pixels that are not square as wide and high as they are. `zoom` is
    relative to the whole image fitted into the view; `shift_x`, `shift_y` move its centre, in pixels of the view.
    """

    width: int
    height: int
    view_width: float
    view_height: float
    stretch_x: float = 1.0
    stretch_y: float = 1.0
    zoom: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    @property
    def fitted(self) -> float:
        """Pixels of the view for one image pixel along its finer side while the whole image fits."""
        return min(
            self.view_width / max(1e-9, self.width * self.stretch_x),
            self.view_height / max(1e-9, self.height * self.stretch_y),
        )

    @property
    def scale(self) -> float:
        """Pixels of the view for one image pixel along its finer side."""
        return self.fitted * self.zoom

    def rectangle(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the whole image in the view."""
        width = self.width * self.stretch_x * self.scale
        height = self.height * self.stretch_y * self.scale
        left = (self.view_width - width) / 2 + self.shift_x
        top = (self.view_height - height) / 2 + self.shift_y
        return left, top, width, height

    def pixel_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Column and row of the image pixel at a point of the view; None beside the image."""
        left, top, width, height = self.rectangle()
        if width <= 0 or height <= 0 or not (left <= x < left + width and top <= y < top + height):
            return None
        column, row = int((x - left) / width * self.width), int((y - top) / height * self.height)
        return min(column, self.width - 1), min(row, self.height - 1)

    def zoomed(self, factor: float, x: float | None = None, y: float | None = None, ratio: float = 1.0) -> Geometry:
        """Larger by `factor`, with the image under (x, y) staying there; the middle of the view when not given.

        `ratio` is how many pixels of the screen one pixel of the view has.
        """
        least = min(1.0, self._actual(ratio))
        zoom = min(max(self.zoom * factor, least), max(1.0, MOST_PIXELS_A_PIXEL / self.fitted))
        x = self.view_width / 2 if x is None else x
        y = self.view_height / 2 if y is None else y
        grown = zoom / self.zoom
        away_x, away_y = x - self.view_width / 2 - self.shift_x, y - self.view_height / 2 - self.shift_y
        moved = replace(
            self,
            zoom=zoom,
            shift_x=self.shift_x - away_x * (grown - 1),
            shift_y=self.shift_y - away_y * (grown - 1),
        )
        return moved.whole() if zoom == 1.0 and factor < 1.0 else moved.kept_in_view()

    def moved(self, dx: float, dy: float) -> Geometry:
        """Panned, never so far that the image leaves the view."""
        return replace(self, shift_x=self.shift_x + dx, shift_y=self.shift_y + dy).kept_in_view()

    def kept_in_view(self) -> Geometry:
        """With the centre of the view on the image."""
        _, _, width, height = self.rectangle()
        most_x, most_y = width / 2, height / 2
        return replace(
            self,
            shift_x=min(max(self.shift_x, -most_x), most_x),
            shift_y=min(max(self.shift_y, -most_y), most_y),
        )

    def whole(self) -> Geometry:
        """The whole image, in the middle."""
        return replace(self, zoom=1.0, shift_x=0.0, shift_y=0.0)

    def actual(self, ratio: float = 1.0) -> Geometry:
        """One image pixel on one pixel of the screen, along the finer side; `ratio` as in `zoomed`."""
        return replace(self, zoom=self._actual(ratio), shift_x=0.0, shift_y=0.0)

    def _actual(self, ratio: float) -> float:
        return 1.0 / (max(self.fitted, 1e-9) * ratio)


def stretches(row_spacing: float | None, column_spacing: float | None) -> tuple[float, float]:
    """`stretch_x` and `stretch_y` for these distances between rows and columns (mm); (1, 1) when they are not known."""
    if not row_spacing or not column_spacing or row_spacing <= 0 or column_spacing <= 0:
        return 1.0, 1.0
    finer = min(row_spacing, column_spacing)
    return column_spacing / finer, row_spacing / finer


def scale_bar(mm_a_pixel: float, most_pixels: float) -> tuple[float, str] | None:
    """Length in pixels of the view and words of the longest round scale bar that fits; None when there is none."""
    if mm_a_pixel <= 0 or most_pixels <= 0:
        return None
    best: tuple[float, str] | None = None
    for exponent in range(-4, 5):
        for digit in (1, 2, 5):
            length = digit * 10.0**exponent
            if length / mm_a_pixel <= most_pixels:
                best = length / mm_a_pixel, _length(length)
    return best


def _length(mm: float) -> str:
    if mm >= 10:
        return f"{mm / 10:g} cm"
    return f"{mm:g} mm" if mm >= 0.1 else f"{mm * 1000:g} µm"
