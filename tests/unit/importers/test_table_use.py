"""What a table and the files of an import lack of each other is counted and told."""

from pathlib import Path

from sslstudio.importers.table_use import TableUse
from sslstudio.importers.tables import SubjectTable


def test_every_doubt_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("image,patient,Birth Date\na.png,1,x\na.png,2,x\nb.png,2,x\nc.png,3,x\n", encoding="utf-8")
    use = TableUse(SubjectTable.read(path))
    for name in ("a.png", "x/a.png", "d.png"):
        use.meet(name)
        use.note(name)
    told: dict[str, str] = {}
    use.warn(lambda code, message, hint: told.setdefault(code, message + hint) and None)
    assert set(told) == {"files_not_in_table", "rows_without_file", "rows_in_conflict", "column_withheld"}
    assert "1 image file of 3" in told["files_not_in_table"] and "2 rows" in told["rows_without_file"]
    assert "Birth Date" in told["column_withheld"] and use.unused == 2


def test_a_table_that_fits_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("image,patient\na.png,1\n", encoding="utf-8")
    use = TableUse(SubjectTable.read(path))
    use.meet("a.png")
    use.note("a.png")
    told: list[str] = []
    use.warn(lambda code, message, hint: told.append(code))
    assert told == []
