"""Thumbnails: small JPEGs in one SQLite file an import; apart because a job writes them and the window reads them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.rendering import Windows
from sslstudio.importers.windowing import StoredPixels, render

LONGEST_SIDE = 128
"""Pixels on the longest side of a thumbnail."""

_MOST_BLOCK = 256
"""The sum of so many times so many values of 16 bit fits into 32."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS thumbnails (offset INTEGER PRIMARY KEY, jpeg BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS look (name TEXT NOT NULL)",
    "DELETE FROM look",
)
_ANEW = "rendered.db"
_ANEW_SCHEMA = """CREATE TABLE IF NOT EXISTS rendered (
    shard TEXT NOT NULL, offset INTEGER NOT NULL, look TEXT NOT NULL, jpeg BLOB NOT NULL,
    PRIMARY KEY (shard, offset)) WITHOUT ROWID"""


def thumbnail(stored: StoredPixels, windows: Windows) -> bytes:
    """The thumbnail of an image (H, W, C) of stored values seen through `windows`, as a JPEG.

    Large grey images are made smaller first, by averages of whole blocks, so that few pixels have to be windowed.
    """
    factor = max(stored.shape[:2]) // LONGEST_SIDE
    if stored.shape[2] == 1 and 1 < factor <= _MOST_BLOCK:
        return encode(render(_averaged(stored[:, :, 0], factor)[:, :, None], windows), _size(*stored.shape[:2]))
    return encode(render(stored, windows))


def _averaged(plane: StoredPixels, factor: int) -> StoredPixels:
    """The rounded means of blocks of `factor` x `factor` values; a rest at the lower and right edge is left out."""
    down, across = (min(factor, side) for side in plane.shape)
    plane = plane[: plane.shape[0] // down * down, : plane.shape[1] // across * across]
    rows = plane[::down].astype(np.uint32)
    for step in range(1, down):
        rows += plane[step::down]
    total = rows[:, ::across].copy()
    for step in range(1, across):
        total += rows[:, step::across]
    means: StoredPixels = ((total + down * across // 2) // (down * across)).astype(plane.dtype)
    return means


def _size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the thumbnail of an image."""
    scale = min(LONGEST_SIDE / max(height, width), 1.0)
    return max(1, round(height * scale)), max(1, round(width * scale))


def encode(display: NDArray[np.uint8], size: tuple[int, int] | None = None, quality: int = 88) -> bytes:
    """JPEG of an (H, W, C) uint8 picture, scaled down to `size`, or so that its longest side is `LONGEST_SIDE`."""
    import simplejpeg
    from PIL import Image

    channels = display.shape[2]
    height, width = size or _size(*display.shape[:2])
    if display.shape[:2] != (height, width):
        picture = Image.fromarray(display[:, :, 0] if channels == 1 else np.ascontiguousarray(display))
        display = np.asarray(picture.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0))
        display = display.reshape(height, width, channels)
    jpeg: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(display),
        quality=quality,
        colorspace="GRAY" if channels == 1 else "RGB",
        colorsubsampling="Gray" if channels == 1 else "444",
    )
    return jpeg


class ThumbnailWriter:
    """Writes the thumbnails of one import; rows at or behind `keep` (bytes of the shard) are dropped on opening.

    One thread at a time. `look` names the rendering they were made with (`importers.rendering.look_of`), "" if it is
    not known.
    """

    def __init__(self, path: Path, keep: int = 0, look: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False)
        with self._connection:
            for statement in _SCHEMA:
                self._connection.execute(statement)
            self._connection.execute("INSERT INTO look VALUES (?)", (look,))
            self._connection.execute("DELETE FROM thumbnails WHERE offset >= ?", (keep,))

    def add(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Store (offset in the shard, JPEG) rows in one transaction."""
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO thumbnails VALUES (?, ?)", rows)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ThumbnailStore:
    """Reads thumbnails of all imports of a project; cheap (one indexed look-up) and safe from any thread."""

    def __init__(self, thumbnails_dir: Path) -> None:
        self._dir = thumbnails_dir
        self._connections: dict[str, sqlite3.Connection] = {}
        self._lock = threading.Lock()

    def get(self, shard: str, offset: int) -> bytes | None:
        """JPEG bytes of the image at `offset` of pixel shard `shard`, or None when there is none."""
        with self._lock:
            try:
                connection = self._connections.get(shard) or self._open(shard)
                if connection is None:
                    return None
                with closing(connection.execute("SELECT jpeg FROM thumbnails WHERE offset = ?", (offset,))) as rows:
                    row = rows.fetchone()
            except sqlite3.Error:
                self._close(shard)
                return None
        return None if row is None else bytes(row[0])

    def look(self, shard: str) -> str:
        """The name of the rendering of an import's thumbnails; "" when that is not known."""
        with self._lock:
            try:
                connection = self._connections.get(shard) or self._open(shard)
                row = None if connection is None else connection.execute("SELECT name FROM look").fetchone()
            except sqlite3.Error:  # written before thumbnails knew their rendering
                return ""
        return "" if row is None else str(row[0])

    def close(self) -> None:
        """Close all files; the store may be used again afterwards."""
        with self._lock:
            for shard in list(self._connections):
                self._close(shard)

    def _open(self, shard: str) -> sqlite3.Connection | None:
        path = self._dir / f"{Path(shard).stem}.sqlite"
        if Path(shard).name != shard or not path.is_file():
            return None
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self._connections[shard] = connection
        return connection

    def _close(self, shard: str) -> None:
        connection = self._connections.pop(shard, None)
        if connection is not None:
            connection.close()


class RenderedThumbnails:
    """Thumbnails made anew after the rendering changed: one an image, the newest; in a file beside the imports' own.

    A folder that cannot be written only costs the time to make them again.
    """

    def __init__(self, thumbnails_dir: Path) -> None:
        self._path = thumbnails_dir / _ANEW
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def get(self, shard: str, offset: int, look: str) -> bytes | None:
        """The JPEG if it was made with the rendering called `look`."""
        with self._lock:
            try:
                row = (
                    self._open()
                    .execute(
                        "SELECT jpeg FROM rendered WHERE shard = ? AND offset = ? AND look = ?", (shard, offset, look)
                    )
                    .fetchone()
                )
            except sqlite3.Error:
                return None
        return None if row is None else bytes(row[0])

    def put(self, rows: Iterable[tuple[str, int, str, bytes]]) -> None:
        """Keep (shard, offset, look, JPEG) rows, in one transaction."""
        with self._lock, suppress(sqlite3.Error):
            connection = self._open()
            with connection:
                connection.executemany("INSERT OR REPLACE INTO rendered VALUES (?, ?, ?, ?)", rows)

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(self._path, timeout=1.0, check_same_thread=False)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute(_ANEW_SCHEMA)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection
