"""Labels: stored twice before they count, undo that survives a restart, refusal without a trace, failed disks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from sslstudio.catalogue import Catalogue, journal, label_rows
from sslstudio.domain.labels import AddClass, ClassInfo, EditClass, Label, RemoveClass, SetLabels
from sslstudio.errors import SSLStudioError
from sslstudio.labels import decode

Give = Callable[..., SetLabels]
JOURNAL = "labels.journal.jsonl"


def reopened(catalogue: Catalogue, path: Path) -> Catalogue:
    catalogue.close()
    return Catalogue(path)


def assert_agree(catalogue: Catalogue, path: Path) -> None:
    rows = label_rows.load(catalogue._db)
    text = journal.read(path.with_name(JOURNAL))
    assert rows.complete
    assert text.lines == rows.lines and not text.torn and not text.damaged
    assert sorted(text.lines) == list(range(1, rows.seq + 1))


def test_a_label_is_in_database_and_journal_when_apply_returns(catalogue: Catalogue, path: Path, label: Give) -> None:
    catalogue.author = "Ada"
    label(1, 5)
    beside = sqlite3.connect(path)
    assert beside.execute("SELECT image_id, class_id, author FROM labels").fetchall() == [(5, 1, "Ada")]
    beside.close()
    last = path.with_name(JOURNAL).read_bytes().splitlines()[-1]
    entry = decode(last)
    assert entry is not None and entry.author == "Ada" and entry.how == "do"
    assert isinstance(entry.command, SetLabels) and entry.command.labels[0][0] == 5
    assert_agree(catalogue, path)


def test_time_and_author_are_stamped_unless_given(catalogue: Catalogue, label: Give) -> None:
    catalogue.author = "Ada"
    label(1, 5)
    given = Label(image_id=6, mark="uncertain", author="Grace", at="2026-01-01T00:00:00+00:00", origin="import")
    catalogue.apply(SetLabels(labels=((6, given),)))
    assert catalogue.labels()[5].author == "Ada" and catalogue.labels()[5].at.startswith("20")
    assert catalogue.labels()[6] == given


def test_undo_and_redo_survive_a_restart(catalogue: Catalogue, path: Path, label: Give) -> None:
    label(1, 1, 2, 3)
    label(2, 2)
    assert catalogue.can_undo() == "Label 1 image as none" and catalogue.can_redo() is None
    undone = catalogue.undo()
    assert isinstance(undone, SetLabels)
    catalogue = reopened(catalogue, path)
    assert catalogue.can_undo() == "Label 3 images as glioma"
    assert catalogue.can_redo() == "Label 1 image as none"
    assert catalogue.labels()[2].class_id == 1
    catalogue.redo()
    assert catalogue.labels()[2].class_id == 2
    for _ in range(4):
        assert catalogue.undo() is not None
    assert catalogue.undo() is None and catalogue.can_undo() is None
    assert catalogue.labels() == {} and catalogue.classes() == []
    for _ in range(4):
        assert catalogue.redo() is not None
    assert catalogue.redo() is None
    assert {key: value.class_id for key, value in catalogue.labels().items()} == {1: 1, 2: 2, 3: 1}
    assert_agree(catalogue, path)
    catalogue.close()


def test_a_new_command_clears_what_could_be_redone(catalogue: Catalogue, path: Path, label: Give) -> None:
    label(1, 1)
    catalogue.undo()
    label(2, 3)
    assert catalogue.can_redo() is None and catalogue.redo() is None
    assert_agree(catalogue, path)


def test_apply_returns_the_inverse(catalogue: Catalogue, label: Give) -> None:
    label(1, 1)
    before = catalogue.labels()
    inverse = catalogue.apply(SetLabels(labels=((1, None), (2, Label(image_id=2, mark="excluded")))))
    catalogue.apply(inverse)
    assert catalogue.labels() == before


def test_classes_are_added_edited_and_removed(catalogue: Catalogue, path: Path, label: Give) -> None:
    label(1, 1)
    catalogue.apply(EditClass(info=ClassInfo(class_id=1, name="tumour", colour="#000000", key="5")))
    assert catalogue.items()[0].label == "tumour"
    with pytest.raises(SSLStudioError):
        catalogue.apply(RemoveClass(class_id=1))
    catalogue.apply(RemoveClass(class_id=2))
    assert [info.name for info in catalogue.classes()] == ["tumour"]
    assert_agree(catalogue, path)
    catalogue = reopened(catalogue, path)
    assert catalogue.notices == []
    assert [info.key for info in catalogue.classes()] == ["5"]
    catalogue.close()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (SetLabels(labels=()), "no_images"),
        (SetLabels(labels=((99, Label(image_id=99, mark="uncertain")),)), "unknown_image"),
        (SetLabels(labels=((1, Label(image_id=1, mark="class", class_id=77)),)), "class_unknown"),
    ],
)
def test_a_refused_command_leaves_no_trace(
    catalogue: Catalogue, path: Path, label: Give, command: SetLabels, code: str
) -> None:
    label(1, 1)
    size = path.with_name(JOURNAL).stat().st_size
    with pytest.raises(SSLStudioError) as caught:
        catalogue.apply(command)
    assert caught.value.code == code
    assert path.with_name(JOURNAL).stat().st_size == size
    assert_agree(catalogue, path)


def test_a_transaction_that_fails_takes_the_journal_line_back(
    catalogue: Catalogue, path: Path, label: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    label(1, 1)
    path.with_name("reserve").unlink()

    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(label_rows, "store", full)
        with pytest.raises(SSLStudioError) as caught:
            label(2, 2)
    assert caught.value.code == "disk_full"
    assert_agree(catalogue, path)
    label(2, 3)
    assert sorted(catalogue.labels()) == [1, 3]
    assert_agree(catalogue, path)


def test_a_journal_that_takes_no_more_data_stores_nothing(
    catalogue: Catalogue, path: Path, label: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    label(1, 1)
    path.with_name("reserve").unlink()
    with monkeypatch.context() as patch:
        calls = []

        def broken(stream: object) -> None:
            calls.append(stream)
            if len(calls) == 1:
                raise OSError(28, "No space left on device")

        patch.setattr(journal, "sync", broken)
        with pytest.raises(SSLStudioError) as caught:
            label(1, 2)
    assert caught.value.code == "disk_full"
    assert sorted(catalogue.labels()) == [1]
    assert_agree(catalogue, path)


def test_on_a_full_disk_the_reserve_is_given_up_and_the_label_stored(
    catalogue: Catalogue, path: Path, label: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = path.with_name("reserve")
    assert reserve.stat().st_size == 16 << 20
    sync = journal.sync

    def full(stream: BinaryIO) -> None:
        if reserve.exists():
            raise OSError(28, "No space left on device")
        sync(stream)

    label(1, 1)
    monkeypatch.setattr(journal, "sync", full)
    label(1, 2)
    assert sorted(catalogue.labels()) == [1, 2] and not reserve.exists()
    assert_agree(catalogue, path)
    catalogue.close()
    Catalogue(path).close()
    assert reserve.exists(), "made anew once there is space"


def test_when_not_even_the_line_can_be_taken_back_labelling_stops(
    catalogue: Catalogue, path: Path, label: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    label(1, 1)

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(label_rows, "store", fail)
        patch.setattr(journal.Journal, "cut", lambda self, size: setattr(self, "failed", True))
        with pytest.raises(OSError):
            label(1, 2)
    with pytest.raises(SSLStudioError) as caught:
        label(1, 3)
    assert caught.value.code == "label_store"
    catalogue = reopened(catalogue, path)
    assert sorted(catalogue.labels()) == [1, 2], "the command in flight was completed from the journal"
    assert_agree(catalogue, path)
    catalogue.close()


def test_reading_beside_a_writer_sees_its_labels(catalogue: Catalogue, path: Path, label: Give) -> None:
    reader = Catalogue(path, read_only=True)
    label(1, 1)
    assert sorted(reader.labels()) == [1]
    assert [info.name for info in reader.classes()] == ["glioma", "none"]
    with pytest.raises(SSLStudioError) as caught:
        reader.apply(AddClass(info=ClassInfo(class_id=9, name="x", colour="#000000")))
    assert caught.value.code == "read_only"
    with pytest.raises(SSLStudioError):
        reader.undo()
    reader.close()


def test_two_thousand_labels_at_once_are_one_undoable_command(path: Path) -> None:
    from tests.fakes.catalogue_rows import patients

    catalogue = Catalogue(path, create=True)
    catalogue.adopt_import("import-1", patients(400, 5))
    labels = tuple((n, Label(image_id=n, mark="uncertain", origin="bulk")) for n in catalogue.image_ids())
    catalogue.apply(SetLabels(labels=labels))
    assert len(catalogue.labels()) == 2_000
    catalogue.undo()
    assert catalogue.labels() == {}
    assert_agree(catalogue, path)
    catalogue.close()
