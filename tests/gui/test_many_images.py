"""A project of very many images: its first page comes before the rest is read, pictures are found one by one until
then, and the tree is painted once for many pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex
from PySide6.QtGui import QPixmap
from pytestqt.qtbot import QtBot

from benchmarks import million_project
from sslstudio.domain.filters import Choice, Filter
from sslstudio.gui.item_models.image_tree import ImageTree
from sslstudio.gui.item_models.thumbnails import Place, ThumbnailSource
from sslstudio.gui.pages.data import browsing
from sslstudio.gui.pages.data.tree_model import TreeModel
from sslstudio.importers.thumbnails import encode
from sslstudio.session.project import Project
from tests.gui.conftest import MakeWindow
from tests.gui.test_data_images import pane_of


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of 3,000 images in 300 series of 150 patients."""
    return million_project.write(tmp_path_factory.mktemp("many") / "many.sslproj", 3000)


def test_the_project_for_measuring_is_a_real_one(many: Path) -> None:
    with Project.open(many) as project:
        counts = project.catalogue.counts()
        assert (counts.images, counts.subjects, counts.series) == (3000, 150, 300)
        item = project.catalogue.items()[1234]
        assert project.catalogue.image(item.image_id).file_name == f"{item.image_id}.dcm"
        assert project.catalogue.ledger_counts() == {"imported": 3000}
        assert not project.notices


def test_the_first_images_are_those_with_which_the_whole_list_begins(many: Path) -> None:
    with Project.open(many) as project:
        catalogue = project.catalogue
        whole = ImageTree(catalogue.matches(Filter()), catalogue.groups())
        first = ImageTree(*catalogue.first_images(7))
        assert len(first) == 70 and first.ids.tolist() == whole.ids[:70].tolist()
        assert len(ImageTree(*catalogue.first_images(1000))) == 3000
        places = catalogue.pixel_places([5, 17, 99_999])
        assert places == {n: ("import-1.bin", n % 4096 * 64 * 64) for n in (5, 17)}


def test_a_page_is_shown_before_all_is_read(
    many: Path, make_window: MakeWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "FIRST_SERIES", 2)
    window = make_window()
    window.attach(Project.open(many))
    pane, seen = pane_of(window), []
    pane.grid.tiles.modelReset.connect(lambda: seen.append(len(pane.grid.tiles.ids)))
    qtbot.waitUntil(lambda: len(pane.grid.tiles.ids) == 3000, timeout=30000)
    assert [count for count in seen if count] in ([20, 3000], [3000]), "never fewer again"
    assert pane.tree_model.rowCount() == 150
    assert window.workspace is not None
    window.workspace.session.filters.put(Choice(column="modality", values=("MR",)))
    qtbot.waitUntil(lambda: len(pane.grid.tiles.ids) == 1000, timeout=30000)


class _Store:
    """JPEGs of every image but number 3."""

    def get(self, wanted: Iterable[tuple[int, str, int]]) -> Mapping[int, bytes]:
        jpeg = encode(np.zeros((8, 8, 1), dtype=np.uint8))
        return {image_id: jpeg for image_id, shard, offset in wanted if image_id != 3 and shard == "a.bin"}


def test_pictures_are_found_one_by_one_until_all_places_are_known(qtbot: QtBot) -> None:
    asked: list[int] = []

    def locate(ids: Sequence[int]) -> Mapping[int, Place]:
        asked.extend(ids)
        return {image_id: ("a.bin", image_id * 64) for image_id in ids if image_id < 5}

    source = ThumbnailSource(_Store(), locate=locate)
    try:
        assert source.pixmap(1) is None and not source.is_missing(1), "not known is not missing"
        qtbot.waitUntil(lambda: source.pixmap(1) is not None, timeout=10000)
        for absent in (3, 7):
            source.pixmap(absent)
            qtbot.waitUntil(lambda one=absent: source.is_missing(one), timeout=10000)
        source.set_places({2: ("a.bin", 0)})
        asked.clear()
        qtbot.waitUntil(lambda: source.pixmap(2) is not None, timeout=10000)
        assert source.pixmap(7) is None and source.is_missing(7) and asked == []
    finally:
        source.close()


def test_the_tree_is_painted_once_for_many_pictures_and_only_for_its_own(qtbot: QtBot) -> None:
    there: dict[int, QPixmap] = {}
    model = TreeModel(there.get)
    model.set_tree(ImageTree(np.array([[11, 1], [12, 2], [13, 3]]), np.array([[1, 1, 1], [2, 2, 2], [3, 3, 3]])))
    painted: list[QModelIndex] = []
    model.dataChanged.connect(lambda first, *_: painted.append(first))
    for row in range(3):
        assert model.data(model.index(row, 0), 1) is not None, "a blank picture until then"
    model.pictures_came([500, 501])
    qtbot.wait(150)
    assert painted == [], "nobody waits for these"
    for image_id in (11, 12, 13):
        model.pictures_came([image_id])
    qtbot.waitUntil(lambda: bool(painted), timeout=20000)
    qtbot.wait(150)
    assert len(painted) == 1
