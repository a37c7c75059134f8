"""The package of `tiny_package`, made once: writing its graph takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.exporters.tiny_package import brightness_package


@pytest.fixture(scope="session")
def brightness(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that says whether an image is dark or bright; not to be changed."""
    return brightness_package(tmp_path_factory.mktemp("brightness") / "package")
