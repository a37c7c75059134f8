"""The wheel holds the whole product: package, resources, bundled plugins, licence; and nothing of the checkout else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the checkout without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files(folder: Path) -> list[Path]:
    left_out = {"__pycache__", "tests"}
    return [path for path in folder.rglob("*") if path.is_file() and not left_out & set(path.parts)]


def test_every_module_resource_and_plugin_is_inside(root: Path, names: set[str]) -> None:
    expected = {path.relative_to(root).as_posix() for path in files(root / "sslstudio")}
    for source, target in (("resources", "sslstudio/resources/files"), ("plugins", "sslstudio/extensions/bundled")):
        expected |= {f"{target}/{path.relative_to(root / source).as_posix()}" for path in files(root / source)}
    assert sorted(expected - names) == []


def test_nothing_else_is_inside(names: set[str]) -> None:
    strangers = [name for name in names if not name.startswith(("sslstudio/", "sslstudio-"))]
    assert strangers == []
    assert [name for name in names if {"__pycache__", "tests"} & set(name.split("/"))] == []


def test_licence_and_entry_points_are_inside(names: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert any(name.endswith(".dist-info/entry_points.txt") for name in names)
