"""The invented studies are the same for the same seed, valid, plainly invented, and hold what they promise."""

import csv
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pydicom
import pytest

from sslstudio.importers import phantom
from sslstudio.importers.dicom_writer import DicomHeader, stable_uid, write_image
from sslstudio.importers.synthetic import demo_classes, write_patient, write_studies


def rows_of(truth: Path) -> list[dict[str, str]]:
    with truth.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_studies(tmp_path_factory.mktemp("demo"), patients=60)


def test_sixty_patients_in_seconds(tmp_path: Path) -> None:
    started = time.process_time()
    rows = rows_of(write_studies(tmp_path, patients=60))
    assert time.process_time() - started < 20
    images = defaultdict(list)
    for row in rows:
        images[row["patient"]].append(row["label"])
    assert len(images) == 60
    assert all(1 <= len(labels) <= 6 and len(set(labels)) == 1 for labels in images.values())
    counts = Counter(labels[0] for labels in images.values())
    assert counts == dict.fromkeys(phantom.FINDINGS, 15)


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_studies(tmp_path / folder, patients=3, seed=seed)
    names = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.dcm"))
    assert names == sorted(path.relative_to(tmp_path / "b") for path in (tmp_path / "b").rglob("*.dcm"))
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    patients = {row["patient"] for folder in "ac" for row in rows_of(tmp_path / folder / "labels.csv")}
    assert len(patients) == 6
    first = names[0]
    assert (tmp_path / "a" / first).read_bytes() != (tmp_path / "c" / first).read_bytes()


def test_headers_are_valid_and_plainly_invented(studies: Path) -> None:
    seen, scanners = set(), set()
    for row in rows_of(studies):
        dataset = pydicom.dcmread(studies.parent / row["image"])
        assert dataset.PatientID == row["patient"] and str(dataset.PatientName).startswith("Demo^Patient")
        assert dataset.SOPInstanceUID.is_valid and dataset.SOPInstanceUID.startswith("2.25.")
        assert dataset.BitsStored == 12 and dataset.BitsAllocated == 16
        assert dataset.PhotometricInterpretation == {"CR": "MONOCHROME2", "DX": "MONOCHROME1"}[dataset.Modality]
        seen.add(dataset.SOPInstanceUID)
        scanners.add((dataset.Manufacturer, row["label"]))
    assert len(seen) == len(rows_of(studies))
    assert len(scanners) == 2 * len(phantom.FINDINGS)  # each finding on each scanner


def test_scanners_differ_in_grey(studies: Path) -> None:
    levels = defaultdict(list)
    for row in rows_of(studies):
        dataset = pydicom.dcmread(studies.parent / row["image"])
        levels[dataset.Manufacturer].append(np.median(dataset.pixel_array))
    one, two = (np.mean(values) for values in levels.values())
    assert abs(one - two) > 200


def test_one_patient_with_planted_finding(tmp_path: Path) -> None:
    images = list(write_patient(tmp_path, 7, finding="cavity", images=4))
    assert [image.finding for image in images] == ["cavity"] * 4 and len({image.path for image in images}) == 4
    assert all(image.path.is_file() for image in images)


def test_findings_can_be_seen() -> None:
    """Each finding changes the picture of the same anatomy by much more than the noise."""
    grid = np.linspace(-1, 1, 96)
    x, y = np.meshgrid(grid, grid)
    for finding in phantom.FINDINGS[1:]:
        anatomy = phantom.draw_anatomy(np.random.default_rng(3), finding)
        healthy = phantom.draw_anatomy(np.random.default_rng(3), "clear")
        healthy = type(healthy)(**{**vars(anatomy), "finding": "clear", "lesions": ()})
        change = np.abs(phantom.attenuation(anatomy, x, y) - phantom.attenuation(healthy, x, y))
        assert (change > 0.15).mean() > 0.005, finding


def test_written_header_says_what_was_asked(tmp_path: Path) -> None:
    header = DicomHeader(
        patient_id="P", issuer="I", modality="CT", slope=2, intercept=-5, window=(40, 400), extra={"PatientID": None}
    )
    dataset = pydicom.dcmread(write_image(tmp_path / "a" / "b.dcm", np.zeros((3, 4), np.int16), header))
    assert "PatientID" not in dataset and dataset.IssuerOfPatientID == "I"
    assert (dataset.RescaleSlope, dataset.RescaleIntercept, dataset.WindowWidth) == (2, -5, 400)
    assert (dataset.PixelRepresentation, dataset.Rows, dataset.Columns) == (1, 3, 4)


def test_classes_are_the_findings() -> None:
    assert tuple(info.name for info in demo_classes()) == phantom.FINDINGS
    assert [info.key for info in demo_classes()] == ["1", "2", "3", "4"]


def test_uids_are_stable_and_short() -> None:
    assert stable_uid("a", 1) == stable_uid("a", 1) != stable_uid("a", 2)
    assert len(stable_uid("a", 1)) <= 64
