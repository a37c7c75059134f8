"""Decodes PNG, JPEG, JPEG 2000, TIFF, BMP, WebP and GIF into linear stored values; runs in the decode worker.

8 to 16 bit are kept; floating point is spread over 16 bit. Transparency is laid over black, as image areas are black
beyond the image. Three equal colour channels become one. EXIF orientation is applied. A film gives its first picture.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from sslstudio.importers.codestreams import Codestream, decode_jpeg, decode_jpeg2000, jpeg2000_header, jpeg_header
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings, FrameFacts, Note, check_size, with_windows
from sslstudio.importers.reasons import Refused
from sslstudio.importers.sniff import Kind
from sslstudio.importers.windowing import StoredPixels

_PILLOW_FORMATS = {"png": "PNG", "jpeg": "JPEG", "bmp": "BMP", "webp": "WEBP", "gif": "GIF"}
_FILMS = ("GIF", "WEBP", "PNG")
_ORIENTATION = 0x0112
_CHUNK = 1 << 22


def look(stream: BinaryIO, kind: Kind, settings: DecodeSettings) -> tuple[int, Note | None]:
    """How many frames a file gives and what is to be told of it, from its headers; raises Refused if it gives none."""
    if kind == "tiff":
        from sslstudio.importers import tiff

        return tiff.look(stream, settings)
    data = stream.read() if kind in ("jpeg", "jp2") else b""
    if header := _codestream(data, kind):
        check_size(header.width, header.height, header.samples, 1, settings.max_pixels)
        return 1, None
    stream.seek(0)
    with _open(stream, kind) as image:
        check_size(*image.size, len(image.getbands()), 1, settings.max_pixels)
        return 1, _film(image)


def decode(data: bytes, kind: Kind, settings: DecodeSettings) -> Iterator[DecodedFrame]:
    """The frames of a file (one, but for TIFF stacks). Raises Refused, or what the libraries raise on damage."""
    if kind == "tiff":
        from sslstudio.importers import tiff

        yield from tiff.decode(data, settings)
        return
    if kind == "jpeg" and (pixels := _plain_jpeg(data, settings)) is not None:
        yield frame_of(pixels, settings)
        return
    if header := _codestream(data, kind):
        check_size(header.width, header.height, header.samples, 1, settings.max_pixels)
        values = decode_jpeg2000(data) if kind == "jp2" else decode_jpeg(data, header)
        yield frame_of(widen(values, header.bits), settings, header.bits)
        return
    with _open(io.BytesIO(data), kind) as image:
        check_size(*image.size, len(image.getbands()), 1, settings.max_pixels)
        note = _film(image)
        if kind == "jpeg" and image.mode in ("L", "RGB"):
            values = _jpeg(data, image)
        elif kind == "png" and data[24:25] == b"\x10":
            values = orient(_png16(data), int(image.getexif().get(_ORIENTATION, 1)))
        else:
            values = from_pillow(image)
    yield replace(frame_of(values, settings), note=note)


def is_cut_off(data: bytes, kind: Kind) -> bool:
    """True if a damaged file lacks the end that its format prescribes."""
    if kind == "png":
        return b"IEND" not in data[-64:]
    if kind in ("jpeg", "jp2"):
        return b"\xff\xd9" not in data[-4096:]
    if kind == "gif":
        return b";" not in data[-64:]
    if kind == "webp" and len(data) >= 8:
        return bool(struct.unpack_from("<I", data, 4)[0] + 8 > len(data))
    if kind == "bmp" and len(data) >= 6:
        return bool(struct.unpack_from("<I", data, 2)[0] > len(data))
    return False


def frame_of(values: NDArray[Any], settings: DecodeSettings, bits: int = 0) -> DecodedFrame:
    """A frame from decoded (H, W) or (H, W, C) values of any real dtype; channels 2 and 4 hold alpha. `bits` are those
    in use, where that is known."""
    values = _over_black(values[:, :, None] if values.ndim == 2 else values)
    if values.shape[2] == 3 and _is_grey(values[::16, ::16]) and _is_grey(values):
        values = values[:, :, :1]
    bits = bits or values.dtype.itemsize * 8
    stored, slope, intercept = to_stored(values)
    finished = stored.dtype == np.uint8
    facts = FrameFacts(bits=min(bits, 16), slope=slope, intercept=intercept)
    facts = with_windows(facts, stored, (0.0, 255.0) if finished else None, finished=finished)
    return DecodedFrame(np.ascontiguousarray(stored), facts)


def _is_grey(values: NDArray[Any]) -> bool:
    return bool((values[:, :, 0] == values[:, :, 1]).all() and (values[:, :, 0] == values[:, :, 2]).all())


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
    return _spread(values)


def _spread(values: NDArray[Any]) -> tuple[StoredPixels, float, float]:
    """Whole numbers that span no more than 16 bit stay exact; others are spread over it. In pieces, to spare memory."""
    flat = values.reshape(-1)
    pieces = [slice(start, start + _CHUNK) for start in range(0, flat.size, _CHUNK)]
    low, high, whole = np.inf, -np.inf, True
    for piece in pieces:
        numbers = flat[piece].astype(np.float64)
        numbers = numbers[np.isfinite(numbers)]
        low, high = min(low, float(numbers.min(initial=np.inf))), max(high, float(numbers.max(initial=-np.inf)))
        whole = whole and bool((numbers == np.rint(numbers)).all())
    if low > high:
        raise Refused("corrupt")
    step = 1.0 if whole and high - low <= 65535 else (high - low) / 65535 or 1.0
    if not np.isfinite(step):
        raise Refused("unsupported_pixels", content="numbers of extreme size")
    stored = np.empty(flat.size, np.uint16)
    for piece in pieces:
        numbers = flat[piece].astype(np.float64)
        stored[piece] = np.rint((np.where(np.isfinite(numbers), numbers, low) - low) / step)
    return stored.reshape(values.shape), step, low


def widen(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """2 to 7 bits spread over 8; 9 to 15 stay as they are in 16."""
    if values.dtype == np.uint8 and bits < 8:
        wide: NDArray[Any] = np.rint(values * (255 / (2**bits - 1))).astype(np.uint8)
        return wide
    return values


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
    elif image.mode in ("L", "RGB") and "transparency" in image.info:
        image = image.convert("LA" if image.mode == "L" else "RGBA")
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
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("too_large") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        stream.seek(0)
        raise Refused("truncated" if is_cut_off(stream.read(), kind) else "corrupt") from None


def _codestream(data: bytes, kind: Kind) -> Codestream | None:
    """The header of a file that Pillow does not read faithfully, or None."""
    if kind == "jp2":
        return jpeg2000_header(data)
    header = jpeg_header(data) if kind == "jpeg" else None
    return header if header is not None and header.unusual else None


def _film(image: Image.Image) -> Note | None:
    """What to tell of a file with several pictures; damage behind the first one does not matter."""
    try:
        several = image.format in _FILMS and bool(getattr(image, "is_animated", False))
    except (EOFError, OSError, SyntaxError, ValueError):
        several = True
    return Note("first_picture") if several else None


def _plain_jpeg(data: bytes, settings: DecodeSettings) -> NDArray[Any] | None:
    """The values of an ordinary picture that lies as it is meant; None where Pillow has to look first."""
    import simplejpeg

    header = jpeg_header(data)
    if header is None or header.unusual or header.samples not in (1, 3) or b"Exif" in data or b"Orientation" in data:
        return None
    check_size(header.width, header.height, header.samples, 1, settings.max_pixels)
    try:
        values: NDArray[Any] = simplejpeg.decode_jpeg(data, colorspace="GRAY" if header.samples == 1 else "RGB")
    except ValueError:
        return None
    return values


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
