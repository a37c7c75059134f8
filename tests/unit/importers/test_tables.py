"""Tables of any shape find their files; what they bring in is chosen by allow-list, and doubts are counted."""

import datetime
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from sslstudio.errors import SSLStudioError
from sslstudio.importers import table_columns, tables
from sslstudio.importers.tables import SubjectTable


def table(tmp_path: Path, text: str, name: str = "t.csv") -> SubjectTable:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return SubjectTable.read(tmp_path / name)


def test_files_are_found_by_path_end_name_stem_and_folder(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        "image,patient\n"
        "a/1.png,P1\n"
        "b/1.png,P2\n"
        "c\\2.PNG,P3\n"
        "./3.png,P4\n"
        "img_004,P5\n"
        "vol_5.nii.gz,P6\n"
        "case_6,P7\n"
        "d/e/f/7.png,P8\n",
    )
    assert {
        name: found.find(name)
        for name in (
            "a/1.png",
            "b/1.png",
            "x/a/1.png",
            "1.png",
            "c/1.png",
            "C/2.png",
            "deep/below/3.png",
            "img_004.dcm",
            "x/IMG_004.jpg",
            "vol_5.nii",
            "case_6/series 1/IM0001",
            "archive.zip/case_6/IM0002",
            "f/7.png",
            "g/7.png",
            "none.png",
        )
    } == {
        "a/1.png": "P1",
        "b/1.png": "P2",
        "x/a/1.png": "P1",
        "1.png": "",  # two rows would do
        "c/1.png": "",
        "C/2.png": "P3",
        "deep/below/3.png": "P4",
        "img_004.dcm": "P5",
        "x/IMG_004.jpg": "P5",
        "vol_5.nii": "P6",
        "case_6/series 1/IM0001": "P7",
        "archive.zip/case_6/IM0002": "P7",
        "f/7.png": "P8",
        "g/7.png": "",
        "none.png": "",
    }


PARTS = st.lists(st.sampled_from(["a", "b", "c", "ä", "1"]), min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(PARTS.map(lambda path: f"{path}/i.png"), st.sampled_from(["P", "Q"]), min_size=1, max_size=8))
def test_an_exact_path_always_finds_its_own_row(rows: dict[str, str]) -> None:
    shape = tables.TableShape(("image", "patient"), "image", "patient")
    found = SubjectTable(shape, [[path, who] for path, who in rows.items()])
    assert {path: found.find(path) for path in rows} == rows and found.conflicts == 0
    assert len(found) == len(rows)


def test_repeated_rows_count_once_and_conflicts_are_counted(tmp_path: Path) -> None:
    found = table(tmp_path, "image,patient\na.png,P1\na.png,P1\nA.PNG,P2\nb.png,\n,P9\n")
    assert found.conflicts == 1 and len(found) == 2
    assert found.find("a.png") == "P1" and found.find("b.png") == ""


def test_known_facts_and_further_columns(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        "File Name;Patient ID;Eye;ViewPosition;Site;Diagnosis;Age;Birth Date;Patient's Name;mrn;Empty\n"
        "1.png;7;OD;cc;St. Mary;glaucoma;71;1950-01-01;Doe^Jane;12345;\n"
        "2.png;8;unknown;mlo;St. Mary;healthy;40;1981-01-01;Roe^Rick;12346;\n",
    )
    row = found.row("1.png")
    assert row is not None and row.subject == "7"
    assert row.facts == {"laterality": "R", "view": "CC", "site": "St. Mary"}
    assert row.columns == {"Diagnosis": "glaucoma", "Age": "71"}
    other = found.row("2.png")
    assert other is not None and "laterality" not in other.facts
    assert set(found.shape.withheld) == {"Birth Date", "Patient's Name", "mrn"}


@pytest.mark.parametrize(
    "name, values",
    [
        ("Patient Name", []),
        ("lastName", []),
        ("Nachname", []),
        ("geburtsdatum", []),
        ("DOB", []),
        ("acquisition_date", []),
        ("Accession Number", []),
        ("e-mail", []),
        ("Report", []),
        ("x", ["1999-01-02", "2001-12-31"]),
        ("x", ["02.01.1999", "31.12.2001", ""]),
        ("x", ["19990102", "20011231"]),
        ("x", ["Doe^Jane", "Roe^Rick"]),
        ("x", ["jane@example.org", "7"]),
        ("x", ["a" * 61]),
        ("insurance_id", []),
        ("series id", [str(n) for n in range(100)]),
        ("StudyInstanceUID2", [f"1.2.{n}" for n in range(100)]),
    ],
)
def test_what_could_name_a_person_is_withheld(name: str, values: list[str]) -> None:
    assert table_columns.withheld(name, values)


@pytest.mark.parametrize(
    "name, values",
    [
        ("diagnosis", ["benign", "malignant"]),
        ("age", ["71", "40"]),
        ("sex", ["F", "M"]),
        ("split", ["train"]),
        ("center number", ["1", "2"] * 50),
        ("BI-RADS", ["4a"]),
        ("year", ["2001", "2002"]),
        ("filename_noise", ["0.1"]),
        ("timepoint", ["1"]),
    ],
)
def test_what_a_study_needs_is_kept(name: str, values: list[str]) -> None:
    assert table_columns.withheld(name, values) == ""


def test_chosen_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,image\n1.png,P1,x\n", encoding="utf-8")
    assert SubjectTable.read(path, "a", "b").find("1.png") == "P1"
    shape = tables.look(path)
    assert (shape.image_column, shape.subject_column, shape.rows) == ("image", "", 1)
    with pytest.raises(SSLStudioError) as caught:
        SubjectTable.read(path, "c")
    assert caught.value.code == "table_columns" and "c" in str(caught.value)


def test_a_table_of_patients_is_matched_by_folder(tmp_path: Path) -> None:
    found = table(tmp_path, "participant_id\tage\tgroup\nsub-01\t30\tcontrol\nsub-02\t40\tcase\n", "participants.tsv")
    row = found.row("sub-02/ses-1/anat/sub-02_T1w.nii.gz")
    assert row is not None and (row.subject, row.columns) == ("sub-02", {"age": "40", "group": "case"})


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    columns = {
        "image": ["a.png", "b.png"],
        "patient_id": [7.0, None],
        "score": [0.5, 2.0],
        "good": [True, None],
        "when": [datetime.date(2001, 1, 1), datetime.date(2001, 1, 2)],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet")
    found = SubjectTable.read(tmp_path / "t.parquet")
    one, two = found.row("a.png"), found.row("b.png")
    assert one is not None and (one.subject, one.columns) == ("7", {"score": "0.5", "good": "True"})
    assert two is not None and (two.subject, two.columns) == ("", {"score": "2"})
    assert "when" in found.shape.withheld


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "\r\n".join(delimiter.join(cells) for cells in (("image", "x y", "patient"), ('"a b.png"', "", "Zoë")))
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    assert SubjectTable.read(tmp_path / "t.csv").find("a b.png") == "Zoë"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_an_explained_error(tmp_path: Path, data: bytes) -> None:
    for start in (b"", b"image,patient\n", b"PAR1"):
        (tmp_path / "t.csv").write_bytes(start + data)
        try:
            SubjectTable.read(tmp_path / "t.csv").row("a/b.png")
        except SSLStudioError as error:
            assert error.code in ("table_unreadable", "table_columns")


def test_cut_parquet_is_explained(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"image": ["a.png"] * 1000}), tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    for end in (5, 50, len(whole) - 3):
        (tmp_path / "t.parquet").write_bytes(whole[:end])
        with pytest.raises(SSLStudioError):
            SubjectTable.read(tmp_path / "t.parquet")
