"""From a DICOM frame's raw numbers to linear stored values and a display window; numpy only, no DICOM library.

Stored values rise with brightness (PS3.3 C.7.6.3.1.2: MONOCHROME1 is turned round, as is a negative slope), are
unsigned, and lead back to the modality unit by `value * slope + intercept` (PS3.3 C.11.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.importers.reasons import Refused
from sslstudio.importers.windowing import StoredPixels, WindowFunction, centre_width_window

_TOP = 65535


@dataclass(frozen=True, slots=True)
class Coding:
    """How raw numbers are meant: `bits` stored, signed or not, rescale to the modality unit, black at the high end."""

    bits: int
    signed: bool
    slope: float = 1.0
    intercept: float = 0.0
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """Linear values (H, W) uint8 or uint16 with their rescale; `valid` marks what is not padding (None: all)."""

    values: StoredPixels
    slope: float
    intercept: float
    valid: NDArray[np.bool_] | None = None

    @property
    def sample(self) -> StoredPixels:
        """The values that are not padding."""
        return self.values if self.valid is None else self.values[self.valid]


def padding_mask(raw: NDArray[Any], padding: Sequence[float]) -> NDArray[np.bool_] | None:
    """True where `raw` is no padding; None where nothing is, or all is. `padding`: a value, or the ends of a range."""
    if not padding:
        return None
    keep = (raw < min(padding)) | (raw > max(padding))
    return None if keep.all() or not keep.any() else keep


def store(raw: NDArray[Any], coding: Coding, valid: NDArray[np.bool_] | None = None) -> Stored:
    """Stored form of raw grey values (H, W). What is not `valid` becomes the darkest valid value."""
    slope = coding.slope or 1.0
    floating = raw.dtype.kind == "f"
    if floating:
        raw, valid = _finite(raw, valid)
    base, top = _span(raw if valid is None else raw[valid], coding)
    turned = (slope < 0) != coding.inverted
    values: StoredPixels
    if not floating and top - base <= _TOP:
        step = 1.0
        values = _shifted(raw, int(base), int(top), turned)
    else:
        step = (top - base) / _TOP or 1.0
        shifted = np.clip(raw.astype(np.float64) - base, 0, top - base) / step
        values = np.rint((top - base) / step - shifted if turned else shifted).astype(np.uint16)
    if valid is not None:
        values = np.where(valid, values, values[valid].min())
    if turned:
        return Stored(values, -slope * step, slope * top + coding.intercept, valid)
    return Stored(values, slope * step, slope * base + coding.intercept, valid)


def _finite(raw: NDArray[Any], valid: NDArray[np.bool_] | None) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """`raw` without what is no number, which is no valid value either."""
    finite = np.isfinite(raw)
    if not finite.any():
        raise Refused("corrupt")
    valid = finite if valid is None else valid & finite
    return np.where(finite, raw, raw[finite].min()), None if valid.all() or not valid.any() else valid


def _shifted(raw: NDArray[Any], base: int, top: int, turned: bool) -> StoredPixels:
    """`raw - base`, or `top - raw`, cut to the range; exact, in whole numbers."""
    dtype: type[np.uint8] | type[np.uint16] = np.uint8 if top - base <= 255 else np.uint16
    least, greatest = int(raw.min()), int(raw.max())
    if not turned and base == 0 and raw.dtype == dtype and greatest <= top:
        return raw
    narrow: StoredPixels
    if raw.dtype.itemsize == 2 and raw.dtype.isnative and base <= least and greatest <= top:
        around = raw.view(np.uint16)  # counted modulo 2**16 the difference is right, as it is below that
        narrow = (np.uint16(top % 65536) - around if turned else around - np.uint16(base % 65536)).astype(dtype)
        return narrow
    wide = raw.astype(np.int32 if raw.dtype.itemsize <= 2 else np.int64, copy=False)
    wide = np.clip(wide, base, top)
    narrow = (top - wide if turned else wide - base).astype(dtype)
    return narrow


def _span(raw: NDArray[Any], coding: Coding) -> tuple[float, float]:
    """The nominal range of the coding, or that of the values where these leave it or it is too wide for 16 bit."""
    low, high = float(raw.min()), float(raw.max())
    if raw.dtype.kind == "f":
        return low, high
    base = -float(2 ** (coding.bits - 1)) if coding.signed else 0.0
    top = base + 2.0**coding.bits - 1
    if low >= base and high <= top and top - base <= _TOP:
        return base, top
    return low, high


@dataclass(frozen=True, slots=True)
class FileWindow:
    """A window as the file gives it, in modality units."""

    centre: float
    width: float
    function: WindowFunction = "LINEAR"


def stored_window(stored: Stored, file_window: FileWindow | None) -> tuple[float, float] | None:
    """The file's window in stored values; None when it has none that can be used."""
    if file_window is None:
        return None
    try:
        limits = centre_width_window(file_window.centre, file_window.width, file_window.function)
    except ValueError:
        return None
    low, high = sorted((value - stored.intercept) / stored.slope for value in limits)
    return low, high
