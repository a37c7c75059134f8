"""Damage to database or journal: found at opening, repaired from the other, and said in a sentence."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sslstudio.catalogue import Catalogue, journal, label_rows
from sslstudio.domain.labels import AddClass, ClassInfo, Label, SetLabels
from tests.fakes.catalogue_rows import patients

Give = Callable[..., SetLabels]
JOURNAL = "labels.journal.jsonl"


@pytest.fixture
def labelled(catalogue: Catalogue, path: Path, label: Give) -> dict[int, Label]:
    """Ten commands, one undone; the catalogue is closed."""
    for image_id in range(1, 9):
        label(1 + image_id % 2, image_id, image_id + 8)
    label(None, 3)
    catalogue.undo()
    labels = catalogue.labels()
    catalogue.close()
    return labels


def sql(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def opened_whole(path: Path, labels: dict[int, Label]) -> list[str]:
    """Open, demand these labels and agreement of both stores, open once more without notice; the first notices."""
    catalogue = Catalogue(path)
    notices = catalogue.notices
    assert catalogue.labels() == labels
    assert catalogue.can_undo() == "Label 2 images as glioma"
    assert catalogue.can_redo() == "Clear 1 image"
    rows, text = label_rows.load(catalogue._db), journal.read(path.with_name(JOURNAL))
    assert rows.complete and rows.lines == text.lines and not text.torn and not text.damaged
    history = catalogue.image(3).history
    assert [event.how for event in history] == ["do", "do", "undo"]
    catalogue.close()
    catalogue = Catalogue(path)
    assert catalogue.notices == []
    catalogue.close()
    return notices


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE labels SET class_id = 2 WHERE image_id = 4",
        "UPDATE labels SET author = 'someone else' WHERE image_id = 4",
        "DELETE FROM labels WHERE image_id = 4",
        "DELETE FROM labels",
        "INSERT INTO labels VALUES (20, 'uncertain', NULL, 'hand', '', '', 1, '', '', 0)",
        "UPDATE labels SET crc = crc + 1 WHERE image_id = 4",
        "UPDATE classes SET name = 'gliomb' WHERE class_id = 1",
        "UPDATE label_commands SET command = replace(command, '\"class_id\":1', '\"class_id\":2')",
        "DELETE FROM label_commands WHERE stack = 'undo' AND position % 2",
        "DELETE FROM label_head",
        "UPDATE label_head SET checksum = 0",
        "UPDATE label_head SET seq = 3",
        "DELETE FROM label_history WHERE seq = 4",
        "UPDATE label_history SET line = x'00' WHERE seq = 4",
        "DELETE FROM label_history",
    ],
)
def test_a_damaged_database_is_repaired_from_the_journal(path: Path, labelled: dict[int, Label], damage: str) -> None:
    sql(path, damage)
    assert any("repaired from the label journal" in notice for notice in opened_whole(path, labelled))


def test_labels_lost_with_their_history_come_back_from_the_journal(path: Path, labelled: dict[int, Label]) -> None:
    """A database that a power cut threw back to an earlier transaction is sound, but behind."""
    for table in ("label_changes", "label_history", "label_commands", "labels", "classes"):
        sql(path, f"DELETE FROM {table}")
    sql(path, "UPDATE label_head SET seq = 0, checksum = 0")
    notices = opened_whole(path, labelled)
    assert notices == ["12 label commands were brought back from the label journal."]


def test_a_journal_one_command_ahead_is_completed_without_ado(path: Path, labelled: dict[int, Label]) -> None:
    copy = path.with_name("copy.sqlite")
    shutil.copyfile(path, copy)
    catalogue = Catalogue(path)
    catalogue.redo()
    labels = catalogue.labels()
    catalogue.close()
    shutil.copyfile(copy, path)
    catalogue = Catalogue(path)
    assert catalogue.labels() == labels and catalogue.notices == []
    assert catalogue.can_redo() is None
    catalogue.close()


def test_a_torn_last_line_is_cut_without_ado(path: Path, labelled: dict[int, Label]) -> None:
    with path.with_name(JOURNAL).open("ab") as stream:
        stream.write(b'{"seq":13,"at":"2026')
    assert opened_whole(path, labelled) == []
    with path.with_name(JOURNAL).open("ab") as stream:
        stream.write(b'{"seq":13,"at":"2026\x00\x00\n')
    assert opened_whole(path, labelled) == []


@pytest.mark.parametrize("damage", ["missing", "emptied", "flipped", "line removed", "zeros", "cut in half"])
def test_a_damaged_journal_is_written_again_from_the_database(
    path: Path, labelled: dict[int, Label], damage: str
) -> None:
    file = path.with_name(JOURNAL)
    data = file.read_bytes()
    lines = data.splitlines(keepends=True)
    match damage:
        case "missing":
            file.unlink()
        case "emptied":
            file.write_bytes(b"")
        case "flipped":
            file.write_bytes(data.replace(b'{"seq":4,', b'{"seq":5,'))
        case "line removed":
            file.write_bytes(b"".join(lines[:3] + lines[4:]))
        case "zeros":
            file.write_bytes(data[:300] + b"\0" * 200 + data[500:])
        case _:
            file.write_bytes(data[: len(data) // 2])
    notices = opened_whole(path, labelled)
    assert notices == ["The label journal was damaged or missing and was written again from the database."]
    aside = list(path.parent.glob(f"{JOURNAL}.damaged-*"))
    assert len(aside) == (damage not in ("missing", "emptied"))
    assert file.read_bytes() == data


def test_a_journal_of_another_project_is_set_aside(path: Path, labelled: dict[int, Label]) -> None:
    other = path.with_name("other")
    other.mkdir()
    stranger = Catalogue(other / path.name, create=True)
    stranger.adopt_import("import-1", patients(2, 2))
    for number in range(1, 31):
        stranger.apply(AddClass(info=ClassInfo(class_id=number, name=f"c{number}", colour="#000000")))
    stranger.close()
    shutil.copyfile(other / JOURNAL, path.with_name(JOURNAL))
    notices = opened_whole(path, labelled)
    assert notices == ["The label journal was damaged or missing and was written again from the database."]
    assert path.with_name(f"{JOURNAL}.damaged-1").read_bytes() == (other / JOURNAL).read_bytes()


def test_when_both_are_damaged_the_verified_labels_stay_and_the_rest_is_named(
    path: Path, labelled: dict[int, Label]
) -> None:
    sql(
        path,
        "UPDATE labels SET author = 'x' WHERE image_id IN (4, 5)",
        "DELETE FROM label_history WHERE seq = 6",
    )
    file = path.with_name(JOURNAL)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:5] + lines[6:]))
    catalogue = Catalogue(path)
    expected = {key: label for key, label in labelled.items() if key not in (4, 5)}
    assert catalogue.labels() == expected
    assert any("2 could not and were removed" in notice for notice in catalogue.notices)
    catalogue.close()
    catalogue = Catalogue(path)
    assert catalogue.notices == [] and catalogue.labels() == expected
    catalogue.close()


def test_a_read_only_opening_names_damage_and_repairs_nothing(path: Path, labelled: dict[int, Label]) -> None:
    sql(path, "UPDATE labels SET author = 'x' WHERE image_id = 4")
    catalogue = Catalogue(path, read_only=True)
    assert "Open the project for writing" in catalogue.notices[0]
    assert 4 not in catalogue.labels()
    catalogue.close()
    writing = Catalogue(path)
    assert labelled[4] == writing.labels()[4]
    writing.close()


def test_every_bit_of_every_label_table_is_watched(path: Path, labelled: dict[int, Label], tmp_path: Path) -> None:
    """Flip random bits in values of the label tables; each must be repaired exactly."""
    draw = random.Random(0)
    catalogue = Catalogue(path)
    text_columns = [
        ("labels", "author"),
        ("labels", "at"),
        ("labels", "origin"),
        ("classes", "name"),
        ("classes", "colour"),
    ]
    catalogue.close()
    for round_number in range(25):
        table, column = draw.choice(text_columns)
        folder = tmp_path / f"r{round_number}"
        folder.mkdir()
        for name in (path.name, JOURNAL):
            shutil.copyfile(path.with_name(name), folder / name)
        sql(folder / path.name, f"UPDATE {table} SET {column} = {column} || char({draw.randint(33, 126)})")
        catalogue = Catalogue(folder / path.name)
        assert catalogue.labels() == labelled
        assert catalogue.notices
        catalogue.close()


@settings(max_examples=25)
@given(images=st.lists(st.integers(1, 9), min_size=1, max_size=6), undo=st.booleans(), cut=st.floats(0, 1))
def test_a_write_ahead_log_cut_anywhere_loses_nothing(
    images: list[int], undo: bool, cut: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
    catalogue = Catalogue(source / "project.sqlite", create=True)
    catalogue.adopt_import("import-1", patients(3, 3))
    catalogue.apply(AddClass(info=ClassInfo(class_id=1, name="a", colour="#000000")))
    for image_id in images:
        catalogue.apply(SetLabels(labels=((image_id, Label(image_id=image_id, mark="class", class_id=1)),)))
    if undo:
        catalogue.undo()
    for name in ("project.sqlite", "project.sqlite-wal", JOURNAL):
        shutil.copyfile(source / name, target / name)
    wal = target / "project.sqlite-wal"
    with wal.open("r+b") as stream:
        stream.truncate(int(cut * wal.stat().st_size))
    expected = (catalogue.labels(), catalogue.can_undo(), catalogue.can_redo())
    catalogue.close()
    opened = Catalogue(target / "project.sqlite")
    assert (opened.labels(), opened.can_undo(), opened.can_redo()) == expected
    opened.close()


@settings(max_examples=25)
@given(cut=st.floats(0, 1))
def test_a_journal_cut_anywhere_is_made_whole(cut: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("journal")
    catalogue = Catalogue(folder / "project.sqlite", create=True)
    catalogue.adopt_import("import-1", patients(2, 3))
    for image_id in range(1, 6):
        catalogue.apply(SetLabels(labels=((image_id, Label(image_id=image_id, mark="uncertain")),)))
    labels = catalogue.labels()
    catalogue.close()
    whole = (folder / JOURNAL).read_bytes()
    (folder / JOURNAL).write_bytes(whole[: int(cut * len(whole))])
    catalogue = Catalogue(folder / "project.sqlite")
    assert catalogue.labels() == labels
    catalogue.close()
    assert (folder / JOURNAL).read_bytes() == whole
