"""Of films the first picture counts, and the ledger says so; of whole slides an overview, without label and macro."""

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from sslstudio.importers import raster
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings
from sslstudio.importers.sniff import sniff
from tests.fakes.image_files import gradient

SETTINGS = DecodeSettings(key="00")


def decoded(data: bytes, settings: DecodeSettings = SETTINGS) -> list[DecodedFrame]:
    frames = list(raster.decode(data, sniff(data[:512]), settings))
    count, note = raster.look(io.BytesIO(data), sniff(data[:512]), settings)
    assert count == len(frames) and note == frames[0].note
    return frames


def film(kind: str, count: int, **options: Any) -> bytes:
    pictures = [Image.fromarray(np.full((20, 30, 3), (10 + 60 * n, 90, 40), np.uint8)) for n in range(count)]
    stream = io.BytesIO()
    pictures[0].save(stream, kind, save_all=True, append_images=pictures[1:], **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind, options", [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True})])
def test_the_first_picture_counts_and_more_are_told(kind: str, options: dict[str, Any]) -> None:
    for count in (1, 3):
        (frame,) = decoded(film(kind, count, **options))
        assert frame.stored[5, 5].tolist() == [10, 90, 40]
        assert (frame.note.code if frame.note else "") == ("first_picture" if count > 1 else "")
    cut = film(kind, 3, **options)[:-30]
    try:
        (frame,) = list(raster.decode(cut, sniff(cut[:512]), SETTINGS))
    except Exception:
        return
    assert frame.stored[5, 5].tolist() == [10, 90, 40]


def test_gif_grey_palette_and_transparency() -> None:
    grey = gradient()
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "GIF")
    (frame,) = decoded(stream.getvalue())
    assert (frame.stored[:, :, 0] == grey).all() and frame.stored.shape[2] == 1
    picture = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8), "P")
    picture.putpalette([250, 10, 20, 30, 40, 50])
    stream = io.BytesIO()
    picture.save(stream, "GIF", transparency=0)
    (frame,) = decoded(stream.getvalue())
    assert frame.stored[0].tolist() == [[0, 0, 0], [30, 40, 50]]


def slide(levels: int = 3, size: int = 640) -> tuple[bytes, np.ndarray]:
    """Made like an Aperio file: tiled levels, a thumbnail, a label and a macro picture."""
    base = np.zeros((size, size, 3), np.uint8)
    base[: size // 2, :, 0] = 200
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(base, tile=(64, 64), subifds=levels - 1, description="Aperio Image", photometric="rgb")
        for level in range(1, levels):
            writer.write(base[:: 2**level, :: 2**level], tile=(64, 64), subfiletype=1, photometric="rgb")
        writer.write(np.full((90, 100, 3), 99, np.uint8), subfiletype=1, photometric="rgb", description="label")
        writer.write(np.full((90, 200, 3), 98, np.uint8), subfiletype=9, photometric="rgb", description="macro")
    return stream.getvalue(), base


def test_a_whole_slide_gives_its_overview() -> None:
    data, base = slide()
    (whole,) = decoded(data)
    assert whole.note is None and (whole.stored == base).all()
    small = DecodeSettings(key="00", max_pixels=600 * 600, max_side=100)
    (frame,) = decoded(data, small)
    assert frame.note is not None and frame.note.code == "whole_slide" and frame.note.detail == {"size": "160 x 160"}
    assert (frame.stored == base[::4, ::4]).all()
    (frame,) = decoded(data, DecodeSettings(key="00", max_pixels=600 * 600, max_side=1024))
    assert frame.stored.shape == (320, 320, 3)


def test_an_imagej_stack_with_one_page() -> None:
    stack = np.stack([gradient(seed=seed, dtype="uint16") for seed in range(4)])
    stream = io.BytesIO()
    tifffile.imwrite(stream, stack, imagej=True)
    assert [(f.stored[:, :, 0] == v).all() for f, v in zip(decoded(stream.getvalue()), stack, strict=True)] == [
        True
    ] * 4


@pytest.mark.parametrize("axes, shape", [("ZYX", (3, 24, 32)), ("CZYX", (2, 3, 24, 32)), ("TCYX", (2, 2, 24, 32))])
def test_pages_of_ome_tiff_are_frames(axes: str, shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, ome=True, photometric="minisblack", metadata={"axes": axes})
    frames = decoded(stream.getvalue())
    assert [(f.stored[:, :, 0] == v).all() for f, v in zip(frames, values.reshape(-1, 24, 32), strict=True)]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "int16"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zlib", "predictor": True},
        {"compression": "lzw", "predictor": True},
        {"compression": "zstd"},
        {"compression": "packbits"},
        {"compression": "lzma"},
        {"tile": (16, 16), "compression": "deflate"},
        {"byteorder": ">"},
        {"rowsperstrip": 5},
        {"bigtiff": True},
        {"planarconfig": "separate"},
    ],
)
def test_ways_of_storing_tiff(dtype: str, channels: int, options: dict[str, Any]) -> None:
    values = gradient(dtype="uint16", channels=channels)
    values = (values >> 8 if dtype == "uint8" else values >> 2).astype(dtype)
    if options.get("planarconfig"):
        if channels == 1:
            pytest.skip("planes are of colours")
        values = np.ascontiguousarray(np.moveaxis(values, -1, 0))
    if options.get("compression") == "packbits" and dtype != "uint8":
        options = {**options, "compression": "jpegxl" if dtype == "uint8" else "zlib"}
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, photometric="rgb" if channels == 3 else "minisblack", **options)
    (frame,) = decoded(stream.getvalue())
    expected = np.moveaxis(values, 0, -1) if options.get("planarconfig") else values
    back = np.squeeze(frame.stored * frame.facts.slope + frame.facts.intercept)
    assert np.abs(back - expected).max() <= frame.facts.slope / 2 * (dtype == "float32") + 1e-6


@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14])
def test_odd_bit_depths(bits: int) -> None:
    values = gradient(dtype="uint16") >> (16 - bits)
    stream = io.BytesIO()
    packed = values.astype(np.uint8) if bits < 8 else values
    tifffile.imwrite(stream, packed, bitspersample=bits, photometric="minisblack")
    (frame,) = decoded(stream.getvalue())
    expected = np.rint(values * (255 / (2**bits - 1))) if bits < 8 else values
    assert (frame.stored[:, :, 0] == expected).all() and frame.facts.bits == max(bits, 8)


def test_white_is_zero_with_holes_and_with_few_bits() -> None:
    holes = np.array([[0.0, np.nan], [4.0, 10.0]], np.float32)
    stream = io.BytesIO()
    tifffile.imwrite(stream, holes, photometric="miniswhite")
    (frame,) = decoded(stream.getvalue())
    assert frame.stored[:, :, 0].tolist() == [[10, 0], [6, 0]]
    values = gradient(dtype="uint16") >> 4
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, photometric="miniswhite", bitspersample=12)
    assert (decoded(stream.getvalue())[0].stored[:, :, 0] == 4095 - values).all()


def test_extra_channels_that_are_no_transparency() -> None:
    values = np.full((20, 20, 4), 100, np.uint8)
    values[..., :3], values[..., 3] = (90, 60, 30), 128
    for kind, expected in (("unspecified", [90, 60, 30]), ("assocalpha", [90, 60, 30]), ("unassalpha", [45, 30, 15])):
        stream = io.BytesIO()
        tifffile.imwrite(stream, values, photometric="rgb", extrasamples=[kind])
        assert decoded(stream.getvalue())[0].stored[3, 3].tolist() == expected


def test_ycbcr_without_jpeg() -> None:
    rgb = gradient(channels=3)
    stream = io.BytesIO()
    ycbcr = np.asarray(Image.fromarray(rgb).convert("YCbCr"))
    tifffile.imwrite(stream, ycbcr, photometric="rgb", extratags=[(530, "H", 2, (1, 1), True)])
    data = stream.getvalue()
    photometric = struct.pack("<HHII", 262, 3, 1, 2)
    assert data.count(photometric) == 1
    data = data.replace(photometric, struct.pack("<HHII", 262, 3, 1, 6))
    assert np.abs(decoded(data)[0].stored.astype(int) - rgb).max() <= 3
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.repeat(np.repeat(ycbcr, 8, 0), 8, 1), photometric="ycbcr", compression="jpeg")
    assert np.abs(decoded(stream.getvalue())[0].stored[::8, ::8].astype(int) - rgb).mean() < 20
