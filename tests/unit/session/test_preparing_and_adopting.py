"""Runs are prepared whole and adopted once: imports as far as they came, results in their place."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sslstudio.catalogue import ModelRow
from sslstudio.domain.ledger import LedgerRow
from sslstudio.domain.runs import Progress, RunState, Started
from sslstudio.domain.specs import EmbedSpec, ImportSpec, MapSpec, PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import Project, workflow
from tests.fakes.catalogue_rows import patients, skipped, write_pixels
from tests.fakes.project_runs import (
    embedded,
    end,
    end_cancelled,
    end_failed,
    imported,
    mapped,
    write_backbone,
    write_events,
    write_ledger,
)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(SSLStudioError) as caught:
        call()
    assert caught.value.message.endswith(".") and caught.value.hint
    return caught.value.code


def half(image_id: int) -> np.ndarray:
    return np.full(4, image_id / 2)


def test_an_import_keeps_paths_and_key_in_its_private_folder(project: Project, source: Path) -> None:
    table = source / "table.csv"
    table.write_text("image,patient\n")
    run_id = workflow.prepare_import(project, [source], ImportSpec(subject_pattern="x"), table)
    assert run_id == "import-1"
    run = RunDirectory(project.run_dir(run_id))
    private = json.loads((run.private_dir / "sources.json").read_text(encoding="utf-8"))
    assert {name: private[name] for name in ("sources", "table", "key")} == {
        "sources": [str(source)],
        "table": str(table),
        "key": project.pseudonym_key.hex(),
    }
    assert [chosen[:2] for chosen in private["chosen"]] == [[str(source), "folder"]], "the table adds facts alone"
    assert run.job().stage == "import_images" and run.items() == []
    assert "Müller" not in run.job_file.read_text(encoding="utf-8")
    row = project.catalogue.run(run_id)
    assert (row.state, row.adopted) == (RunState.PREPARED, False)


def test_sources_must_be_there(project: Project, tmp_path: Path) -> None:
    assert refused(lambda: workflow.prepare_import(project, [], ImportSpec())) == "no_source"
    assert refused(lambda: workflow.prepare_import(project, [tmp_path / "gone"], ImportSpec())) == "no_source"
    assert (
        refused(lambda: workflow.prepare_import(project, [tmp_path], ImportSpec(), tmp_path / "t.csv")) == "no_source"
    )
    assert project.catalogue.runs() == [] and list((project.path / "runs").iterdir()) == []


def test_an_adopted_import_leaves_no_path_and_no_key_behind(filled: Project) -> None:
    assert filled.catalogue.counts().images == 24
    row = filled.catalogue.run("import-1")
    assert (row.state, row.adopted, row.result["images"]) == (RunState.SUCCEEDED, True, 24)
    run = filled.run_dir("import-1")
    assert not (run / "private").exists()
    for file in run.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert b"ller" not in content and filled.pseudonym_key.hex().encode() not in content
    before = filled.catalogue.items()
    workflow.adopt(filled, "import-1")
    assert filled.catalogue.items() == before and filled.catalogue.run("import-1") == row


def test_an_import_that_was_killed_is_adopted_as_far_as_it_came_and_can_go_on(project: Project, source: Path) -> None:
    run_id = workflow.prepare_import(project, [source], ImportSpec())
    rows = [*patients(4, 3, shard=f"{run_id}.bin"), skipped("/data/x.png")]
    write_pixels(project.pixels_dir, rows[:8])
    ledger = write_ledger(project, run_id, rows[:8])
    with ledger.open("ab") as stream:
        stream.write(rows[8].model_dump_json().encode()[:-30])
    end_failed(project, run_id)
    workflow.adopt(project, run_id)
    assert project.catalogue.counts().images == 8
    row = project.catalogue.run(run_id)
    assert (row.state, row.adopted) == (RunState.FAILED, False)
    assert (project.run_dir(run_id) / "private" / "sources.json").exists(), "needed to go on"
    write_pixels(project.pixels_dir, rows)
    write_ledger(project, run_id, rows)
    end(project, run_id, imported=12)
    workflow.adopt(project, run_id)
    clean = [image for entry in rows for image in entry.images]
    assert [item.offset for item in project.catalogue.items()] == [image.pixels.offset for image in clean]
    assert project.catalogue.run(run_id).adopted and not (project.run_dir(run_id) / "private").exists()


def test_an_import_that_was_stopped_keeps_what_was_finished(project: Project, source: Path) -> None:
    run_id = workflow.prepare_import(project, [source], ImportSpec())
    rows = patients(2, 3, shard=f"{run_id}.bin")
    write_pixels(project.pixels_dir, rows)
    write_ledger(project, run_id, rows)
    end_cancelled(project, run_id)
    workflow.adopt(project, run_id)
    assert project.catalogue.counts().images == 6
    assert project.catalogue.run(run_id).state is RunState.CANCELLED
    assert (project.run_dir(run_id) / "private" / "sources.json").exists(), "needed to go on"
    assert [row.run_id for row in workflow.unfinished_imports(project)] == [run_id]
    workflow.discard_import(project, run_id)
    assert not (project.run_dir(run_id) / "private").exists() and workflow.unfinished_imports(project) == []
    assert project.catalogue.counts().images == 6


def test_images_whose_pixels_never_reached_the_disk_are_listed_as_skipped(project: Project, source: Path) -> None:
    run_id = workflow.prepare_import(project, [source], ImportSpec())
    rows = patients(2, 2, shard=f"{run_id}.bin")
    write_pixels(project.pixels_dir, rows[:3])
    outside = (
        rows[0]
        .images[0]
        .model_copy(
            update={
                "digest": "f" * 64,
                "pixels": rows[0].images[0].pixels.model_copy(update={"shard": "../../etc/passwd"}),
            }
        )
    )
    write_ledger(project, run_id, [*rows, LedgerRow(path="/data/evil", status="imported", images=(outside,))])
    end(project, run_id)
    workflow.adopt(project, run_id)
    assert project.catalogue.counts().images == 3
    assert project.catalogue.ledger_counts() == {"imported": 3, "pixels_lost": 2}


def test_a_trial_import_fills_the_ledger_alone(filled: Project, source: Path) -> None:
    run_id = workflow.prepare_import(filled, [source], ImportSpec(dry_run=True))
    ready = LedgerRow(path="/new/a.png", status="imported", code="ready")
    write_ledger(filled, run_id, [ready, skipped("/new/b.png")])
    end(filled, run_id)
    workflow.adopt(filled, run_id)
    assert filled.catalogue.counts().images == 24
    assert len(filled.catalogue.ledger()) == 24
    assert [(entry.file, entry.code) for entry in filled.catalogue.ledger(trial=True)] == [
        ("a.png", "ready"),
        ("b.png", "truncated"),
    ]


def test_pretraining_gets_all_images_that_are_not_excluded(filled: Project, tmp_path: Path) -> None:
    filled.catalogue.set_excluded([1, 2], "localiser")
    weights = tmp_path / "Dr Müller's weights.safetensors"
    weights.write_bytes(b"weights")
    run_id = workflow.prepare_pretrain(filled, PretrainSpec(task="simclr"), weights)
    run = RunDirectory(filled.run_dir(run_id))
    assert run_id == "simclr-1"
    assert [item.image_id for item in run.items()] == list(range(3, 25))
    job = run.job()
    assert job.plugin["id"] == "simclr" and len(job.plugin["sha256"]) == 64
    assert isinstance(job.spec, PretrainSpec) and job.spec.init == "weights.safetensors"
    assert (run.private_dir / "weights.safetensors").read_bytes() == b"weights"
    assert workflow.prepare_pretrain(filled, PretrainSpec(task="simclr", init="imagenet")) == "simclr-2"


def test_pretraining_needs_images_a_task_and_a_start(project: Project, filled: Project, tmp_path: Path) -> None:
    assert refused(lambda: workflow.prepare_pretrain(filled, PretrainSpec(task="no-such-task"))) == "unknown_task"
    assert refused(lambda: workflow.prepare_pretrain(filled, PretrainSpec(init="x.pt"))) == "no_weights"
    assert refused(lambda: workflow.prepare_pretrain(filled, PretrainSpec(), tmp_path / "gone.pt")) == "no_weights"
    with Project.create(tmp_path / "empty") as empty:
        assert refused(lambda: workflow.prepare_pretrain(empty, PretrainSpec())) == "no_images"
        assert refused(lambda: workflow.prepare_embed(empty, EmbedSpec(source="random"))) == "no_images"


def test_embedding_takes_backbone_and_size_from_the_run(filled: Project) -> None:
    run_id = workflow.prepare_pretrain(filled, PretrainSpec(task="simclr"))
    assert refused(lambda: workflow.prepare_embed(filled, EmbedSpec(source=run_id))) == "no_backbone"
    assert refused(lambda: workflow.prepare_embed(filled, EmbedSpec(source="import-1"))) == "no_backbone"
    assert refused(lambda: workflow.prepare_embed(filled, EmbedSpec(source="simclr-9"))) == "unknown_run"
    write_backbone(filled.run_dir(run_id) / "artifacts", run_id, image_size=96, name="resnet50")
    end(filled, run_id)
    workflow.adopt(filled, run_id)
    spec = RunDirectory(filled.run_dir(workflow.prepare_embed(filled, EmbedSpec(source=run_id)))).job().spec
    assert isinstance(spec, EmbedSpec)
    assert (spec.backbone, spec.image_size) == ("resnet50", 96)


def test_embeddings_and_maps_are_found_by_run_and_by_source(filled: Project) -> None:
    assert refused(lambda: workflow.load_embeddings(filled, "random")) == "not_embedded"
    assert workflow.load_map(filled, "random") is None
    first = embedded(filled, half)
    assert (first, workflow.resolve_embedding(filled, "random")) == ("embed-1", "embed-1")
    ids, vectors = workflow.load_embeddings(filled, "random")
    assert ids.tolist() == list(range(1, 25)) and vectors.dtype == np.float16
    assert isinstance(vectors, np.memmap) and vectors[3].tolist() == [2.0] * 4
    assert workflow.load_map(filled, first) is None
    map_id = mapped(filled, "random")
    for name in ("random", first, map_id):
        found = workflow.load_map(filled, name)
        assert found is not None and found.map_id == map_id
        assert found.xy.shape == (24, 2) and found.cluster.dtype == np.int32
    second = embedded(filled, half)
    assert workflow.resolve_embedding(filled, "random") == second
    assert workflow.resolve_embedding(filled, first) == first
    assert workflow.load_map(filled, "random") is None, "the newer embedding has no map yet"
    assert not (filled.run_dir(first) / "artifacts" / "embeddings.npy").exists(), "moved, not copied"
    workflow.adopt(filled, first)
    assert workflow.resolve_embedding(filled, first) == first


def test_a_result_that_is_missing_or_damaged_is_a_plain_error(filled: Project) -> None:
    run_id = workflow.prepare_embed(filled, EmbedSpec(source="random"))
    end(filled, run_id)
    assert refused(lambda: workflow.adopt(filled, run_id)) == "result_missing"
    good = embedded(filled, half)
    (filled.embeddings_dir / f"{good}.npy").write_bytes(b"\x93NUMPY nonsense")
    assert refused(lambda: workflow.load_embeddings(filled, good)) == "embedding_damaged"
    np.save(filled.embeddings_dir / f"{good}.npy", np.zeros((3, 2), np.float16))
    assert refused(lambda: workflow.load_embeddings(filled, good)) == "embedding_damaged"
    map_id = mapped(filled, good)
    (filled.maps_dir / f"{map_id}.npz").write_bytes(b"PK nonsense")
    assert refused(lambda: workflow.load_map(filled, map_id)) == "map_damaged"


def test_a_run_that_is_still_at_work_is_recorded_as_such(filled: Project) -> None:
    run_id = workflow.prepare_map(filled, MapSpec(embedding=embedded(filled, half)))
    workflow.adopt(filled, run_id)
    assert filled.catalogue.run(run_id).state is RunState.PREPARED
    run = RunDirectory(filled.run_dir(run_id))
    run.set_status(run.status().model_copy(update={"attempt": 1, "launched": time.time()}))
    write_events(run.path, Started(at=time.time(), pid=1), Progress(at=time.time(), done=1, total=2))
    run.heartbeat_file.touch()
    assert workflow.reattach(filled) == [run_id]
    assert filled.catalogue.run(run_id).state is RunState.RUNNING


def test_after_opening_what_ended_meanwhile_is_adopted(filled: Project) -> None:
    run_id = workflow.prepare_map(filled, MapSpec(embedding=embedded(filled, half)))
    waiting = workflow.prepare_map(filled, MapSpec(embedding="random"))
    filled.catalogue.set_run_state(run_id, RunState.RUNNING)
    np.savez(filled.run_dir(run_id) / "artifacts" / "map.npz", ids=[1], xy=[[0.0, 0.0]], cluster=[0])
    end(filled, run_id)
    assert workflow.reattach(filled) == []
    assert filled.catalogue.run(run_id).adopted
    assert filled.catalogue.run(waiting).state is RunState.PREPARED


def test_an_export_carries_the_model_and_its_package_comes_back(filled: Project) -> None:
    embedding = embedded(filled, half)
    folder = filled.models_dir / "linear-1"
    folder.mkdir()
    (folder / "model.json").write_text("{}")
    (folder / "head.npz").write_bytes(b"head")
    filled.catalogue.add_model(ModelRow("linear-1", embedding, "now", ("a", "b")))
    for content in ("first", "second"):
        run_id = workflow.prepare_export(filled, "linear-1")
        artifacts = filled.run_dir(run_id) / "artifacts"
        assert {p.name for p in (artifacts / "model").iterdir()} == {"model.json", "head.npz", "facts.json"}
        (artifacts / "package").mkdir()
        (artifacts / "package" / "model.onnx").write_text(content)
        (artifacts / "package.zip").write_text(content)
        end(filled, run_id)
        workflow.adopt(filled, run_id)
        workflow.adopt(filled, run_id)
        assert (filled.exports_dir / "linear-1-package" / "model.onnx").read_text() == content
        assert {p.name for p in filled.exports_dir.iterdir()} == {"linear-1-package", "linear-1-package.zip"}
    assert refused(lambda: workflow.prepare_export(filled, "linear-9")) == "unknown_model"


def test_a_run_that_cannot_be_written_leaves_nothing(filled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunDirectory, "create", full)
    assert refused(lambda: workflow.prepare_embed(filled, EmbedSpec(source="random"))) == "run_not_prepared"
    assert [row.run_id for row in filled.catalogue.runs()] == ["import-1"]
    assert [p.name for p in (filled.path / "runs").iterdir()] == ["import-1"]


def test_two_imports_of_the_same_folder_hold_each_image_once(filled: Project, source: Path) -> None:
    imported(filled, source)
    assert filled.catalogue.counts().images == 24
    assert len(filled.catalogue.runs()) == 2
