"""Files are taken for what they hold: compressed ones, pairs, and wrong names, in folders and in archives alike."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile

from sslstudio.importers import content, reasons
from sslstudio.importers.decode_pool import Answer, DecodePool
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.dicom_writer import write_image
from sslstudio.importers.discovery import Discovery
from sslstudio.importers.reasons import Refused
from tests.fakes.image_files import KEY, gradient, png_bytes

VALUES = np.arange(4 * 5 * 3, dtype=np.int16).reshape(4, 5, 3)


def answers(folder: Path, *, headers_only: bool = False) -> dict[str, Answer]:
    """What a worker says of every file below `folder`."""
    settings = DecodeSettings(key=KEY, headers_only=headers_only)
    files = [file for file in Discovery([folder]) if not file.problem]
    with DecodePool[int](settings, workers=1) as pool:
        found = pool.map(range(len(files)), lambda number: files[number].path)
        return {files[number].relative: answer for number, answer in found}


def write_volumes(folder: Path) -> None:
    folder.mkdir()
    affine = np.diag([-1.0, -1.0, 2.0, 1.0])
    image = nibabel.Nifti1Image(VALUES, affine)
    nibabel.save(image, folder / "a.nii")
    nibabel.save(image, folder / "b.nii.gz")
    nibabel.save(nibabel.Nifti2Image(VALUES, affine), folder / "two.nii.gz")
    nibabel.save(nibabel.Nifti1Pair(VALUES, affine), folder / "c.hdr")
    (folder / "D.HDR").write_bytes((folder / "c.hdr").read_bytes())
    (folder / "D.IMG").write_bytes((folder / "c.img").read_bytes())
    (folder / "e.hdr.gz").write_bytes(gzip.compress((folder / "c.hdr").read_bytes()))
    (folder / "e.img.gz").write_bytes(gzip.compress((folder / "c.img").read_bytes()))
    (folder / "alone.hdr").write_bytes((folder / "c.hdr").read_bytes())
    nibabel.save(nibabel.AnalyzeImage(VALUES, np.eye(4)), folder / "old.hdr")
    (folder / "scan.png").write_bytes((folder / "b.nii.gz").read_bytes())


@pytest.mark.parametrize("headers_only, packed", [(False, True), (True, False)])
def test_volumes_in_every_form_are_found(tmp_path: Path, headers_only: bool, packed: bool) -> None:
    folder = tmp_path / "in"
    write_volumes(folder)
    prefix = ""
    if packed:
        with zipfile.ZipFile(tmp_path / "volumes.zip", "w") as file:
            for path in sorted(folder.iterdir()):
                file.write(path, f"sub-01/{path.name}")
        folder, prefix = tmp_path / "volumes.zip", "volumes.zip/sub-01/"
    found = {name.removeprefix(prefix): answer for name, answer in answers(folder, headers_only=headers_only).items()}
    assert {name: answer.code for name, answer in found.items()} == {
        **dict.fromkeys(("a.nii", "b.nii.gz", "two.nii.gz", "c.hdr", "D.HDR", "e.hdr.gz", "scan.png"), ""),
        **dict.fromkeys(("c.img", "D.IMG", "e.img.gz", "old.img"), "pair_part"),
        "alone.hdr": "pair_alone",
        "old.hdr": "analyze",
    }
    for name, answer in found.items():
        if not answer.code:
            assert answer.count == 3, name
            for k, frame in enumerate(answer.frames):
                values = frame.pixels[:, :, 0] * frame.facts.slope + frame.facts.intercept
                assert (values == VALUES[:, :, k].T).all(), name


def test_compressed_pictures_and_what_only_looks_like_one(tmp_path: Path) -> None:
    dicom = write_image(tmp_path / "x", gradient(dtype="uint16")).read_bytes()
    (tmp_path / "x").unlink()
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as file:
        file.addfile(tarfile.TarInfo("a.png"))
    for name, data in {
        "a.dcm.gz": gzip.compress(dicom),
        "a.png.gz": gzip.compress(png_bytes(gradient())),
        "a.nii": png_bytes(gradient(seed=1)),
        "cut.png.gz": gzip.compress(png_bytes(gradient(200, 200)))[:9000],
        "notes.txt.gz": gzip.compress(b"words and more words"),
        "empty.gz": gzip.compress(b""),
        "renamed.bin": gzip.compress(tar.getvalue()),
        "old.z": b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 50,
        "noise.img": bytes(range(256)) * 4,
        "photo.avif": b"\0\0\0\x1cftypavif" + bytes(600),
        "a.nrrd": b"NRRD0004\n" + bytes(600),
    }.items():
        (tmp_path / name).write_bytes(data)
    found = answers(tmp_path)
    assert {name: answer.code for name, answer in found.items()} == {
        "a.dcm.gz": "",
        "a.png.gz": "",
        "a.nii": "",
        "cut.png.gz": "truncated",
        "notes.txt.gz": "archive",
        "empty.gz": "archive",
        "renamed.bin": "archive",
        "old.z": "corrupt",
        "noise.img": "not_an_image",
        "photo.avif": "unsupported_format",
        "a.nrrd": "unsupported_format",
    }
    assert all(reasons.reason(a.code, **a.detail).sentence for a in found.values() if a.code)


def test_inflation_is_bounded() -> None:
    settings = DecodeSettings(key=KEY, memory_bytes=4 << 20)
    assert content.gunzip(gzip.compress(bytes(1 << 20)), settings) == bytes(1 << 20)
    with pytest.raises(Refused) as caught:
        content.gunzip(gzip.compress(bytes(64 << 20)), settings)
    assert caught.value.code == "too_large"


def test_bombs_cost_a_file_each_and_no_more(tmp_path: Path) -> None:
    """Little files that claim or hold 64 MB and more: text and pixels of PNG, a strip of TIFF, GIF, volumes, gzip."""
    zeros = zlib.compress(bytes(64 << 20), 1)
    picture = png_bytes(gradient(8, 8))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    start, end = picture.index(b"IDAT") - 4, picture.index(b"IEND") - 4
    strip = io.BytesIO()
    tifffile.imwrite(strip, gradient(8, 8), compression="zlib")
    tiff = bytearray(strip.getvalue())
    with tifffile.TiffFile(io.BytesIO(strip.getvalue())) as file:
        page = file.pages.first
        struct.pack_into("<I", tiff, page.tags["StripOffsets"].valueoffset, len(tiff))
        struct.pack_into("<I", tiff, page.tags["StripByteCounts"].valueoffset, len(zeros))
    frame = b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x44\x01\0"
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.float64)
    header.set_data_shape((2000, 2000, 2000))
    for name, data in {
        "text.png": picture[:start] + chunk(b"zTXt", b"a\0\0" + zeros) + picture[start:],
        "pixels.png": picture[:start] + chunk(b"IDAT", zeros) + picture[end:],
        "strip.tif": bytes(tiff) + zeros,
        "screen.gif": b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\x80\0\0" + bytes(6) + frame + b";",
        "wide.png": picture[:8] + chunk(b"IHDR", struct.pack(">II", 20_000, 15_000) + picture[24:29]) + picture[33:],
        "volume.nii.gz": gzip.compress(header.binaryblock + bytes(1 << 20)),
        "any.png.gz": gzip.compress(picture + bytes(64 << 20), 1),
        "good.png": picture,
    }.items():
        (tmp_path / name).write_bytes(data)
    found = {name: answer.code for name, answer in answers(tmp_path).items()}
    assert found["good.png"] == ""
    assert found["screen.gif"] == found["volume.nii.gz"] == found["wide.png"] == "too_large"
    assert set(found.values()) <= {"", "corrupt", "too_large", "truncated"}
    assert all((tmp_path / name).stat().st_size < 2 << 20 for name in found)
