"""Whether a picture in an export is one of the project's, at any size: originals leave as thumbnails, too."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from sslstudio.domain.items import Item
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache

SIDE = 24
MOST_PICTURES = 5_000
LEAST_SIDE = 16
ALIKE = 0.975
"""Correlation of two pictures at 24 x 24 from which one counts as a copy; other patients' slices stay below it."""
_MOST_PLANES = 256
Floats = npt.NDArray[np.float32]


class Pictures:
    """The pictures of `count` images, as stored and as the model sees them, as standardised vectors (N, 576)."""

    def __init__(self, vectors: Floats, count: int) -> None:
        self._vectors, self._count = vectors, count

    @classmethod
    def of(cls, pixels_dir: Path, items: Sequence[Item], check: Callable[[], None] = lambda: None) -> Pictures:
        """Those of at most MOST_PICTURES items, evenly over all."""
        cache = PixelCache(pixels_dir)
        chosen = np.linspace(0, len(items) - 1, min(len(items), MOST_PICTURES)).round().astype(int) if items else ()
        rows = []
        for number in chosen:
            check()
            item = items[number]
            with contextlib.suppress(SSLStudioError, OSError, ValueError):
                low, high = item.windows[0]
                pixels = np.asarray(cache.read(item.pixels), dtype=np.float32)
                seen = np.clip((pixels - low) / max(high - low, 1e-6), 0, 1)
                rows += [row for row in (_vector(pixels), _vector(seen)) if row is not None]
        return cls(np.stack(rows) if rows else np.zeros((0, SIDE * SIDE), np.float32), len(chosen))

    def __len__(self) -> int:
        return self._count

    def shows(self, name: str, content: bytes) -> bool:
        """Whether these bytes are a picture, or an array of numbers, that shows one of the project's images."""
        if not len(self._vectors):
            return False
        for plane in _planes(name, content):
            row = _vector(plane)
            if row is not None and float((self._vectors @ row).max()) >= ALIKE:
                return True
        return False


def _planes(name: str, content: bytes) -> list[npt.NDArray[np.generic]]:
    """The pictures in a file: (H, W) or (H, W, 3)."""
    if content.startswith(b"\x93NUMPY"):
        with contextlib.suppress(ValueError, OSError, EOFError):
            return _stack(np.load(io.BytesIO(content), allow_pickle=False))
        return []
    if size := re.search(r"picture (\d+)x(\d+)$", name):
        width, height = int(size[1]), int(size[2])
        channels = len(content) // max(1, width * height)
        if channels in (1, 3) and width and height:
            flat = np.frombuffer(content, np.uint8)[: height * width * channels]
            return [flat.reshape(height, width, channels)]
        return []
    if content[:4] in (b"\x89PNG", b"GIF8", b"RIFF", b"II*\0", b"MM\0*") or content[:3] == b"\xff\xd8\xff":
        with contextlib.suppress(Exception), Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height <= 1 << 26:
                grey = picture if picture.mode.startswith(("I", "F")) else picture.convert("RGB")
                return [np.asarray(grey)]
    return []


def _stack(array: npt.NDArray[np.generic]) -> list[npt.NDArray[np.generic]]:
    if array.dtype.kind not in "uif" or array.ndim < 2 or min(array.shape[-2:]) < 1:
        return []
    if array.ndim == 3 and array.shape[2] in (1, 3):
        return [array]
    if array.ndim > 2 and array.shape[-1] in (1, 3):
        return list(array.reshape(-1, *array.shape[-3:])[:_MOST_PLANES])
    return list(array.reshape(-1, *array.shape[-2:])[:_MOST_PLANES])


def _vector(pixels: npt.NDArray[np.generic]) -> Floats | None:
    """(576,) of mean 0 and length 1; None for a picture that is too small or shows nothing."""
    grey = np.asarray(pixels, dtype=np.float32)
    grey = grey.mean(axis=2) if grey.ndim == 3 else grey
    if min(grey.shape) < LEAST_SIDE or not np.isfinite(grey).all():
        return None
    small = np.asarray(Image.fromarray(grey, "F").resize((SIDE, SIDE), Image.Resampling.BOX), np.float32).ravel()
    small = small - small.mean()
    length = float(np.linalg.norm(small))
    return small / length if length > 1e-6 * max(1.0, float(np.abs(grey).max())) else None
