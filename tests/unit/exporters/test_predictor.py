"""Prediction from a package alone: order, reasons, frames, channels, cancel, and a table that is whole or absent."""

from __future__ import annotations

import csv
import json
import shutil
import threading
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from sslstudio.errors import SSLStudioError
from sslstudio.exporters import package, predictor, scoring
from sslstudio.importers.discovery import Discovery
from sslstudio.stages.context import Cancelled
from tests.unit.exporters.tiny_package import brightness_package


def grey(path: Path, value: int, size: tuple[int, int] = (20, 20)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, value).save(path)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_file_has_its_row_in_order(brightness: Path, tmp_path: Path) -> None:
    images = tmp_path / "images"
    grey(images / "a.png", 240)
    (images / "b.png").write_bytes(b"")
    grey(images / 'c, "d".png', 5, (33, 12))
    (images / "e.txt").write_text("text")
    grey(images / "sub" / "f.png", 250, (300, 100))
    seen: list[tuple[int, int]] = []
    table = tmp_path / "out" / "table.csv"
    counts = predictor.predict(brightness, [images], table, lambda done, total: seen.append((done, total)))
    rows = read(table)
    assert counts == {"predicted": 3, "skipped": 2, "studies": 3, "patients": 3, "abstained": 0}
    assert [row["file"] for row in rows] == ["a.png", "b.png", 'c, "d".png', "e.txt", "sub/f.png"]
    assert [row["label"] for row in rows] == ["bright", "", "dark", "", "dark"]  # f.png: two thirds are padding
    assert [row["status"] for row in rows] == ["predicted", "skipped", "predicted", "skipped", "predicted"]
    assert "empty" in rows[1]["reason"]
    assert float(rows[0]["probability bright"]) == float(rows[0]["confidence"]) > 0.9
    assert seen[-1] == (5, 5)
    assert list(rows[0]) == predictor.header(["dark", "bright"])
    assert sorted(path.name for path in table.parent.iterdir()) == [
        "table-patients.csv", "table-studies.csv", "table.csv"
    ]  # fmt: skip


def test_many_images_of_many_shapes_keep_their_order(brightness: Path, tmp_path: Path) -> None:
    for n in range(45):
        grey(tmp_path / "images" / f"{n:02d}.png", 255 if n % 3 == 0 else 0, (20 + n % 4, 20 + n % 4))
    predictor.predict(brightness, [tmp_path / "images"], tmp_path / "table.csv", batch_size=4)
    rows = read(tmp_path / "table.csv")
    assert [row["file"] for row in rows] == [f"{n:02d}.png" for n in range(45)]
    assert [row["label"] for row in rows] == ["bright" if n % 3 == 0 else "dark" for n in range(45)]


def test_frames_of_one_file_have_rows_of_their_own(brightness: Path, tmp_path: Path) -> None:
    stack = np.stack([np.full((20, 20), value, dtype=np.uint8) for value in (0, 255)])
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    predictor.predict(brightness, [tmp_path / "stack.tif"], tmp_path / "table.csv")
    assert [(r["file"], r["label"]) for r in read(tmp_path / "table.csv")] == [
        ("stack.tif#1", "dark"),
        ("stack.tif#2", "bright"),
    ]


def test_a_file_of_many_frames_does_not_lie_in_memory_whole(
    brightness: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [255 if n % 3 == 0 else 0 for n in range(40)]
    stack = np.stack([np.full((20, 20), value, dtype=np.uint8) for value in values])
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack")
    tifffile.imwrite(tmp_path / "b.tif", stack[:5], photometric="minisblack")
    sources = [tmp_path / "a.tif", tmp_path / "b.tif"]
    predictor.predict(brightness, sources, tmp_path / "whole.csv", batch_size=4)
    monkeypatch.setattr(scoring, "_HELD_BYTES", 7 * 400)
    most = 0
    add = scoring._Group.add

    def watched(self: scoring._Group, row: scoring.Row) -> None:
        nonlocal most
        add(self, row)
        most = max(most, sum(one.frame.pixels.nbytes for one in self.rows if one.frame is not None))

    monkeypatch.setattr(scoring._Group, "add", watched)
    predictor.predict(brightness, sources, tmp_path / "parts.csv", batch_size=4)
    assert [row["label"] for row in read(tmp_path / "parts.csv")] == [
        "bright" if value else "dark" for value in (*values, *values[:5])
    ]
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert 0 < most <= 2 * 8 * 400


def test_archives_volumes_and_films_are_read_as_the_import_reads_them(brightness: Path, tmp_path: Path) -> None:
    images = tmp_path / "images"
    with zipfile.ZipFile(grey(images / "a.png", 240).parent / "b.zip", "w") as file:
        file.write(images / "a.png", "inner/c.png")
        file.writestr("inner/notes.txt", "words")
    volume = np.zeros((20, 20, 2), np.uint8)
    volume[:, :, 1] = 240
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([-1.0, -1.0, 3.0, 1.0])), images / "v.nii.gz")
    film = [Image.new("L", (20, 20), 240), Image.new("L", (20, 20), 0)]
    film[0].save(images / "w.gif", save_all=True, append_images=film[1:])
    counts = predictor.predict(brightness, [images], tmp_path / "table.csv")
    rows = {row["file"]: row for row in read(tmp_path / "table.csv")}
    assert list(rows) == ["a.png", "b.zip/inner/c.png", "b.zip/inner/notes.txt", "v.nii.gz#1", "v.nii.gz#2", "w.gif"]
    assert counts == {"predicted": 5, "skipped": 1, "studies": 4, "patients": 4, "abstained": 0}
    assert rows["a.png"]["confidence"] == rows["b.zip/inner/c.png"]["confidence"] == rows["w.gif"]["confidence"]
    assert rows["w.gif"]["reason"].startswith("A film") and rows["v.nii.gz#1"]["reason"] == ""


def test_colour_in_a_grey_model_is_said_in_the_row(brightness: Path, tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), (250, 255, 120)).save(tmp_path / "yellow.png")
    predictor.predict(brightness, [tmp_path / "yellow.png"], tmp_path / "table.csv")
    (row,) = read(tmp_path / "table.csv")
    assert (row["label"], row["reason"]) == ("bright", scoring.COLOUR_MADE_GREY)


def test_grey_in_a_colour_model(tmp_path: Path) -> None:
    folder = brightness_package(tmp_path / "package", channels=3)
    grey(tmp_path / "a.png", 240)
    predictor.predict(folder, [tmp_path / "a.png"], tmp_path / "table.csv")
    (row,) = read(tmp_path / "table.csv")
    assert (row["label"], row["reason"]) == ("bright", "")


def test_equal_names_in_two_folders_are_told_apart(brightness: Path, tmp_path: Path) -> None:
    grey(tmp_path / "one" / "a.png", 240)
    grey(tmp_path / "two" / "a.png", 3)
    grey(tmp_path / "two" / "b.png", 3)
    predictor.predict(brightness, [tmp_path / "one", tmp_path / "two"], tmp_path / "table.csv")
    assert [row["file"] for row in read(tmp_path / "table.csv")] == ["one/a.png", "two/a.png", "b.png"]


def test_a_missing_source_is_a_row_and_none_is_refused(brightness: Path, tmp_path: Path) -> None:
    counts = predictor.predict(brightness, [tmp_path / "gone.png"], tmp_path / "table.csv")
    assert counts == {"predicted": 0, "skipped": 1, "studies": 0, "patients": 0, "abstained": 0}
    (tmp_path / "empty").mkdir()
    with pytest.raises(SSLStudioError) as caught:
        predictor.predict(brightness, [tmp_path / "empty"], tmp_path / "none.csv")
    assert caught.value.code == "no_source"
    assert not (tmp_path / "none.csv").exists()


def test_an_altered_package_is_refused_before_anything_is_written(brightness: Path, tmp_path: Path) -> None:
    copy = tmp_path / "package"
    shutil.copytree(brightness, copy)
    labels = json.loads((copy / package.LABELS).read_text())
    labels["classes"].reverse()
    package.write_json(copy / package.LABELS, labels)
    grey(tmp_path / "a.png", 240)
    with pytest.raises(SSLStudioError) as caught:
        predictor.predict(copy, [tmp_path / "a.png"], tmp_path / "table.csv")
    assert caught.value.code == "altered_package"
    assert not (tmp_path / "table.csv").exists()


def test_a_model_that_does_not_give_its_example_is_refused(brightness: Path, tmp_path: Path) -> None:
    copy = tmp_path / "package"
    shutil.copytree(brightness, copy)
    with np.load(copy / package.EXAMPLE) as arrays:
        changed = {**arrays, "probabilities": arrays["probabilities"][:, ::-1]}
    np.savez(copy / package.EXAMPLE, **changed)
    package.write_checksums(copy)
    with pytest.raises(SSLStudioError) as caught:
        scoring.load(copy)
    assert caught.value.code == "unusable_graph"
    picture = grey(tmp_path / "a.png", 240)
    with pytest.raises(SSLStudioError) as caught:
        predictor.predict(copy, [picture], tmp_path / "table.csv")
    assert caught.value.code == "unusable_graph"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "package"]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("decode", "score"))]


def test_what_the_graph_cannot_do_is_an_error_not_a_silence(
    brightness: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches run in threads of their own; what goes wrong there reaches the caller."""
    model = scoring.load(brightness)
    found = list(Discovery([grey(tmp_path / "a.png", 240)]))

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(model.graph, "score", fail)
    with scoring.Scorer(model, "00" * 32, 1, lambda: None) as scorer, pytest.raises(MemoryError):
        list(scorer.scored(found))


def test_stopping_leaves_no_table(brightness: Path, tmp_path: Path) -> None:
    grey(tmp_path / "a.png", 240)
    (tmp_path / "table.csv").write_text("older")

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        predictor.predict(brightness, [tmp_path / "a.png"], tmp_path / "table.csv", check=stop)
    assert (tmp_path / "table.csv").read_text() == "older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "table.csv"]


def test_a_table_that_cannot_be_written_is_a_sentence(brightness: Path, tmp_path: Path) -> None:
    grey(tmp_path / "a.png", 240)
    with pytest.raises(SSLStudioError) as caught:
        predictor.predict(brightness, [tmp_path / "a.png"], tmp_path / "a.png" / "table.csv")
    assert caught.value.code == "not_written"
