"""Filters, sorts and colourings, as arithmetic on made-up columns."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.domain.labels import ClassInfo, Label
from sslstudio.gui.item_models import colouring
from sslstudio.gui.item_models.arrangement import Arrangement, Facts, arrange, filters
from sslstudio.gui.item_models.id_rows import IdRows
from sslstudio.gui.item_models.image_table import ImageTable
from sslstudio.gui.item_models.project_images import Suggestions
from sslstudio.gui.item_models.sort_keys import SORTS, Score, direction

TABLE = ImageTable(
    ids=np.array([2, 4, 6, 8, 10], dtype=np.int64),
    subject_code=np.array([1, 0, 1, 0, 2], dtype=np.int64),
    subjects=("b", "a", "c"),
    modality=("MR",) * 5,
    scanner=("x", "y", "x", "x", ""),
    part=("train", "test", "train", "test", ""),
    places={},
    series_code=np.array([2, 0, 3, 0, 1], dtype=np.int64),
    branches=np.array([[0, 1, 1], [1, 1, 1], [2, 1, 1], [3, 2, 1]], dtype=np.int64),
)
LABELS = {
    4: Label(image_id=4, mark="class", class_id=1),
    6: Label(image_id=6, mark="class", class_id=2),
    8: Label(image_id=8, mark="uncertain"),
}
FACTS = Facts(
    table=TABLE,
    labels=LABELS,
    selection=frozenset({10, 2, 999}),
    group=np.array([0, 1, 0, -1, 1], dtype=np.int32),
    confidence=np.array([0.9, 0.5, np.nan, 0.6, 0.7]),
    listed=(8, 2, 777),
    best=np.array([2, 1, -1, 2, 1], dtype=np.int64),
    shares=Suggestions(
        np.array([2, 4, 8, 10]), np.array([[0.1, 0.9], [0.5, 0.5], [0.4, 0.6], [0.7, 0.3]], dtype=np.float32), (1, 2)
    ),
    classes={
        key: ClassInfo(class_id=key, name=name, colour="#0072B2") for key, name in ((2, "glioma"), (1, "pituitary"))
    },
    group_names={1: "Bright bars"},
    columns={"distance": Score(np.array([0.5, np.nan, 0.1, 0.9, 0.3]))},
)


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("all", [2, 4, 6, 8, 10]),
        ("selected", [2, 10]),
        ("unlabelled", [2, 10]),
        ("labelled", [4, 6]),
        ("class:2", [6]),
        ("class:9", []),
        ("uncertain", [8]),
        ("excluded", []),
        ("group:1", [4, 10]),
        ("listed", [8, 2]),
        ("no such thing", [2, 4, 6, 8, 10]),
    ],
)
def test_each_filter_shows_its_images(show: str, expected: list[int]) -> None:
    assert arrange(FACTS, Arrangement(show)).ids.tolist() == expected


@pytest.mark.parametrize(
    ("sort", "rising", "falling"),
    [
        ("id", [2, 4, 6, 8, 10], [10, 8, 6, 4, 2]),
        ("patient", [4, 8, 2, 6, 10], [10, 2, 6, 4, 8]),
        ("group", [2, 6, 4, 10, 8], [4, 10, 2, 6, 8]),
        ("confidence", [4, 8, 10, 2, 6], [2, 10, 8, 4, 6]),
        ("margin", [4, 8, 10, 2, 6], [2, 10, 8, 4, 6]),
        ("label", [6, 4, 8, 2, 10], [8, 4, 6, 2, 10]),
        ("prediction", [2, 8, 4, 10, 6], [4, 10, 2, 8, 6]),
        ("distance", [6, 10, 2, 8, 4], [8, 2, 10, 6, 4]),
        ("no such column", [2, 4, 6, 8, 10], [2, 4, 6, 8, 10]),
    ],
)
def test_each_order_is_stable_and_puts_the_unknown_last_either_way(
    sort: str, rising: list[int], falling: list[int]
) -> None:
    assert arrange(FACTS, Arrangement(sort=sort)).ids.tolist() == rising
    assert arrange(FACTS, Arrangement(sort=sort, descending=True)).ids.tolist() == falling


def test_a_list_keeps_its_own_order_until_it_is_sorted() -> None:
    assert arrange(FACTS, Arrangement("listed", descending=True)).ids.tolist() == [2, 8]
    assert arrange(FACTS, Arrangement("listed", "confidence")).ids.tolist() == [8, 2]
    assert arrange(FACTS, Arrangement("listed", "patient")).ids.tolist() == [8, 2]


@pytest.mark.parametrize(
    ("grouping", "expected"),
    [
        (
            "patient",
            [("Patient b", "2 images", [8, 4]), ("Patient a", "2 images", [6, 2]), ("Patient c", "1 image", [10])],
        ),
        (
            "study",
            [
                ("Patient b, study 1", "2 images", [8, 4]),
                ("Patient c, study 1", "1 image", [10]),
                ("Patient a, study 1", "1 image", [2]),
                ("Patient a, study 2", "1 image", [6]),
            ],
        ),
        (
            "series",
            [
                ("Patient b, study 1, series 1", "2 images", [8, 4]),
                ("Patient c, study 1, series 1", "1 image", [10]),
                ("Patient a, study 1, series 1", "1 image", [2]),
                ("Patient a, study 2, series 1", "1 image", [6]),
            ],
        ),
        (
            "group",
            [
                ("Group 1", "2 images from 1 patient", [6, 2]),
                ("Bright bars", "2 images from 2 patients", [10, 4]),
                ("In no group", "1 image from 1 patient", [8]),
            ],
        ),
        (
            "label",
            [
                ("glioma", "1 image from 1 patient", [6]),
                ("pituitary", "1 image from 1 patient", [4]),
                ("Unsure", "1 image from 1 patient", [8]),
                ("Without label", "2 images from 2 patients", [10, 2]),
            ],
        ),
        (
            "prediction",
            [
                ("glioma", "2 images from 2 patients", [8, 2]),
                ("pituitary", "2 images from 2 patients", [10, 4]),
                ("Without suggestion", "1 image from 1 patient", [6]),
            ],
        ),
    ],
)
def test_images_stand_under_headers_each_in_the_order_asked_for(
    grouping: str, expected: list[tuple[str, str, list[int]]]
) -> None:
    found = arrange(FACTS, Arrangement(sort="id", descending=True, grouping=grouping))
    assert found.sections is not None
    sections = found.sections
    told = [
        (sections.name(n), sections.about(n), found.ids[slice(*sections.bounds(n))].tolist())
        for n in range(len(sections))
    ]
    assert told == expected


def test_headers_of_nothing_are_none() -> None:
    found = arrange(FACTS, Arrangement("class:9", grouping="patient"))
    assert found.sections is not None
    assert len(found.sections) == 0 and found.ids.tolist() == []


def test_every_order_says_in_words_which_way_round_it_is() -> None:
    for key, _ in SORTS:
        assert direction(key, descending=False) != direction(key, descending=True)
    assert direction("distance", descending=True) == "largest first"


@pytest.mark.parametrize("ids", [[5, 2, 9, 7], [5, 2, 10**12, 7], [-3, 2, 9, 7], []])
def test_rows_are_found_by_id_in_any_order(ids: list[int]) -> None:
    rows = IdRows(np.array(ids, dtype=np.int64))
    asked = np.array([7, 4, -3, 5, 10**12, 9, 2], dtype=np.int64)
    assert rows.rows_of(asked).tolist() == [ids.index(key) for key in asked.tolist() if key in ids]
    assert rows.row_of(2) == (1 if ids else None)
    assert rows.row_of(3) is None


def test_filters_name_classes_groups_and_the_list() -> None:
    entries = dict(filters([ClassInfo(class_id=3, name="Effusion", colour="#0072B2")], [(0, "Group 1")], "similar"))
    assert entries["class:3"] == "label: Effusion"
    assert entries["group:0"] == "Group 1"
    assert entries["listed"] == "similar"
    assert "listed" not in dict(filters([], []))


def test_patients_of_a_selection_are_counted_once() -> None:
    assert TABLE.count_subjects(np.array([2, 6, 10, 999])) == 2
    assert TABLE.row_of(6) == 2
    assert TABLE.row_of(7) is None
    assert TABLE.subject_of(10) == "c"


def test_every_row_has_a_category_and_counts_add_up() -> None:
    for made in (
        colouring.by_cluster(FACTS.group, {1: "Large ones"}),
        colouring.by_class(
            "By label", np.array([1, -1, 2, 9, 1]), [(1, "a", "#000000"), (2, "b", "#ffffff")], "no label"
        ),
        colouring.by_text("By scanner", TABLE.scanner),
        colouring.by_confidence("By certainty", FACTS.confidence, "none"),
    ):
        counts = np.bincount(made.codes, minlength=len(made.categories))
        assert counts.tolist() == [category.count for category in made.categories]
    assert colouring.by_cluster(FACTS.group, {1: "Large ones"}).categories[1].name == "Large ones"


def test_many_values_are_gathered_so_that_the_legend_stays_short() -> None:
    made = colouring.by_text("By patient", [f"p{n}" for n in range(30)] + ["p1", "p2", ""], limit=5)
    assert len(made.categories) == 7
    assert {made.categories[0].name, made.categories[1].name} == {"p1", "p2"}
    assert [(last.name, last.count) for last in made.categories[-2:]] == [("other (25 values)", 25), ("not known", 1)]
    whole = colouring.by_text("By patient", [f"p{n}" for n in range(21)])
    assert len(whole.categories) == 21, "a single value is not hidden behind 'other'"
    assert len(colouring.by_text("By patient", [f"p{n}" for n in range(22)]).categories) == 21


def test_a_number_is_coloured_along_a_scale_and_what_is_not_known_stands_apart() -> None:
    values = np.array([0.0, 50.0, 100.0, np.nan])
    made = colouring.by_value("By age", values)
    assert made.scale is not None
    assert made.codes.tolist() == [0, 32, 63, 64]
    assert (made.scale.at(0), made.scale.at(64)) == ("0", "100")
    ((place, rest),) = made.named
    assert (place, rest.name, rest.count) == (64, "not known", 1)
    assert made.categories[0].colour == "#440154"
    assert made.categories[63].colour == "#fde725"
    counts = np.bincount(made.codes, minlength=len(made.categories))
    assert counts.tolist() == [category.count for category in made.categories]
    whole = colouring.by_value("By position", np.array([1.0, 4.0])).scale
    assert whole is not None and whole.ends() == ("1", "4")
    broken = colouring.by_value("By spacing", np.array([0.5, 0.75])).scale
    assert broken is not None and broken.ends() == ("0.500", "0.750")


def test_one_value_far_off_does_not_squeeze_all_others_into_one_colour_and_the_scale_says_so() -> None:
    values = np.concatenate([np.linspace(0, 10, 500), [1e6]])
    made = colouring.by_value("By dose", values)
    assert made.scale is not None
    assert made.scale.above and not made.scale.below
    assert len(np.unique(made.codes)) == 64
    assert made.categories[63].name.endswith("or more")


def test_days_are_read_as_days_and_equal_values_give_one_colour() -> None:
    made = colouring.by_value("By day", np.array([0.0, 31.0]), "date")
    assert made.scale is not None
    assert (made.scale.at(0), made.scale.at(64)) == ("1970-01-01", "1970-02-01")
    same = colouring.by_value("By age", np.full(3, 7.0))
    assert same.codes.tolist() == [0, 0, 0]
    assert same.categories[0].name == "7"
    assert colouring.by_value("By age", np.full(2, np.nan)).codes.tolist() == [64, 64]


def test_no_two_of_forty_groups_look_alike() -> None:
    made = colouring.by_cluster(np.arange(40, dtype=np.int32))
    assert len({(category.colour, category.shape) for category in made.categories}) == 40
