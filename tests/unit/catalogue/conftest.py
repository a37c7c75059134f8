"""A catalogue of six patients with four images each, and short ways to label in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sslstudio.catalogue import Catalogue
from sslstudio.domain.labels import AddClass, ClassInfo, Label, SetLabels
from tests.fakes.catalogue_rows import patients

CLASSES = (
    ClassInfo(class_id=1, name="glioma", colour="#0072B2", key="1"),
    ClassInfo(class_id=2, name="none", colour="#E69F00", key="2"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "project.sqlite"


@pytest.fixture
def catalogue(path: Path) -> Iterator[Catalogue]:
    made = Catalogue(path, create=True)
    made.adopt_import("import-1", patients(6, 4))
    yield made
    made.close()


@pytest.fixture
def classes(catalogue: Catalogue) -> tuple[ClassInfo, ...]:
    for info in CLASSES:
        catalogue.apply(AddClass(info=info))
    return CLASSES


@pytest.fixture
def label(catalogue: Catalogue, classes: tuple[ClassInfo, ...]) -> Callable[..., SetLabels]:
    """label(class_id or None, *image_ids): applies and returns the command."""

    def give(class_id: int | None, *image_ids: int) -> SetLabels:
        command = SetLabels(
            labels=tuple(
                (key, None if class_id is None else Label(image_id=key, mark="class", class_id=class_id))
                for key in image_ids
            )
        )
        catalogue.apply(command)
        return command

    return give
