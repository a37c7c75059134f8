"""Results that go back to the archive: read by highdicom's and pydicom's own parsers, and by dsrdump where it is."""

from __future__ import annotations

import csv
import shutil
import subprocess
import zipfile
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from sslstudio.errors import SSLStudioError
from sslstudio.exporters import capture, case_result, predictor, returning, scoring, structured_report
from sslstudio.exporters.case_result import CaseResult
from sslstudio.exporters.returning import Folders
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from tests.unit.exporters.test_deciding import deciding_package

UMLAUT = "Müller^Jörg"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two DICOM studies of two patients, one of several images, and a PNG."""
    folder = tmp_path / "images"
    for n, (patient, grey) in enumerate((("P1", 30), ("P1", 200), ("P1", 20), ("P2", 240))):
        extra = {
            "StudyInstanceUID": f"1.2.826.0.1.99.{patient[1]}", "SeriesInstanceUID": f"1.2.826.0.1.99.{patient[1]}.5",
            "SOPInstanceUID": f"1.2.826.0.1.99.{patient[1]}.5.{n}", "AccessionNumber": f"A{patient}", "PatientSex": "F",
            "PatientBirthDate": "19500101", "SpecificCharacterSet": "ISO_IR 100",
            "StudyDate": "20240101", "StudyID": "7",
        }  # fmt: skip
        header = DicomHeader(
            patient_id=patient, patient_name=UMLAUT, instance=n + 1, bits_stored=8, window=(127.5, 255.0), extra=extra
        )
        write_image(folder / f"{n}.dcm", np.full((20, 20), grey, np.uint8), header)
    (folder / "3.dcm").write_bytes((folder / "3.dcm").read_bytes().replace(b"19500101", b"no day!!"))
    Image.new("L", (20, 20), 240).save(folder / "z.png")
    return folder


@pytest.fixture
def made(brightness: Path, tmp_path: Path) -> Path:
    return deciding_package(brightness, tmp_path / "made")


def of_patient(folder: Path) -> dict[str, Path]:
    return {str(pydicom.dcmread(path).PatientID): path for path in folder.iterdir()}


def row_of(table: Path, place: int) -> dict[str, str]:
    with table.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))[place]


def test_a_report_for_each_study(made: Path, images: Path, tmp_path: Path) -> None:
    folders = Folders(tmp_path / "sr", tmp_path / "sc")
    counts = predictor.predict(made, [images], tmp_path / "t.csv", folders=folders)
    assert [counts[name] for name in predictor.RETURNED] == [2, 2, 1, 0]
    path = of_patient(tmp_path / "sr")["P1"]
    document = highdicom.sr.srread(path)
    assert isinstance(document, highdicom.sr.ComprehensiveSR)
    assert (document.VerificationFlag, document.CompletionFlag, document.PreliminaryFlag) == (
        "UNVERIFIED", "PARTIAL", "PRELIMINARY"
    )  # fmt: skip
    assert (document.PatientName, document.AccessionNumber, document.StudyDate) == (UMLAUT, "AP1", "20240101")
    assert document.StudyInstanceUID == "1.2.826.0.1.99.1" and "research use only" in document.SeriesDescription
    (group,) = document.content.get_image_measurement_groups()
    row = row_of(tmp_path / "t-studies.csv", 0)
    shares = {item.name.meaning: float(item.value) for item in group.get_measurements()}
    assert shares == {f"Probability of {name}": float(row[f"probability {name}"]) for name in ("dark", "bright")}
    assert {item.unit.value for item in group.get_measurements()} == {"1"}
    said = {item.name.meaning: item.value.meaning for item in group.get_qualitative_evaluations()}
    assert said["Most probable class"] == row["label"]
    assert said["Model abstains"] == row["abstain"].capitalize() == "Yes"
    assert said["Intended use"] == case_result.NOTICE
    assert said["Images unlike the training images"] == "Yes"
    referred = {item.referenced_sop_instance_uid for item in group.source_images}
    assert referred == {f"1.2.826.0.1.99.1.5.{n}" for n in range(3)}
    assert (
        len(document.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence)
        == 3
    )
    assert f"package SHA-256 {scoring.load(made).digest}".encode() in path.read_bytes()
    other = pydicom.dcmread(of_patient(tmp_path / "sr")["P2"])
    assert other.PatientBirthDate == "", "what breaks the rules is left blank"
    if shutil.which("dsrdump"):
        dumped = subprocess.run(["dsrdump", str(path)], capture_output=True, text=True, check=True)
        assert "Probability of dark" in dumped.stdout and "E:" not in dumped.stderr


def test_a_picture_for_each_study(made: Path, images: Path, tmp_path: Path) -> None:
    predictor.predict(made, [images], tmp_path / "t.csv", folders=Folders(None, tmp_path / "sc"))
    picture = pydicom.dcmread(of_patient(tmp_path / "sc")["P1"])
    assert list(picture.ImageType) == ["DERIVED", "SECONDARY"] and picture.BurnedInAnnotation == "YES"
    assert (picture.PatientName, picture.StudyInstanceUID) == (UMLAUT, "1.2.826.0.1.99.1")
    assert len(picture.SourceImageSequence) == 3 and "research use" in picture.SeriesDescription
    pixels = picture.pixel_array
    assert pixels.shape == (capture.HEIGHT, capture.WIDTH, 3)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20, "letters with soft edges"


def test_what_the_picture_says(made: Path) -> None:
    model = scoring.load(made)
    point = {
        "class": "bright", "wanted_sensitivity": 0.9, "threshold": 0.41,
        "sensitivity": {"value": 0.91, "low": 0.8, "high": 0.97, "n": 50},
        "specificity": {"value": 0.85, "low": 0.7, "high": 0.9, "n": 40},
    }  # fmt: skip
    object.__setattr__(model.deciding, "points", (point,))
    one = CaseResult(model, [0.35, 0.65], "mean", 1, True, "highest probability below 0.8", 1, 1)
    words = [text for text, _ in capture._remarks(one)]
    assert words[1] == "Of the image: cannot be ruled out at 90%: dark, bright."
    assert words[2].startswith("1 image unlike")
    shares = "sensitivity 91 % (80-97), specificity 85 % (70-90), single images"
    assert words[3] == f"bright reaches its operating point, 0.410 ({shares})."
    several = CaseResult(model, [0.9, 0.1], "mean", 4, False, "highest probability at least 0.8", 2, 0)
    assert [text for text, _ in capture._remarks(several)][1:] == ["It abstains for 2 of 4 images taken singly."]


def test_scoring_again_gives_the_same_identifiers(made: Path, images: Path, tmp_path: Path) -> None:
    """An archive keeps one report of one result, also where the images came in an archive file."""
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for path in sorted(images.glob("*.dcm")):
            archive.write(path, path.name)
    predictor.predict(made, [images], tmp_path / "t.csv", folders=Folders(tmp_path / "sr"))
    predictor.predict(made, [tmp_path / "images.zip"], tmp_path / "u.csv", folders=Folders(tmp_path / "again"))
    assert [path.name for path in sorted((tmp_path / "sr").iterdir())] == [
        path.name for path in sorted((tmp_path / "again").iterdir())
    ]


def test_frames_are_referred_to(made: Path, tmp_path: Path) -> None:
    uids = {"StudyInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2.3.5", "SOPInstanceUID": "1.2.3.6"}
    path = write_image(tmp_path / "a.dcm", np.full((20, 20), 10, np.uint8), DicomHeader(bits_stored=8, extra=uids))
    film = pydicom.dcmread(path)
    film.NumberOfFrames, film.PixelData = 2, bytes([10] * 400 + [240] * 400)
    film.save_as(path)
    predictor.predict(made, [tmp_path / "a.dcm"], tmp_path / "t.csv", folders=Folders(tmp_path / "sr"))
    (path,) = (tmp_path / "sr").iterdir()
    (group,) = highdicom.sr.srread(path).content.get_image_measurement_groups()
    assert [list(one.referenced_frame_numbers) for one in group.source_images] == [[1, 2]]


def test_no_report_in_a_project(made: Path, images: Path, tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as caught:
        predictor.predict(made, [images], tmp_path / "t.csv", folders=Folders(tmp_path / "a.sslproj" / "exports"))
    assert caught.value.code == "inside_project" and not (tmp_path / "a.sslproj").exists()


def test_headers_that_break_the_rules_are_counted(
    made: Path, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Dataset:
        raise KeyError("Müller")

    monkeypatch.setattr(structured_report, "make", refuse)
    counts = predictor.predict(made, [images], tmp_path / "t.csv", folders=Folders(tmp_path / "sr"))
    assert (counts[returning.REPORTS], counts[returning.REFUSED]) == (0, 2)


@pytest.mark.needs_shared
def test_real_studies_of_several_vendors(made: Path, shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "dicom" / "highdicom" / "data" / "test_files"
    counts = predictor.predict(
        made,
        sorted(source.glob("[cd][tx]_image.dcm")),
        tmp_path / "t.csv",
        folders=Folders(tmp_path / "sr", tmp_path / "sc"),
    )
    assert counts["reports"] == counts["captures"] == 2
    for path in (tmp_path / "sr").iterdir():
        highdicom.sr.srread(path)
