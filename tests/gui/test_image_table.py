"""The table of all images says the same as the list of items, and is read in parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslstudio.gui.item_models import image_table
from sslstudio.session import Project
from tests.fakes.catalogue_rows import patients


def test_the_table_says_what_the_items_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_table, "ROWS_A_READ", 5)
    with Project.create(tmp_path / "p") as project:
        catalogue = project.catalogue
        assert len(image_table.read(catalogue).ids) == 0
        catalogue.adopt_import("import-1", patients(6, 4))
        catalogue.split_by_subject(0.4, 0)
        catalogue.set_excluded([3], "Poor quality")
        table, items = image_table.read(catalogue), catalogue.items(include_excluded=True)
    assert table.ids.tolist() == [item.image_id for item in items]
    assert [table.subject_of(item.image_id) for item in items] == [item.subject for item in items]
    assert list(dict.fromkeys(item.subject for item in items)) == list(table.subjects)
    for row, item in enumerate(items):
        assert (table.modality[row], table.scanner[row], table.part[row]) == (item.modality, item.scanner, item.part)
        assert table.places[item.image_id] == (item.shard, item.offset)
    assert table.excluded == {3: "Poor quality"}
    assert 99 not in table.places and len(table.places) == 24 and list(table.places)[:2] == [1, 2]
