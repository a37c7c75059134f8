"""Builders of tiny real image files, good and bad, for tests of importing."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sslstudio.domain.specs import ImportSpec
from tests.fakes.stage_context import FakeStageContext, fake_context

KEY = "5a" * 32


def gradient(
    height: int = 24, width: int = 32, *, seed: int = 0, dtype: str = "uint8", channels: int = 1
) -> NDArray[Any]:
    """A picture (H, W) or (H, W, 3) that no other seed gives: a slope with noise over the whole range of `dtype`."""
    rng = np.random.default_rng(seed)
    top = np.iinfo(dtype).max
    slope = np.linspace(0, 0.7 * top, width)[None, :, None]
    values = slope + rng.uniform(0, 0.3 * top, (height, width, channels))
    values = np.rint(values).astype(dtype)
    return values[:, :, 0] if channels == 1 else values


def png_bytes(pixels: NDArray[Any]) -> bytes:
    """The picture as PNG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def write_png(path: Path, pixels: NDArray[Any] | None = None, *, seed: int = 0, tail: bytes = b"") -> Path:
    """A PNG at `path`; `tail` stands behind its end, where decoders do not look."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(gradient(seed=seed) if pixels is None else pixels) + tail)
    return path


def write_bad_files(folder: Path) -> dict[str, str]:
    """Files that no import may take, written to `folder`: name -> the reason code each must get."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = png_bytes(gradient(64, 64, seed=99))
    jpeg = io.BytesIO()
    Image.fromarray(gradient(64, 64, seed=98)).save(jpeg, "JPEG", quality=90)
    damaged = bytearray(whole)
    damaged[len(damaged) // 2 : len(damaged) // 2 + 40] = b"\x55" * 40
    contents: dict[str, tuple[bytes, str]] = {
        "empty.png": (b"", "zero_bytes"),
        "cut.png": (whole[: len(whole) // 2], "truncated"),
        "cut.jpg": (jpeg.getvalue()[: len(jpeg.getvalue()) // 2], "truncated"),
        "head-only.jpg": (jpeg.getvalue()[:20], "truncated"),
        "damaged.png": (bytes(damaged), "corrupt"),
        "letter.jpg": (b"Dear colleague,\nthank you for sending this patient.\n", "wrong_extension"),
        "report.pdf": (b"%PDF-1.7\n" + bytes(range(256)), "not_an_image"),
        "report.png": (b"%PDF-1.7\n" + bytes(range(256)), "wrong_extension"),
        "scan.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(60), "archive"),
        "film.mp4": (b"\0\0\0\x18ftypmp42" + bytes(60), "unsupported_format"),
        "notes.txt": ("Müller, 3 images\n".encode(), "text_file"),
        "noise.bin": (bytes(range(128, 256)) * 8, "not_an_image"),
        "noise.dcm": (bytes(range(128, 256)) * 8, "corrupt"),
    }
    for name, (data, _) in contents.items():
        (folder / name).write_bytes(data)
    return {name: code for name, (_, code) in contents.items()}


def import_context(
    root: Path, *sources: Path, spec: ImportSpec | None = None, table: Path | None = None
) -> FakeStageContext:
    """A context for the import stage that reads `sources`."""
    context = fake_context(root, "import_images", spec or ImportSpec(), run_id="import-1")
    private = {"sources": [str(s) for s in sources], "table": None if table is None else str(table), "key": KEY}
    (context.private_dir / "sources.json").write_text(json.dumps(private), encoding="utf-8")
    return context
