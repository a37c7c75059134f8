"""JPEG beyond 8 bits and JPEG 2000 keep every bit, and their size is known before anything is decoded."""

import io
import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sslstudio.importers import codestreams, raster
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings
from sslstudio.importers.reasons import Refused
from sslstudio.importers.sniff import sniff
from tests.fakes.image_files import gradient

SETTINGS = DecodeSettings(key="00")


def only(data: bytes, settings: DecodeSettings = SETTINGS) -> DecodedFrame:
    (frame,) = raster.decode(data, sniff(data[:512]), settings)
    assert raster.look(io.BytesIO(data), sniff(data[:512]), settings) == (1, None)
    return frame


@pytest.mark.parametrize("form", ["jp2", "j2k"])
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_2000_keeps_every_bit(form: str, bits: int, channels: int) -> None:
    values = gradient(dtype="uint8" if bits == 8 else "uint16", channels=channels) >> (0 if bits == 8 else 16 - bits)
    data = imagecodecs.jpeg2k_encode(values, level=0, reversible=True, codecformat=form, bitspersample=bits)
    frame = only(bytes(data))
    assert (np.squeeze(frame.stored) == values).all() and frame.facts.bits == bits


@pytest.mark.parametrize("form", ["jp2", "j2k"])
def test_signed_jpeg_2000_leads_back_to_its_values(form: str) -> None:
    values = gradient(dtype="uint16").astype(np.int32) - 32768
    data = imagecodecs.jpeg2k_encode(values.astype(np.int16), level=0, reversible=True, codecformat=form)
    frame = only(bytes(data))
    assert (frame.stored[:, :, 0] * frame.facts.slope + frame.facts.intercept == values).all()


def test_transparency_and_colour_spaces_of_jpeg_2000() -> None:
    values = np.zeros((32, 32, 4), np.uint8)
    values[..., :3], values[:16, :, 3] = (200, 100, 50), 255
    stored = only(bytes(imagecodecs.jpeg2k_encode(values, level=0, reversible=True, codecformat="jp2"))).stored
    assert stored[0, 0].tolist() == [200, 100, 50] and stored[31, 0].tolist() == [0, 0, 0]
    stream = io.BytesIO()
    Image.fromarray(values[..., :3]).convert("YCbCr").save(stream, "JPEG2000", irreversible=False)
    assert np.abs(only(stream.getvalue()).stored[0, 0].astype(int) - (200, 100, 50)).max() <= 2


@pytest.mark.parametrize(
    "encode, exact",
    [
        (lambda v: imagecodecs.jpeg8_encode(v, bitspersample=12, level=98), False),
        (lambda v: imagecodecs.ljpeg_encode(v, bitspersample=12), True),
        (imagecodecs.jpegls_encode, True),
    ],
)
def test_jpeg_with_twelve_bits(encode: Any, exact: bool) -> None:
    values = gradient(64, 64, dtype="uint16") >> 4
    frame = only(bytes(encode(values)))
    difference = np.abs(frame.stored[:, :, 0].astype(int) - values)
    assert frame.stored.dtype == np.uint16 and difference.max() <= (0 if exact else 600)
    assert frame.facts.bits == (12 if encode is not imagecodecs.jpegls_encode else 16) and difference.mean() < 120


@pytest.mark.parametrize("form", ["jp2", "j2k"])
def test_claims_are_read_before_decoding(form: str) -> None:
    data = bytearray(imagecodecs.jpeg2k_encode(gradient(100, 120, channels=3), codecformat=form))
    header = codestreams.jpeg2000_header(bytes(data))
    assert (header.width, header.height, header.samples, header.bits) == (120, 100, 3, 8)
    place = data.index(b"\xff\x4f\xff\x51")
    struct.pack_into(">II", data, place + 8, 200_000, 200_000)
    with pytest.raises(Refused) as caught:
        only(bytes(data))
    assert caught.value.code == "too_large"
    stream = bytes(imagecodecs.jpegls_encode(gradient(100, 120, dtype="uint16")))
    found = codestreams.jpeg_header(stream)
    assert found is not None and (found.width, found.height, found.bits) == (120, 100, 16)


def test_what_is_not_read_is_refused_by_its_header() -> None:
    data = bytearray(imagecodecs.jpeg2k_encode(gradient(channels=3), codecformat="j2k"))
    data[data.index(b"\xff\x51") + 38 + 3 + 1] = 2  # the second component has half the width
    with pytest.raises(Refused) as caught:
        only(bytes(data))
    assert caught.value.code == "unsupported_pixels"


@pytest.mark.parametrize("form", ["jp2", "j2k", "jls", "ljpeg"])
@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9])
def test_a_cut_stream_is_never_a_picture(form: str, part: float) -> None:
    values = gradient(200, 200, dtype="uint16")
    if form in ("jp2", "j2k"):
        data = imagecodecs.jpeg2k_encode(values, level=0, reversible=True, codecformat=form)
    else:
        data = imagecodecs.jpegls_encode(values) if form == "jls" else imagecodecs.ljpeg_encode(values)
    with pytest.raises(Exception):  # noqa: B017 - whatever the library raises; the worker turns it into a reason
        only(bytes(data)[: int(len(data) * part)])


@given(st.binary(max_size=200))
def test_headers_of_any_bytes(tail: bytes) -> None:
    codestreams.jpeg_header(b"\xff\xd8\xff" + tail)
    for start in (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  \r\n\x87\n"):
        try:
            codestreams.jpeg2000_header(start + tail)
        except Refused:
            continue
