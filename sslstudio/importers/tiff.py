"""Decodes TIFF files and stacks, 1 to 32 bit, integer or floating point; runs in the decode worker.

Only full-size pages count: reduced copies of a pyramid and masks do not. Each page of a stack is one frame. Of a whole
slide that is too large, a coarser level of its pyramid is read; its label and macro pictures never are.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from sslstudio.importers import raster
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings, Note, check_size
from sslstudio.importers.reasons import Refused

_REDUCED_OR_MASK = 1 | 4
_STRAIGHT_ALPHA = 2
_JPEG = (6, 7, 33007)


def look(stream: BinaryIO, settings: DecodeSettings) -> tuple[int, Note | None]:
    """How many frames the file gives and what is to be told of it; raises Refused if a page is too large or cut off."""
    with tifffile.TiffFile(stream) as file:
        pages, repeats, note = _pages(file, settings)
        return len(pages) * repeats, note


def decode(data: bytes, settings: DecodeSettings) -> Iterator[DecodedFrame]:
    """The full-size pages in their order, white is high, orientation applied."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        pages, repeats, note = _pages(file, settings)
        end = max((o + n for page in pages for o, n in zip(page.dataoffsets, page.databytecounts, strict=False)))
        if end > len(data):
            raise Refused("truncated")
        for values in _arrays(file, pages, repeats):
            yield replace(raster.frame_of(values, settings, _bits(pages[0])), note=note)
            note = None


def _pages(file: tifffile.TiffFile, settings: DecodeSettings) -> tuple[list[Any], int, Note | None]:
    """The pages to read, how many pictures each holds, and what to tell."""
    every: list[Any] = [page for page in file.pages if isinstance(page, tifffile.TiffPage)]
    pages = [page for page in every if not int(page.tags.valueof(254, 0) or 0) & _REDUCED_OR_MASK]
    pages = pages or every[:1]
    if not pages:
        raise Refused("corrupt")
    largest = max(page.imagewidth * page.imagelength for page in pages)
    pages = [page for page in pages if page.imagewidth * page.imagelength * 4 > largest]
    note = None
    if largest > settings.max_pixels:
        pages, note = _overview(file, pages, settings)
    repeats = _hidden_stack(file, pages)
    for page in pages:
        frames = len(pages) * repeats
        check_size(page.imagewidth, page.imagelength, page.samplesperpixel, frames, settings.max_pixels)
        if page.imagedepth > 1:
            raise Refused("unsupported_pixels", content="volumes inside one page")
    return pages, repeats, note


def _overview(file: tifffile.TiffFile, pages: list[Any], settings: DecodeSettings) -> tuple[list[Any], Note | None]:
    """Of a whole slide with its pyramid: the coarsest level that still fills the longest side that is stored."""
    levels = [level.keyframe for level in file.series[0].levels] if len(pages) == 1 else []
    fitting = [page for page in levels[1:] if page.imagewidth * page.imagelength <= settings.max_pixels]
    if not fitting:
        return pages, None
    ample = [page for page in fitting if max(page.imagewidth, page.imagelength) >= settings.max_side]
    chosen = min(ample, key=_area) if ample else max(fitting, key=_area)
    size = f"{chosen.imagewidth:,} x {chosen.imagelength:,}"
    return [chosen], Note("whole_slide", {"size": size})


def _area(page: Any) -> int:
    return int(page.imagewidth) * int(page.imagelength)


def _hidden_stack(file: tifffile.TiffFile, pages: list[Any]) -> int:
    """How many pictures lie behind the one page of an ImageJ stack that lists only its first."""
    if len(pages) > 1 or not file.is_imagej or len(file.pages) != 1:
        return 1
    return max(1, int(np.prod(file.series[0].shape, dtype=np.float64) // int(np.prod(pages[0].shape))))


def _arrays(file: tifffile.TiffFile, pages: list[Any], repeats: int) -> Iterator[NDArray[Any]]:
    if repeats > 1:
        stack = file.series[0].asarray()
        yield from (_values(pages[0], picture) for picture in stack.reshape((repeats, *pages[0].shape)))
        return
    for page in pages:
        orientation = page.tags.valueof(274, 1)
        values = _values(page, np.asarray(page.asarray()))
        yield raster.orient(values, orientation if isinstance(orientation, int) else 1)


def _bits(page: Any) -> int:
    """The bits in use, where they are fewer than the numbers have room for."""
    bits = page.bitspersample
    return int(bits) if isinstance(bits, int) and 8 < bits < 16 and page.sampleformat == 1 else 0


def _values(page: Any, values: NDArray[Any]) -> NDArray[Any]:
    """(H, W) or (H, W, C) values for display: white is high, palettes and colour spaces resolved."""
    photometric = tifffile.PHOTOMETRIC
    if page.axes == "SYX":
        values = np.moveaxis(values, 0, -1)
    if np.iscomplexobj(values):
        raise Refused("unsupported_pixels", content="complex numbers")
    if values.dtype == np.bool_:
        values = values.astype(np.uint8) * np.uint8(255)
    if page.photometric == photometric.MINISWHITE:
        values = _inverted(values, page)
    elif page.photometric == photometric.PALETTE:
        colours = np.asarray(page.colormap)
        values = np.moveaxis(colours[:, values], 0, -1)
        values = (values >> 8).astype(np.uint8) if int(colours.max()) > 255 else values.astype(np.uint8)
    elif page.photometric == photometric.SEPARATED:
        values = _from_cmyk(values)
    elif page.photometric == photometric.YCBCR and page.compression not in _JPEG:
        values = _from_ycbcr(values)
    elif page.photometric not in (photometric.MINISBLACK, photometric.RGB, photometric.YCBCR, photometric.MASK):
        raise Refused("unsupported_pixels", content="an unusual colour space")
    if page.extrasamples and int(page.extrasamples[0]) != _STRAIGHT_ALPHA and values.ndim == 3:
        values = values[..., : -len(page.extrasamples)]
    bits = page.bitspersample
    return raster.widen(values, bits) if isinstance(bits, int) and bits > 1 else values


def _inverted(values: NDArray[Any], page: Any) -> NDArray[Any]:
    if not np.issubdtype(values.dtype, np.integer):
        return np.asarray(np.nanmax(np.where(np.isfinite(values), values, np.nan)) - values, dtype=values.dtype)
    bits = page.bitspersample if isinstance(page.bitspersample, int) else values.dtype.itemsize * 8
    top = 2**bits - 1 if np.issubdtype(values.dtype, np.unsignedinteger) else -1
    return np.asarray(top - values, dtype=values.dtype)


def _from_ycbcr(values: NDArray[Any]) -> NDArray[Any]:
    """RGB of full-size YCbCr (ITU-R BT.601, full range), as TIFF 6.0 section 21 has it by default."""
    if values.dtype != np.uint8 or values.shape[-1:] != (3,):
        raise Refused("unsupported_pixels", content="an unusual colour space")
    y, blue, red = (values[..., channel].astype(np.float64) for channel in range(3))
    blue, red = blue - 128, red - 128
    colour = np.stack([y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue], axis=-1)
    return np.rint(np.clip(colour, 0, 255)).astype(np.uint8)


def _from_cmyk(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype != np.uint8 or values.shape[-1] != 4:
        raise Refused("unsupported_pixels", content="CMYK")
    ink = values.astype(np.uint16)
    colour: NDArray[Any] = ((255 - ink[..., :3]) * (255 - ink[..., 3:]) // 255).astype(np.uint8)
    return colour
