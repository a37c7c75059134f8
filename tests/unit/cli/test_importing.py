"""Commands on what came in: patients told apart anew, the import list as a table. Nothing is decoded here."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from sslstudio import __main__ as entry
from sslstudio.domain.ledger import LedgerRow
from sslstudio.importers.identity import pseudonym
from sslstudio.session.project import Project
from tests.fakes.catalogue_rows import found, skipped


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Twelve images of three people in one folder, and a file that was skipped."""
    with Project.create(tmp_path / "p.sslproj") as made:
        folder = pseudonym(made.pseudonym_key, "folder", "all")
        rows: list[LedgerRow] = [skipped("/src/all/Müller.png")]
        for number in range(12):
            image = found("x", number).model_copy(update={"subject": folder, "study": folder, "series": folder})
            path = f"/src/all/sub-{number // 4}_{number}.png"
            rows.append(LedgerRow(path=path, source="/src", status="imported", images=(image,), frames=1))
        made.catalogue.adopt_import("import-1", rows)
        return made.path


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert entry.main([*map(str, arguments), "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return answer


def test_patients_are_changed_and_taken_back(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pattern = ("--subject-pattern", r"(?P<subject>sub-\d)")
    told = call(capsys, "subjects", project, *pattern, "--dry-run")
    assert (told["before"], told["after"], told["moved"], told["changed"]) == (1, 3, 12, False)
    assert call(capsys, "subjects", project, *pattern)["changed"]
    with Project.open(project) as opened:
        assert opened.catalogue.counts().subjects == 3
    assert call(capsys, "subjects", project, "--undo") == {"undone": 12, "subjects": 1}
    assert entry.main(["subjects", str(project), "--subject-pattern", "("]) == 1
    assert "not a valid expression" in capsys.readouterr().err


def test_the_list_has_names_only_when_asked(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, named = tmp_path / "plain.csv", tmp_path / "named.csv"
    told = call(capsys, "ledger", project, "-o", plain)
    assert told["files"] == 13 and told["warnings"] == []
    assert "Müller" not in plain.read_text(encoding="utf-8") and "/src" not in plain.read_text(encoding="utf-8")
    call(capsys, "ledger", project, "-o", named, "--paths")
    with named.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert (rows[0]["file"], rows[0]["folder"], rows[0]["code"], rows[0]["type"]) == (
        "Müller.png", "/src/all", "truncated", "png",
    )  # fmt: skip
    assert entry.main(["ledger", str(project), "-o", str(tmp_path / "no" / "such.csv")]) == 1


def test_changes_need_a_folder_that_is_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["import", str(project), "--changes"]) == 1
    assert "Nothing was imported from a folder yet" in capsys.readouterr().err
