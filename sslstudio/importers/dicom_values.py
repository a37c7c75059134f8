"""From a DICOM frame's raw numbers to linear stored values and a display window; numpy only, no DICOM library.

Stored values rise with brightness (PS3.3 C.7.6.3.1.2: MONOCHROME1 is turned round, as is a negative slope), are
unsigned, and lead back to the modality unit by `value * slope + intercept` (PS3.3 C.11.1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.importers.decoding import WindowPolicy
from sslstudio.importers.reasons import Refused
from sslstudio.importers.windowing import StoredPixels, WindowFunction, centre_width_window, percentile_window

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


def store(raw: NDArray[Any], coding: Coding, padding: tuple[float, float] | None = None) -> Stored:
    """Stored form of raw grey values (H, W). Raw values within `padding` (inclusive) become the darkest valid value."""
    slope = coding.slope or 1.0
    valid = None
    if padding is not None:
        keep = (raw < padding[0]) | (raw > padding[1])
        valid = None if keep.all() or not keep.any() else keep
    if np.issubdtype(raw.dtype, np.floating):
        finite = np.isfinite(raw)
        if not finite.any():
            raise Refused("corrupt")
        valid = finite if valid is None else valid & finite
        valid = None if valid.all() or not valid.any() else valid
        raw = np.where(finite, raw, raw[finite].min())
    base, top = _span(raw if valid is None else raw[valid], coding)
    step = 1.0 if top - base <= _TOP and not np.issubdtype(raw.dtype, np.floating) else (top - base) / _TOP or 1.0
    shifted = np.clip(raw.astype(np.float64) - base, 0, top - base) / step
    turned = (slope < 0) != coding.inverted
    if turned:
        shifted = (top - base) / step - shifted
    dtype = np.uint8 if top - base <= 255 and step == 1.0 else np.uint16
    values: StoredPixels = np.rint(shifted).astype(dtype)
    if valid is not None:
        values = np.where(valid, values, values[valid].min())
    if turned:
        return Stored(values, -slope * step, slope * top + coding.intercept, valid)
    return Stored(values, slope * step, slope * base + coding.intercept, valid)


def _span(raw: NDArray[Any], coding: Coding) -> tuple[float, float]:
    """The nominal range of the coding, or that of the values where these leave it or it is too wide for 16 bit."""
    low, high = float(raw.min()), float(raw.max())
    if np.issubdtype(raw.dtype, np.floating):
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


def choose_window(
    stored: Stored, modality: str, policy: WindowPolicy, file_window: FileWindow | None
) -> tuple[float, float]:
    """The display window (low, high) in stored values; percentiles where no window is given or it shows nothing."""
    wanted = file_window if policy.file_window else None
    if policy.centre is not None and policy.width is not None and policy.modality == modality:
        wanted = FileWindow(policy.centre, policy.width, "LINEAR_EXACT")
    sample = stored.sample
    if wanted is not None:
        try:
            limits = centre_width_window(wanted.centre, wanted.width, wanted.function)
        except ValueError:
            limits = None
        if limits is not None:
            low, high = sorted((value - stored.intercept) / stored.slope for value in limits)
            if low < float(sample.max()) and high > float(sample.min()):
                return low, high
    return percentile_window(sample, policy.lower, policy.upper)


def with_rescale(coding: Coding, slope: float | None, intercept: float | None) -> Coding:
    """`coding` with a rescale given for one frame, where there is one."""
    return replace(
        coding,
        slope=coding.slope if slope is None else slope,
        intercept=coding.intercept if intercept is None else intercept,
    )
