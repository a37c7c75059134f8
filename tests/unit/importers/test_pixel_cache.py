"""The pixel cache gives back what was put in, survives a cut, and says plainly when pixels are gone."""

from pathlib import Path

import numpy as np
import pytest

from sslstudio.domain.items import PixelLocation
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import ALIGNMENT, PixelCache, PixelCacheWriter, byte_count
from tests.fakes.image_files import gradient


def test_round_trip_of_all_kinds(tmp_path: Path) -> None:
    pictures = [
        gradient(5, 7, seed=s, dtype=d, channels=c).reshape(5, 7, c)
        for s, d, c in ((1, "uint8", 1), (2, "uint16", 1), (3, "uint8", 3), (4, "uint16", 3))
    ]
    with PixelCacheWriter(tmp_path / "import-1.bin") as writer:
        places = [writer.append(picture) for picture in pictures]
    cache = PixelCache(tmp_path)
    for picture, place in zip(pictures, places, strict=True):
        read = cache.read(place)
        assert (read == picture).all() and read.dtype == picture.dtype and place.offset % ALIGNMENT == 0
        assert not read.flags.writeable
    cache.close()


def test_cut_back_to_known_good(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    first, second = gradient(4, 4, seed=1)[:, :, None], gradient(4, 4, seed=2)[:, :, None]
    with PixelCacheWriter(path) as writer:
        place = writer.append(first)
        writer.append(second)
    with PixelCacheWriter(path, keep=place.offset + byte_count(place)) as writer:
        again = writer.append(second)
    cache = PixelCache(tmp_path)
    assert (cache.read(place) == first).all() and (cache.read(again) == second).all()


def test_a_growing_shard_is_mapped_again(tmp_path: Path) -> None:
    cache = PixelCache(tmp_path)
    with PixelCacheWriter(tmp_path / "a.bin") as writer:
        one = writer.append(gradient(seed=1)[:, :, None])
        writer.sync()
        early = cache.read(one)
        two = writer.append(gradient(seed=2)[:, :, None])
        writer.sync()
        assert (cache.read(two)[:, :, 0] == gradient(seed=2)).all()
    assert (early[:, :, 0] == gradient(seed=1)).all()


@pytest.mark.parametrize("shard", ["gone.bin", "../a.bin", "", "empty.bin"])
def test_missing_shard_is_explained(tmp_path: Path, shard: str) -> None:
    (tmp_path / "pixels").mkdir()
    (tmp_path / "a.bin").write_bytes(bytes(100))
    (tmp_path / "pixels" / "empty.bin").touch()
    place = PixelLocation(shard=shard, offset=0, height=2, width=2, channels=1, dtype="uint8")
    with pytest.raises(SSLStudioError, match="importing the same folder again") as caught:
        PixelCache(tmp_path / "pixels").read(place)
    assert caught.value.code == "pixels_missing"


def test_short_shard_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(10))
    place = PixelLocation(shard="a.bin", offset=0, height=4, width=4, channels=1, dtype="uint8")
    with pytest.raises(SSLStudioError) as caught:
        PixelCache(tmp_path).read(place)
    assert caught.value.code == "pixels_damaged"


@pytest.mark.parametrize(
    "shape, dtype", [((4, 4), "uint8"), ((4, 4, 2), "uint8"), ((0, 4, 1), "uint8"), ((4, 4, 1), "int16")]
)
def test_other_shapes_are_refused(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    with PixelCacheWriter(tmp_path / "a.bin") as writer, pytest.raises(ValueError, match="pixel cache"):
        writer.append(np.zeros(shape, dtype))
