"""Decodes DICOM images, frame by frame, into linear stored values; runs in the decode worker.

The parts: `dicom_source` opens the file and limits what it may cost, `dicom_syntax` knows the transfer syntaxes,
`dicom_layout` how numbers are packed, `dicom_frames` and `dicom_codecs` get them, `dicom_tables` and `dicom_values`
give them their meaning, `dicom_header` and `dicom_facts` what may be known besides. Every refusal is one of `reasons`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
import pydicom
from numpy.typing import NDArray

from sslstudio.importers.decoding import DecodedFrame, DecodeSettings, FrameFacts, with_windows
from sslstudio.importers.dicom_codecs import decode_frames
from sslstudio.importers.dicom_elements import number, text
from sslstudio.importers.dicom_header import Header
from sslstudio.importers.dicom_layout import PALETTE, Alignment, Layout, read_layout, to_rgb
from sslstudio.importers.dicom_plain import Buffer
from sslstudio.importers.dicom_source import Source, open_buffer, open_header
from sslstudio.importers.dicom_syntax import Syntax, syntax_of
from sslstudio.importers.dicom_tables import Palette, modality_table
from sslstudio.importers.dicom_values import Coding, padding_mask, store, stored_window
from sslstudio.importers.reasons import Refused

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

_NOT_IMAGES = {
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation",
    "1.2.840.10008.5.1.4.1.1.66.7": "segmentation",
    "1.2.840.10008.5.1.4.1.1.30": "parametric map",
    "1.2.840.10008.5.1.4.1.1.481.2": "dose distribution",
}


def count_frames(stream: BinaryIO, settings: DecodeSettings) -> int:
    """How many frames a file holds, from its header alone; raises Refused if it is not importable."""
    return scan(stream, settings)[0]


def scan(stream: BinaryIO, settings: DecodeSettings) -> tuple[int, FrameFacts]:
    """How many frames a file holds and what is known of the first, from its header alone; raises Refused."""
    source = open_header(stream, settings)
    frames = _admit(source, settings)[1].frames
    return frames, Header(source.header, bytes.fromhex(settings.key)).frame_facts(0)


def decode(data: Buffer, settings: DecodeSettings) -> Iterator[DecodedFrame]:
    """The frames of a file in order, one at a time. Raises Refused, or what the codecs raise on damage."""
    source = open_buffer(data, settings)
    syntax, layout = _admit(source, settings)
    header = Header(source.header, bytes.fromhex(settings.key))
    meaning = _Meaning(header, layout)
    for index, (raw, photometric) in enumerate(decode_frames(source, syntax, layout)):
        yield meaning.frame(index, raw, photometric)


def _admit(source: Source, settings: DecodeSettings) -> tuple[Syntax, Layout]:
    """Refuse what holds no importable pixels, or too many; nothing has been decoded then."""
    header = source.header
    if source.pixels is None:
        cut = source.cut or not len(header) or (number(header, "Rows") and number(header, "BitsAllocated"))
        raise Refused("truncated" if cut else "no_pixels")
    if kind := _NOT_IMAGES.get(text(header, "SOPClassUID")):
        raise Refused("mask", content=kind)
    syntax = syntax_of(source.syntax)
    if syntax.encapsulated and source.pixels.keyword != "PixelData":
        raise Refused("contradiction", content="the compression")
    return syntax, read_layout(header, source.pixels.keyword, settings.max_pixels)


class _Meaning:
    """Gives the numbers of one file's frames their meaning; tables are read once."""

    def __init__(self, header: Header, layout: Layout) -> None:
        dataset = header.dataset
        _, little = dataset.original_encoding
        self._header = header
        self._layout = layout
        self._little = little is not False
        self._palette = Palette(dataset, layout.stored) if layout.photometric == PALETTE else None
        self._table = modality_table(dataset, signed=layout.signed, little=self._little)
        align = Alignment(layout).align_number
        self._padding = [align(figure) for figure in header.padding(layout.floating)]

    def frame(self, index: int, raw: NDArray[Any], photometric: str) -> DecodedFrame:
        """One frame with its facts."""
        facts, bits = self._header.frame_facts(index), self._layout.stored
        if self._palette is not None:
            return _colour(self._palette.apply(raw), facts, 8)
        if raw.ndim == 3:
            return _colour(to_rgb(raw, photometric, min(bits, raw.dtype.itemsize * 8)), facts, bits)
        return self._grey(index, raw, facts)

    def _grey(self, index: int, raw: NDArray[Any], facts: FrameFacts) -> DecodedFrame:
        header, table, bits = self._header, self._table, self._layout.stored
        coding = header.coding(bits, raw.dtype.kind == "i", index)
        valid = padding_mask(raw, self._padding)
        if table is not None:
            raw, coding = table.apply(raw), Coding(table.bits, False, inverted=coding.inverted)
        stored = store(raw, coding, valid)
        facts = with_windows(
            facts, stored.sample, stored_window(stored, header.window(index, self._little)),
            bits=bits, slope=stored.slope, intercept=stored.intercept, unit=header.unit(table is not None),
        )  # fmt: skip
        return DecodedFrame(np.ascontiguousarray(stored.values[:, :, None]), facts)


def _colour(values: NDArray[Any], facts: Any, bits: int) -> DecodedFrame:
    if values.dtype == np.uint32:
        values, bits = (values >> max(bits - 16, 0)).astype(np.uint16), 16
    if values.dtype not in (np.uint8, np.uint16):
        raise Refused("unsupported_pixels", content="signed colour")
    top = float(2 ** min(bits, 16) - 1) if values.dtype == np.uint16 else 255.0
    stored = np.ascontiguousarray(values)
    return DecodedFrame(cast(Any, stored), with_windows(facts, stored, (0.0, top), finished=True, bits=bits))
