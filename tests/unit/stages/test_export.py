"""The export stage: a whole package with its proof, nothing private inside, and nothing left behind when it fails."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import safetensors.numpy

from sslstudio.backbones import backbone_file
from sslstudio.classifiers.typical import Typical
from sslstudio.domain.items import Item
from sslstudio.domain.specs import ExportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import package, predictor, scoring
from sslstudio.importers.rendering import preset
from sslstudio.stages import export
from sslstudio.stages.context import Cancelled
from tests.fakes.stage_context import fake_context
from tests.unit.exporters import tiny_project
from tests.unit.exporters.tiny_project import CLASSES, TinyProject

ALONE = Path(__file__).parents[2] / "fakes" / "four_libraries.py"
"""Runs a script where nothing but onnxruntime, numpy, pydicom and pillow can be imported."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyProject, dict[str, object]]:
    project = tiny_project.make(tmp_path_factory.mktemp("export"))
    return project, export.run(project.spec, project.context)


@pytest.fixture
def prebuilt(project: TinyProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph as it was built once; building it takes seconds and follows from the same weights."""
    proto = onnx.load(project.package / package.GRAPH)
    monkeypatch.setattr(export.onnx_graph, "build", lambda model: proto)


@pytest.fixture
def project(exported: tuple[TinyProject, dict[str, object]]) -> TinyProject:
    return exported[0]


def test_the_result_states_the_proof(exported: tuple[TinyProject, dict[str, object]]) -> None:
    project, result = exported
    assert result["images_compared"] == len(project.context.item_list) >= 14
    assert 0 <= float(str(result["largest_difference"])) < 1e-4
    assert set(project.context.artifacts) == {"package", "archive"}
    assert result["files"] == package.verify(project.package)


def test_the_package_holds_exactly_its_files(project: TinyProject) -> None:
    assert {path.name for path in project.package.iterdir()} == {*package.FILES, package.CHECKSUMS}
    labels = package.read_labels(project.package)
    assert [entry.name for entry in labels.classes] == list(CLASSES)
    rules = package.read_preprocessing(project.package)
    assert (rules.channels, rules.image_size, rules.max_side) == (1, 32, 1024)
    assert rules.rendering == preset("auto")
    tensors = safetensors.numpy.load_file(project.package / package.WEIGHTS)
    assert tensors["head.coef"].shape == (3, 192)
    model = json.loads((project.package / package.MODEL).read_text(encoding="utf-8"))
    assert model["backbone"]["name"] == "vit_tiny"
    assert "class_ids" not in model


def test_the_archive_is_the_same_package(project: TinyProject, tmp_path: Path) -> None:
    archive = project.context.run_dir / "artifacts" / package.ARCHIVE
    with zipfile.ZipFile(archive) as stream:
        assert {name.split("/")[0] for name in stream.namelist()} == {"linear-1"}
    package.unpack(archive, tmp_path)
    assert package.verify(tmp_path) == package.verify(project.package)
    assert scoring.load(archive).classes == CLASSES


def test_nothing_private_is_inside(project: TinyProject) -> None:
    secrets = (
        "Kanarienvogel",
        "Secret",
        "weights.pth",
        str(project.root),
        str(Path.home()),
        "originals",
        "Demo Imaging",
    )
    for path in project.package.iterdir():
        content = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in content, (path.name, secret)


def test_the_card_says_what_must_be_said(project: TinyProject) -> None:
    card = (project.package / package.CARD).read_text(encoding="utf-8")
    for phrase in (
        "Research use only. Not a medical device.",
        "can identify people",
        "0.750",
        "(0.613-0.875)",
        "nodule \\| large",
        "vit_tiny at 32 pixels",
        "12 epochs",
        "start a local file of weights",
        "sslstudio pretrain PROJECT --task simclr",
        "Apache License 2.0",
        "onnxruntime",
    ):
        assert phrase in card, phrase
    assert "$" not in card
    assert "None" not in card


def rows_of(text: str) -> dict[str, dict[str, str]]:
    return {row["file"]: row for row in csv.DictReader(io.StringIO(text))}


def test_predict_py_gives_the_same_answers_without_the_product(project: TinyProject, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    alone = alone_and_in_the_product(project, tmp_path, [tmp_path / "bad.png"])
    assert alone.pop()["status"] == "skipped"


def alone_and_in_the_product(project: TinyProject, folder: Path, more: Sequence[Path] = ()) -> list[dict[str, str]]:
    """Score all originals by the package's predict.py and by the product, compare; returns the rows of predict.py."""
    package_copy = folder / "elsewhere"
    shutil.copytree(project.package, package_copy)
    files = sorted(path for path in project.images.rglob("*") if path.is_file())
    script = [sys.executable, "-I", "-W", "error", str(ALONE), str(package_copy / "predict.py")]
    done = subprocess.run(
        [*script, *map(str, files), *map(str, more)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        check=False,
        env={"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    alone = list(csv.DictReader(io.StringIO(done.stdout)))
    table = folder / "table.csv"
    predictor.predict(project.package, [project.images], table)
    product = rows_of(table.read_text(encoding="utf-8"))
    for path, row in zip(files, alone, strict=False):
        wanted = product[path.relative_to(project.images).as_posix()]
        assert row["status"] == "predicted", (path, row)
        assert row["label"] == wanted["label"], path
        for name in CLASSES:
            column = f"probability {name}"
            assert float(row[column]) == pytest.approx(float(wanted[column]), abs=2e-4), path
    return alone


def test_predictions_equal_the_project(project: TinyProject, tmp_path: Path) -> None:
    """Files read anew by the predictor give what the cached pixels give in the project, image by image."""
    table = tmp_path / "table.csv"
    assert predictor.predict(project.package, [project.images], table)["skipped"] == 0
    compare_with_the_project(project, table)


def compare_with_the_project(project: TinyProject, table: Path) -> None:
    graph = scoring.load(project.package).graph
    cache = export.PixelCache(project.context.pixels_dir)
    for item, row in zip(project.context.item_list, rows_of(table.read_text(encoding="utf-8")).values(), strict=True):
        wanted, _ = graph.score([cache.read(item.pixels)], [item.windows])
        got = [float(row[f"probability {name}"]) for name in CLASSES]
        assert np.abs(np.array(got) - wanted[0]).max() < 1e-5


def test_a_second_run_writes_the_same_bytes(tmp_path: Path, exported: tuple[TinyProject, dict[str, object]]) -> None:
    again = tiny_project.make(tmp_path, parity_images=4)
    result = export.run(again.spec, again.context)
    assert result["files"].keys() == exported[1]["files"].keys()
    for name in set(package.FILES) - {package.CARD, package.CARD_PDF}:  # the card states the number of images compared
        assert (again.package / name).read_bytes() == (exported[0].package / name).read_bytes(), name
    assert result["images_compared"] == 4


def test_a_model_for_three_windows_takes_ct_in_hu_other_grey_and_colour(tmp_path: Path) -> None:
    """Project, package and the stand-alone script see the same three windows of a CT of 16 bit, and colour as it is."""
    seen = preset("ct_lung_soft_bone")
    project = tiny_project.make(tmp_path, channels=3, parity_images=40, rendering=seen)
    items = project.context.item_list
    ct = [item for item in items if item.modality == "CT"]
    assert len(ct) == 3 and all(len(set(item.windows)) == 3 and item.dtype == "uint16" for item in ct)
    result = export.run(project.spec, project.context)
    assert result["images_compared"] == len(items)
    assert package.read_preprocessing(project.package).rendering == seen
    rows = alone_and_in_the_product(project, tmp_path)
    assert len(rows) == len(items)
    compare_with_the_project(project, tmp_path / "table.csv")
    card = (project.package / package.CARD).read_text(encoding="utf-8")
    assert "- CT: -1350 to 150 HU; -160 to 240 HU; -500 to 1300 HU" in card
    assert "sslstudio rendering PROJECT --preset ct_lung_soft_bone" in card


def break_head(project: TinyProject) -> None:
    path = project.context.artifact_path("model") / "head.npz"
    with np.load(path) as arrays:
        changed = {**arrays, "coef": arrays["coef"][:, :-1]}
    np.savez(path, **changed)


def break_scale(project: TinyProject) -> None:
    path = project.context.artifact_path("model") / "head.npz"
    with np.load(path) as arrays:
        changed = {**arrays, "scale": arrays["scale"] * 0}
    np.savez(path, **changed)


def remove_backbone(project: TinyProject) -> None:
    (project.root / "tiny.sslproj" / "runs" / "embed-1" / "artifacts" / backbone_file.WEIGHTS).unlink()


def remove_model(project: TinyProject) -> None:
    (project.context.artifact_path("model") / "model.json").write_text("[]")


@pytest.mark.parametrize("damage", [break_head, break_scale, remove_backbone, remove_model])
def test_what_does_not_fit_is_refused_and_leaves_nothing(tmp_path: Path, damage: object) -> None:
    project = tiny_project.make(tmp_path)
    damage(project)
    with pytest.raises(SSLStudioError):
        export.run(project.spec, project.context)
    assert not project.package.exists()


def test_a_graph_that_answers_otherwise_is_not_exported(
    tmp_path: Path, prebuilt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tiny_project.make(tmp_path)
    honest = export.reference.score

    def biased(model: export.PackagedModel, image: export.ParityImage) -> tuple[export.Floats, export.Floats]:
        probabilities, embedding = honest(model, image)
        return probabilities * 0.999, embedding

    monkeypatch.setattr(export.reference, "score", biased)
    with pytest.raises(SSLStudioError) as caught:
        export.run(project.spec, project.context)
    assert caught.value.code == "parity"
    assert not project.package.exists()


def test_cancel_is_obeyed_and_leaves_nothing(tmp_path: Path) -> None:
    project = tiny_project.make(tmp_path)
    project.context.cancel_after = 1
    with pytest.raises(Cancelled):
        export.run(project.spec, project.context)
    assert not project.package.exists()


def test_cancel_between_graph_and_proof(tmp_path: Path, prebuilt: None) -> None:
    project = tiny_project.make(tmp_path)
    project.context.cancel_after = 2
    with pytest.raises(Cancelled):
        export.run(project.spec, project.context)
    assert not project.package.exists()


@pytest.mark.parametrize("count", [1, 2, 5, 14, 99])
def test_spread_takes_every_size_it_can(project: TinyProject, count: int) -> None:
    chosen = export.spread(project.context.item_list, count)
    assert len(chosen) == min(count, len(project.context.item_list))
    assert len({item.image_id for item in chosen}) == len(chosen)
    if count >= 5:
        assert {item.dtype for item in chosen} == {"uint8", "uint16"}


def test_a_package_knows_what_its_images_are_like(tmp_path: Path) -> None:
    """From the embeddings of the labelled training images alone, whoever else is in the project."""
    rng = np.random.default_rng(0)
    items = [
        Item(
            image_id=n, subject=f"{n // 2:016x}", study="", series="", modality="", scanner="", windows=((0.0, 1.0),),
            label=CLASSES[n % 2], part="train", shard="s.bin", offset=0, height=1, width=1, channels=1, dtype="uint8",
        )
        for n in range(1, 101)
    ]  # fmt: skip
    context = fake_context(tmp_path, "export", ExportSpec(model="m", embedding="e"))
    context.item_list = items
    model = context.artifact_path("model")
    model.mkdir(parents=True)
    np.savez(model / "head.npz", train_ids=np.arange(1, 61))
    vectors = rng.normal(size=(100, 20)) @ rng.normal(size=(20, 20))
    vectors[60:] += 1000
    described = {"embedding": "e", "classes": list(CLASSES)}
    assert "not there any more" in str(export._typical(context, described))
    (tmp_path / "embeddings").mkdir()
    np.save(tmp_path / "embeddings" / "e.npy", vectors.astype(np.float16))
    np.save(tmp_path / "embeddings" / "e.ids.npy", np.arange(1, 101))
    found = export._typical(context, described)
    assert isinstance(found, Typical) and found.learned_from.tolist() == [60, 31]
    assert (found.distance(vectors) > 1).tolist()[60:] == [True] * 40
    assert (found.distance(vectors[:60]) > 1).sum() == 0
