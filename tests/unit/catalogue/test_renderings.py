"""What the model sees is one setting: windows follow from it and from the facts of each image, and it can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sslstudio.catalogue import Catalogue
from sslstudio.domain.ledger import FoundImage
from sslstudio.importers.rendering import Group, preset
from tests.fakes.catalogue_rows import found, row
from tests.unit.catalogue.test_schema_upgrade import first_version

CT = {
    "modality": "CT", "body_part": "CHEST", "unit": "HU", "slope": 1.0, "intercept": -1024.0, "low": 864.0,
    "high": 1263.0, "file_low": 864.0, "file_high": 1263.0, "auto_low": 20.0, "auto_high": 2100.0, "least": 0.0,
    "greatest": 3000.0,
}  # fmt: skip
CR = {
    "modality": "CR", "body_part": "CHEST", "low": 120.0, "high": 3900.0, "auto_low": 120.0, "auto_high": 3900.0,
    "least": 0.0, "greatest": 4095.0,
}  # fmt: skip
PNG = {"modality": "", "body_part": "", "low": 0.0, "high": 255.0, "file_low": 0.0, "file_high": 255.0}
PNG |= {"auto_low": 0.0, "auto_high": 255.0, "least": 0.0, "greatest": 255.0, "finished": True}


def image(number: int, facts: dict[str, object]) -> FoundImage:
    return found(f"p{number}", number).model_copy(update=facts)


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[Catalogue]:
    catalogue = Catalogue(tmp_path / "mixed.sqlite", create=True)
    rows = [row(f"/d/{n}.dcm", image(n, facts)) for n, facts in enumerate((CT, CT, CT, CR, PNG), 1)]
    catalogue.adopt_import("import-1", rows)
    yield catalogue
    catalogue.close()


def test_until_the_user_chooses_images_are_as_their_files_say(mixed: Catalogue) -> None:
    assert mixed.chosen_rendering() is None and mixed.rendering() == preset("auto")
    windows = [item.windows for item in mixed.items()]
    assert windows == [((864, 1263),)] * 3 + [((120, 3900),), ((0, 255),)]
    assert mixed.rendering_groups()[0] == Group("CT", "CHEST", "HU", 1, 3)


def test_a_change_reaches_items_inspector_and_thumbnails_and_is_counted(mixed: Catalogue) -> None:
    wanted = preset("ct_lung_soft_bone")
    assert mixed.changed_by(wanted) == 4
    before = mixed.set_rendering(wanted)
    assert before == preset("auto") and mixed.chosen_rendering() == wanted
    lung = (-1350.0 + 1024, 150.0 + 1024)
    assert mixed.items()[0].windows == (lung, (864, 1264), (524, 2324))
    assert mixed.items()[3].windows == ((120, 3900),) * 3
    detail = mixed.image(1)
    assert detail.windows == mixed.items()[0].windows and detail.original == (864, 1263)
    place, windows = mixed.windows([1, 5, 99])[1]
    assert windows == detail.windows and place == detail.pixels
    assert set(mixed.windows([1, 5, 99])) == {1, 5}
    assert mixed.items(rendering=preset("auto"))[0].windows == ((864, 1263),)


def test_changes_are_taken_back_one_by_one(mixed: Catalogue) -> None:
    for name in ("ct_lung", "ct_bone"):
        mixed.set_rendering(preset(name))
    mixed.set_rendering(preset("ct_bone"))  # no change, nothing to take back
    assert mixed.former_rendering() == preset("ct_lung")
    assert mixed.undo_rendering() == preset("ct_lung") == mixed.rendering()
    assert mixed.undo_rendering() == preset("auto") and mixed.chosen_rendering() is None
    assert mixed.undo_rendering() is None and mixed.former_rendering() is None


def test_the_choice_is_there_after_opening_again(mixed: Catalogue) -> None:
    edited = preset("ct_lung").with_windows(((-550.0, 1450.5),))
    mixed.set_rendering(edited)
    path = mixed._db.path
    mixed.close()
    again = Catalogue(path)
    assert again.chosen_rendering() == edited and again.former_rendering() == preset("auto")
    again.close()


def test_images_of_the_first_version_keep_their_window_until_they_are_imported_again(tmp_path: Path) -> None:
    path = tmp_path / "project.sqlite"
    first_version(path)
    catalogue = Catalogue(path)
    catalogue.set_rendering(preset("mr"))
    assert catalogue.items(include_excluded=True)[0].windows == ((10, 200),)
    facts = {"low": 5.0, "high": 300.0, "auto_low": 5.0, "auto_high": 300.0, "least": 0.0, "greatest": 400.0}
    catalogue.adopt_import("import-2", [row("/d/a.dcm", found("a", 0).model_copy(update=facts))])
    assert catalogue.items(include_excluded=True)[0].windows == ((5, 300),)
    catalogue.close()
