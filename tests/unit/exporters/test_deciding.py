"""Abstaining and being unlike the training images, from the package to the tables."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sslstudio.classifiers import typical
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import deciding, operating, package, predictor, scoring, tables
from tests.unit.exporters.test_predictor import grey, read

PROMISE = {
    "n_images": 60,
    "n_subjects": 20,
    "levels": [{"coverage": 0.9, "least": 0.2}, {"coverage": 0.95, "least": 0}],
}


def deciding_package(source: Path, folder: Path, *, dark_only: bool = True) -> Path:
    """A copy of the package that promises something, and learned from images of which none is grey."""
    shutil.copytree(source, folder)
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0.1, 0.03, 60), rng.normal(0.9, 0.03, 60)])[:, None]
    learned = typical.learn(values, np.repeat([0, 1], 60), np.repeat([f"p{n}" for n in range(40)], 3))
    assert isinstance(learned, typical.Typical)
    np.savez(folder / package.TYPICAL, allow_pickle=False, **typical.to_arrays(learned))
    model = {"temperature": 1.0, "cross_validation": {"conformal": PROMISE}}
    package.write_json(folder / package.OPERATING, operating.describe(model, None, learned))
    package.write_checksums(folder)
    return folder


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Dark, hardly dark, in between, bright."""
    for name, value in (("a", 20), ("b", 110), ("c", 128), ("d", 235)):
        grey(tmp_path / "images" / f"{name}.png", value)
    return tmp_path / "images"


def test_it_abstains_where_several_classes_remain(brightness: Path, images: Path, tmp_path: Path) -> None:
    made = deciding_package(brightness, tmp_path / "made")
    counts = predictor.predict(made, [images], tmp_path / "t.csv")
    rows = read(tmp_path / "t.csv")
    assert [row["abstain"] for row in rows] == [
        "no",
        "no" if float(rows[1]["confidence"]) > 0.8 else "yes",
        "yes",
        "no",
    ]
    assert rows[2]["why"] == "cannot be ruled out at 90%: dark, bright"
    assert rows[0]["why"] == "one class remains at 90%"
    assert [row["unlike the training images"] for row in rows] == ["no", "yes", "yes", "no"]
    assert float(rows[2]["distance"]) > 1 > float(rows[0]["distance"])
    assert counts["unlike"] == 2 and counts["abstained"] == sum(row["abstain"] == "yes" for row in rows)
    predictor.predict(made, [images], tmp_path / "u.csv", asked=predictor.Asked(promise=0.95))
    assert {row["why"] for row in read(tmp_path / "u.csv")} == {"cannot be ruled out at 95%: dark, bright"}
    patients = read(tmp_path / "t-patients.csv")
    assert [row["images unlike the training images"] for row in patients] == ["0", "1", "1", "0"]
    assert (patients[2]["abstain"], patients[2]["why"]) == ("yes", "highest probability below 0.8")


def test_packages_without_promises_say_so(brightness: Path, images: Path, tmp_path: Path) -> None:
    counts = predictor.predict(brightness, [images], tmp_path / "t.csv")
    rows = read(tmp_path / "t.csv")
    assert "unlike" not in counts
    assert {(row["unlike the training images"], row["distance"]) for row in rows} == {("", "")}
    assert (rows[0]["why"], rows[2]["why"]) == ("highest probability at least 0.8", "highest probability below 0.8")
    assert "promises nothing" in scoring.load(brightness).deciding.said
    assert read(tmp_path / "t-studies.csv")[0]["images unlike the training images"] == ""


def test_the_learned_files_are_sealed_and_travel_in_the_zip(brightness: Path, images: Path, tmp_path: Path) -> None:
    made = deciding_package(brightness, tmp_path / "made")
    package.write_archive(made, tmp_path / "made.zip", "made")
    assert "made/typical.npz" in zipfile.ZipFile(tmp_path / "made.zip").namelist()
    predictor.predict(made, [images], tmp_path / "a.csv")
    predictor.predict(tmp_path / "made.zip", [images], tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    listing = (made / package.CHECKSUMS).read_text().splitlines(keepends=True)
    (made / package.CHECKSUMS).write_text("".join(line for line in listing if "typical" not in line))
    with pytest.raises(SSLStudioError, match=r"typical\.npz has no checksum"):
        package.verify(made)
    np.savez(made / package.TYPICAL, mean=np.zeros(1))
    package.write_checksums(made)
    with pytest.raises(SSLStudioError) as caught:
        deciding.read(made)
    assert caught.value.code == "altered_package"


@pytest.mark.parametrize("ending", [".parquet", ".json"])
def test_other_formats_hold_the_same(brightness: Path, images: Path, tmp_path: Path, ending: str) -> None:
    import pyarrow.parquet

    made = deciding_package(brightness, tmp_path / "made")
    (images / "e.png").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for path in sorted(images.iterdir()):
            archive.write(path, f"ward/{path.name}")
    predictor.predict(made, [tmp_path / "images.zip"], tmp_path / "t.csv")
    predictor.predict(made, [tmp_path / "images.zip"], tmp_path / f"t{ending}")
    for name in ("t", "t-studies", "t-patients"):
        path = tmp_path / f"{name}{ending}"
        if ending == ".json":
            rows = json.loads(path.read_text(encoding="utf-8"))
        else:
            rows = pyarrow.parquet.read_table(path).to_pylist()
        plain = read(tmp_path / f"{name}.csv")
        assert [list(row) for row in rows] == [list(row) for row in plain]
        said = [["" if cell is None else cell for cell in row.values()] for row in rows]
        assert said == [[tables._value(column, cell) if cell else "" for column, cell in row.items()] for row in plain]
        assert isinstance(rows[0]["confidence"], float)
    assert rows[0]["first file"] == "images.zip/ward/a.png"


def test_another_ending_is_refused_before_anything_is_read(brightness: Path, tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as caught:
        predictor.predict(brightness / "gone", [tmp_path], tmp_path / "t.xlsx")
    assert caught.value.code == "unknown_format"


def test_file_names_that_are_no_text_stay_rows(tmp_path: Path) -> None:
    import pyarrow.parquet

    for ending in tables.ENDINGS:
        with tables.table(tmp_path / f"t{ending}", ["file", "images"]) as write:
            write([["\udcff.png", "3"], ["b", ""]])
    assert pyarrow.parquet.read_table(tmp_path / "t.parquet").to_pylist()[0] == {"file": "\\udcff.png", "images": 3}
    assert json.loads((tmp_path / "t.json").read_text())[1] == {"file": "b", "images": None}
    with tables.table(tmp_path / "empty.json", ["file"]):
        pass
    assert json.loads((tmp_path / "empty.json").read_text()) == []
