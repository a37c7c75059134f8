"""Which transfer syntaxes are read, by which codec, and what the others are called in a refusal (PS3.5 A, PS3.6 A)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pydicom import uid
from pydicom.pixels.decoders.base import Decoder, get_decoder

from sslstudio.importers.reasons import Refused

Kind = Literal["native", "plain", "deflated", "rle", "jpeg", "jpegls", "jpeg2000", "jpegxl"]
"""How pixels stand in a file: "native" without fragments, "plain" and "deflated" a frame a fragment, else the codec."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """One transfer syntax that is read; `decoder` is pydicom's, None where the frames need none."""

    name: str
    kind: Kind
    decoder: Decoder | None = None

    @property
    def encapsulated(self) -> bool:
        """True if the pixels stand in fragments (PS3.5 A.4)."""
        return self.kind != "native"


_PLAIN: dict[str, tuple[str, Kind]] = {
    uid.ImplicitVRLittleEndian: ("Implicit VR Little Endian", "native"),
    uid.ExplicitVRLittleEndian: ("Explicit VR Little Endian", "native"),
    uid.ExplicitVRBigEndian: ("Explicit VR Big Endian", "native"),
    uid.DeflatedExplicitVRLittleEndian: ("Deflated Explicit VR Little Endian", "native"),
    "1.2.840.10008.1.2.1.98": ("Encapsulated Uncompressed Explicit VR Little Endian", "plain"),
    "1.2.840.10008.1.2.8.1": ("Deflated Image Frame Compression", "deflated"),
    "1.2.840.10008.1.2.4.110": ("JPEG XL Lossless", "jpegxl"),
    "1.2.840.10008.1.2.4.111": ("JPEG XL JPEG Recompression", "jpegxl"),
    "1.2.840.10008.1.2.4.112": ("JPEG XL", "jpegxl"),
}
_CODED: dict[str, tuple[Kind, str]] = {
    uid.JPEGBaseline8Bit: ("jpeg", "libjpeg (Pillow)"),
    uid.JPEGExtended12Bit: ("jpeg", "12-bit JPEG (imagecodecs)"),
    uid.JPEGLossless: ("jpeg", "lossless JPEG (imagecodecs)"),
    uid.JPEGLosslessSV1: ("jpeg", "lossless JPEG (imagecodecs)"),
    uid.JPEGLSLossless: ("jpegls", "JPEG-LS (pyjpegls)"),
    uid.JPEGLSNearLossless: ("jpegls", "JPEG-LS (pyjpegls)"),
    uid.JPEG2000Lossless: ("jpeg2000", "JPEG 2000 (pylibjpeg-openjpeg)"),
    uid.JPEG2000: ("jpeg2000", "JPEG 2000 (pylibjpeg-openjpeg)"),
    uid.HTJ2KLossless: ("jpeg2000", "HTJ2K (pylibjpeg-openjpeg)"),
    uid.HTJ2KLosslessRPCL: ("jpeg2000", "HTJ2K (pylibjpeg-openjpeg)"),
    uid.HTJ2K: ("jpeg2000", "HTJ2K (pylibjpeg-openjpeg)"),
    uid.RLELossless: ("rle", "RLE (pylibjpeg-rle)"),
}
_MISSING = (
    ("1.2.840.10008.1.2.4.100", "MPEG-2 video"),
    ("1.2.840.10008.1.2.4.101", "MPEG-2 video"),
    ("1.2.840.10008.1.2.4.102", "MPEG-4 (H.264) video"),
    ("1.2.840.10008.1.2.4.103", "MPEG-4 (H.264) video"),
    ("1.2.840.10008.1.2.4.104", "MPEG-4 (H.264) video"),
    ("1.2.840.10008.1.2.4.105", "MPEG-4 (H.264) video"),
    ("1.2.840.10008.1.2.4.106", "MPEG-4 (H.264) video"),
    ("1.2.840.10008.1.2.4.107", "HEVC (H.265) video"),
    ("1.2.840.10008.1.2.4.108", "HEVC (H.265) video"),
    ("1.2.840.10008.1.2.4.204", "JPIP, which fetches the pixels from a server"),
    ("1.2.840.10008.1.2.4.205", "JPIP, which fetches the pixels from a server"),
    ("1.2.840.10008.1.2.4.94", "JPIP, which fetches the pixels from a server"),
    ("1.2.840.10008.1.2.4.95", "JPIP, which fetches the pixels from a server"),
    ("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 (several components)"),
    ("1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 (several components)"),
    ("1.2.840.10008.1.2.7.", "SMPTE ST 2110 video"),
    ("1.2.840.10008.1.2.4.5", "JPEG of a retired process"),
    ("1.2.840.10008.1.2.4.6", "JPEG of a retired process"),
)
UNKNOWN = "an unknown transfer syntax"


def syntax_of(value: str) -> Syntax:
    """The syntax with the UID `value`; raises Refused that names the syntax and the codec it would need."""
    if value in _PLAIN:
        name, kind = _PLAIN[value]
        if kind == "jpegxl" and not _has_jpegxl():
            raise Refused("unsupported_syntax", syntax=name, codec="JPEG XL (imagecodecs)")
        return Syntax(name, kind)
    known = uid.UID(value)
    name = known.name if known.is_transfer_syntax and known != known.name else UNKNOWN
    if value in _CODED:
        kind, codec = _CODED[value]
        decoder = get_decoder(known)
        if not decoder.is_available:
            raise Refused("unsupported_syntax", syntax=name, codec=codec)
        return Syntax(name, kind, decoder)
    codec = next((codec for start, codec in _MISSING if value.startswith(start)), "that SSL Studio does not have")
    raise Refused("unsupported_syntax", syntax=name, codec=codec)


def is_native(value: str) -> bool:
    """True if pixels of the syntax `value` stand without fragments; unknown syntaxes are taken to have fragments."""
    return value in _PLAIN and _PLAIN[value][1] == "native"


@lru_cache(64)
def is_ordinary(value: str) -> bool:
    """True if the header of a file of the syntax `value` is neither deflated nor of the big-endian order."""
    return value in _CODED or (
        value in _PLAIN and value not in (uid.DeflatedExplicitVRLittleEndian, uid.ExplicitVRBigEndian)
    )


def _has_jpegxl() -> bool:
    import imagecodecs

    return bool(imagecodecs.JPEGXL.available)
