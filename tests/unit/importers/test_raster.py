"""Plain images keep every bit they have; damage becomes an error, never a black or half picture."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from sslstudio.importers import raster
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings
from sslstudio.importers.reasons import Refused
from sslstudio.importers.sniff import HEAD_BYTES, sniff
from tests.fakes.image_files import gradient, png_bytes

SETTINGS = DecodeSettings(key="00")


def decode(data: bytes, settings: DecodeSettings = SETTINGS) -> list[DecodedFrame]:
    return list(raster.decode(data, sniff(data[:HEAD_BYTES]), settings))


def only(data: bytes) -> np.ndarray:
    (frame,) = decode(data)
    return frame.stored


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def tiff_bytes(values: np.ndarray, **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("channels", [1, 3])
def test_eight_bits_round_trip(kind: str, channels: int) -> None:
    values = gradient(channels=channels)
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    stored = only(saved(Image.fromarray(values), kind, **options))
    assert stored.dtype == np.uint8 and (np.squeeze(stored) == values).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("encode", [imagecodecs.png_encode, lambda v: tiff_bytes(v, compression="zlib"), tiff_bytes])
def test_sixteen_bits_round_trip(channels: int, encode: Any) -> None:
    values = gradient(dtype="uint16", channels=channels)
    (frame,) = decode(bytes(encode(values)))
    assert frame.stored.dtype == np.uint16 and (np.squeeze(frame.stored) == values).all()
    assert frame.facts.bits == 16 and frame.facts.low < frame.facts.high


def test_jpeg_is_close_and_grey_stays_one_channel() -> None:
    values = np.asarray(Image.fromarray(gradient(64, 64)).resize((64, 64)))
    stored = only(saved(Image.fromarray(values), "JPEG", quality=98))
    assert stored.shape == (64, 64, 1) and np.abs(stored[:, :, 0].astype(int) - values).max() < 16


def test_three_equal_channels_become_one() -> None:
    values = gradient()
    assert only(png_bytes(np.repeat(values[:, :, None], 3, axis=2))).shape == (24, 32, 1)


def test_transparency_is_laid_over_black() -> None:
    values = np.zeros((2, 2, 4), np.uint8)
    values[..., :3], values[0, :, 3], values[1, 0, 3] = (200, 100, 50), 255, 128
    stored = only(png_bytes(values))
    assert stored[0, 0].tolist() == [200, 100, 50]
    assert stored[1, 0].tolist() == [100, 50, 25]
    assert stored[1, 1].tolist() == [0, 0, 0]


def test_one_bit_and_palette() -> None:
    bits = np.array([[0, 255], [255, 0]], np.uint8)
    assert (only(saved(Image.fromarray(bits).convert("1"), "PNG"))[:, :, 0] == bits).all()
    assert (only(tiff_bytes(bits > 0, photometric="minisblack"))[:, :, 0] == bits).all()
    palette = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    assert only(saved(palette, "PNG"))[1, 0].tolist() == [70, 80, 90]
    assert only(saved(palette, "TIFF"))[1, 0].tolist() == [70, 80, 90]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_orientation_is_applied(kind: str) -> None:
    values = np.zeros((16, 32), np.uint8)
    values[:8, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it turned by 90 degrees clockwise
    stored = only(saved(Image.fromarray(values), kind, exif=exif))
    assert stored.shape == (32, 16, 1)
    assert stored[:8, 8:].min() > 200 and stored[8:].max() < 50


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientations_agree_with_pillow(orientation: int) -> None:
    values = gradient(5, 7)
    exif = Image.Exif()
    exif[0x0112] = orientation
    png = saved(Image.fromarray(values), "PNG", exif=exif)
    assert (raster.orient(values, orientation) == only(png)[:, :, 0]).all()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint32", "int16", "int8"])
def test_other_numbers_lead_back_to_their_values(dtype: str) -> None:
    values = np.linspace(-100, 20000, 600).reshape(20, 30)
    values = np.clip(values, 0 if dtype == "uint32" else -100, 100 if dtype == "int8" else 20000).astype(dtype)
    (frame,) = decode(tiff_bytes(values))
    back = frame.stored[:, :, 0] * frame.facts.slope + frame.facts.intercept
    assert np.abs(back - values).max() <= frame.facts.slope / 2 + 1e-9


def test_float_with_holes() -> None:
    values = np.array([[0.0, np.nan], [np.inf, 10.0]], np.float32)
    assert only(tiff_bytes(values))[:, :, 0].tolist() == [[0, 0], [0, 10]]
    with pytest.raises(Refused) as caught:
        decode(tiff_bytes(np.full((4, 4), np.nan, np.float32)))
    assert caught.value.code == "corrupt"


def test_white_is_zero_is_turned_round() -> None:
    values = gradient(dtype="uint16")
    assert (only(tiff_bytes(values, photometric="miniswhite"))[:, :, 0] == 65535 - values).all()


def test_a_stack_gives_its_pages_but_not_their_reductions() -> None:
    stack = np.stack([gradient(seed=s, dtype="uint16") for s in range(3)])
    frames = decode(tiff_bytes(stack, photometric="minisblack"))
    assert [(f.stored[:, :, 0] == v).all() for f, v in zip(frames, stack, strict=True)] == [True] * 3
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(stack[0], subifds=1)
        writer.write(stack[0, ::2, ::2], subfiletype=1)
    assert len(decode(stream.getvalue())) == 1
    assert raster.look(io.BytesIO(tiff_bytes(stack, photometric="minisblack")), "tiff", SETTINGS) == (3, None)


def test_cmyk_becomes_rgb() -> None:
    image = Image.fromarray(gradient(64, 64, channels=3)).convert("CMYK")
    rgb = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(only(saved(image, "JPEG", quality=98)).astype(int) - rgb).mean() < 6
    assert np.abs(only(saved(image, "TIFF")).astype(int) - rgb).max() <= 1


def test_too_large_is_refused_by_its_header() -> None:
    bomb = bytearray(png_bytes(gradient()))
    bomb[16:24] = struct.pack(">II", 60000, 60000)
    for data in (bytes(bomb), tiff_bytes(np.zeros((600, 600), np.uint8)), saved(Image.new("L", (600, 600)), "JPEG")):
        with pytest.raises(Refused) as caught:
            decode(data, DecodeSettings(key="00", max_pixels=1000))
        assert caught.value.code in ("too_large", "corrupt")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_file_is_never_a_picture(kind: str, part: float) -> None:
    data = saved(Image.fromarray(gradient(200, 200, channels=3)), kind)
    with pytest.raises(Exception):  # noqa: B017 - whatever the library raises; the worker turns it into a reason
        decode(data[: int(len(data) * part)])


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "bmp", "webp"])
def test_counting_frames_looks_at_headers(kind: Any, tmp_path: Path) -> None:
    data = saved(Image.fromarray(gradient()), kind.upper())
    assert raster.look(io.BytesIO(data), kind, SETTINGS) == (1, None)


def test_sixteen_bit_png_with_transparency_and_orientation() -> None:
    values = np.zeros((16, 32, 4), np.uint16)
    values[..., :3], values[:, :16, 3], values[:, 16:, 3] = (40_000, 20_000, 10_000), 65_535, 32_768
    data = bytearray(imagecodecs.png_encode(values))
    stored = only(bytes(data))
    assert stored.dtype == np.uint16 and stored[0, 0].tolist() == [40_000, 20_000, 10_000]
    assert np.abs(stored[0, 31].astype(int) - (20_000, 10_000, 5_000)).max() <= 1
    exif = Image.Exif()
    exif[0x0112] = 8
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block + struct.pack(">I", zlib.crc32(b"eXIf" + block))
    end = data.index(b"IDAT") - 4
    turned = only(bytes(data[:end] + chunk + data[end:]))
    assert turned.shape == (32, 16, 3) and turned[31, 0].tolist() == [40_000, 20_000, 10_000]


def test_palette_with_transparency_and_a_transparent_grey() -> None:
    picture = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    stored = only(saved(picture, "PNG", transparency=bytes([255, 0, 128])))
    assert stored[0].tolist() == [[10, 20, 30], [0, 0, 0]] and stored[1, 0].tolist() == [35, 40, 45]
    grey = Image.fromarray(np.array([[7, 100], [200, 7]], np.uint8))
    assert only(saved(grey, "PNG", transparency=7))[:, :, 0].tolist() == [[0, 100], [200, 0]]


def test_a_jpeg_that_is_turned_and_in_colour() -> None:
    values = np.zeros((16, 32, 3), np.uint8)
    values[:8, :8] = (250, 10, 10)
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = only(saved(Image.fromarray(values), "JPEG", exif=exif, quality=95, subsampling=0))
    assert stored.shape == (32, 16, 3) and stored[2, 13, 0] > 200 and stored[2, 2].max() < 60


def test_sixteen_bit_bitmaps_and_colour_with_alpha() -> None:
    values = gradient(8, 8, channels=3)
    alpha = np.dstack([values, np.full((8, 8), 255, np.uint8)])
    stored = only(saved(Image.fromarray(alpha), "BMP"))
    assert (stored == values).all()
    assert (only(saved(Image.fromarray(alpha), "WEBP", lossless=True, exact=True)) == values).all()
