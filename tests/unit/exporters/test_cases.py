"""Answers for studies and patients from a package alone: how it pools, and that no header reaches a table."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sslstudio.classifiers.attention import Attention, to_arrays
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import cases, package, predictor, scoring
from sslstudio.exporters.predictor import Asked
from sslstudio.importers.dicom_writer import DicomHeader, write_image

GREYS = {"anna": (30, 40, 250), "bert": (20, 25, 35)}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two patients by folder; one image of the first is bright."""
    for name, greys in GREYS.items():
        for n, grey in enumerate(greys):
            path = tmp_path / "images" / name / f"{n}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (20, 20), grey).save(path)
    return tmp_path / "images"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def with_pooling(source: Path, folder: Path, model: Path, scores: dict[str, object]) -> Path:
    """A copy of a package that was exported with these scores and the attention in `model`."""
    shutil.copytree(source, folder)
    cases.write(model, folder, scores)
    package.write_checksums(folder)
    return folder


def looking_at_the_bright(folder: Path) -> Path:
    """A model's folder whose attention sees the brightest image alone."""
    one = np.ones((1, 1))
    head = Attention(
        np.zeros(1, np.float32), one.astype(np.float32), 20 * one, np.full(1, -10.0), 0 * one, np.full(1, 10.0),
        np.full(1, 30.0), np.array([[-8.0], [8.0]]), np.array([4.0, -4.0]), np.ones(1),
    )  # fmt: skip
    folder.mkdir()
    np.savez(folder / package.ATTENTION, **to_arrays({"patient": head, "study": "there is none"}))
    return folder


def test_one_row_a_study_and_a_patient_pooled_as_asked(brightness: Path, images: Path, tmp_path: Path) -> None:
    counts = predictor.predict(brightness, [images], tmp_path / "t.csv")
    assert (counts["studies"], counts["patients"]) == (2, 2)
    single, patients, studies = (read(tmp_path / name) for name in ("t.csv", "t-patients.csv", "t-studies.csv"))
    assert [row["patient"] for row in single] == ["patient 1"] * 3 + ["patient 2"] * 3
    assert [(row["patient"], row["images"], row["first file"]) for row in patients] == [
        ("patient 1", "3", "anna/0.png"), ("patient 2", "3", "bert/0.png")
    ]  # fmt: skip
    assert [row["study"] for row in studies] == ["study 1", "study 2"]
    assert {row["pooled by"] for row in (*patients, *studies)} == {"mean"}
    bright = [float(row["probability bright"]) for row in single]
    assert float(patients[0]["probability bright"]) == pytest.approx(np.mean(bright[:3]), abs=1e-5)
    with pytest.raises(SSLStudioError) as caught:
        predictor.predict(brightness, [images], tmp_path / "a.csv", asked=Asked(pool="attention"))
    assert caught.value.code == "no_pooling" and not (tmp_path / "a.csv").exists()


def test_a_package_pools_as_its_model_was_scored(brightness: Path, images: Path, tmp_path: Path) -> None:
    model = looking_at_the_bright(tmp_path / "model")
    scores = {"nothing": "dark", "counting": {"unit": "patient", "pooling": "attention"}}
    made = with_pooling(brightness, tmp_path / "made", model, scores)
    rules = json.loads((made / package.POOLING).read_text(encoding="utf-8"))
    assert (rules["unit"], rules["pooling"], rules["nothing"], rules["attention"]) == (
        "patient", "attention", "dark", ["patient"]
    )  # fmt: skip
    predictor.predict(made, [images], tmp_path / "t.csv")
    patients, studies = read(tmp_path / "t-patients.csv"), read(tmp_path / "t-studies.csv")
    assert [row["label"] for row in patients] == ["bright", "dark"], "one bright image of three is enough"
    assert patients[0]["pooled by"] == "attention" and studies[0]["pooled by"] == "mean"
    predictor.predict(made, [images], tmp_path / "h.csv", asked=Asked(pool="max"))
    single, highest = read(tmp_path / "h.csv"), read(tmp_path / "h-patients.csv")
    assert highest[0]["probability bright"] == max(row["probability bright"] for row in single[:3])
    stale = {**scores, "nothing_now": ""}
    other = with_pooling(brightness, tmp_path / "stale", model, stale)
    assert not (other / package.ATTENTION).exists()
    (made / package.POOLING).write_text("{}{", encoding="utf-8")
    package.write_checksums(made)
    with pytest.raises(SSLStudioError) as caught:
        scoring.load(made)
    assert caught.value.code == "altered_package"


def test_patients_come_from_headers_or_a_pattern_and_stay_unnamed(brightness: Path, tmp_path: Path) -> None:
    for number, (patient, study) in enumerate((("P-77", "1"), ("P-77", "2"), ("P-78", "1"))):
        header = DicomHeader(patient_id=patient, study=f"{patient}{study}", series="1", instance=1, modality="CR")
        pixels = np.full((16, 16), 300 * number, dtype=np.uint16)
        pixels[0, 0] = 4000
        write_image(tmp_path / "d" / f"ward-{number % 2}" / f"{number}.dcm", pixels, header)
    predictor.predict(brightness, [tmp_path / "d"], tmp_path / "t.csv")
    single = read(tmp_path / "t.csv")
    assert [(row["file"][-5], row["patient"], row["study"]) for row in single] == [
        ("0", "patient 1", "study 1"), ("2", "patient 2", "study 2"), ("1", "patient 1", "study 3")
    ]  # fmt: skip
    assert [row["images"] for row in read(tmp_path / "t-patients.csv")] == ["2", "1"]
    assert "P-7" not in "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("t*.csv"))
    by_ward = Asked(pattern=r"(?P<subject>ward-\d)", order="path")
    counts = predictor.predict(brightness, [tmp_path / "d"], tmp_path / "w.csv", asked=by_ward)
    assert counts["patients"] == 2
