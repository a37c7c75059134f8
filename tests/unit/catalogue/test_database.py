"""Opening: pragmas, migrations with a backup first, newer and foreign files, read-only folders, plain errors."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from sslstudio.catalogue import Catalogue
from sslstudio.catalogue.database import Database
from sslstudio.catalogue.schema import MIGRATIONS, SCHEMA_VERSION
from sslstudio.errors import SSLStudioError
from tests.fakes.catalogue_rows import patients

LATER = (*MIGRATIONS, ("ALTER TABLE images ADD COLUMN later TEXT NOT NULL DEFAULT 'here'",))


def code_of(path: Path, **options: bool) -> str:
    with pytest.raises(SSLStudioError) as caught:
        Catalogue(path, **options)
    assert caught.value.message.endswith(".") and caught.value.hint.endswith(".")
    return caught.value.code


def test_every_connection_is_durable_and_strict(catalogue: Catalogue) -> None:
    db = catalogue._db
    assert db.value("PRAGMA journal_mode") == "wal"
    assert db.value("PRAGMA synchronous") == 2
    assert db.value("PRAGMA foreign_keys") == 1
    assert db.value("PRAGMA secure_delete") == 1
    assert db.value("PRAGMA user_version") == SCHEMA_VERSION


def test_an_older_database_is_backed_up_and_then_migrated(catalogue: Catalogue, path: Path) -> None:
    catalogue.close()
    db = Database(path, migrations=LATER)
    assert db.value("SELECT DISTINCT later FROM images") == "here"
    assert db.value("PRAGMA user_version") == SCHEMA_VERSION + 1
    assert f"project.sqlite.backup-v{SCHEMA_VERSION}" in db.notices[0]
    db.close()
    backup = path.with_name(f"project.sqlite.backup-v{SCHEMA_VERSION}")
    old = Catalogue(backup)
    assert old.counts().images == 24
    old.close()


def test_a_migration_that_fails_leaves_everything_as_it_was(catalogue: Catalogue, path: Path) -> None:
    catalogue.close()
    broken = (*LATER, ("CREATE TABLE half (x)", "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(sqlite3.OperationalError):
        Database(path, migrations=broken)
    again = Catalogue(path)
    assert again.counts().images == 24
    assert again._db.value("SELECT count(*) FROM sqlite_schema WHERE name = 'half'") == 0
    again.close()


def test_an_older_database_opened_read_only_is_migrated_in_a_copy(catalogue: Catalogue, path: Path) -> None:
    catalogue.close()
    before = path.read_bytes()
    db = Database(path, read_only=True, migrations=LATER)
    assert db.value("SELECT count(*) FROM images WHERE later = 'here'") == 24
    scratch = db._scratch
    assert scratch is not None and scratch.is_dir()
    db.close()
    assert not scratch.exists()
    assert path.read_bytes() == before


def test_a_newer_project_opens_read_only_with_a_sentence(catalogue: Catalogue, path: Path) -> None:
    catalogue.close()
    Database(path, migrations=LATER).close()
    newer = Catalogue(path)
    assert newer.read_only
    assert "newer version" in newer.notices[0]
    assert newer.counts().images == 24
    with pytest.raises(SSLStudioError) as caught:
        newer.set_setting("a", 1)
    assert caught.value.code == "read_only"
    newer.close()


def test_a_newer_project_that_cannot_be_read_is_refused(catalogue: Catalogue, path: Path) -> None:
    catalogue.close()
    db = Database(path, migrations=LATER)
    with db.transaction() as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'readable_since'")
    db.close()
    assert code_of(path) == "newer"


def test_what_is_not_ours_is_not_opened(tmp_path: Path) -> None:
    assert code_of(tmp_path / "none.sqlite") == "not_a_project"
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    before = other.read_bytes()
    assert code_of(other) == "not_a_project"
    assert sqlite3.connect(other).execute("SELECT count(*) FROM sqlite_schema").fetchone() == (1,)
    assert len(other.read_bytes()) == len(before)
    text = tmp_path / "text.sqlite"
    text.write_bytes(b"no database at all, but long enough to have a header" * 40)
    assert code_of(text) == "damaged"
    assert code_of(text, read_only=True) == "damaged"


def test_read_only_writes_nothing(catalogue: Catalogue, path: Path) -> None:
    catalogue.close()
    before = {p.name: p.read_bytes() for p in path.parent.iterdir()}
    reader = Catalogue(path, read_only=True)
    assert reader.counts().images == 24 and len(reader.items()) == 24
    for change in (
        lambda: reader.set_excluded([1], "x"),
        lambda: reader.new_run_id("embed"),
        lambda: reader.split_by_subject(),
        lambda: reader.adopt_import("import-2", patients(1, 1)),
    ):
        with pytest.raises(SSLStudioError) as caught:
            change()
        assert caught.value.code == "read_only"
    reader.close()
    assert {p.name: p.read_bytes() for p in path.parent.iterdir() if not p.name.endswith(("-wal", "-shm"))} == before


def test_a_folder_without_the_right_to_write_is_opened_read_only(
    catalogue: Catalogue, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.close()
    access = os.access
    monkeypatch.setattr(os, "access", lambda p, mode: mode != os.W_OK and access(p, mode))
    reader = Catalogue(path)
    assert reader.read_only and "read-only" in reader.notices[0]
    reader.close()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom permissions hold back")
def test_a_write_protected_folder_is_read(catalogue: Catalogue, path: Path) -> None:
    catalogue.close()
    path.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        reader = Catalogue(path)
        assert reader.read_only and reader.counts().images == 24
        reader.close()
    finally:
        path.parent.chmod(stat.S_IRWXU)


def test_where_sqlite_can_make_no_side_files_a_copy_is_read(catalogue: Catalogue, path: Path) -> None:
    catalogue.set_setting("a", 1)
    db = Database(path, read_only=True)
    db._connection.close()
    db._connection = db._connect_copy()
    assert db.value("SELECT value FROM settings WHERE key = 'a'") == "1", "the log is part of the copy"
    db.close()


def test_a_nested_transaction_is_part_of_the_outer_one(catalogue: Catalogue) -> None:
    with pytest.raises(ValueError), catalogue._db.transaction():
        catalogue.set_setting("a", 1)
        raise ValueError
    assert catalogue.setting("a") is None
    catalogue.set_setting("a", 2)
    assert catalogue.setting("a") == 2


def test_a_full_disk_is_a_sentence(catalogue: Catalogue) -> None:
    pages = catalogue._db.value("PRAGMA page_count")
    catalogue._db.value(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(SSLStudioError) as caught:
        catalogue.set_setting("big", "x" * 5_000_000)
    assert caught.value.code == "disk_full"
    assert catalogue.counts().images == 24


def test_closing_twice_is_harmless(catalogue: Catalogue) -> None:
    catalogue.close()
    catalogue.close()
