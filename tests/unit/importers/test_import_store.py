"""Chunks of an import reach the disk in order while others are gathered; what cannot be written leaves no gap."""

import threading
from pathlib import Path

import numpy as np
import pytest

from sslstudio.domain.ledger import FoundImage, LedgerRow
from sslstudio.importers.ledger import ImportStore, read_ledger
from sslstudio.importers.pixel_cache import PixelCache


def open_store(folder: Path) -> ImportStore:
    return ImportStore(folder / "ledger.jsonl", folder / "pixels" / "a.bin", folder / "thumbnails" / "a.sqlite")


def add(store: ImportStore, number: int) -> None:
    place = store.put(np.full((8, 8, 1), number, np.uint8), b"jpeg")
    digest = f"{number:02x}" * 32
    image = FoundImage.model_validate(
        {"digest": digest, "pixel_digest": digest, "subject": "s", "study": "t", "series": "u", "pixels": place}
    )
    store.add(LedgerRow(path=f"/{number}.png", status="imported", images=(image,)))


def test_chunks_follow_each_other_while_files_are_added(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for number in range(60):
            add(store, number)
            if number % 7 == 0:
                store.start_commit()
            found = store.find(f"{number // 2:02x}" * 32, ())
            assert found is not None and found.path == f"/{number // 2}.png"
        store.commit()
        assert store.size == (tmp_path / "ledger.jsonl").stat().st_size
        assert (store.pending, store.busy) == (0, False)
    rows = list(read_ledger(tmp_path / "ledger.jsonl"))
    assert [row.path for row in rows] == [f"/{number}.png" for number in range(60)]
    cache = PixelCache(tmp_path / "pixels")
    for number, row in enumerate(rows):
        location = row.images[0].pixels
        assert location is not None and (cache.read(location) == number).all()
    cache.close()


def test_the_pixels_are_on_the_disk_before_the_ledger_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_pixels, go_on = threading.Event(), threading.Event()

    def settle(_: object) -> None:
        at_pixels.set()
        assert go_on.wait(20)

    with open_store(tmp_path) as store, monkeypatch.context() as patch:
        patch.setattr("sslstudio.importers.pixel_cache.PixelCacheWriter.settle", settle)
        add(store, 1)
        store.start_commit()
        assert at_pixels.wait(20)
        add(store, 2)
        assert (store.busy, store.size, list(read_ledger(tmp_path / "ledger.jsonl"))) == (True, 0, [])
        go_on.set()
        store.commit()
    assert [row.path for row in read_ledger(tmp_path / "ledger.jsonl")] == ["/1.png", "/2.png"]


def test_nothing_follows_a_chunk_that_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with open_store(tmp_path) as store, monkeypatch.context() as patch:
        add(store, 1)
        store.commit()
        patch.setattr("sslstudio.importers.thumbnails.ThumbnailWriter.add", full)
        add(store, 2)
        with pytest.raises(OSError, match="No space"):
            store.commit()
        patch.undo()
        add(store, 3)
        with pytest.raises(OSError, match="No space"):
            store.commit()
    assert [row.path for row in read_ledger(tmp_path / "ledger.jsonl")] == ["/1.png"]
    with open_store(tmp_path) as store:
        assert store.has("/1.png") and not store.has("/2.png") and not store.has("/3.png")
        add(store, 2)
        store.commit()
    assert [row.path for row in read_ledger(tmp_path / "ledger.jsonl")] == ["/1.png", "/2.png"]


def test_a_write_that_failed_is_repeated_at_the_same_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(tmp_path) as store:
        add(store, 7)
        writer = store._pixels
        assert writer is not None
        whole = writer._file

        class Full:
            """Takes three bytes, then no more."""

            def __init__(self) -> None:
                self.taken = 0

            def seek(self, place: int) -> int:
                return whole.seek(place)

            def write(self, data: memoryview) -> int:
                if self.taken:
                    raise OSError(28, "No space left on device")
                self.taken = whole.write(data[:3]) or 0
                return self.taken

        monkeypatch.setattr(writer, "_file", Full())
        with pytest.raises(OSError, match="No space"):
            writer.flush()
        monkeypatch.undo()
        store.commit()
    (row,) = read_ledger(tmp_path / "ledger.jsonl")
    location = row.images[0].pixels
    cache = PixelCache(tmp_path / "pixels")
    assert location is not None and (cache.read(location) == 7).all()
    cache.close()
