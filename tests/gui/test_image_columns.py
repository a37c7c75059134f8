"""Columns are read when they are asked for, once, off the window's thread, and anew when the images are others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from sslstudio.gui.item_models.image_columns import ImageColumns
from sslstudio.gui.item_models.project_images import ProjectImages
from tests.gui.image_project import Desk, build, desk, pictures


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    made = desk(build(tmp_path / "p.sslproj", pictures(), with_map=False))
    yield made
    ProjectImages.of(made.services).close()
    made.close()


def test_a_column_comes_when_it_was_asked_for_and_stays(opened: Desk, qtbot: QtBot) -> None:
    images, columns = ProjectImages.of(opened.services), ImageColumns.of(opened.services)
    assert ImageColumns.of(opened.services) is columns
    assert columns.available() == () and columns.values("scanner") is None and not columns.loaded
    qtbot.waitUntil(lambda: images.loaded, timeout=10000)
    with qtbot.waitSignal(columns.changed, timeout=10000, check_params_cb=lambda key: key == ""):
        columns.available()
    assert [info.key for info in columns.available()] == ["subject", "study", "series", "scanner", "position"]
    assert "modality" in {out.key for out in columns.left_out()}
    assert columns.values("modality") is None and columns.values("no such column") is None
    with qtbot.waitSignal(columns.changed, timeout=10000) as came:
        assert columns.values("scanner") is None
    column = columns.values("scanner")
    assert came.args == ["scanner"] and column is not None
    assert [column.text(place) for place in range(len(column))] == list(images.table.scanner)
    assert columns.values("scanner") is column


def test_other_images_make_every_column_stale(opened: Desk, qtbot: QtBot) -> None:
    images, columns = ProjectImages.of(opened.services), ImageColumns.of(opened.services)
    qtbot.waitUntil(lambda: images.loaded, timeout=10000)
    columns.available()
    qtbot.waitUntil(lambda: columns.loaded, timeout=10000)
    columns.values("part")
    opened.project.catalogue.split_by_subject(0.4, 0)
    with qtbot.waitSignal(images.images_changed, timeout=10000):
        opened.session.images_were_changed()
    assert not columns.loaded
    columns.available()
    qtbot.waitUntil(lambda: columns.info("part") is not None, timeout=10000)
    columns.values("part")
    qtbot.waitUntil(lambda: columns.values("part") is not None, timeout=10000)
    column = columns.values("part")
    assert column is not None and set(column.names) == {"training", "test"}
