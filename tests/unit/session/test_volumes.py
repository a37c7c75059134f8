"""Series as volumes: what a run for them is given, and the sentences where there are none or the method cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sslstudio.domain.specs import EmbedSpec, Pairing, PretrainSpec
from sslstudio.domain.stacks import stacks
from sslstudio.errors import SSLStudioError
from sslstudio.extensions import host
from sslstudio.extensions.manifest import Requires
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import Project, helping, planning, workflow
from sslstudio.session.offering import DataFacts, backbone_reason, caution, data_facts, fitting_backbones, suited
from sslstudio.session.pairing import placed
from sslstudio.session.volume_sample import some_volumes
from tests.fakes.catalogue_rows import found, row
from tests.fakes.project_runs import write_backbone

VOLUMES = PretrainSpec(backbone="resnet10_3d")


def make(path: Path, patients: str, slices: int) -> Project:
    """Each patient has one series of `slices` slices, gone through twice."""
    rows = []
    for patient in patients:
        for number in range(2 * slices):
            made = found(patient, number, study=patient, series=patient)
            facts = {"modality": "CT", "phase": number // slices, "instance_number": number}
            facts |= {"slice_position": 3.0 * (number % slices)}
            rows.append(row(f"/data/{patient}{number}", made.model_copy(update=facts)))
    project = Project.create(path)
    project.catalogue.adopt_import("import-1", rows)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Two patients with a series of nine slices, gone through twice."""
    with make(tmp_path / "p", "ab", 9) as made:
        yield made


def refusal(project: Project, spec: PretrainSpec) -> str:
    with pytest.raises(SSLStudioError) as problem:
        workflow.prepare_pretrain(project, spec)
    assert problem.value.hint
    return problem.value.message


@pytest.mark.parametrize("task", ["simclr", "micle"])
def test_a_run_gets_all_slices_with_their_places(project: Project, task: str) -> None:
    run_id = workflow.prepare_pretrain(project, VOLUMES.model_copy(update={"task": task}))
    items = RunDirectory(project.run_dir(run_id)).items()
    assert len(items) == 36
    volumes = stacks(items)
    assert [len(one.slices) for one in volumes] == [9] * 4
    assert len({one.middle.subject for one in volumes}) == 2


def test_an_excluded_slice_parts_a_volume(project: Project) -> None:
    middle = stacks(RunDirectory(project.run_dir(workflow.prepare_pretrain(project, VOLUMES))).items())[0].middle
    project.catalogue.set_excluded([middle.image_id], "test")
    items = RunDirectory(project.run_dir(workflow.prepare_pretrain(project, VOLUMES))).items()
    assert len(stacks(items)) == 3, "of nine slices without the middle one, neither half has eight"


def test_methods_and_backbones_that_do_not_go_together_are_refused(project: Project) -> None:
    assert "single images" in refusal(project, VOLUMES.model_copy(update={"task": "mae"}))
    assert backbone_reason(Requires(dimensions=(3,)), "resnet18").startswith("This method needs volumes")
    assert backbone_reason(Requires(dimensions=(2, 3)), "swin_tiny_3d") == ""
    assert {one.dimensions for one in fitting_backbones(Requires())} == {2}
    assert {one.dimensions for one in fitting_backbones(Requires(dimensions=(3,)))} == {3}
    assert "ImageNet" in refusal(project, VOLUMES.model_copy(update={"init": "imagenet"}))


def test_without_two_volumes_no_run_is_prepared(tmp_path: Path) -> None:
    with make(tmp_path / "short", "ab", 7) as project:
        assert "no such series" in refusal(project, VOLUMES)
        with pytest.raises(SSLStudioError, match="successive slices of one size") as problem:
            workflow.prepare_embed(project, EmbedSpec(source="random", backbone="resnet10_3d"))
        assert problem.value.code == "no_volumes"
        assert not list((project.path / "runs").glob("*-1"))
    with make(tmp_path / "pairs", "ab", 9) as project:
        wide = Pairing(bag="series", slice_gap=99)
        assert "two volumes" in refusal(project, VOLUMES.model_copy(update={"task": "micle", "pairing": wide}))


def test_an_embedding_gets_places_only_where_volumes_are_seen(project: Project) -> None:
    runs = [
        workflow.prepare_embed(project, EmbedSpec(source="random", backbone=name))
        for name in ("resnet10_3d", "resnet18")
    ]
    known, unknown = (RunDirectory(project.run_dir(one)).items() for one in runs)
    assert len(stacks(known)) == 4 and not stacks(unknown)


def test_a_smaller_batch_is_proposed_for_volumes() -> None:
    entry = host.find_plugin("simclr").task("simclr")
    assert suited(entry, {"backbone": "resnet10_3d"})["batch_size"] == 16
    assert suited(entry, {"backbone": "resnet10_3d", "batch_size": 4})["batch_size"] == 4
    assert "batch_size" not in suited(entry, {"backbone": "resnet18"})


def test_an_earlier_run_hands_on_its_depth_and_no_model_of_it_is_exported(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = workflow.prepare_pretrain(project, VOLUMES)
    folder = project.run_dir(run_id) / "artifacts"
    write_backbone(folder, run_id, 32, "resnet10_3d")
    description = json.loads((folder / "backbone.json").read_text())
    (folder / "backbone.json").write_text(json.dumps(description | {"depth": 16}))
    assert workflow.earlier_settings(project, f"run:{run_id}") == {
        "backbone": "resnet10_3d", "image_size": 32, "depth": 16
    }  # fmt: skip
    monkeypatch.setattr(project.catalogue, "model", lambda _: SimpleNamespace(embedding=run_id))
    with pytest.raises(SSLStudioError, match="cannot be exported") as problem:
        workflow.prepare_export(project, "model-1")
    assert problem.value.code == "no_volume_export"


def test_the_catalogue_counts_the_volumes_that_a_run_finds(project: Project) -> None:
    def counted() -> int:
        return len(stacks(placed(project, project.catalogue.items())))

    assert data_facts(project).volumes == counted() == 4
    first = stacks(placed(project, project.catalogue.items()))[0]
    project.catalogue.set_excluded([first.slices[0].image_id], "test")
    assert data_facts(project).volumes == counted() == 4, "eight slices are left of nine"
    project.catalogue.set_excluded([first.slices[1].image_id], "test")
    assert data_facts(project).volumes == counted() == 3


def test_some_volumes_are_those_of_the_project(project: Project) -> None:
    known = {one.middle.image_id: one for one in stacks(placed(project, project.catalogue.items()))}
    drawn = some_volumes(project, 3, 0)
    assert len(drawn) == 3 and len({one.middle.series for one in drawn[:2]}) == 2
    assert all(one == known[one.middle.image_id] for one in drawn)


def test_efforts_speeds_and_cautions_count_volumes() -> None:
    entry = host.find_plugin("simclr").task("simclr")
    facts = DataFacts(images=4000, subjects=20, several=1.0, colour=0.0, longest_run=100, preset="mr", volumes=40)
    assert caution(entry, facts) == ""
    assert caution(entry, facts, volumes=True).startswith("40 volumes are few")
    plan = planning.make_plan("thorough", 40, 16, gpu=False, volumes=True)
    assert (plan.image_size, plan.batch_size) == (96, 8)
    known = {planning.speed_key("resnet10_3d", 64, "cpu", 32): 8.0}
    assert planning.images_per_second(known, "resnet10_3d", 64, "cpu", gpu=False, depth=32) == (8.0, True)
    assert planning.images_per_second(known, "resnet10_3d", 128, "cpu", gpu=False, depth=16) == (4.0, True)
    assert planning.speed_key("resnet18", 64, "cpu", 32) == "resnet18@64@cpu"
    shallow, deep = (
        planning.images_per_second({}, "resnet10_3d", 64, "cpu", gpu=False, depth=depth)[0] for depth in (16, 64)
    )
    assert shallow == pytest.approx(4 * deep)


def test_is_it_helping_is_judged_by_the_slices_that_stand_for_volumes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = workflow.prepare_pretrain(project, VOLUMES.model_copy(update={"depth": 16}))
    found, left_out = helping.candidates(project, run_id)
    assert [one.spec.depth for one in found] == [16, 16] and "volumes" in left_out[0]
    embed = workflow.prepare_embed(project, EmbedSpec(source="random", backbone="resnet10_3d", depth=16))
    volumes = stacks(RunDirectory(project.run_dir(embed)).items())
    labelled = [
        item.model_copy(update={"label": "ab"[number % 2]}) for number, one in enumerate(volumes) for item in one.slices
    ]
    monkeypatch.setattr(project.catalogue, "items", lambda: labelled)
    ids = np.array([one.middle.image_id for one in volumes])
    monkeypatch.setattr(helping, "load_embeddings", lambda *_: (ids, np.zeros((4, 3), np.float32)))
    vectors, y, _ = helping.material(project, [("random", embed)])
    assert vectors["random"].shape == (4, 3) and len(y) == 4
