"""Look-up tables of a DICOM header: modality tables, the window a VOI table spreads, palettes (PS3.3 C.11, C.7.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from sslstudio.importers.dicom_elements import Elements, items, numbers, value, whole
from sslstudio.importers.reasons import Refused

_MOST_ENTRIES = 65536


@dataclass(frozen=True, slots=True)
class Table:
    """A table: input `first` gives `entries[0]`; what lies outside takes the nearest entry, of `bits` bits."""

    first: float
    entries: NDArray[np.int64]
    bits: int

    def apply(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The entries of integer `values`."""
        places = np.clip(values.astype(np.int64) - int(self.first), 0, self.entries.size - 1)
        return self.entries[places]

    def changing(self) -> tuple[float, float] | None:
        """The inputs between which the entries rise or fall; None for a flat table."""
        places = np.flatnonzero(np.diff(self.entries))
        if not places.size:
            return None
        return self.first + float(places[0]), self.first + float(places[-1]) + 1


def read_table(item: Dataset, *, signed: bool, little: bool) -> Table | None:
    """The table of a sequence item (PS3.3 C.11.1.1); None when it is damaged or has fewer than two entries.

    `signed` tells whether inputs may be negative: writers give the first input in the wrong sign as often as not.
    """
    descriptor = numbers(item, "LUTDescriptor")
    if len(descriptor) != 3:
        return None
    count = int(descriptor[0]) % _MOST_ENTRIES or _MOST_ENTRIES
    first, bits = int(descriptor[1]), int(descriptor[2])
    if signed and first >= 32768:
        first -= _MOST_ENTRIES
    elif not signed and first < 0:
        first += _MOST_ENTRIES
    entries = _entries(item, count, little)
    if entries.size < 2 or not 1 <= bits <= 16:
        return None
    return Table(float(first), entries, bits)


def _entries(item: Dataset, count: int, little: bool) -> NDArray[np.int64]:
    data = value(item, "LUTData")
    if isinstance(data, bytes):
        packed = len(data) in (count, count + count % 2) and count > 1
        dtype = np.dtype(np.uint8) if packed else np.dtype("<u2" if little else ">u2")
        return np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype)[:count].astype(np.int64)
    figures = np.array(numbers(item, "LUTData")[:count], np.float64)
    return figures.astype(np.int64) & 0xFFFF


def modality_table(dataset: Elements, *, signed: bool, little: bool) -> Table | None:
    """The modality table of an image, or None."""
    found = items(dataset, "ModalityLUTSequence")
    return read_table(found[0], signed=signed, little=little) if found else None


def voi_range(group: Elements, *, little: bool) -> tuple[float, float] | None:
    """The inputs (low, high) over which the first VOI table changes, in modality units; None without one (C.11.2)."""
    found = items(group, "VOILUTSequence")
    table = read_table(found[0], signed=_below_zero(found[0]), little=little) if found else None
    return None if table is None else table.changing()


def _below_zero(item: Dataset) -> bool:
    """A first input near the top of 16 bits with a table that would run beyond it can only be a negative one."""
    descriptor = numbers(item, "LUTDescriptor")
    return len(descriptor) == 3 and (descriptor[1] < 0 or descriptor[1] + (descriptor[0] or _MOST_ENTRIES) > 2**16)


class Palette:
    """The colours of a palette image (PS3.3 C.7.6.3.1.5), looked up once for all frames."""

    def __init__(self, dataset: Elements, bits: int) -> None:
        bits = min(bits, 16)
        indices = np.arange(1 << bits, dtype=np.uint16 if bits > 8 else np.uint8)
        try:
            colours = np.asarray(apply_color_lut(indices[None, :], whole(dataset)))[0, :, :3]
        except (ValueError, AttributeError, KeyError, TypeError, IndexError):
            raise Refused("contradiction", content="the palette") from None
        if colours.dtype != np.uint8 and int(colours.max(initial=0)) > 255:
            colours = colours >> 8
        self._colours = colours.astype(np.uint8)

    def apply(self, indices: NDArray[Any]) -> NDArray[np.uint8]:
        """RGB (H, W, 3) of palette indices (H, W)."""
        return self._colours[np.clip(indices.astype(np.int64), 0, len(self._colours) - 1)]
