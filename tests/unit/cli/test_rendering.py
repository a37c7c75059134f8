"""`sslstudio rendering`: shows, suggests, sets, and takes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sslstudio.cli.dispatch import execute
from sslstudio.cli.parser import build_parser
from sslstudio.importers.rendering import preset
from sslstudio.session import Project
from tests.fakes.catalogue_rows import found, row

CT = {
    "modality": "CT", "body_part": "HEAD", "unit": "HU", "slope": 1.0, "intercept": -1024.0, "auto_low": 0.0,
    "auto_high": 2000.0, "least": 0.0, "greatest": 3000.0,
}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    with Project.create(tmp_path / "head") as made:
        rows = [row(f"/d/{n}.dcm", found(f"p{n}", n).model_copy(update=CT)) for n in range(3)]
        made.catalogue.adopt_import("import-1", rows)
        return made.path


def run(capsys: pytest.CaptureFixture[str], project: Path, *options: str) -> tuple[int, dict[str, Any]]:
    code = execute(build_parser().parse_args(["rendering", str(project), "--json", *options]))
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_shown_set_edited_and_taken_back(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    code, shown = run(capsys, project)
    assert code == 0 and shown["chosen"] is False and shown["changed"] == 0
    assert shown["suggestion"] == {
        "preset": "ct_brain_subdural_bone",
        "reason": "All 3 images are CT of the head in HU: brain + subdural + bone.",
        "others": [],
    }
    _, done = run(capsys, project, "--preset", "ct_brain")
    assert done["changed"] == 3 and done["rendering"] == preset("ct_brain").model_dump(mode="json")
    assert done["in_words"] == {"CT HU": ["0 to 80 HU"]}
    _, done = run(capsys, project, "--window=35,90")
    assert done["rendering"]["preset"] == "own" and done["in_words"] == {"CT HU": ["-10 to 80 HU"]}
    _, done = run(capsys, project, "--window=40,80", "--window=80,200", "--window=-600,1500")
    assert done["in_words"] == {"CT HU": ["0 to 80 HU", "-20 to 180 HU", "-1350 to 150 HU"]}
    _, done = run(capsys, project, "--undo")
    assert done["in_words"] == {"CT HU": ["-10 to 80 HU"]} and done["changed"] == 3


def test_a_person_reads_sentences(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    assert execute(build_parser().parse_args(["rendering", str(project)])) == 0
    said = capsys.readouterr().out
    assert "The model sees: As the files say (nothing was chosen yet)" in said
    assert "Suggested: --preset ct_brain_subdural_bone. All 3 images are CT of the head in HU" in said


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--window=40,0"], "bad_window"),
        (["--window=40,80", "--window=40,80"], "bad_window"),
        (["--undo"], "nothing_to_undo"),
        (["--undo", "--preset", "mr"], "undo_with_a_change"),
    ],
)
def test_what_cannot_be_is_said(
    capsys: pytest.CaptureFixture[str], project: Path, options: list[str], code: str
) -> None:
    done, result = run(capsys, project, *options)
    assert done == 1 and result["code"] == code and result["error"].endswith(".")
