"""Damaged pictures and volumes of every format, by the thousand: each gives an image or a reason, no harm is done."""

import gzip
import io
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import nibabel
import numpy as np
import tifffile
from PIL import Image

from sslstudio.importers import reasons
from sslstudio.importers.decode_pool import DecodePool
from sslstudio.importers.decoding import DecodeSettings
from tests.fakes.image_files import KEY, gradient

COUNT = 1000
EXTREMES = (
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\xff\xff",
    b"\x00\x80",
    b"\x7f\xff\xff\xff",
    b"\x01\0\0\0",
    b"\0\0\0\x7f",
)


def pillow(kind: str, values: np.ndarray, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, kind, **options)
    return stream.getvalue()


def tiff(values: np.ndarray, **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, **options)
    return stream.getvalue()


def seeds() -> list[bytes]:
    """A small valid file of each format and way of coding."""
    grey, colour, deep = gradient(16, 24), gradient(16, 24, channels=3), gradient(16, 24, dtype="uint16")
    film = [Image.fromarray(colour), Image.fromarray(255 - colour)]
    volume = nibabel.Nifti1Image(np.stack([deep >> 2] * 3, 2).astype(np.int16), np.diag([-1, -1, 3, 1]))
    second = nibabel.Nifti2Image(np.zeros((6, 5, 4, 2), np.float32), np.eye(4))
    return [
        pillow("PNG", colour),
        bytes(imagecodecs.png_encode(gradient(16, 24, dtype="uint16", channels=3))),
        pillow("PNG", grey, save_all=True, append_images=[film[0].convert("L")]),
        pillow("JPEG", colour),
        pillow("JPEG", grey, progressive=True),
        bytes(imagecodecs.jpeg8_encode(deep >> 4, bitspersample=12)),
        bytes(imagecodecs.ljpeg_encode(deep)),
        bytes(imagecodecs.jpegls_encode(deep)),
        bytes(imagecodecs.jpeg2k_encode(deep, level=0, codecformat="jp2")),
        bytes(imagecodecs.jpeg2k_encode(colour, level=30, codecformat="j2k")),
        pillow("GIF", grey, save_all=True, append_images=film),
        pillow("BMP", colour),
        pillow("WEBP", colour, save_all=True, append_images=film),
        tiff(deep, compression="zlib", predictor=True),
        tiff(colour, tile=(16, 16), compression="lzw"),
        tiff(np.stack([deep] * 3), ome=True, photometric="minisblack"),
        tiff(deep.astype(np.float32), imagej=True),
        tiff(np.repeat(np.repeat(colour, 4, 0), 4, 1), photometric="ycbcr", compression="jpeg"),
        volume.to_bytes(),
        gzip.compress(second.to_bytes()),
    ]


def mutations(originals: list[bytes], count: int) -> Iterator[bytes]:
    """Flipped bytes, extreme numbers, cuts, holes, doubled parts; headers more often than what follows."""
    rng = random.Random(20)
    for number in range(count):
        data = bytearray(originals[number % len(originals)])
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(min(len(data), rng.choice((64, 400, len(data)))))
            match rng.randrange(6):
                case 0 | 1:
                    data[place] = rng.randrange(256)
                case 2:
                    value = rng.choice(EXTREMES)
                    data[place : place + len(value)] = value
                case 3:
                    del data[max(8, rng.randrange(len(data))) :]
                case 4:
                    del data[place : place + rng.randint(1, 64)]
                case _:
                    data[place:place] = data[place : place + rng.randint(1, 64)]
            if len(data) < 9:
                break
        yield bytes(data)


def test_every_mutation_ends_well(tmp_path: Path) -> None:
    originals = seeds()
    paths = []
    for number, data in enumerate([*originals, *mutations(originals, COUNT)]):
        path = tmp_path / f"{number}.dat"
        path.write_bytes(data)
        paths.append(str(path))
    codes: Counter[str] = Counter()
    settings = DecodeSettings(key=KEY, seconds=20, max_pixels=4_000_000, memory_bytes=2 << 30)
    with DecodePool[str](settings, workers=2) as pool:
        for number, (path, answer) in enumerate(pool.map(paths, lambda path: path)):
            assert number >= len(originals) or answer.frames, f"{path}: {answer.code}"
            codes[answer.code] += 1
            for frame in answer.frames:
                assert frame.pixels.size and frame.facts.low < frame.facts.high
                assert np.isfinite([frame.facts.slope, frame.facts.intercept]).all() and frame.facts.slope > 0
    assert codes.total() == len(paths) and set(codes) - {""} <= set(reasons.TEXTS)
    assert codes[""] > COUNT / 10 and codes["decoder_crashed"] + codes["decoder_timeout"] < COUNT / 100
