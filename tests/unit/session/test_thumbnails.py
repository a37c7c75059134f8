"""Thumbnails follow what the model sees: the import's while they fit, else made from the pixel cache and kept."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sslstudio.domain.items import PixelLocation
from sslstudio.importers.pixel_cache import PixelCacheWriter
from sslstudio.importers.rendering import look_of, preset
from sslstudio.importers.thumbnails import ThumbnailWriter, encode
from sslstudio.session import Project
from sslstudio.session.thumbnails import ProjectThumbnails
from tests.fakes.catalogue_rows import found, row


@pytest.fixture
def place(project: Project) -> PixelLocation:
    """One CT of 32 x 32: HU -1000 at the left, 40 in the middle, 900 at the right."""
    hu = np.repeat(np.array([-1000] * 11 + [40] * 10 + [900] * 11), 32).reshape(32, 32).T
    with PixelCacheWriter(project.pixels_dir / "import-1.bin") as writer:
        location = writer.append((hu + 1024).astype(np.uint16)[:, :, None])
    facts = {"modality": "CT", "unit": "HU", "slope": 1.0, "intercept": -1024.0, "auto_low": 24.0, "auto_high": 1924.0}
    facts |= {"least": 24.0, "greatest": 1924.0, "low": 24.0, "high": 1924.0, "pixels": location}
    project.catalogue.adopt_import("import-1", [row("/d/1.dcm", found("p", 0).model_copy(update=facts))])
    with ThumbnailWriter(project.thumbnails_dir / "import-1.sqlite", 0, look_of(preset("auto"))) as writer:
        writer.add([(location.offset, encode(np.full((32, 32, 1), 77, np.uint8)))])
    return location


def colours(jpeg: bytes) -> list[list[int]]:
    """The middle row at the left, in the middle and at the right."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        return [list(np.atleast_1d(np.asarray(picture)[16, x])) for x in (3, 16, 28)]


def test_thumbnails_follow_the_rendering_and_are_made_once(project: Project, place: PixelLocation) -> None:
    thumbnails = ProjectThumbnails(project)
    wanted = [(1, place.shard, place.offset)]
    assert colours(thumbnails.get(wanted)[1]) == [[77]] * 3  # that of the import
    project.catalogue.set_rendering(preset("ct_lung_soft_bone"))
    thumbnails.look_changed()
    first = thumbnails.get(wanted)[1]
    # lung -1350..150, soft tissue -160..240, bone -500..1300, by hand
    expected = [[60, 0, 0], [236, 128, 76], [255, 255, 198]]
    assert np.abs(np.array(colours(first)) - np.array(expected)).max() <= 6  # JPEG
    with sqlite3.connect(project.thumbnails_dir / "rendered.db") as kept:
        assert kept.execute("SELECT count(*) FROM rendered").fetchone() == (1,)
    kept.close()
    (project.pixels_dir / "import-1.bin").rename(project.path / "moved.bin")
    fresh = ProjectThumbnails(project)
    assert fresh.get(wanted)[1] == first  # kept, not made again
    project.catalogue.set_rendering(preset("ct_bone"))
    fresh.look_changed()
    assert colours(fresh.get(wanted)[1]) == [[77]] * 3  # its pixels are lost: the old picture rather than none
    assert fresh.get([(5, "gone.bin", 0)]) == {}
    project.catalogue.undo_rendering()
    project.catalogue.undo_rendering()
    fresh.look_changed()
    assert colours(fresh.get(wanted)[1]) == [[77]] * 3
    thumbnails.close()
    fresh.close()


def test_a_folder_that_takes_no_file_only_costs_time(project: Project, place: PixelLocation) -> None:
    (project.thumbnails_dir / "rendered.db").mkdir()
    project.catalogue.set_rendering(preset("ct_bone"))
    thumbnails = ProjectThumbnails(project)
    jpeg = thumbnails.get([(1, place.shard, place.offset)])[1]
    assert np.abs(np.array(colours(jpeg)) - np.array([[0], [76], [198]])).max() <= 4
    thumbnails.close()


def test_thumbnails_of_before_there_were_looks_are_made_anew(project: Project, place: PixelLocation) -> None:
    path: Path = project.thumbnails_dir / "import-1.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE look")
    connection.close()
    thumbnails = ProjectThumbnails(project)
    assert colours(thumbnails.get([(1, place.shard, place.offset)])[1]) != [[77]] * 3
    thumbnails.close()
