"""A frozen test set changes by no path but a thaw with a reason, not even by a statement that forgets to ask."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from sslstudio.catalogue import Catalogue
from sslstudio.errors import SSLStudioError
from tests.fakes.catalogue_rows import found, patients, row


@pytest.fixture
def frozen(catalogue: Catalogue) -> Catalogue:
    catalogue.adopt_import("import-1", patients(12))
    catalogue.split_by_subject(0.25)
    assert catalogue.freeze_test().subjects == 3
    return catalogue


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(SSLStudioError) as caught:
        call()
    return caught.value.code


def pixels_of(catalogue: Catalogue, image_id: int) -> str:
    digest: str = catalogue._db.value("SELECT pixel_digest FROM images WHERE image_id = ?", (image_id,))
    return digest


def test_no_path_changes_who_tests(frozen: Catalogue) -> None:
    before = frozen.parts()
    tests = [key for key, part in before.items() if part == "test"]
    trains = [key for key, part in before.items() if part == "train"]
    name = frozen.image(tests[0]).subject
    assert code_of(lambda: frozen.assign_parts({tests[0]: "train"})) == "frozen_test"
    assert code_of(lambda: frozen.assign_parts({trains[0]: "test"})) == "frozen_test"
    assert code_of(lambda: frozen.put_together({name: "train"})) == "frozen_test"
    assert code_of(lambda: frozen.split_by_subject(0.5)) == "frozen_test"
    place = (name, "study", "series")
    assert code_of(lambda: frozen.move_images({trains[0]: place}, {name: "test"}, "x", {})) == "frozen_test"
    other = (frozen.image(trains[0]).subject, "study", "series")
    assert code_of(lambda: frozen.move_images({tests[0]: other}, {other[0]: "train"}, "x", {})) == "frozen_test"
    with pytest.raises(sqlite3.IntegrityError, match="frozen test set"), frozen._db.transaction() as connection:
        connection.execute("UPDATE subjects SET part = 'train'")
    frozen.assign_parts({tests[0]: "test", trains[0]: "train"})
    assert frozen.parts() == before
    assert code_of(frozen.freeze_test) == "frozen_test"


def test_newcomers_train_unless_they_share_a_picture_with_it(frozen: Catalogue) -> None:
    key = next(key for key, part in frozen.parts().items() if part == "test")
    twin = found("twin", 100).model_copy(update={"pixel_digest": pixels_of(frozen, key)})
    rows = [row(f"/new/{n}.png", found(f"new-{n}", 200 + n)) for n in range(8)]
    frozen.adopt_import("import-2", [row("/new/twin.png", twin), *rows])
    before = frozen.frozen_test()
    frozen.split_by_subject(keep=True)
    parts = list(frozen.parts().values())
    assert parts[-9] == "test" and parts[-8:] == ["train"] * 8
    assert frozen.frozen_test().subjects == before.subjects, "who came later is not part of what was fixed"


def test_thawing_needs_a_reason_and_stays_on_record(frozen: Catalogue) -> None:
    assert code_of(lambda: frozen.thaw_test("  ")) == "no_reason"
    frozen.count_look("linear-1", 9, 3)
    frozen.thaw_test("more patients came")
    state = frozen.frozen_test()
    assert not state.frozen and state.thaws == 1 and state.looks == 0
    assert [(kind, model, subjects, why) for _, kind, model, _, subjects, why in frozen.test_history()] == [
        ("frozen", "", 3, ""), ("evaluated", "linear-1", 3, ""), ("thawed", "", 3, "more patients came"),
    ]  # fmt: skip
    assert code_of(lambda: frozen.thaw_test("again")) == "not_frozen"
    frozen.split_by_subject(0.5)
    assert frozen.freeze_test().looks == 0


def test_there_must_be_a_test_part(catalogue: Catalogue) -> None:
    catalogue.adopt_import("import-1", patients(2))
    assert code_of(catalogue.freeze_test) == "no_test_part"
    assert not catalogue.frozen_test().frozen
