"""The retrieve stage on a real archive: the request is gone at once, and nothing of a patient stays in the run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sslstudio.domain.specs import RetrieveSpec
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import control, exit_codes, worker
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.pacs.archive import connect
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.rows import StudyQuery, Wish
from sslstudio.session import workflow
from sslstudio.session.project import Project
from sslstudio.stages import retrieve
from sslstudio.stages.context import Cancelled
from tests.fakes import archives
from tests.fakes.orthanc import PASSWORD, USER, Orthanc
from tests.fakes.stage_context import FakeStageContext, fake_context

PATIENT = b"SQUEEZED"


def request(context: FakeStageContext, node: PacsNode, folder: Path, *wishes: Wish) -> None:
    content = {
        "node": node.model_dump(mode="json"),
        "password": PASSWORD,
        "wishes": [wish.model_dump() for wish in wishes],
        "folder": str(folder),
    }
    (context.private_dir / retrieve.REQUEST).write_text(json.dumps(content), encoding="utf-8")


def everything_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_job_fetches_and_leaves_no_trace_of_password_or_patient(orthanc: Orthanc, tmp_path: Path) -> None:
    node = orthanc.web()
    study = connect(node, PASSWORD).studies(StudyQuery(patient_id="SQUEEZED 1")).studies[0]
    with Project.create(tmp_path / "project") as project:
        run_id = workflow.prepare_retrieve(
            project, node, PASSWORD, [Wish(study=study.study)], tmp_path / "in", RetrieveSpec()
        )
        run = project.run_dir(run_id)
        secret = run / "private" / retrieve.REQUEST
        assert secret.exists() and workflow.receiving_folder(project, run_id) == tmp_path / "in"
        if os.name == "posix":
            assert secret.stat().st_mode & 0o077 == 0 and secret.parent.stat().st_mode & 0o077 == 0
        LocalLauncher().start(run)
        control.wait(run, 120)
        assert not secret.exists()
        workflow.adopt(project, run_id)
        row = project.catalogue.run(run_id)
        assert row.result["received"] == 2 and row.result["problems"] == []
        assert not (run / "private").exists() and workflow.receiving_folder(project, run_id) is None
        left = everything_below(run)
    assert len(list((tmp_path / "in").rglob("*.dcm"))) == 2
    secrets = (PASSWORD, USER, study.study, study.patient_name, study.accession, str(tmp_path), str(orthanc.http_port))
    for text in secrets:
        assert text.encode() not in left, text
    assert PATIENT not in left and b"SQUEEZED" in everything_below(tmp_path / "in")


def test_a_failure_in_a_job_holds_no_secret_either(
    orthanc: Orthanc, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = orthanc.dimse(called_ae="WRONG")
    with Project.create(tmp_path / "project") as project:
        wish = Wish(study="1.2.999")
        run_id = workflow.prepare_retrieve(project, node, PASSWORD, [wish], tmp_path / "in", RetrieveSpec())
        run = project.run_dir(run_id)
        assert worker.main(run) == exit_codes.FAILED
        workflow.adopt(project, run_id)
        assert not (run / "private").exists()
        left = everything_below(run)
    logged = capsys.readouterr().err
    assert b"AE title" in left and "called_ae" in logged
    for text in (PASSWORD, "1.2.999", str(tmp_path), "WRONG"):
        assert text.encode() not in left and text not in logged, text


def test_a_request_is_read_once(tmp_path: Path, orthanc: Orthanc) -> None:
    context = fake_context(tmp_path / "project", "retrieve", RetrieveSpec())
    request(context, orthanc.web(), tmp_path / "in", Wish(study="1.2.3"))
    with pytest.raises(SSLStudioError):
        retrieve.run(RetrieveSpec(tries=1, pause_seconds=0), context)
    assert list(context.private_dir.iterdir()) == []
    with pytest.raises(SSLStudioError, match="not known any more") as again:
        retrieve.run(RetrieveSpec(), context)
    assert again.value.code == "no_request"


def test_series_that_did_not_come_are_told_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archives.FakeArchive.filled(tmp_path / "held", 2, 3)
    archive.unsent = frozenset({"1.2.2.1"})
    monkeypatch.setattr(retrieve, "connect", lambda *_: archive)
    context = fake_context(tmp_path / "project", "retrieve", RetrieveSpec())
    node = PacsNode(name="Fake", url="https://pacs.example")
    (tmp_path / "in").mkdir(mode=0o755)
    request(context, node, tmp_path / "in", Wish(study="1.2"))
    result = retrieve.run(RetrieveSpec(tries=2, pause_seconds=0), context)
    assert (result["received"], result["missing"], archive.closed) == (4, 1, True)
    assert context.warning_codes == (["folder_open", "series_2"] if os.name == "posix" else ["series_2"])
    assert context.progress_reports[-1] == (4, 5, "images", "Receiving images")
    json.dumps(result)


def test_a_cancelled_retrieval_keeps_what_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archives.FakeArchive.filled(tmp_path / "held", 5)
    monkeypatch.setattr(retrieve, "connect", lambda *_: archive)
    context = fake_context(tmp_path / "project", "retrieve", RetrieveSpec())
    request(context, PacsNode(name="Fake", url="https://pacs.example"), tmp_path / "in", Wish(study="1.2"))

    def stop_after_two() -> None:
        context.cancel_requested = len(list((tmp_path / "in").rglob("*.dcm"))) >= 2

    archive.on_arrival = stop_after_two
    with pytest.raises(Cancelled):
        retrieve.run(RetrieveSpec(), context)
    assert len(list((tmp_path / "in").rglob("*.dcm"))) == 2 and archive.closed


def test_the_folder_may_not_lie_in_the_project(tmp_path: Path) -> None:
    with Project.create(tmp_path / "project") as project:
        for wishes, folder, code in (
            ([], tmp_path / "in", "no_source"),
            ([Wish(study="1.2")], project.path / "in", "inside_project"),
        ):
            with pytest.raises(SSLStudioError) as error:
                workflow.prepare_retrieve(
                    project, PacsNode(name="x", url="https://x.example"), "", wishes, folder, RetrieveSpec()
                )
            assert error.value.code == code
        assert project.catalogue.runs() == []


def test_a_retrieval_that_was_never_started_leaves_no_password_behind(tmp_path: Path) -> None:
    with Project.create(tmp_path / "project") as project:
        node = PacsNode(name="x", url="https://x.example", user="me")
        run_id = workflow.prepare_retrieve(
            project, node, PASSWORD, [Wish(study="1.2")], tmp_path / "in", RetrieveSpec()
        )
        run = project.run_dir(run_id)
    with Project.open(tmp_path / "project") as project:
        assert PASSWORD.encode() in everything_below(run)
        workflow.reattach(project)
        assert PASSWORD.encode() not in everything_below(run)
