"""How the numbers of a DICOM frame are packed (PS3.3 C.7.6.3, PS3.5 8): checked once a file, then unpacked by frame.

Own arithmetic for what is not compressed, because it must be right in corners that the readers of the field leave out:
a high bit that is not the last stored one, overlays or rubbish in unused bits, one-bit frames that begin within a byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.importers.decoding import check_size
from sslstudio.importers.dicom_elements import Elements, number, text
from sslstudio.importers.reasons import Refused

GREY = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
_FULL_YBR = ("YBR_FULL", "YBR_FULL_422")
_PARTIAL_YBR = ("YBR_PARTIAL_422",)
_SAID_RGB = ("RGB", "YBR_RCT", "YBR_ICT")
_NAMED = ("YBR_PARTIAL_420", "HSV", "ARGB", "CMYK", "XYB")
_INTEGER_BITS = (1, 8, 16, 32, 64)
_FLOAT_BITS = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}


@dataclass(frozen=True, slots=True)
class Layout:
    """The packing of all frames of one file. `high` is the highest stored bit, counted from 0."""

    rows: int
    columns: int
    samples: int
    frames: int
    photometric: str
    allocated: int
    stored: int
    high: int
    signed: bool
    planar: bool
    floating: bool

    @property
    def halved(self) -> bool:
        """True if uncompressed pixels hold one pair of colour values for two pixels."""
        return self.photometric.endswith("_422")

    @property
    def frame_bits(self) -> int:
        """Bits of one uncompressed frame."""
        pixels = self.rows * self.columns
        return pixels * 2 * self.allocated if self.halved else pixels * self.samples * self.allocated

    @property
    def decoded_bytes(self) -> int:
        """Bytes of one frame when it is unpacked."""
        return self.rows * self.columns * self.samples * max(self.allocated // 8, 1)


def read_layout(dataset: Elements, keyword: str, max_pixels: int) -> Layout:
    """The packing of the pixels in element `keyword`; raises Refused for what is absurd, too large, or not read."""
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    floating = keyword in _FLOAT_BITS
    allocated = _FLOAT_BITS.get(keyword) or _whole(dataset, "BitsAllocated")
    if not (rows and columns and allocated):
        raise Refused("corrupt")
    samples, frames = max(_whole(dataset, "SamplesPerPixel"), 1), max(_whole(dataset, "NumberOfFrames"), 1)
    photometric = text(dataset, "PhotometricInterpretation").upper()
    _check_colour(photometric, samples, floating)
    if allocated not in _INTEGER_BITS or (allocated == 1 and samples != 1):
        raise Refused("unsupported_pixels", content=f"{allocated} bits allocated for a value")
    check_size(columns, rows, samples, frames, max_pixels)
    stored = _whole(dataset, "BitsStored")
    stored = stored if 1 <= stored <= allocated else allocated
    high = _whole(dataset, "HighBit")
    layout = Layout(
        rows, columns, samples, frames, photometric, allocated, stored,
        high=high if stored - 1 <= high < allocated else stored - 1,
        signed=_whole(dataset, "PixelRepresentation") == 1,
        planar=samples > 1 and _whole(dataset, "PlanarConfiguration") == 1,
        floating=floating,
    )  # fmt: skip
    if layout.photometric in (*_FULL_YBR, *_PARTIAL_YBR) and layout.stored > 16:
        raise Refused("unsupported_pixels", content=f"{layout.photometric} with {layout.stored} bits")
    return layout


def _whole(dataset: Elements, keyword: str) -> int:
    return int(number(dataset, keyword) or 0)


def _check_colour(photometric: str, samples: int, floating: bool) -> None:
    fitting = (*GREY, PALETTE) if samples == 1 else (*_SAID_RGB, *_FULL_YBR, *_PARTIAL_YBR) if samples == 3 else ()
    if photometric in fitting and not (floating and photometric not in GREY):
        return
    known = (*GREY, PALETTE, *_SAID_RGB, *_FULL_YBR, *_PARTIAL_YBR, *_NAMED)
    name = photometric if photometric in known else "an unknown colour space"
    count = f"{samples} values" if samples in (1, 2, 3, 4) else "many values"
    raise Refused("unsupported_pixels", content=f"{name} with {count} for a pixel")


def unpack(data: bytes, layout: Layout, little: bool = True) -> NDArray[Any]:
    """An uncompressed frame as (H, W) or (H, W, C), unsigned or floating, not yet aligned."""
    count = layout.frame_bits // layout.allocated
    if layout.allocated == 1:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
        return bits.reshape(layout.rows, layout.columns)
    kind = "f" if layout.floating else "u"
    dtype = np.dtype(f"{'<' if little else '>'}{kind}{layout.allocated // 8}")
    values = np.frombuffer(data, dtype, count).astype(dtype.newbyteorder("="), copy=False)
    if layout.samples == 1:
        return values.reshape(layout.rows, layout.columns)
    if layout.halved:
        values = _doubled(values)
    elif layout.planar:
        return values.reshape(layout.samples, layout.rows, layout.columns).transpose(1, 2, 0)
    return values.reshape(layout.rows, layout.columns, layout.samples)


def unswap(data: bytes, start_odd: bool) -> bytes:
    """8-bit values that were written as big-endian words of 16 bits, in their own order (PS3.5 7.3).

    `start_odd` says that the frame begins with the second byte of a word.
    """
    turned = np.frombuffer(data[: len(data) // 2 * 2], np.uint16).byteswap().tobytes()
    return turned[1:] if start_odd else turned


def _doubled(values: NDArray[Any]) -> NDArray[Any]:
    """Y1 Y2 Cb Cr for two pixels (PS3.3 C.7.6.3.1.2) as Y Cb Cr for each."""
    pairs = values.reshape(-1, 4)
    return pairs[:, (0, 2, 3, 1, 2, 3)]


class Alignment:
    """Brings the stored bits of integers to their place: unused bits dropped, sign extended.

    A header whose high bit is above the stored bits is believed unless the values say otherwise: nothing stands above,
    and something below. The first frame decides for the file.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._shift: int | None = None

    def align(self, raw: NDArray[Any]) -> NDArray[Any]:
        """`raw` (unsigned, as allocated) as signed or unsigned values of the stored bits."""
        layout = self._layout
        if layout.floating or layout.allocated == 1:
            return raw
        if self._shift is None:
            self._shift = self._find_shift(raw)
        if self._shift:
            raw = raw >> raw.dtype.type(self._shift)
        return sign(raw, layout)

    def align_number(self, figure: float) -> float:
        """A value of the header, as a padding value, in the way that `align` brings those of the image."""
        layout = self._layout
        if layout.floating or layout.allocated == 1 or not float(figure).is_integer() or abs(figure) >= 2**63:
            return figure
        bits = int(figure) & ((1 << layout.stored) - 1)
        return float(bits - (1 << layout.stored) if layout.signed and bits >> (layout.stored - 1) else bits)

    def _find_shift(self, raw: NDArray[Any]) -> int:
        shift = self._layout.high + 1 - self._layout.stored
        if not shift:
            return 0
        above = raw >> raw.dtype.type(self._layout.stored)
        below = raw & raw.dtype.type((1 << shift) - 1)
        return 0 if not above.any() and below.any() else shift


def sign(raw: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """The stored bits of `raw` (unsigned, as allocated), signed if the file says so; what stands above is dropped."""
    unused = layout.allocated - layout.stored
    if layout.signed:
        values = raw.view(f"i{raw.dtype.itemsize}")
        return values if not unused else (values << unused) >> unused
    return raw & raw.dtype.type((1 << layout.stored) - 1) if unused else raw


def to_rgb(values: NDArray[Any], photometric: str, bits: int) -> NDArray[Any]:
    """RGB of (H, W, 3) unsigned values with `bits` bits in the colour space `photometric` (PS3.3 C.7.6.3.1.2)."""
    if photometric not in (*_FULL_YBR, *_PARTIAL_YBR):
        return values
    top, half = float((1 << bits) - 1), float(1 << (bits - 1))
    luma, blue, red = (values[:, :, n].astype(np.float64) for n in range(3))
    blue, red = blue - half, red - half
    if photometric in _PARTIAL_YBR:
        scale = float(1 << (bits - 8))
        luma, blue, red = (luma - 16 * scale) * 255 / 219, blue * 255 / 224, red * 255 / 224
        luma, blue, red = luma * top / (255 * scale), blue * top / (255 * scale), red * top / (255 * scale)
    colours = (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue)
    return np.rint(np.clip(np.stack(colours, 2), 0, top)).astype(values.dtype)
