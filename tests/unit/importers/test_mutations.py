"""Thousands of damaged files: each gives an image or a reason, none stops the import, none takes the worker along."""

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image
from pydicom import uid
from pydicom.encaps import encapsulate

from sslstudio.importers import reasons
from sslstudio.importers.decode_pool import DecodePool
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from tests.fakes import dicom_mutations
from tests.fakes.image_files import KEY, gradient

COUNT = 1500
STRUCTURED = 5000


def seeds(folder: Path) -> list[bytes]:
    """One small valid file of each kind."""
    grey = gradient(16, 24, dtype="uint16") >> 4
    found = [write_image(folder / "a.dcm", grey, DicomHeader(modality="CT", slope=1, intercept=-1024)).read_bytes()]
    found.append(write_image(folder / "b.dcm", gradient(16, 24, channels=3)).read_bytes())
    for syntax, frame in (
        (uid.JPEGLosslessSV1, imagecodecs.ljpeg_encode(grey, bitspersample=12)),
        (uid.JPEG2000Lossless, imagecodecs.jpeg2k_encode(grey, level=0, codecformat="j2k")),
        (uid.JPEGLSLossless, imagecodecs.jpegls_encode(grey)),
    ):
        dataset = pydicom.dcmread(io.BytesIO(found[0]))
        dataset.PixelData = encapsulate([bytes(frame)])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = syntax
        stream = io.BytesIO()
        dataset.save_as(stream)
        found.append(stream.getvalue())
    dataset = pydicom.dcmread(io.BytesIO(found[0]))
    dataset.compress(uid.RLELossless)
    stream = io.BytesIO()
    dataset.save_as(stream)
    found.append(stream.getvalue())
    for kind in ("PNG", "JPEG", "BMP", "WEBP", "TIFF"):
        stream = io.BytesIO()
        Image.fromarray(gradient(16, 24, channels=3)).save(stream, kind)
        found.append(stream.getvalue())
    stream = io.BytesIO()
    tifffile.imwrite(stream, grey, compression="zlib")
    return [*found, stream.getvalue()]


def mutations(originals: list[bytes], count: int) -> Iterator[bytes]:
    """Damage as it happens and as it is made: flipped bytes, extreme numbers, cuts, holes, doubled parts."""
    rng = np.random.default_rng(0)
    extremes = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff", b"\0\0", b"\xff\xff\xff\x7f", b"\x01", b"\x00\x80")
    for number in range(count):
        data = bytearray(originals[number % len(originals)])
        for _ in range(int(rng.integers(1, 4))):
            place = int(rng.integers(0, len(data)))
            match int(rng.integers(0, 6)):
                case 0 | 1:
                    data[place] ^= int(rng.integers(1, 256))
                case 2:
                    value = extremes[int(rng.integers(0, len(extremes)))]
                    data[place : place + len(value)] = value
                case 3:
                    del data[max(place, 8) :]
                case 4:
                    del data[place : place + int(rng.integers(1, 64))]
                case _:
                    data[place:place] = data[place : place + int(rng.integers(1, 64))]
            if len(data) < 9:
                break
        yield bytes(data)


@pytest.mark.slow
def test_every_mutation_ends_well(tmp_path: Path) -> None:
    paths = []
    for number, data in enumerate(mutations(seeds(tmp_path), COUNT)):
        path = tmp_path / f"{number}.dat"
        path.write_bytes(data)
        paths.append(str(path))
    codes: Counter[str] = Counter()
    with DecodePool[str](DecodeSettings(key=KEY, seconds=10), workers=2) as pool:
        for _, answer in pool.map(paths, lambda path: path):
            codes[answer.code] += 1
            for frame in answer.frames:
                assert frame.pixels.size and frame.facts.low < frame.facts.high
    assert codes.total() == COUNT and set(codes) - {""} <= set(reasons.TEXTS)
    assert codes[""] > COUNT / 10 and codes["decoder_crashed"] + codes["decoder_timeout"] < COUNT / 100


@pytest.mark.slow
def test_every_structured_mutation_of_dicom_ends_well(tmp_path: Path) -> None:
    """Through real workers, with their limits: an image or a reason for each, and no decoder is lost on the way."""
    paths = []
    for number, data in enumerate(dicom_mutations.mutations(STRUCTURED)):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(data)
        paths.append(str(path))
    codes: Counter[str] = Counter()
    lost = []
    with DecodePool[str](DecodeSettings(key=KEY, seconds=20), workers=2) as pool:
        for path, answer in pool.map(paths, lambda path: path):
            codes[answer.code] += 1
            if answer.code in ("decoder_crashed", "decoder_timeout"):
                lost.append(Path(path).name)
            for frame in answer.frames:
                assert frame.pixels.size and frame.facts.low < frame.facts.high
    assert codes.total() == STRUCTURED and set(codes) - {""} <= set(reasons.TEXTS)
    assert not lost
    assert codes[""] > STRUCTURED / 10 and len(codes) >= 8


def test_undamaged_seeds_are_images(tmp_path: Path) -> None:
    for number, data in enumerate(dicom_mutations.seeds()):
        again = data[:132] + b"".join(part.bytes() for part in dicom_mutations.elements(data))
        assert again == data
        (tmp_path / f"{number}.dcm").write_bytes(data)
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    with DecodePool[str](DecodeSettings(key=KEY, seconds=20), workers=1) as pool:
        assert [answer.code for _, answer in pool.map(paths, lambda path: path)] == [""] * len(paths)
