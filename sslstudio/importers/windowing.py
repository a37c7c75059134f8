"""The one formula from stored values to the 8-bit picture; apart because gallery, inspector and model share it.

numpy only, so that the window may import it. Reference: DICOM PS3.3 C.11.2.1.2 (window centre and width).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.rendering import Windows

StoredPixels = NDArray[np.uint8 | np.uint16]
"""What the pixel cache holds."""
_Shown = TypeVar("_Shown", np.uint8, np.uint16)
WindowFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


def to_uint8(stored: StoredPixels, low: float, high: float) -> NDArray[np.uint8]:
    """Display values of stored values: ``clip((v - low) / (high - low), 0, 1) * 255``, rounded half to even.

    `stored` is uint8 or uint16 of any shape, `low` and `high` the window in stored values (black, white). A window
    that is empty (`high <= low`) becomes one step above `low`. Raises TypeError for other dtypes.
    """
    if stored.dtype not in (np.uint8, np.uint16):
        raise TypeError("Stored pixels are uint8 or uint16.")
    if stored.dtype == np.uint8 and low == 0 and high == 255:
        return stored.astype(np.uint8, copy=True)
    return _spread_over(stored, low, high, np.uint8)


def to_uint16(stored: StoredPixels, low: float, high: float) -> NDArray[np.uint16]:
    """As `to_uint8`, in 65,535 steps: for a wide window within which another is to be chosen later."""
    return _spread_over(stored, low, high, np.uint16)


def _spread_over(stored: StoredPixels, low: float, high: float, dtype: type[_Shown]) -> NDArray[_Shown]:
    """By a table of the values that occur, which are few against the pixels, or pixel by pixel where they are not."""
    if not stored.size:
        return stored.astype(dtype)
    least, greatest = stored.min(), stored.max()
    if stored.size <= int(greatest) - int(least):
        return _display(stored.astype(np.float64), low, high, dtype)
    table = _display(np.arange(int(least), int(greatest) + 1, dtype=np.float64), low, high, dtype)
    return table[stored - least if least else stored]


def _display(values: NDArray[np.float64], low: float, high: float, dtype: type[_Shown]) -> NDArray[_Shown]:
    if not high > low:
        high = low + 1.0
    steps = float(np.iinfo(dtype).max)
    result: NDArray[_Shown] = np.rint(np.clip((values - low) / (high - low), 0.0, 1.0) * steps).astype(dtype)
    return result


def render(stored: StoredPixels, windows: Windows) -> NDArray[np.uint8]:
    """What the model sees of an image: `stored` (H, W, C) through its windows, as (H, W, max(C, windows)).

    One window is for all channels. Of three, each makes one channel: of the same channel of a colour image, or all
    three of a grey one.
    """
    return _through(stored, windows, to_uint8)


def on_screen(stored: StoredPixels, windows: Windows) -> tuple[StoredPixels, float, float]:
    """Pixels and one window for a view where it can be dragged: stored values, or the composite of three windows."""
    if len(windows) == 1:
        return stored, *windows[0]
    return render(stored, windows), 0.0, 255.0


def render_wide(stored: StoredPixels, windows: Windows) -> NDArray[np.uint16]:
    """As `render`, in 65,535 steps."""
    return _through(stored, windows, to_uint16)


def _through(
    stored: StoredPixels, windows: Windows, shown: Callable[[StoredPixels, float, float], NDArray[_Shown]]
) -> NDArray[_Shown]:
    if len(windows) == 1:
        return shown(stored, *windows[0])
    planes = [stored[:, :, min(place, stored.shape[2] - 1)] for place in range(len(windows))]
    return np.stack([shown(plane, *window) for plane, window in zip(planes, windows, strict=True)], axis=2)


class Spread(NamedTuple):
    """The 0.5 and 99.5 percentile and the extremes of an image's values."""

    auto_low: float
    auto_high: float
    least: float
    greatest: float


def spread(values: NDArray[Any]) -> Spread:
    """The spread of stored values of any shape; percentiles are interpolated linearly. Empty input gives (0, 1, 0, 1).

    Unsigned integers are counted, not sorted: one pass, and exact.
    """
    flat = values.reshape(-1)
    if flat.size == 0:
        return Spread(0.0, 1.0, 0.0, 1.0)
    if flat.dtype not in (np.uint8, np.uint16):
        low, high = (float(v) for v in np.percentile(flat, (0.5, 99.5)))
        return Spread(low, high, float(flat.min()), float(flat.max()))
    least = flat.min()
    below = np.cumsum(np.bincount(flat - least))
    low, high = (_ranked(below, share, int(least)) for share in (0.005, 0.995))
    return Spread(low, high, float(least), float(int(least) + len(below) - 1))


def _ranked(below: NDArray[np.int64], share: float, least: int) -> float:
    """The value at `share` of the way through the sorted values, of which `below[v]` are at most `least` + v."""
    place = share * (int(below[-1]) - 1)
    whole = int(place)
    first, second = (int(np.searchsorted(below, rank, side="right")) for rank in (whole, min(whole + 1, below[-1] - 1)))
    return least + first + (second - first) * (place - whole)


def centre_width_window(centre: float, width: float, function: WindowFunction = "LINEAR") -> tuple[float, float]:
    """The (low, high) in modality units of a DICOM window; a sigmoid is taken by its linear part.

    Raises ValueError when the width is not usable (PS3.3 C.11.2.1.2: at least 1, for LINEAR_EXACT above 0).
    """
    if not (np.isfinite(centre) and np.isfinite(width)) or width <= 0:
        raise ValueError("The window width must be positive.")
    if function == "LINEAR":
        half = max(width - 1.0, 1.0) / 2.0
        return centre - 0.5 - half, centre - 0.5 + half
    return centre - width / 2.0, centre + width / 2.0
