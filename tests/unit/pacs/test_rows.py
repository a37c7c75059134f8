"""Queries as archives want them, and answers made harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sslstudio.pacs.rows import StudyQuery, StudyRow, Wish, clean, found_of, usable_uid, whole_number


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("", ""),
        ("smith", "smith*"),
        ("Smith, Anna", "Smith^Anna*"),
        ("sm?th", "sm?th"),
        ("*ith", "*ith"),
        (" a ", "a*"),
    ],
)
def test_names_are_typed_as_people_write_them(typed: str, asked: str) -> None:
    assert StudyQuery(patient_name=typed).name_pattern == asked


@pytest.mark.parametrize(
    ("first", "last", "asked"),
    [
        ("", "", ""),
        ("20240101", "", "20240101-"),
        ("", "20240131", "-20240131"),
        ("20240101", "20240131", "20240101-20240131"),
        ("20240101", "20240101", "20240101"),
    ],
)
def test_dates_are_a_range(first: str, last: str, asked: str) -> None:
    assert StudyQuery(date_from=first, date_to=last).dates == asked


def test_a_query_and_a_wish_take_no_nonsense() -> None:
    for values in ({"date_from": "yesterday"}, {"patient_name": "x" * 129}, {"unknown": "x"}):
        with pytest.raises(ValidationError):
            StudyQuery.model_validate(values)
    for uid in ("", "..", "1/2", "1.2?x=y", "-1", "a b", "1" * 65):
        assert not usable_uid(uid)
        with pytest.raises(ValidationError):
            Wish(study=uid)


@given(st.text(max_size=2000))
def test_a_strangers_text_stays_on_one_short_line(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= 200 and "\n" not in cleaned and "\x1b" not in cleaned and "\u202e" not in cleaned


def test_numbers_of_a_stranger() -> None:
    assert [whole_number(value) for value in ("12", " 7 ", "-1", "x", "9" * 30, None)] == [
        12,
        7,
        None,
        None,
        None,
        None,
    ]


def test_what_an_archive_did_not_filter_is_filtered_here() -> None:
    rows = [
        StudyRow(study="1.1", modalities=("CT", "SR"), description="Thorax [low] dose"),
        StudyRow(study="1.2", modalities=("MR",), description="Brain"),
        StudyRow(study="1.3"),
        None,
    ]
    found = found_of(StudyQuery(modality="ct"), rows)
    assert [row.study for row in found.studies] == ["1.1", "1.3"] and found.unusable == 1 and not found.more
    assert [row.study for row in found_of(StudyQuery(description="[low]"), rows).studies] == ["1.1", "1.3"]
    cut = found_of(StudyQuery(limit=1), rows)
    assert len(cut.studies) == 1 and cut.more


def test_an_answer_that_was_asked_too_widely_is_narrowed() -> None:
    rows = [StudyRow(study="1.1", patient_name="Doe^Jane"), StudyRow(study="1.2", patient_name="Doe-Jane")]
    found = found_of(StudyQuery(patient_name="doe^jane"), rows, exactly=True)
    assert [row.study for row in found.studies] == ["1.1"]
