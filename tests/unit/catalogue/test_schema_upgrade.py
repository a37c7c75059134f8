"""A project of the first released schema opens for ever: it is backed up, migrated, and learns the newer facts."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sslstudio.catalogue import Catalogue
from sslstudio.catalogue.database import Database
from sslstudio.catalogue.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION
from sslstudio.domain.ledger import FoundImage
from tests.fakes.catalogue_rows import found, row

FACTS = {
    "sop": "ab" * 8, "source_series": "cd" * 8, "kind": "derived", "unit": "HU", "site": "ef" * 8, "day": 12345,
    "phase": 2001, "row_spacing": 0.7, "column_spacing": 0.5, "columns": {"plane": "axial", "kernel": "B30f"},
    "instance_number": 7, "slice_position": -12.5,
}  # fmt: skip


def full(number: int = 0) -> FoundImage:
    return found("a", number).model_copy(update=FACTS)


def first_version(path: Path) -> None:
    """A database as the first version wrote it, with one image and its label."""
    Database(path, create=True, migrations=MIGRATIONS[:1]).close()
    image = found("a", 0)
    connection = sqlite3.connect(path)
    for statement in (
        f"INSERT INTO subjects VALUES (1, '{image.subject}', 'test')",
        f"INSERT INTO studies VALUES (1, 1, '{image.study}')",
        f"INSERT INTO series VALUES (1, 1, '{image.series}')",
        "INSERT INTO locations VALUES (1, '/d/a.dcm', 64, 1)",
    ):
        connection.execute(statement)
    values = (
        1, image.digest, 0, image.pixel_digest, 1, "MR", "BRAIN", "L", "AX", "Maker A", 12, 1.0, 0.0, 10.0, 200.0, 3,
        4.5, "import-1.bin", 0, 8, 8, 1, "uint8", "import-1", "scout",
    )  # fmt: skip
    connection.execute(f"INSERT INTO images VALUES ({', '.join('?' * len(values))})", values)
    connection.execute("INSERT INTO image_locations VALUES (1, 1)")
    connection.commit()
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()


def test_a_project_of_the_first_version_is_upgraded_and_keeps_everything(tmp_path: Path) -> None:
    path = tmp_path / "project.sqlite"
    first_version(path)
    catalogue = Catalogue(path)
    assert path.with_name("project.sqlite.backup-v1").is_file()
    assert catalogue._db.value("PRAGMA user_version") == SCHEMA_VERSION
    image = catalogue.image(1)
    assert (image.laterality, image.excluded, image.part, image.instance_number) == ("L", "scout", "test", 3)
    assert (image.sop, image.kind, image.day, image.row_spacing, image.columns) == ("", "", None, None, {})
    catalogue.close()


def test_importing_an_old_image_again_brings_the_facts_it_lacked(tmp_path: Path) -> None:
    path = tmp_path / "project.sqlite"
    first_version(path)
    catalogue = Catalogue(path)
    assert catalogue.adopt_import("import-2", [row("/d/a.dcm", full())]).images == 0
    image = catalogue.image(1)
    lacked = {key: value for key, value in FACTS.items() if key not in ("instance_number", "slice_position")}
    assert {key: getattr(image, key) for key in lacked} == lacked
    assert (image.instance_number, image.excluded) == (3, "scout")
    catalogue.adopt_import("import-3", [row("/d/a.dcm", full().model_copy(update={"kind": ""}))])
    assert catalogue.image(1).kind == "derived", "facts that are known stay"
    catalogue.close()


def test_all_facts_of_a_new_image_are_kept(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "project.sqlite", create=True)
    catalogue.adopt_import("import-1", [row("/d/a.dcm", full())])
    image = catalogue.image(1)
    assert {key: getattr(image, key) for key in FACTS} == FACTS
    catalogue.close()


def test_an_older_program_may_read_what_this_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "project.sqlite"
    catalogue = Catalogue(path, create=True)
    catalogue.adopt_import("import-1", [row("/d/a.dcm", full())])
    catalogue.close()
    older = Database(path, migrations=MIGRATIONS[:1])
    assert older.read_only and older.value("SELECT count(*) FROM images") == 1
    older.close()
