"""Warnings of imports are there again when the project is opened, until they are put aside or settled."""

from __future__ import annotations

from pathlib import Path

from sslstudio.catalogue.rows import LedgerQuery
from sslstudio.domain.specs import ImportSpec
from sslstudio.session.import_warnings import import_warnings, put_aside
from sslstudio.session.project import Project
from tests.fakes.image_files import write_png
from tests.unit.session.imports import carry_out


def test_what_imports_warned_of_outlives_the_window(tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    for number in range(6):
        write_png(scans / f"{number}.png", seed=number)
    with Project.create(tmp_path / "p") as project:
        first = carry_out(project, [scans], ImportSpec())
        away = scans.rename(tmp_path / "away")
        scans.mkdir()
        trial = carry_out(project, [scans], ImportSpec(dry_run=True))
        scans.rmdir()
        away.rename(scans)
        shown = [one.code for one in import_warnings(project, trial=True)]
        write_png(scans / "0.png", seed=99)
        second = carry_out(project, [scans], ImportSpec())
        path = project.path
    assert first["warnings"] and "files_changed" in second["warnings"]
    with Project.open(path) as project:
        told = import_warnings(project)
        assert {one.code for one in told} == {*first["warnings"], *second["warnings"]}
        changed = next(one for one in told if one.code == "files_changed")
        assert changed.run_id == second["run"] and "changed since the import" in changed.message and changed.hint
        assert shown == trial["warnings"] == ["folder_empty"]
        other = next(one for one in told if one.code != "files_changed")
        put_aside(project, other)
        assert [one.code for one in import_warnings(project)] == [one.code for one in told if one != other]
        project.catalogue.keep_changed(project.catalogue.ledger_numbers(LedgerQuery(code="changed")))
        assert import_warnings(project) == []
