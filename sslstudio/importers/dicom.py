"""Decodes DICOM images, frame by frame, into linear stored values; runs in the decode worker.

Sizes are checked before anything is decoded, deflated files are inflated only up to a limit, and every refusal is one
of `reasons`. Pixels come from pydicom's decoders with the permissive codecs and `jpeg_plugin`.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO, cast

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

from sslstudio.importers import jpeg_plugin
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings, check_size
from sslstudio.importers.dicom_elements import number, text
from sslstudio.importers.dicom_header import Header
from sslstudio.importers.dicom_values import Coding, choose_window, store
from sslstudio.importers.reasons import Refused

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
jpeg_plugin.register()

_PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_NOT_IMAGES = {
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation",
    "1.2.840.10008.5.1.4.1.1.66.7": "segmentation",
    "1.2.840.10008.5.1.4.1.1.30": "parametric map",
    "1.2.840.10008.5.1.4.1.1.481.2": "dose distribution",
}
_CODECS = {
    uid.JPEGBaseline8Bit: "libjpeg (Pillow)",
    uid.JPEGExtended12Bit: "12-bit JPEG (imagecodecs)",
    uid.JPEGLossless: "lossless JPEG (imagecodecs)",
    uid.JPEGLosslessSV1: "lossless JPEG (imagecodecs)",
    uid.JPEGLSLossless: "JPEG-LS (pyjpegls)",
    uid.JPEGLSNearLossless: "JPEG-LS (pyjpegls)",
    uid.JPEG2000Lossless: "JPEG 2000 (pylibjpeg-openjpeg)",
    uid.JPEG2000: "JPEG 2000 (pylibjpeg-openjpeg)",
    uid.HTJ2KLossless: "HTJ2K (pylibjpeg-openjpeg)",
    uid.HTJ2KLosslessRPCL: "HTJ2K (pylibjpeg-openjpeg)",
    uid.HTJ2K: "HTJ2K (pylibjpeg-openjpeg)",
    uid.RLELossless: "RLE (pylibjpeg-rle)",
}
_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")


def count_frames(stream: BinaryIO, settings: DecodeSettings) -> int:
    """How many frames a file holds, from its header alone; raises Refused if it is not importable."""
    dataset = _parse(stream, settings, defer_size=4096)
    frames = _check(dataset, settings)
    _decoder(dataset)
    return frames


def decode(data: bytes, settings: DecodeSettings) -> Iterator[DecodedFrame]:
    """The frames of a file in order. Raises Refused, or what the codecs raise on damage."""
    dataset = _parse(io.BytesIO(data), settings)
    frames = _check(dataset, settings)
    decoder = _decoder(dataset)
    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        _check_length(dataset, frames)
    header = Header(dataset, bytes.fromhex(settings.key))
    count = 0
    for raw, properties in decoder.iter_array(dataset, raw=False, allow_excess_frames=False):
        yield _frame(header, count, raw, str(properties["photometric_interpretation"]), settings)
        count += 1
    if count < frames:
        raise Refused("truncated")


def _parse(stream: BinaryIO, settings: DecodeSettings, defer_size: int | None = None) -> Dataset:
    """The data set; a missing transfer syntax is filled in from how the header itself is written (PS3.5 7.1, A.1)."""
    _limit_inflation(stream, settings)
    try:
        dataset = pydicom.dcmread(stream, force=True, defer_size=defer_size)
    except EOFError:
        raise Refused("truncated") from None
    meta = dataset.file_meta
    if (
        text(meta, "MediaStorageSOPClassUID") == uid.MediaStorageDirectoryStorage
        or "DirectoryRecordSequence" in dataset
    ):
        raise Refused("dicom_directory")
    if not text(meta, "TransferSyntaxUID"):
        element = dataset.get_item("PixelData") if "PixelData" in dataset else None
        if element is not None and getattr(element, "is_undefined_length", False):
            raise Refused("missing_syntax")
        implicit, little = dataset.original_encoding
        meta.TransferSyntaxUID = (
            uid.ImplicitVRLittleEndian
            if implicit
            else uid.ExplicitVRLittleEndian
            if little
            else uid.ExplicitVRBigEndian
        )
    return dataset


def _limit_inflation(stream: BinaryIO, settings: DecodeSettings) -> None:
    """Refuse a deflated file (PS3.5 A.5) that would inflate beyond the limits of an import; leaves `stream` at 0."""
    read_preamble(stream, force=True)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    start = stream.tell()
    if meta.get("TransferSyntaxUID") == uid.DeflatedExplicitVRLittleEndian:
        limit = min(settings.memory_bytes // 4, 4 * settings.max_pixels)
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        stream.seek(start)
        try:
            inflated = len(inflate.decompress(stream.read(), limit))
        except zlib.error:
            raise Refused("corrupt") from None
        if inflated >= limit:
            raise Refused("too_large")
        if not inflate.eof:
            raise Refused("truncated")
    stream.seek(0)


def _check(dataset: Dataset, settings: DecodeSettings) -> int:
    """Refuse what holds no importable pixels, or too many; returns the number of frames."""
    keywords = [keyword for keyword in _PIXEL_KEYWORDS if keyword in dataset]
    if not keywords:
        cut = not len(dataset) or (number(dataset, "Rows") and number(dataset, "BitsAllocated"))
        raise Refused("truncated" if cut else "no_pixels")
    if kind := _NOT_IMAGES.get(text(dataset, "SOPClassUID")):
        raise Refused("mask", content=kind)
    rows, columns = number(dataset, "Rows"), number(dataset, "Columns")
    bits = number(dataset, "BitsAllocated")
    if not (rows and columns and bits):
        raise Refused("corrupt")
    frames = int(number(dataset, "NumberOfFrames") or 1)
    samples = int(number(dataset, "SamplesPerPixel") or 1)
    photometric = text(dataset, "PhotometricInterpretation")
    if samples not in (1, 3) or photometric not in (_COLOUR if samples == 3 else (*_GREY, "PALETTE COLOR")):
        raise Refused("unsupported_pixels", content="an unusual colour space")
    check_size(int(columns), int(rows), samples, max(frames, 1), settings.max_pixels)
    return max(frames, 1)


def _decoder(dataset: Dataset) -> Any:
    syntax = uid.UID(text(dataset.file_meta, "TransferSyntaxUID"))
    name = syntax.name if syntax.is_transfer_syntax else "an unknown transfer syntax"
    codec = _CODECS.get(syntax, "that SSL Studio does not have")
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise Refused("unsupported_syntax", syntax=name, codec=codec) from None
    if not decoder.is_available:
        raise Refused("unsupported_syntax", syntax=name, codec=codec)
    return decoder


def _check_length(dataset: Dataset, frames: int) -> None:
    """Uncompressed pixels must be there in full: never a shifted or invented picture."""
    keyword = next(keyword for keyword in _PIXEL_KEYWORDS if keyword in dataset)
    if keyword != "PixelData":
        return
    samples = int(number(dataset, "SamplesPerPixel") or 1)
    pixels = int(dataset.Rows) * int(dataset.Columns) * samples * frames
    needed = -(-pixels * int(dataset.BitsAllocated) // 8)
    if text(dataset, "PhotometricInterpretation") == "YBR_FULL_422":
        needed = needed * 2 // 3
    if len(dataset.PixelData) < needed:
        raise Refused("truncated")


def _frame(header: Header, index: int, raw: NDArray[Any], photometric: str, settings: DecodeSettings) -> DecodedFrame:
    facts = header.frame_facts(index)
    dataset = header.dataset
    raw = raw.astype(raw.dtype.newbyteorder("="), copy=False)
    bits = int(number(dataset, "BitsStored") or number(dataset, "BitsAllocated") or 8)
    if photometric == "PALETTE COLOR":
        return _colour(_through_palette(raw, dataset), facts, 8)
    if raw.ndim == 3:
        return _colour(raw, facts, bits)
    coding, padding = header.coding(bits, np.issubdtype(raw.dtype, np.signedinteger), index), header.padding()
    if "ModalityLUTSequence" in dataset:
        raw, padding = apply_modality_lut(raw, dataset), None
        coding = Coding(16, False, inverted=coding.inverted)
    stored = store(raw, coding, padding)
    low, high = choose_window(stored, facts.modality, settings.window, header.window(index))
    unit = header.unit("ModalityLUTSequence" in dataset)
    facts = replace(facts, bits=bits, slope=stored.slope, intercept=stored.intercept, low=low, high=high, unit=unit)
    return DecodedFrame(np.ascontiguousarray(stored.values[:, :, None]), facts)


def _through_palette(raw: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """RGB uint8 of palette indices (PS3.3 C.7.6.3.1.5); 16-bit palettes that use only 8 bits stay as they are."""
    colours = np.asarray(apply_color_lut(raw, dataset))[:, :, :3]
    if colours.dtype == np.uint8:
        return colours
    return (colours >> 8 if int(colours.max(initial=0)) > 255 else colours).astype(np.uint8)


def _colour(values: NDArray[Any], facts: Any, bits: int) -> DecodedFrame:
    if values.dtype == np.uint32:
        values, bits = (values >> max(bits - 16, 0)).astype(np.uint16), 16
    if values.dtype not in (np.uint8, np.uint16):
        raise Refused("unsupported_pixels", content="signed colour")
    top = float(2 ** min(bits, 16) - 1) if values.dtype == np.uint16 else 255.0
    stored = np.ascontiguousarray(values)
    return DecodedFrame(cast(Any, stored), replace(facts, bits=bits, low=0.0, high=top))
