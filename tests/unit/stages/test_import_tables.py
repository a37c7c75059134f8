"""Tables that chose the files of earlier imports: read as then, for their own files; a spoilt one brings nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.chosen import ChosenSource
from sslstudio.importers.discovery import FoundFile
from sslstudio.importers.identity import IdentityRules
from sslstudio.importers.patience import Patience
from sslstudio.stages.import_tables import ImportTables


def request(*sources: ChosenSource, table: Path | None = None) -> dict[str, Any]:
    return {
        "sources": [str(one.path) for one in sources],
        "chosen": [astuple(one) for one in sources],
        "look": True,
        "table": None if table is None else str(table),
    }


def _spoil(path: Path) -> None:
    path.write_bytes(b"\0\1\2")


def _empty(path: Path) -> None:
    path.write_text("image,patient\n", encoding="utf-8")


def _rename_columns(path: Path) -> None:
    path.write_text("x,y\n0.png,A", encoding="utf-8")


@pytest.mark.parametrize("harm", [_spoil, _empty, _rename_columns, Path.unlink])
def test_a_table_that_cannot_be_read_any_more_brings_nothing(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    table = tmp_path / "t.csv"
    table.write_text("image,patient\n0.png,P", encoding="utf-8")
    lost, folder = ChosenSource.of(table), ChosenSource.of(tmp_path)
    harm(table)
    told: list[tuple[str, str, str]] = []
    tables = ImportTables(ImportSpec(), request(lost, folder), lambda *said: told.append(said), Patience())
    assert tables.sources == [tmp_path] and not tables.naming
    assert [code for code, _, _ in told] == ["table_unreadable"] and "t.csv" not in "".join(told[0])
    with pytest.raises(SSLStudioError, match="cannot be read now, or no longer name") as error:
        ImportTables(ImportSpec(), request(lost), lambda *_: None, Patience())
    assert error.value.code == "table_unreadable"


def test_a_table_given_now_speaks_for_all_files(tmp_path: Path) -> None:
    kept, given = tmp_path / "kept.csv", tmp_path / "given.csv"
    kept.write_text("image,patient\na.png,old", encoding="utf-8")
    given.write_text("image,patient\na.png,new", encoding="utf-8")
    file = FoundFile(str(tmp_path / "a.png"), "a.png", named_by=str(kept))
    for table, said in ((None, "old"), (given, "new")):
        tables = ImportTables(ImportSpec(), request(ChosenSource.of(kept), table=table), lambda *_: None, Patience())
        rules = tables.rules(IdentityRules(b"key", tables.chosen), file)
        assert rules.find("a.png", "", "", "").words == said
        other = tables.rules(IdentityRules(b"key", tables.chosen), FoundFile("/x/a.png", "a.png"))
        assert other.find("a.png", "", "", "").words == ("a.png" if table is None else "new")
