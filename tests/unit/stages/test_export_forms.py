"""The network for other programs and the MONAI bundle: loaded by those programs, from a copy, as the texts say."""

from __future__ import annotations

import csv
import json
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from sslstudio.exporters import backbone_folder, package
from sslstudio.exporters.monai_bundle import METADATA
from sslstudio.exporters.parity import ParityImage
from sslstudio.importers.discovery import Discovery
from sslstudio.stages import export
from tests.unit.exporters import tiny_project
from tests.unit.exporters.tiny_project import CLASSES, TinyProject

pytestmark = pytest.mark.slow
SECRETS = (b"Kanarienvogel", b"Secret", b"weights.pth", b"originals", b"Demo Imaging")


def exported(root: Path, form: str) -> tuple[TinyProject, dict[str, object]]:
    project = tiny_project.make(root, parity_images=5)
    spec = project.spec.model_copy(update={"format": form})
    return project, export.run(spec, project.context)


def assert_nothing_private(project: TinyProject) -> None:
    words = (
        *SECRETS,
        str(project.root).encode(),
        str(Path.home()).encode(),
        str(Path(export.__file__).parent).encode(),
    )
    for path in project.package.rglob("*"):
        if not path.is_file():
            continue
        contents = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                contents += [archive.read(name) for name in archive.namelist()]
        for content in contents:
            for word in words:
                assert word not in content, (path.name, word)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyProject, dict[str, object]]:
    return exported(tmp_path_factory.mktemp("network"), "backbone")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyProject, dict[str, object]]:
    return exported(tmp_path_factory.mktemp("bundle"), "monai")


def test_the_network_folder_holds_its_files_and_nothing_private(network: tuple[TinyProject, dict[str, object]]) -> None:
    project, result = network
    assert result["images_compared"] == 5 and float(str(result["largest_difference"])) < 1e-4
    names = {path.name for path in project.package.iterdir()}
    assert names == {
        "timm.safetensors",
        "torchvision.pth",
        "program.pt2",
        "backbone.json",
        "preprocessing.json",
        "README.md",
        "SHA256SUMS",
    }
    assert_nothing_private(project)


def test_every_line_of_the_readme_loads_and_gives_the_same_features(
    network: tuple[TinyProject, dict[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, _ = network
    folder = tmp_path / "elsewhere"
    shutil.copytree(project.package, folder)
    monkeypatch.chdir(folder)
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "$" not in text and "can identify people" in text and "a local file of weights" in text
    source = export._load(project.spec, project.context)
    images = list(export._images(project.context, source, 5))
    prepared = backbone_folder.prepare_images(source.packaged, images)
    with torch.inference_mode():
        wanted = source.packaged.backbone(prepared)
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    seen = []
    for block in blocks:
        (tmp_path / "block.py").write_text(block, encoding="utf-8")
        names = runpy.run_path(str(tmp_path / "block.py"), {"torch": torch})
        if "lightly" in block:
            model = names["model"]
            assert isinstance(model, torch.nn.Module) and model.eval()(prepared).shape == (5, 128)
            seen.append("lightly")
        elif "program" in names:
            program = names["program"]
            for image, one in zip(images, wanted, strict=True):
                inputs = backbone_folder._inputs(ParityImage(image.stored, image.windows), 1)
                got = program(*inputs)[0].detach()
                assert torch.allclose(got, one, atol=1e-4)
            seen.append("program")
        elif "SimpleInferer" in block:
            assert names["features"].shape == (2, 192)
            seen.append("monai")
        else:
            net = names["net"]
            assert isinstance(net, torch.nn.Module)
            grey = prepared if "timm" in names else prepared.repeat(1, 3, 1, 1)
            with torch.inference_mode():
                assert torch.allclose(net(grey), wanted, atol=1e-4)
            seen.append("timm" if "timm" in names else "torchvision")
    assert seen == ["timm", "torchvision", "program", "lightly", "monai"]


def test_monai_itself_verifies_and_runs_the_bundle(
    bundle: tuple[TinyProject, dict[str, object]], tmp_path: Path
) -> None:
    """Its own commands, from a copy, without the product."""
    project, result = bundle
    assert result["images_compared"] == 5 and float(str(result["largest_difference"])) < 1e-4
    folder = tmp_path / "elsewhere"
    shutil.copytree(project.package, folder)
    files = [found.relative for found in Discovery([project.images])]
    (project.images / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    script = (
        "import sys; sys.modules['sslstudio'] = None\n"
        "from monai.bundle import run, verify_net_in_out\n"
        "both = dict(meta_file='configs/metadata.json', config_file='configs/inference.json')\n"
        "verify_net_in_out('network_def', device='cpu', **both)\n"
        f"run(dataset_dir={str(project.images)!r}, output='found.csv', device='$torch.device(\"cpu\")', **both)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "data shape of network is verified with no error" in done.stdout + done.stderr
    with (folder / "found.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["file"]: row for row in csv.DictReader(stream)}
    assert rows.pop("bad.png")["status"] == "skipped"
    assert len(rows) == len(files) == len(project.context.item_list)
    source = export._load(project.spec, project.context)
    cache = export.PixelCache(project.context.pixels_dir)
    for name, item in zip(files, project.context.item_list, strict=True):
        wanted, _ = export.reference.score(source.packaged, ParityImage(cache.read(item.pixels), item.windows))
        got = [float(rows[name][f"probability {each}"]) for each in CLASSES]
        assert np.abs(np.array(got) - wanted).max() < 1e-4, name


def test_the_metadata_has_what_the_schema_of_monai_asks_for(bundle: tuple[TinyProject, dict[str, object]]) -> None:
    project, _ = bundle
    content = json.loads((project.package / METADATA).read_text(encoding="utf-8"))
    required = (
        "schema version monai_version pytorch_version numpy_version required_packages_version task description authors"
        " copyright network_data_format"
    )
    assert set(required.split()) <= content.keys()
    for side in ("inputs", "outputs"):
        (tensor,) = content["network_data_format"][side].values()
        assert {"type", "format", "num_channels", "spatial_shape", "dtype", "value_range"} <= tensor.keys()
    assert content["network_data_format"]["outputs"]["pred"]["num_channels"] == len(CLASSES)
    assert_nothing_private(project)
    docs = {path.name for path in (project.package / "docs").iterdir()}
    assert docs == {"README.md", package.CARD, package.CARD_PDF, package.CHECKLIST}


def test_monais_command_line_takes_the_bundle(bundle: tuple[TinyProject, dict[str, object]]) -> None:
    folder = bundle[0].package
    command = [sys.executable, "-m", "monai.bundle", "verify_net_in_out", "network_def"]
    command += ["--meta_file", "configs/metadata.json", "--config_file", "configs/inference.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
