"""A pydicom decoding plug-in on imagecodecs for the JPEG processes no permissive pydicom plug-in reads.

JPEG Lossless (process 14, both syntaxes) and grey JPEG Extended with 12 bits (process 4). The module shape is that of
pydicom's decoding plug-ins: `is_available`, `DECODER_DEPENDENCIES`, and the decode function.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom import uid
from pydicom.pixels.decoders.base import get_decoder

DECODER_DEPENDENCIES = {
    uid.JPEGExtended12Bit: ("numpy", "imagecodecs"),
    uid.JPEGLossless: ("numpy", "imagecodecs"),
    uid.JPEGLosslessSV1: ("numpy", "imagecodecs"),
}
_LABEL = "imagecodecs"


def is_available(syntax: str) -> bool:
    """True if imagecodecs carries the codec for `syntax`."""
    import imagecodecs

    codec = imagecodecs.JPEG8 if syntax == uid.JPEGExtended12Bit else imagecodecs.JPEGSOF3
    return syntax in DECODER_DEPENDENCIES and bool(codec.available)


def register() -> None:
    """Add the plug-in to pydicom's decoders, once in a process."""
    for syntax in DECODER_DEPENDENCIES:
        decoder = get_decoder(syntax)
        if _LABEL not in decoder.available_plugins:
            decoder.add_plugin(_LABEL, (__name__, "decode_frame"))


def decode_frame(source: bytes, runner: Any) -> bytes:
    """Decode one frame; sets the container size the codec chose. Raises ValueError for what it does not cover."""
    import imagecodecs

    if runner.transfer_syntax == uid.JPEGExtended12Bit:
        if runner.samples_per_pixel != 1:
            raise ValueError("Only grey images.")
        values = np.asarray(imagecodecs.jpeg8_decode(source))
    else:
        values = np.asarray(imagecodecs.jpegsof3_decode(source))
    if values.shape[:2] != (runner.rows, runner.columns):
        raise ValueError("The frame's size is not that of the header.")
    runner.set_option("bits_allocated", values.dtype.itemsize * 8)
    if runner.samples_per_pixel > 1:
        runner.set_option("planar_configuration", 0)
    return np.ascontiguousarray(values).tobytes()
