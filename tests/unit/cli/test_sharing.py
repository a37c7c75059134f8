"""Commands on what leaves: the sharing check by exit code, the report as file, words and refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sslstudio import __main__ as entry
from sslstudio.domain.ledger import LedgerRow
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.session import Project, Session
from tests.fakes.catalogue_rows import found
from tests.fakes.image_files import gradient

PATIENT = "Kanarienvogel"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Four images of a patient whose name stands in the headers of the originals."""
    rows = []
    for number in range(4):
        header = DicomHeader(instance=number + 1, extra={"PatientName": f"{PATIENT}^Anna"})
        path = write_image(tmp_path / "src" / f"{number}.dcm", gradient(dtype="uint16"), header)
        images = (found("x", number),)
        rows.append(LedgerRow(path=str(path), source=str(path.parent), status="imported", images=images, frames=1))
    with Project.create(tmp_path / "p.sslproj") as made:
        made.catalogue.adopt_import("import-1", rows)
        return made.path


def call(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> dict[str, Any]:
    assert entry.main([*map(str, arguments), "--json"]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return answer


def test_the_exit_code_says_whether_it_may_leave(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clean.txt").write_text("nothing about anybody", encoding="utf-8")
    told = call(capsys, "share-check", tmp_path / "clean.txt", "--project", project)
    assert told["findings"] == [] and told["headers"] == 4
    (tmp_path / "letter.txt").write_text(f"Dear Mrs {PATIENT}", encoding="utf-8")
    told = call(capsys, "share-check", tmp_path / "clean.txt", tmp_path / "letter.txt", "--project", project, code=1)
    (finding,) = told["findings"]
    assert (finding["file"], finding["kind"]) == ("letter.txt", "name")
    assert entry.main(["share-check", str(tmp_path / "letter.txt"), "--project", str(project)]) == 1
    said = capsys.readouterr()
    assert "letter.txt" in said.out and "can identify people" in said.out
    assert PATIENT not in said.out + said.err


@pytest.mark.parametrize("suffix", [".html", ".pdf"])
def test_a_report_is_searched_and_written(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    told = call(capsys, "report", project, "-o", tmp_path / "out" / f"report{suffix}")
    assert told["sharing"]["found"] == {} and told["sharing"]["files"] == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"report{suffix}"]
    if suffix == ".html":
        page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
        assert "sslstudio new PROJECT" in page and PATIENT not in page


def test_without_a_file_the_methods_are_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["report", str(project)]) == 0
    told = capsys.readouterr().out
    assert "4 images of 1 patient" in told and "\nsslstudio new PROJECT\n" in told


def test_a_report_that_names_somebody_is_not_written(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Project.open(project) as opened:
        Session(opened).add_class(PATIENT)
    (tmp_path / "out").mkdir()
    assert entry.main(["report", str(project), "-o", str(tmp_path / "out" / "report.html")]) == 1
    assert "Nothing was written" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_a_report_is_a_pdf_or_html_and_needs_images(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.main(["report", str(project), "-o", str(tmp_path / "report.docx")]) == 1
    assert "End its name with .pdf or .html" in capsys.readouterr().err
    Project.create(tmp_path / "empty.sslproj").close()
    assert entry.main(["report", str(tmp_path / "empty.sslproj")]) == 1
    assert "Import images first" in capsys.readouterr().err
