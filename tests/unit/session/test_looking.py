"""A look for changes keeps to what was chosen: a table's files, a single file, a folder; real imports of tiny files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sslstudio.catalogue import Catalogue
from sslstudio.catalogue.database import Database
from sslstudio.catalogue.schema import MIGRATIONS
from sslstudio.domain.ledger import LedgerRow
from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.chosen import ChosenSource
from sslstudio.session.looking import plan_look
from sslstudio.session.project import Project
from tests.fakes.catalogue_rows import found, row
from tests.fakes.image_files import write_png
from tests.unit.session.imports import carry_out


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p") as made:
        yield made


def write_table(path: Path, rows: dict[str, str], columns: str = "image,patient") -> Path:
    lines = [columns, *(f"{name},{patient}" for name, patient in rows.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        path.write_text("\n".join(lines), encoding="utf-8")
    else:
        import pyarrow
        from pyarrow import parquet

        first, second = columns.split(",")
        parquet.write_table(pyarrow.table({first: list(rows), second: list(rows.values())}), path)
    return path


def look(project: Project, **changes: Any) -> dict[str, Any]:
    return carry_out(project, plan_look(project).sources, ImportSpec(**changes))


def names(project: Project) -> set[str]:
    return {entry.file for entry in project.catalogue.ledger()}


def test_the_folder_of_a_table_is_not_looked_through(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    for number in range(6):
        write_png(folder / "all" / f"{number}.png", seed=number)
    rows = {"all/0.png": "A", "all/1.png": "A", "all/2.png": "B"}
    table = write_table(folder / "cohort.csv", rows)
    first = carry_out(project, [table], ImportSpec())
    assert (first["imported"], first["subjects"]) == (3, 2)

    unchanged = look(project, dry_run=True)
    assert (unchanged["imported"], unchanged["unchanged"], unchanged["gone"]) == (0, 3, 0)
    write_png(folder / "all" / "new.png", seed=50)
    write_table(table, rows | {"all/3.png": "B", "all/4.png": "C"})
    (folder / "all" / "1.png").unlink()
    dry = look(project, dry_run=True)
    assert (dry["imported"], dry["unchanged"], dry["gone"]) == (2, 2, 1)
    assert {entry.file for entry in project.catalogue.ledger(trial=True, code="ready")} == {"3.png", "4.png"}
    assert project.catalogue.counts().images == 3
    done = look(project)
    assert (done["imported"], done["unchanged"], done["gone"]) == (2, 2, 1)
    assert names(project) == {"0.png", "1.png", "2.png", "3.png", "4.png"}
    assert project.catalogue.counts().subjects == 3, "the table says whose the new files are"
    assert not any("cohort" in entry.path for entry in project.catalogue.ledger())


def test_each_table_is_read_by_its_own_columns_and_for_its_own_files(project: Project, tmp_path: Path) -> None:
    """Two tables of other columns and a folder with files of the same names: none speaks for the others' files."""
    one = write_table(tmp_path / "one" / "t.parquet", {"a.png": "P1", "b.png": "P1"}, "bild,wer")
    two = write_table(tmp_path / "two" / "t.csv", {str(tmp_path / "far" / "a.png"): "P2"})
    for number, place in enumerate(("one/a", "one/b", "one/x", "far/a", "far/x", "whole/P9/a")):
        write_png(tmp_path / f"{place}.png", seed=number)
    carry_out(project, [one], ImportSpec(image_column="bild", subject_column="wer"))
    carry_out(project, [two], ImportSpec())
    carry_out(project, [tmp_path / "whole"], ImportSpec())
    assert (project.catalogue.counts().images, project.catalogue.counts().subjects) == (4, 3)
    for number, place in enumerate(("one/c", "far/c", "whole/P8/b", "whole/P8/c")):
        write_png(tmp_path / f"{place}.png", seed=20 + number)
    write_table(one, {"a.png": "P1", "b.png": "P1", "c.png": "P1"}, "bild,wer")
    write_table(two, {str(tmp_path / "far" / "a.png"): "P2", str(tmp_path / "far" / "c.png"): "P2"})
    assert look(project)["imported"] == 4
    counts = project.catalogue.counts()
    assert (counts.images, counts.subjects) == (8, 4), "P1, P2, and one of each folder of the whole"
    assert "x.png" not in names(project)


def test_a_single_file_does_not_bring_its_neighbours(project: Project, tmp_path: Path) -> None:
    chosen = write_png(tmp_path / "downloads" / "mine.png", seed=1)
    write_png(tmp_path / "downloads" / "other.png", seed=2)
    carry_out(project, [chosen], ImportSpec())
    assert look(project, dry_run=True)["imported"] == 0
    chosen.rename(tmp_path / "kept.png")
    carry_out(project, [tmp_path / "kept.png"], ImportSpec(relink_only=True))
    write_png(tmp_path / "kept-too.png", seed=3)
    result = look(project)
    assert (result["imported"], result["unchanged"], result["gone"]) == (0, 1, 0)
    (tmp_path / "kept.png").unlink()
    assert look(project)["gone"] == 1


def test_a_folder_stays_chosen_where_it_is_now_and_that_of_a_table_does_not_become_so(
    project: Project, tmp_path: Path
) -> None:
    catalogue, now = project.catalogue, {}
    for place in ("table", "whole"):
        folder = tmp_path / place
        catalogue.adopt_rows("import-1", [named(folder / "a.png", folder)])
        now[place] = tmp_path / f"{place} now"
        now[place].mkdir()
    catalogue.remember_sources([ChosenSource(str(tmp_path / "table" / "t.csv"), "table")])
    catalogue.remember_sources([ChosenSource(str(tmp_path / "whole"), "folder")])
    for place, folder in now.items():
        moved = named(folder / "a.png", folder).model_copy(
            update={"code": "moved", "moved_from": str(tmp_path / place / "a.png")}
        )
        catalogue.adopt_rows("import-2", [moved], relinked=True)
    look = plan_look(project)
    assert [one.name for one in look.sources] == ["whole now"]
    assert look.left_alone == (
        "whole is not there now and was left alone. "
        "The table t.csv is not there now; the files it names were left alone."
    )


def named(path: Path, folder: Path) -> LedgerRow:
    return row(str(path), found(path.parent.name, 0)).model_copy(update={"source": str(folder)})


def test_a_table_that_is_gone_is_said(project: Project, tmp_path: Path) -> None:
    project.catalogue.remember_sources([ChosenSource(str(tmp_path / "t.csv"), "table")])
    with pytest.raises(SSLStudioError, match=r"The table t\.csv is not there now") as error:
        plan_look(project)
    assert error.value.code == "no_source"


def test_a_list_that_named_no_file_is_a_file_like_others(project: Project, tmp_path: Path) -> None:
    values = tmp_path / "values.csv"
    project.catalogue.adopt_rows("import-1", [row(str(values))])
    project.catalogue.remember_sources([ChosenSource(str(values), "table")])
    assert [one.kind for one in plan_look(project).sources] == ["file"]


def test_a_trial_and_single_files_read_again_choose_nothing(project: Project, tmp_path: Path) -> None:
    write_png(tmp_path / "a" / "0.png")
    table = write_table(tmp_path / "a" / "t.csv", {"0.png": "P"})
    carry_out(project, [table], ImportSpec(dry_run=True))
    with pytest.raises(SSLStudioError, match="Nothing was imported"):
        plan_look(project)
    carry_out(project, [table], ImportSpec())
    only = project.catalogue.chosen_files([project.catalogue.ledger()[0].number])
    carry_out(project, [tmp_path / "a"], ImportSpec(again=True), only=only)
    assert [(one.kind, one.name) for one in plan_look(project).sources] == [("table", "t.csv")]


def test_folders_of_older_projects_stay_chosen_but_for_the_whole_disk(tmp_path: Path) -> None:
    path = tmp_path / "project.sqlite"
    Database(path, create=True, migrations=MIGRATIONS[:8]).close()
    connection = sqlite3.connect(path)
    connection.executemany("INSERT INTO sources (path) VALUES (?)", [("/data/scans",), ("/",)])
    connection.commit()
    connection.close()
    catalogue = Catalogue(path)
    assert [(one.text, one.kind) for one in catalogue.chosen_sources()] == [("/data/scans", "folder")]
    catalogue.close()
