"""A triage run is told what the project knows, and is taken over as far as it came."""

from __future__ import annotations

import pytest

from sslstudio.domain.findings import COMPARED, KNOWN, LOOKS, TEXT_SUSPECTED, Finding, KnownImage, Look
from sslstudio.domain.specs import TriageSpec
from sslstudio.errors import SSLStudioError
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import Project, workflow
from tests.fakes.project_runs import end, end_cancelled

HASHES = "0123456789abcdef" * 2


def look(image_id: int, *findings: Finding) -> Look:
    return Look(image_id=image_id, hashes=HASHES, findings=findings)


def text(image_id: int) -> Finding:
    return Finding(image_id=image_id, kind="text", score=0.9, why="Why.")


def copy(image_id: int) -> Finding:
    return Finding(image_id=image_id, kind="duplicate", score=0.99, why="Why.", group="d1")


def write(project: Project, run_id: str, name: str, *records: Look | Finding) -> None:
    path = project.run_dir(run_id) / "artifacts" / name
    path.write_text("".join(one.model_dump_json() + "\n" for one in records), encoding="utf-8")


def test_a_run_gets_all_images_and_what_is_known_of_them(filled: Project) -> None:
    filled.catalogue.set_excluded([1], "Poor quality")
    filled.catalogue.adopt_looks("triage-0", [look(2)])
    run_id = workflow.prepare_triage(filled, TriageSpec())
    run = RunDirectory(filled.run_dir(run_id))
    assert run_id == "triage-1" and run.job().stage == "triage"
    assert [item.image_id for item in run.items()] == list(range(1, 25))
    (known,) = (run.artifacts_dir / KNOWN).read_text().splitlines()
    assert KnownImage.model_validate_json(known) == KnownImage(image_id=2, hashes=HASHES)


def test_a_run_that_ended_well_is_taken_over_once(filled: Project) -> None:
    run_id = workflow.prepare_triage(filled, TriageSpec())
    write(filled, run_id, LOOKS, look(1, text(1)), *(look(n) for n in range(2, 25)))
    write(filled, run_id, COMPARED, copy(1), copy(2))
    end(filled, run_id, looked=24)
    workflow.adopt(filled, run_id)
    assert filled.catalogue.excluded() == {1: TEXT_SUSPECTED}
    assert {one.image_id for one in filled.catalogue.findings("duplicate")} == {1, 2}
    assert not list((filled.run_dir(run_id) / "artifacts").iterdir())
    workflow.adopt(filled, run_id)
    with pytest.raises(SSLStudioError) as caught:
        workflow.prepare_triage(filled, TriageSpec())
    assert caught.value.code == "nothing_new"
    assert workflow.prepare_triage(filled, TriageSpec(again=True)) == "triage-2"


def test_a_stopped_run_is_taken_over_as_far_as_it_came(filled: Project) -> None:
    run_id = workflow.prepare_triage(filled, TriageSpec())
    write(filled, run_id, LOOKS, look(1, text(1)), look(2))
    with (filled.run_dir(run_id) / "artifacts" / LOOKS).open("a") as stream:
        stream.write('{"image_id": 3, "ha')
    end_cancelled(filled, run_id)
    workflow.adopt(filled, run_id)
    assert filled.catalogue.excluded() == {1: TEXT_SUSPECTED}
    assert filled.catalogue.images_not_looked_at() == 22 and filled.catalogue.images_not_searched() == 2
    assert workflow.prepare_triage(filled, TriageSpec()) == "triage-2"


def test_a_project_without_images_has_nothing_to_look_at(project: Project) -> None:
    with pytest.raises(SSLStudioError) as caught:
        workflow.prepare_triage(project, TriageSpec())
    assert caught.value.code == "no_images"
