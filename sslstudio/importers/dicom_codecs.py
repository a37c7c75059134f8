"""Decodes one frame of a DICOM file, however it is packed, into aligned numbers and the colour space they are in.

The frame's own header is read first: a codec is never asked for another size, depth or number of colours than the
file's header promises, and is chosen by what the frame really is. Codecs are pydicom's plug-ins and `jpeg_plugin`.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.pixels.decoders.base import Decoder, get_decoder

from sslstudio.importers import jpeg_plugin
from sslstudio.importers.dicom_codestream import Claim, is_ended, jpeg2000_claim, jpeg_claim
from sslstudio.importers.dicom_frames import coded_frames, native_frames
from sslstudio.importers.dicom_layout import Alignment, Layout, sign, unpack, unswap
from sslstudio.importers.dicom_source import Source
from sslstudio.importers.dicom_syntax import Syntax
from sslstudio.importers.reasons import Refused

jpeg_plugin.register()

_SEQUENTIAL, _LOSSLESS, _JPEG_LS = (0xC0, 0xC1, 0xC2), 0xC3, 0xF7
_ITEM = b"\xfe\xff\x00\xe0"
_RGB = "RGB"

Decoded = tuple[NDArray[Any], str]
"""Numbers (H, W) or (H, W, C) and the photometric interpretation they are in."""


def decode_frames(source: Source, syntax: Syntax, layout: Layout) -> Iterator[Decoded]:
    """All frames of a file in order; raises Refused, or what the codecs raise on damage."""
    alignment = Alignment(layout)
    if not syntax.encapsulated:
        assert source.pixels is not None
        little, words = source.pixels.little, source.pixels.vr == "OW"
        for index, data in enumerate(native_frames(source, layout.frames, layout.frame_bits)):
            if layout.allocated == 8 and not little and words:
                data = unswap(data, index * layout.frame_bits // 8 % 2 == 1)
            yield alignment.align(unpack(data, layout, little)), layout.photometric
        return
    for data in coded_frames(source, syntax, layout.frames, layout.decoded_bytes):
        yield _decode(data, syntax, layout, alignment)


def _decode(data: bytes, syntax: Syntax, layout: Layout, alignment: Alignment) -> Decoded:
    match syntax.kind:
        case "plain":
            return alignment.align(unpack(_whole(data, layout), layout)), layout.photometric
        case "deflated":
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            data = inflate.decompress(data, -(-layout.frame_bits // 8))
            return alignment.align(unpack(_whole(data, layout), layout)), layout.photometric
        case "rle":
            assert syntax.decoder is not None
            values, _ = _run(syntax.decoder, data, layout, layout.allocated, layout.allocated, signed=False)
            return alignment.align(values), layout.photometric
        case "jpegxl":
            return _jpegxl(data, layout, alignment)
        case "jpeg2000":
            return _jpeg2000(data, syntax, layout)
    return _jpeg(data, syntax, layout)


def _whole(data: bytes, layout: Layout) -> bytes:
    if len(data) * 8 < layout.frame_bits:
        raise Refused("truncated")
    return data


def _check(claim: Claim | None, layout: Layout) -> Claim:
    """The claim of a frame, which must be what the header of the file says."""
    if claim is None:
        raise Refused("corrupt")
    if (claim.rows, claim.columns) != (layout.rows, layout.columns):
        raise Refused("contradiction", content="the size")
    if claim.samples != layout.samples:
        raise Refused("contradiction", content="the number of colours")
    if claim.precision > layout.allocated:
        raise Refused("contradiction", content="the bit depth")
    return claim


def _jpeg(data: bytes, syntax: Syntax, layout: Layout) -> Decoded:
    claim = _check(jpeg_claim(data), layout)
    allocated = layout.allocated
    if claim.process == _JPEG_LS:
        decoder = get_decoder(uid.JPEGLSLossless)
    elif claim.process == _LOSSLESS:
        decoder = get_decoder(uid.JPEGLosslessSV1)
    elif claim.process in _SEQUENTIAL and claim.precision <= 8:
        decoder, allocated = get_decoder(uid.JPEGBaseline8Bit), 8
    elif claim.process in _SEQUENTIAL and layout.samples == 1:
        decoder = get_decoder(uid.JPEGExtended12Bit)
    else:
        codec = "12-bit JPEG in colour" if claim.process in _SEQUENTIAL else "arithmetic or hierarchical JPEG"
        raise Refused("unsupported_syntax", syntax=syntax.name, codec=codec)
    values, photometric = _run(decoder, data, layout, allocated, allocated, signed=False)
    values = sign(values.astype(f"u{layout.allocated // 8}", copy=False), layout)
    return values, _RGB if claim.adobe and claim.process in _SEQUENTIAL else photometric


def _jpeg2000(data: bytes, syntax: Syntax, layout: Layout) -> Decoded:
    _check(jpeg2000_claim(data), layout)
    if not is_ended(data):
        raise Refused("truncated")
    assert syntax.decoder is not None
    return _run(syntax.decoder, data, layout, layout.allocated, layout.stored, layout.signed)


def _jpegxl(data: bytes, layout: Layout, alignment: Alignment) -> Decoded:
    import imagecodecs

    values = np.asarray(imagecodecs.jpegxl_decode(data))
    shape = (layout.rows, layout.columns) if layout.samples == 1 else (layout.rows, layout.columns, layout.samples)
    if values.shape != shape:
        raise Refused("contradiction", content="the size")
    if values.dtype.kind != "u" or values.dtype.itemsize * 8 > layout.allocated:
        raise Refused("contradiction", content="the bit depth")
    wide = values.astype(f"u{layout.allocated // 8}", copy=False)
    return alignment.align(wide), _RGB if layout.samples == 3 else layout.photometric


def _run(decoder: Decoder, data: bytes, layout: Layout, allocated: int, stored: int, signed: bool) -> Decoded:
    """Decode with pydicom's plug-ins, told what the frame is; without any processing of theirs."""
    wrapped = b"".join((_ITEM, b"\0\0\0\0", _ITEM, len(data).to_bytes(4, "little"), data))
    options: dict[str, Any] = {
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": layout.samples,
        "number_of_frames": 1,
        "bits_allocated": allocated,
        "bits_stored": stored,
        "pixel_representation": int(signed),
        "photometric_interpretation": layout.photometric,
        "pixel_keyword": "PixelData",
    }
    if layout.samples > 1:
        options["planar_configuration"] = int(layout.planar)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values, properties = decoder.as_array(wrapped, index=0, raw=True, **options)
    return values, str(properties["photometric_interpretation"])
