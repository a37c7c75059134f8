"""Decodes TIFF files and stacks, 1 to 32 bit, integer or floating point; runs in the decode worker.

Only full-size pages count: reduced copies of a pyramid and masks do not. Each page of a stack is one frame.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from sslstudio.importers.decoding import DecodeSettings, check_size
from sslstudio.importers.reasons import Refused

_REDUCED_OR_MASK = 1 | 4


def count_frames(stream: BinaryIO, settings: DecodeSettings) -> int:
    """How many full-size pages the file has; raises Refused if one is too large or cut off."""
    with tifffile.TiffFile(stream) as file:
        return len(_pages(file, settings))


def decode(data: bytes, settings: DecodeSettings) -> Iterator[NDArray[Any]]:
    """(H, W) or (H, W, C) values of each full-size page, white is high, orientation applied."""
    from sslstudio.importers.raster import orient

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        pages = _pages(file, settings)
        end = max((o + n for page in pages for o, n in zip(page.dataoffsets, page.databytecounts, strict=False)))
        if end > len(data):
            raise Refused("truncated")
        for page in pages:
            orientation = page.tags.valueof(274, 1)
            yield orient(_values(page), orientation if isinstance(orientation, int) else 1)


def _pages(file: tifffile.TiffFile, settings: DecodeSettings) -> list[Any]:
    every: list[Any] = [page for page in file.pages if isinstance(page, tifffile.TiffPage)]
    pages = [page for page in every if not int(page.tags.valueof(254, 0) or 0) & _REDUCED_OR_MASK]
    pages = pages or every[:1]
    if not pages:
        raise Refused("corrupt")
    largest = max(page.imagewidth * page.imagelength for page in pages)
    pages = [page for page in pages if page.imagewidth * page.imagelength * 4 > largest]
    for page in pages:
        check_size(page.imagewidth, page.imagelength, page.samplesperpixel, len(pages), settings.max_pixels)
        if page.imagedepth > 1:
            raise Refused("unsupported_pixels", content="volumes inside one page")
    return pages


def _values(page: Any) -> NDArray[Any]:
    photometric = tifffile.PHOTOMETRIC
    values: NDArray[Any] = np.asarray(page.asarray())
    if page.axes == "SYX":
        values = np.moveaxis(values, 0, -1)
    if np.iscomplexobj(values):
        raise Refused("unsupported_pixels", content="complex numbers")
    if values.dtype == np.bool_:
        values = values.astype(np.uint8) * np.uint8(255)
    if page.photometric == photometric.MINISWHITE:
        top = np.iinfo(values.dtype).max if np.issubdtype(values.dtype, np.integer) else values.max()
        values = np.asarray(top - values, dtype=values.dtype)
    elif page.photometric == photometric.PALETTE:
        colours = np.asarray(page.colormap)
        values = np.moveaxis(colours[:, values], 0, -1)
        values = (values >> 8).astype(np.uint8) if int(colours.max()) > 255 else values.astype(np.uint8)
    elif page.photometric == photometric.SEPARATED:
        values = _from_cmyk(values)
    elif page.photometric not in (photometric.MINISBLACK, photometric.RGB, photometric.YCBCR, photometric.MASK):
        raise Refused("unsupported_pixels", content="an unusual colour space")
    return _widen(values, int(page.bitspersample))


def _widen(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """2 to 7 bits spread over 8; 9 to 15 stay as they are in 16."""
    if values.dtype == np.uint8 and 1 < bits < 8:
        wide: NDArray[Any] = np.rint(values * (255 / (2**bits - 1))).astype(np.uint8)
        return wide
    return values


def _from_cmyk(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype != np.uint8 or values.shape[-1] != 4:
        raise Refused("unsupported_pixels", content="CMYK")
    ink = values.astype(np.uint16)
    colour: NDArray[Any] = ((255 - ink[..., :3]) * (255 - ink[..., 3:]) // 255).astype(np.uint8)
    return colour
