"""Decodes PNG, JPEG, TIFF, BMP and WebP into linear stored values; runs in the decode worker.

8 and 16 bit are kept; floating point is spread over 16 bit. Transparency is laid over black, as image areas are black
beyond the image. Three equal colour channels become one. EXIF orientation is applied.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from sslstudio.importers.decoding import DecodedFrame, DecodeSettings, FrameFacts, check_size
from sslstudio.importers.reasons import Refused
from sslstudio.importers.sniff import Kind
from sslstudio.importers.windowing import StoredPixels, percentile_window

_PILLOW_FORMATS = {"png": "PNG", "jpeg": "JPEG", "tiff": "TIFF", "bmp": "BMP", "webp": "WEBP"}
_ORIENTATION = 0x0112


def count_frames(stream: BinaryIO, kind: Kind, settings: DecodeSettings) -> int:
    """How many frames a file holds, from its headers alone; raises Refused if it is not importable."""
    if kind == "tiff":
        from sslstudio.importers import tiff

        return tiff.count_frames(stream, settings)
    with _open(stream, kind) as image:
        check_size(*image.size, len(image.getbands()), 1, settings.max_pixels)
    return 1


def decode(data: bytes, kind: Kind, settings: DecodeSettings) -> Iterator[DecodedFrame]:
    """The frames of a file (one, but for TIFF stacks). Raises Refused, or what the libraries raise on damage."""
    if kind == "tiff":
        from sslstudio.importers import tiff

        for values in tiff.decode(data, settings):
            yield frame_of(values, settings)
        return
    with _open(io.BytesIO(data), kind) as image:
        check_size(*image.size, len(image.getbands()), 1, settings.max_pixels)
        if kind == "jpeg" and image.mode in ("L", "RGB"):
            values = _jpeg(data, image)
        elif kind == "png" and data[24:25] == b"\x10":
            values = _png16(data)
        else:
            values = from_pillow(image)
    yield frame_of(values, settings)


def is_cut_off(data: bytes, kind: Kind) -> bool:
    """True if a damaged file lacks the end that its format prescribes."""
    if kind == "png":
        return b"IEND" not in data[-64:]
    if kind == "jpeg":
        return b"\xff\xd9" not in data[-4096:]
    if kind == "webp" and len(data) >= 8:
        return bool(struct.unpack_from("<I", data, 4)[0] + 8 > len(data))
    if kind == "bmp" and len(data) >= 6:
        return bool(struct.unpack_from("<I", data, 2)[0] > len(data))
    return False


def frame_of(values: NDArray[Any], settings: DecodeSettings) -> DecodedFrame:
    """A frame from decoded (H, W) or (H, W, C) values of any real dtype; channels 2 and 4 hold alpha."""
    values = _over_black(values[:, :, None] if values.ndim == 2 else values)
    if values.shape[2] == 3 and (values[:, :, :1] == values).all():
        values = values[:, :, :1]
    bits = values.dtype.itemsize * 8
    stored, slope, intercept = to_stored(values)
    low, high = 0.0, 255.0
    if stored.dtype == np.uint16:
        policy = settings.window
        low, high = percentile_window(stored, policy.lower, policy.upper)
    facts = FrameFacts(bits=min(bits, 16), slope=slope, intercept=intercept, low=low, high=high)
    return DecodedFrame(np.ascontiguousarray(stored), facts)


def to_stored(values: NDArray[Any]) -> tuple[StoredPixels, float, float]:
    """uint8 or uint16 with slope and intercept that lead back to `values`; other dtypes are spread over 16 bit."""
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255), 1 / 255, 0.0
    if values.dtype in (np.uint8, np.uint16):
        return values, 1.0, 0.0
    if values.dtype in (np.int8, np.int16):
        base = int(np.iinfo(values.dtype).min)
        wide = values.astype(np.int32) - base
        narrow: StoredPixels = wide.astype(np.uint8 if values.dtype == np.int8 else np.uint16)
        return narrow, 1.0, float(base)
    numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    if not finite.any():
        raise Refused("corrupt")
    low, high = float(numbers[finite].min()), float(numbers[finite].max())
    if np.issubdtype(values.dtype, np.integer) and high - low <= 65535:
        return (numbers - low).astype(np.uint16), 1.0, low
    step = (high - low) / 65535 or 1.0
    numbers = np.where(finite, numbers, low)
    return np.rint((numbers - low) / step).astype(np.uint16), step, low


def orient(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """`values` (H, W, ...) turned as EXIF / TIFF orientation 1 to 8 says."""
    if orientation in (2, 4, 5, 7):
        values = values[:, ::-1]
    turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.rot90(values, turns) if turns else values


def from_pillow(image: Image.Image) -> NDArray[Any]:
    """Values of an opened picture in its widest faithful form: grey or RGB(A), 8 or 16 bit, or floating point."""
    image = ImageOps.exif_transpose(image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode in ("P", "PA"):
        transparent = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if transparent else "RGB")
    elif image.mode == "La":
        image = image.convert("LA")
    elif image.mode == "RGBa":
        image = image.convert("RGBA")
    elif image.mode in ("CMYK", "YCbCr", "HSV", "LAB", "RGBX"):
        image = image.convert("RGB")
    elif image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    elif image.mode not in ("L", "LA", "RGB", "RGBA", "I", "F"):
        raise Refused("unsupported_pixels", content=image.mode)
    return np.asarray(image)


def _open(stream: BinaryIO, kind: Kind) -> Image.Image:
    try:
        return Image.open(stream, formats=(_PILLOW_FORMATS[kind],))
    except Image.DecompressionBombError:
        raise Refused("too_large") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        stream.seek(0)
        raise Refused("truncated" if is_cut_off(stream.read(), kind) else "corrupt") from None


def _jpeg(data: bytes, image: Image.Image) -> NDArray[Any]:
    """Strict and fast; harmless stray bytes between markers are left to Pillow, which refuses a cut end."""
    import simplejpeg

    try:
        values = simplejpeg.decode_jpeg(data, colorspace="GRAY" if image.mode == "L" else "RGB")
    except ValueError as error:
        text = str(error)
        if "extraneous bytes" not in text and "Unsupported" not in text:
            raise
        return from_pillow(image)
    return orient(values, int(image.getexif().get(_ORIENTATION, 1)))


def _png16(data: bytes) -> NDArray[Any]:
    import imagecodecs

    values: NDArray[Any] = imagecodecs.png_decode(data)
    return values


def _over_black(values: NDArray[Any]) -> NDArray[Any]:
    if values.shape[2] in (1, 3):
        return values
    if values.shape[2] not in (2, 4):
        raise Refused("unsupported_pixels", content=f"{values.shape[2]} channels")
    colour, alpha = values[:, :, :-1], values[:, :, -1:]
    if not np.issubdtype(values.dtype, np.unsignedinteger):
        return colour
    top = float(np.iinfo(values.dtype).max)
    return np.rint(colour * (alpha / top)).astype(values.dtype)
