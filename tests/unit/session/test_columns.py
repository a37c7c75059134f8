"""The metadata columns say what the images say, in the order asked for, and leave out what tells nothing apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sslstudio.catalogue import Catalogue
from sslstudio.domain.findings import Decision, Finding, Look
from sslstudio.session import columns
from sslstudio.session.columns import Column, read_column, read_columns
from tests.fakes.catalogue_rows import found, row

IMAGES = 60
SCANNERS = ("Maker A 1.5T", "Maker B 3T", "")


def image(number: int) -> object:
    base = found(
        f"p{number % 6}", number, series=f"p{number % 6}-{number // 6 % 3}", study=f"p{number % 6}-{number % 2}"
    )
    return base.model_copy(
        update={
            "scanner": SCANNERS[number % 3],
            "laterality": "LR"[number // 6 % 2],
            "site": "a1b2c3d4e5f6" if number % 2 else "00112233445566",
            "kind": "localiser" if number == 4 else "",
            "unit": "HU" if number % 6 == 1 else "",
            "bits": 8 + number % 2 * 4,
            "day": None if number == 7 else 900 + number // 6,
            "row_spacing": 0.5 + number / 100,
            "instance_number": number // 18,
            "columns": {
                "exposure (mAs)": str(number * 1.5) if number % 4 else "",
                "coils": str(8 * (number % 2 + 1)),
                "ward": f"ward {number % 11}",
                "file": f"name-{number}",
                "empty": "",
            },
        }
    )


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    made = Catalogue(tmp_path_factory.mktemp("columns") / "project.sqlite", create=True)
    made.adopt_import("import-1", [row(f"/data/{number}", image(number)) for number in range(IMAGES)])
    marked = {1: "text", 3: "text", 4: "marker"}
    made.adopt_looks(
        "triage-1",
        [
            Look(
                image_id=key, hashes="-",
                findings=(Finding(image_id=key, kind=marked[key], score=1, why="Seen."),) if key in marked else (),
            )
            for key in range(1, 51)
        ],
    )  # fmt: skip
    made.decide([Decision(image_id=3, kind="text", state="dismissed", excluded=None)])
    made.split_by_subject(0.4, 0)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _small_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "IMAGES_A_READ", 17)


def read(catalogue: Catalogue, key: str, ids: list[int] | None = None) -> Column:
    info = read_columns(catalogue).info(key)
    assert info is not None, key
    made = read_column(catalogue, info, np.asarray(ids or catalogue.image_ids(), dtype=np.int64))
    assert made is not None
    return made


def test_what_tells_images_apart_is_offered_and_what_does_not_is_left_out_with_the_reason(stocked: Catalogue) -> None:
    told = read_columns(stocked)
    kinds = {info.key: info.kind for info in told.infos}
    assert list(kinds) == [
        "subject", "study", "series", "laterality", "scanner", "site", "kind", "day", "unit", "bits", "row_spacing",
        "position", "part", "found:text", "found:marker", "column:coils", "column:exposure (mAs)", "column:ward",
    ]  # fmt: skip
    numbers = {"day", "row_spacing", "position", "column:exposure (mAs)"}
    assert {key for key, kind in kinds.items() if kind == "number"} == numbers
    assert {out.key: out.reason for out in told.left_out} == {
        "modality": "MR for all images",
        "body_part": "BRAIN for all images",
        "view": "AX for all images",
        "size": "8 x 8 for all images",
        "column:file": "different for each image",
    }
    assert told.info("scanner") == columns.ColumnInfo("scanner", "Scanner", "category", 40, 2)
    assert told.info("found:text") == columns.ColumnInfo("found:text", "Burned-in text found", "category", 50, 2)


@pytest.mark.parametrize(
    ("key", "say"),
    [
        ("scanner", lambda n: SCANNERS[n % 3]),
        ("laterality", lambda n: ("left", "right")[n // 6 % 2]),
        ("site", lambda n: "a1b2c3d4" if n % 2 else "00112233"),
        ("kind", lambda n: "localiser" if n == 4 else "ordinary image"),
        ("unit", lambda n: "HU" if n % 6 == 1 else "no unit"),
        ("bits", lambda n: f"{8 + n % 2 * 4} bit"),
        ("day", lambda n: "" if n == 7 else str(n // 6)),
        ("row_spacing", lambda n: f"{0.5 + n / 100:.6g}"),
        ("found:text", lambda n: "" if n >= 50 else "yes" if n == 0 else "no"),
        ("found:marker", lambda n: "" if n >= 50 else "yes" if n == 3 else "no"),
        ("column:exposure (mAs)", lambda n: f"{n * 1.5:.6g}" if n % 4 else ""),
        ("column:ward", lambda n: f"ward {n % 11}"),
    ],
)
def test_values_are_those_of_the_images(stocked: Catalogue, key: str, say: object) -> None:
    column = read(stocked, key)
    assert callable(say)
    assert [column.text(place) for place in range(len(column))] == [say(number) for number in range(IMAGES)]
    assert int((~np.isnan(column.order())).sum()) == column.info.known


def test_patients_studies_and_series_are_told_by_their_codes(stocked: Catalogue) -> None:
    items = stocked.items(include_excluded=True)
    for key in ("subject", "study", "series", "part"):
        column = read(stocked, key)
        assert [column.values[code] for code in column.codes] == [str(getattr(item, key)) for item in items]
    assert {len(name) for name in read(stocked, "subject").names} == {8}
    assert set(read(stocked, "part").names) == {"training", "test"}


def test_the_position_runs_from_the_first_to_the_last_image_of_a_series(stocked: Catalogue) -> None:
    position = read(stocked, "position").numbers
    series = np.asarray([item.series for item in stocked.items(include_excluded=True)])
    for name in np.unique(series):
        members = position[series == name]
        assert np.allclose(np.sort(members), np.linspace(0, 1, len(members)))
        assert (np.diff(members) > 0).all()  # numbered in the order of the files


def test_names_are_in_natural_order_and_values_follow_the_ids_asked_for(stocked: Catalogue) -> None:
    ward = read(stocked, "column:ward", [2, 5, 999])
    assert ward.names == ("ward 1", "ward 4") and ward.codes.tolist() == [0, 1, -1]
    assert read(stocked, "column:ward").names[:3] == ("ward 0", "ward 1", "ward 2")
    assert read(stocked, "column:ward").names[-1] == "ward 10"
    assert np.isnan(read(stocked, "day", [999]).numbers).all()


def test_a_reading_that_nobody_wants_stops(stocked: Catalogue) -> None:
    ids = np.asarray(stocked.image_ids(), dtype=np.int64)
    for key in ("scanner", "day", "subject", "position"):
        info = read_columns(stocked).info(key)
        assert info is not None
        assert read_column(stocked, info, ids, lambda: False) is None


def test_a_project_without_images_has_no_columns(tmp_path: Path) -> None:
    with_none = Catalogue(tmp_path / "project.sqlite", create=True)
    told = read_columns(with_none)
    with_none.close()
    assert told.infos == ()
    assert {out.reason for out in told.left_out} == {"stated for no image", "not looked for yet"}
