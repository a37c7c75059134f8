"""The one formula from stored values to the 8-bit picture; apart because gallery, inspector and model share it.

numpy only, so that the window may import it. Reference: DICOM PS3.3 C.11.2.1.2 (window centre and width).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

StoredPixels = NDArray[np.uint8 | np.uint16]
"""What the pixel cache holds."""
WindowFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]

_SAMPLE = 1_000_000


def to_uint8(stored: StoredPixels, low: float, high: float) -> NDArray[np.uint8]:
    """Display values of stored values: ``clip((v - low) / (high - low), 0, 1) * 255``, rounded half to even.

    `stored` is uint8 or uint16 of any shape, `low` and `high` the window in stored values (black, white). A window
    that is empty (`high <= low`) becomes one step above `low`. Raises TypeError for other dtypes.
    """
    if stored.dtype not in (np.uint8, np.uint16):
        raise TypeError("Stored pixels are uint8 or uint16.")
    if stored.dtype == np.uint8 and low == 0 and high == 255:
        return stored.astype(np.uint8, copy=True)
    values = int(np.iinfo(stored.dtype).max) + 1
    if stored.size < values:
        return _display(stored.astype(np.float64), low, high)
    return _display(np.arange(values, dtype=np.float64), low, high)[stored]


def _display(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.uint8]:
    if not high > low:
        high = low + 1.0
    result: NDArray[np.uint8] = np.rint(np.clip((values - low) / (high - low), 0.0, 1.0) * 255.0).astype(np.uint8)
    return result


def percentile_window(values: NDArray[Any], lower: float = 0.5, upper: float = 99.5) -> tuple[float, float]:
    """Window (low, high) from the `lower` and `upper` percentile of `values`; at most a million of them are looked at.

    A constant image gives (v, v + 1). Empty input gives (0, 1).
    """
    flat = values.reshape(-1)
    if flat.size == 0:
        return 0.0, 1.0
    if flat.size > _SAMPLE:
        flat = flat[:: -(-flat.size // _SAMPLE)]
    low, high = (float(v) for v in np.percentile(flat, (lower, upper)))
    if not high > low:
        low, high = float(flat.min()), float(flat.max())
    return (low, high) if high > low else (low, low + 1.0)


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
