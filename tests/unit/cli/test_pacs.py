"""`sslstudio pacs ...`: setting up, testing, finding and fetching, with the real archive."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sslstudio.__main__ import main
from sslstudio.cli import follow
from sslstudio.cli.pacs import PASSWORD as PASSWORD_VARIABLE
from sslstudio.pacs.answering import Answer, Question
from sslstudio.pacs.nodes import NodeStore, nodes_file
from sslstudio.pacs.rows import StudyQuery
from sslstudio.session.project import Project
from tests.fakes.orthanc import OURS, PASSWORD, TITLE, USER, Orthanc, by_uid


def pacs(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    code = main(["pacs", *map(str, words), "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return code, found


def test_archives_are_added_changed_listed_and_removed(capsys: pytest.CaptureFixture[str]) -> None:
    assert pacs(capsys, "list") == (0, {"nodes": []})
    code, found = pacs(capsys, "add", "Web", "--url", "http://pacs.example/dicom-web", "--user", "me")
    assert code == 0 and found["node"]["kind"] == "dicomweb"
    code, found = pacs(capsys, "add", "Old", "--host", "10.0.0.7", "--called-ae", "PACS", "--retrieve", "move")
    assert code == 0 and (found["node"]["kind"], found["node"]["port"]) == ("dimse", 104)
    code, found = pacs(capsys, "add", "Old", "--host", "10.0.0.8", "--called-ae", "PACS")
    assert (code, found["code"]) == (1, "node_exists")
    assert pacs(capsys, "add", "Old", "--host", "10.0.0.8", "--called-ae", "PACS", "--replace")[0] == 0
    assert main(["pacs", "list"]) == 0
    assert "PACS at 10.0.0.8:104" in capsys.readouterr().out
    assert pacs(capsys, "remove", "web")[0] == 0
    assert [node["name"] for node in pacs(capsys, "list")[1]["nodes"]] == ["Old"]
    assert pacs(capsys, "add", "Bad", "--url", "pacs.example")[1]["code"] == "bad_node"
    assert pacs(capsys, "test", "Nobody")[1]["code"] == "unknown_node"


def test_a_password_is_asked_for_and_never_stored(
    orthanc: Orthanc, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    NodeStore().put(orthanc.web(name="Web"))
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert pacs(capsys, "test", "Web")[1]["code"] == "no_password"
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    assert pacs(capsys, "test", "Web") == (0, {"node": "Web", "ok": True})
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    assert pacs(capsys, "test", "Web")[1]["code"] == "login"
    assert PASSWORD not in nodes_file().read_text(encoding="utf-8")


def test_studies_are_found_fetched_and_imported(
    orthanc: Orthanc, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = ("--host", "127.0.0.1", "--port", orthanc.dicom_port, "--called-ae", TITLE, "--calling-ae", OURS)
    assert pacs(capsys, "add", "Old", *added)[0] == 0
    assert pacs(capsys, "test", "Old")[0] == 0
    code, found = pacs(capsys, "find", "Old", "--patient-name", "Demo", "--from", "2000-01-01")
    assert code == 0 and {row["patient_id"] for row in found["studies"]} == {"DEMO-001", "DEMO-002"}
    assert main(["pacs", "find", "Old", "--modality", "CT"]) == 0
    assert "Thorax (low dose)" in capsys.readouterr().out
    study = found["studies"][0]
    code, got = pacs(capsys, "get", "Old", study["study"], "-o", tmp_path / "in")
    assert code == 0 and got["received"] == study["images"] == len(by_uid(tmp_path / "in"))
    Project.create(tmp_path / "study").close()
    imported: list[list[str]] = []

    def import_without_a_job(project: Project, run_id: str, _output: object) -> dict[str, Any]:
        imported.append(json.loads((project.run_dir(run_id) / "private" / "sources.json").read_text())["sources"])
        return {"imported": 5, "skipped": 0}

    monkeypatch.setattr(follow, "carry_out", import_without_a_job)
    arguments = ("get", "Old", "--patient-name", "Demo", "-o", tmp_path / "in", "--project", tmp_path / "study")
    code, got = pacs(capsys, *arguments)
    total = sum(row["images"] for row in found["studies"])
    assert code == 0 and got["already"] == study["images"] and got["received"] + got["already"] == total
    assert imported == [[str(tmp_path / "in")]] and got["import"]["imported"] == total


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-o", "in"), "no_source"),
        (("no uid", "-o", "in"), "bad_uid"),
        (("--patient-id", "nobody", "-o", "in"), "no_match"),
        (("--patient-name", "*", "--limit", "1", "-o", "in"), "too_many"),
        (("--patient-id", "DEMO-001", "-o", "x.sslproj/in"), "inside_project"),
    ],
)
def test_what_cannot_be_fetched_is_told(
    orthanc: Orthanc,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: tuple[str, ...],
    code: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    NodeStore().put(orthanc.dimse(name="Old"))
    exit_code, found = pacs(capsys, "get", "Old", *words)
    assert (exit_code, found["code"]) == (1, code)


def test_a_question_of_the_window_comes_on_standard_input(
    orthanc: Orthanc, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(content: bytes) -> Answer:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content + b"\n")))
        assert main(["pacs", "ask"]) == 0
        return Answer.model_validate_json(capsys.readouterr().out)

    node = orthanc.web(user=USER)
    question = Question(ask="studies", node=node, password=PASSWORD, query=StudyQuery(patient_id="DEMO-001"))
    found = put(question.model_dump_json().encode()).found
    assert [row.patient_id for row in found.studies] == ["DEMO-001"]
    asked = question.model_copy(update={"ask": "series", "study": found.studies[0].study})
    assert len(put(asked.model_dump_json().encode()).series) == 1
    failed = question.model_copy(update={"ask": "verify", "password": "wrong"})
    assert put(failed.model_dump_json().encode()).code == "login"
    broken = put(b'{"ask": "verify", "password": "secret"}')
    assert broken.code == "bad_question" and "secret" not in broken.message
