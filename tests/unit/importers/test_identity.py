"""Pseudonyms are keyed and stable; tables, patterns and folders decide in the promised order."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.errors import SSLStudioError
from sslstudio.importers.identity import (
    PSEUDONYM_LENGTH,
    IdentityRules,
    SubjectTable,
    compile_pattern,
    patient_value,
    pseudonym,
)

KEY, OTHER = b"k" * 32, b"o" * 32


def test_golden_pseudonym() -> None:
    assert pseudonym(b"key", "subject", "DEMO-007") == "b385d85168e87fc8"


@given(st.text(), st.text())
def test_pseudonyms_differ_by_value_key_and_kind(one: str, two: str) -> None:
    first = pseudonym(KEY, "subject", one)
    assert len(first) == PSEUDONYM_LENGTH and set(first) <= set("0123456789abcdef")
    assert first == pseudonym(KEY, "subject", one)
    assert (first == pseudonym(KEY, "subject", two)) == (one == two)
    assert first != pseudonym(OTHER, "subject", one)
    assert first != pseudonym(KEY, "study", one)
    assert len(one) < 8 or one not in first


@given(st.text(st.characters(codec="ascii", exclude_characters="\x1e"), max_size=8), st.text(max_size=8))
def test_a_blank_patient_id_has_no_value(issuer: str, blanks: str) -> None:
    assert patient_value(issuer, "  ") == ""
    assert patient_value(f" {issuer} ", " 7 ") == patient_value(issuer, "7") != ""


def test_the_issuer_tells_patients_apart() -> None:
    assert len({patient_value("", "7"), patient_value("A", "7"), patient_value("B", "7"), patient_value("A", "8")}) == 4


@pytest.mark.parametrize("bad", ["(", "(?P<patient>x)", r"\d+"])
def test_bad_patterns_are_explained(bad: str) -> None:
    with pytest.raises(SSLStudioError) as caught:
        compile_pattern(bad)
    assert caught.value.code == "bad_pattern" and "subject" in caught.value.hint


@given(st.integers(0, 10**6), st.text(st.characters(categories=["Ll"]), max_size=5))
def test_the_pattern_finds_its_subject_anywhere(number: int, prefix: str) -> None:
    rules = IdentityRules(KEY, pattern=compile_pattern(r"(?P<subject>pat-\d+)"))
    subject = rules.subject(f"{prefix}/pat-{number}/study/image.png", "d", "", "")
    assert subject == pseudonym(KEY, "subject", f"pat-{number}")


def test_order_of_the_rules(tmp_path: Path) -> None:
    table = tmp_path / "who.csv"
    table.write_text("Image;Patient\na/1.png;P1\n2.png;P2\n", encoding="utf-8")
    rules = IdentityRules(KEY, SubjectTable.read(table), compile_pattern(r"(?P<subject>p\d)"))
    header, study = "h" * 16, "s" * 16
    assert rules.subject("a/1.png", "d", header, study) == pseudonym(KEY, "subject", "P1")
    assert rules.subject("b/2.png", "d", "", "") == pseudonym(KEY, "subject", "P2")
    assert rules.subject("p3/x.dcm", "d", header, study) == header
    assert rules.subject("p3/x.dcm", "d", "", study) == pseudonym(KEY, "subject", "p3")
    assert rules.subject("q/x.dcm", "d", "", study) == study
    assert rules.subject("q/x.png", "d", "", "") == pseudonym(KEY, "folder", "q") == rules.of_folder("q/other.png")
    assert rules.subject("x.png", "d", "", "") == pseudonym(KEY, "file", "d") == rules.of_file("d")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("columns", [("image", "patient"), ("File Name", "Subject ID"), ("path", "PatientID")])
def test_tables_are_understood(tmp_path: Path, delimiter: str, columns: tuple[str, str]) -> None:
    table = tmp_path / "who.csv"
    lines = ["\ufeff" + delimiter.join((columns[0], "x", columns[1])), delimiter.join(("d\\1.png", "", "Zoë"))]
    table.write_text("\r\n".join(lines), encoding="utf-8")
    assert SubjectTable.read(table).find("d/1.png") == "Zoë"


@pytest.mark.parametrize(
    "content, code",
    [(b"a,b\n1,2\n", "table_columns"), (b"", "table_columns"), (b"PK\x03\x04\x00\x00", "table_unreadable")],
)
def test_bad_tables_are_explained(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "who.csv").write_bytes(content)
    with pytest.raises(SSLStudioError) as caught:
        SubjectTable.read(tmp_path / "who.csv")
    assert caught.value.code == code


def test_absent_table_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as caught:
        SubjectTable.read(tmp_path / "none.csv")
    assert caught.value.code == "table_unreadable"


def test_table_header_and_name_add_to_the_facts(tmp_path: Path) -> None:
    table = tmp_path / "who.csv"
    table.write_text("image,patient,side,site,study,modality,grade\na.png,P1,left,Clinic A,7,,II\n", encoding="utf-8")
    rules = IdentityRules(KEY, SubjectTable.read(table))
    header = {"modality": "CT", "laterality": "R", "site": "x", "columns": {"plane": "axial", "grade": "0"}}
    assert rules.said("a.png", header) == {
        "modality": "CT",
        "laterality": "L",
        "site": pseudonym(KEY, "site", "clinic a"),
        "study": pseudonym(KEY, "study", "7"),
        "columns": {"plane": "axial", "grade": "II"},
    }
    blank = {"modality": "", "columns": {}}
    assert rules.said("sub-01/anat/sub-01_ses-1_T2w.nii.gz", blank) == {"modality": "MR", "columns": {"sequence": "T2"}}
    assert rules.said("sub-01/sub-01_ct.nii", blank) == {"modality": "CT", "columns": {}}
    assert rules.said("subtle.png", header) == {"modality": "CT", "columns": header["columns"]}
