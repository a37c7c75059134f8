"""A new project in a temporary folder, and one with eight patients imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sslstudio.session import Project
from tests.fakes.project_runs import imported


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "Thorax 2026") as made:
        yield made


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder to import from."""
    folder = tmp_path / "Patient Müller"
    folder.mkdir()
    return folder


@pytest.fixture
def filled(project: Project, source: Path) -> Project:
    """The project with 24 images of 8 patients."""
    imported(project, source)
    return project
