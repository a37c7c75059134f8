"""Runs freeze what the model sees; a backbone is always used as it was trained, whatever the project says by then."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslstudio.domain.specs import EmbedSpec, ImportSpec, PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.rendering import preset
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import Project, workflow
from tests.fakes.catalogue_rows import found, row
from tests.fakes.project_runs import end, write_backbone

CT = {
    "modality": "CT", "unit": "HU", "slope": 1.0, "intercept": -1024.0, "low": 0.0, "high": 2000.0, "auto_low": 0.0,
    "auto_high": 2000.0, "least": 0.0, "greatest": 3000.0,
}  # fmt: skip
LUNG, BONE = preset("ct_lung"), preset("ct_bone")


@pytest.fixture
def chest(project: Project) -> Project:
    rows = [row(f"/d/{n}.dcm", found(f"p{n}", n).model_copy(update=CT)) for n in range(4)]
    project.catalogue.adopt_import("import-1", rows)
    return project


def trained(project: Project) -> str:
    run_id = workflow.prepare_pretrain(project, PretrainSpec())
    write_backbone(project.run_dir(run_id) / "artifacts", run_id)
    end(project, run_id)
    return run_id


def test_a_run_freezes_rendering_and_windows(chest: Project) -> None:
    chest.catalogue.set_rendering(LUNG)
    run = RunDirectory(chest.run_dir(trained(chest)))
    chest.catalogue.set_rendering(BONE)
    assert run.job().rendering == LUNG and run.job().rendering_of == ""
    assert [item.windows for item in run.items()] == [((-326.0, 1174.0),)] * 4


def test_embedding_uses_the_rendering_of_the_backbone_and_says_whose_it_is(chest: Project) -> None:
    chest.catalogue.set_rendering(LUNG)
    source = trained(chest)
    same = RunDirectory(chest.run_dir(workflow.prepare_embed(chest, EmbedSpec(source=source))))
    assert same.job().rendering == LUNG and same.job().rendering_of == ""
    chest.catalogue.set_rendering(BONE)
    other = RunDirectory(chest.run_dir(workflow.prepare_embed(chest, EmbedSpec(source=source))))
    assert other.job().rendering == LUNG and other.job().rendering_of == source
    assert [item.windows for item in other.items()] == [((-326.0, 1174.0),)] * 4
    start = RunDirectory(chest.run_dir(workflow.prepare_embed(chest, EmbedSpec(source="random"))))
    assert start.job().rendering == BONE and start.items()[0].windows == ((524.0, 2324.0),)


def test_an_import_with_a_preset_sets_what_the_model_sees_and_auto_never_does(project: Project, source: Path) -> None:
    trial = workflow.prepare_import(project, [source], ImportSpec(preset="ct_lung", dry_run=True))
    assert project.catalogue.chosen_rendering() is None
    assert RunDirectory(project.run_dir(trial)).job().rendering == preset("auto")
    run_id = workflow.prepare_import(project, [source], ImportSpec(preset="ct"))
    assert project.catalogue.chosen_rendering() == preset("ct_soft")
    assert RunDirectory(project.run_dir(run_id)).job().rendering == preset("ct_soft")
    workflow.prepare_import(project, [source], ImportSpec())
    assert project.catalogue.chosen_rendering() == preset("ct_soft")
    with pytest.raises(SSLStudioError) as caught:
        workflow.prepare_import(project, [source], ImportSpec(preset="lungs"))
    assert caught.value.code == "unknown_preset"
