"""The lock pins every package by version and hash, names no host, and holds what pyproject.toml asks for."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; (.+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
LOCKS = ("requirements.lock", "uv.lock")


def lines(root: Path, name: str) -> list[str]:
    return (root / "installer" / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_with_hashes_and_nothing_else_stands_there(root: Path, name: str) -> None:
    content = lines(root, name)
    odd = [line for line in content if not PIN.match(line) and not HASH.match(line)]
    assert not odd, "\n".join(odd)
    unhashed = [
        line
        for line, following in zip(content, [*content[1:], ""], strict=True)
        if PIN.match(line) and not HASH.match(following)
    ]
    assert not unhashed, "\n".join(unhashed)


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_names_no_host(root: Path, name: str) -> None:
    assert not [line for line in lines(root, name) if "://" in line or line.startswith("-")]


def test_the_lock_meets_every_requirement_of_the_project(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [Requirement(text) for text in [*project["dependencies"], *project["optional-dependencies"]["test"]]]
    pinned: dict[str, list[str]] = {}
    for line in lines(root, "requirements.lock"):
        if match := PIN.match(line):
            pinned.setdefault(canonicalize_name(match[1]), []).append(match[2])
    unmet = [
        str(requirement)
        for requirement in wanted
        if not (versions := pinned.get(canonicalize_name(requirement.name)))
        or not all(requirement.specifier.contains(version, prereleases=True) for version in versions)
    ]
    assert not unmet, "\n".join(unmet)


def test_the_command_in_contributing_makes_this_lock(root: Path, tmp_path: Path) -> None:
    """With what is pinned already, the documented command changes no pin; skipped where there is no uv or network."""
    found = re.search(r"^uv pip compile pyproject.toml .*$", (root / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert found is not None
    lock = tmp_path / "installer" / "requirements.lock"
    lock.parent.mkdir()
    shutil.copyfile(root / "installer" / "requirements.lock", lock)
    shutil.copyfile(root / "pyproject.toml", tmp_path / "pyproject.toml")
    uv = shutil.which("uv") or root / ".setup" / "uv" / "bin" / "uv"
    if not Path(uv).exists():
        pytest.skip("needs uv")
    command = [str(uv), *shlex.split(found[0])[1:], "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("needs a network")
    made = [line for line in lock.read_text(encoding="utf-8").splitlines() if PIN.match(line)]
    assert made == [line for line in lines(root, "requirements.lock") if PIN.match(line)]
