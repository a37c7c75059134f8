"""Thumbnails come back as JPEGs of the right size, from any thread, and never as an error."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sslstudio.importers.thumbnails import ThumbnailStore, ThumbnailWriter, encode, thumbnail
from sslstudio.importers.windowing import render
from tests.fakes.image_files import gradient


@pytest.mark.parametrize(
    "shape, size",
    [((300, 150, 1), (64, 128)), ((20, 30, 3), (30, 20)), ((1, 4000, 1), (128, 1)), ((128, 128, 3), (128, 128))],
)
def test_size_and_colour(shape: tuple[int, int, int], size: tuple[int, int]) -> None:
    height, width, channels = shape
    picture = gradient(height, width, channels=channels).reshape(shape)
    with Image.open(io.BytesIO(encode(picture))) as thumbnail:
        assert thumbnail.size == size
        assert thumbnail.mode == ("L" if channels == 1 else "RGB")


def test_mean_is_kept() -> None:
    picture = gradient(600, 400, seed=3)[:, :, None]
    with Image.open(io.BytesIO(encode(picture))) as thumbnail:
        assert np.asarray(thumbnail).mean() == pytest.approx(picture.mean(), abs=1)


def test_store_reads_what_the_writer_wrote_from_many_threads(tmp_path: Path) -> None:
    with ThumbnailWriter(tmp_path / "import-1.sqlite") as writer:
        writer.add((offset, str(offset).encode()) for offset in range(0, 6400, 64))
    store = ThumbnailStore(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        offsets = list(range(0, 6400, 64)) * 5
        found = list(threads.map(lambda offset: store.get("import-1.bin", offset), offsets))
    assert found == [str(offset).encode() for offset in offsets]
    assert store.get("import-1.bin", 7) is None
    store.close()


def test_absent_or_foreign_files_give_none(tmp_path: Path) -> None:
    (tmp_path / "broken.sqlite").write_bytes(b"this is no database" * 100)
    store = ThumbnailStore(tmp_path)
    assert store.get("gone.bin", 0) is None
    assert store.get("broken.bin", 0) is None
    assert store.get("../broken.bin", 0) is None


def test_opening_again_drops_what_the_shard_lost(tmp_path: Path) -> None:
    path = tmp_path / "import-1.sqlite"
    with ThumbnailWriter(path) as writer:
        writer.add([(0, b"a"), (64, b"b"), (128, b"c")])
    with ThumbnailWriter(path, keep=100):
        pass
    store = ThumbnailStore(tmp_path)
    assert [store.get("import-1.bin", offset) for offset in (0, 64, 128)] == [b"a", b"b", None]
    store.close()


@pytest.mark.parametrize("shape", [(300, 150), (511, 1023), (1, 4000), (700, 3), (256, 256), (130, 129)])
def test_made_from_stored_values_it_looks_as_if_made_from_the_picture(shape: tuple[int, int]) -> None:
    down, across = (np.linspace(0, 1, side) for side in shape)
    stored = (60000 * np.sqrt(down[:, None] * across)).astype(np.uint16)[:, :, None]
    windows = ((0.0, 65535.0),)
    pictures = [Image.open(io.BytesIO(made)) for made in (thumbnail(stored, windows), encode(render(stored, windows)))]
    assert pictures[0].size == pictures[1].size
    first, second = (np.asarray(picture).astype(float) for picture in pictures)
    assert np.abs(first - second).max() < 9
