"""Pairs for the eye keep to the rules that the sampler keeps to, and the coverage counts patients."""

from __future__ import annotations

import pytest

from sslstudio.catalogue.rows import Surroundings
from sslstudio.domain.items import Item
from sslstudio.domain.specs import Pairing
from sslstudio.session.pair_sheet import Members, draw_sheet


def members() -> Members:
    """Patients 0 and 1 with two series of five slices, patient 2 with two images a year apart, patient 3 with one."""
    items, around = [], {}

    def add(subject: int, series: str, place: int, day: int | None, side: str) -> None:
        number = len(items) + 1
        items.append(
            Item(
                image_id=number, subject=f"p{subject}", study=f"p{subject}-{day}", series=f"p{subject}-{series}",
                modality="MR", scanner="", shard="a", offset=0, height=1, width=1, channels=1, dtype="uint8",
                windows=((0.0, 1.0),),
            )
        )  # fmt: skip
        facts = {"laterality": side, "view": "", "body_part": "HEAD", "modality": "MR", "sequence": ""}
        around[number] = Surroundings(place, day, facts)

    for subject in (0, 1):
        for series in "ab":
            for place in range(5):
                add(subject, series, place, 0, "L" if series == "a" else "R")
    add(2, "a", 0, 0, "L")
    add(2, "b", 0, 365, "L")
    add(3, "a", 0, None, "")
    return Members(items, around)


def test_without_rules_every_patient_with_two_images_is_covered() -> None:
    sheet = draw_sheet(members(), Pairing(), 12, 0)
    assert (sheet.covered, sheet.subjects, sheet.bags, sheet.paired) == (3, 4, 4, 3)
    assert sheet.share == 0.75
    assert {pair.one.subject for pair in sheet.pairs} == {"p0", "p1", "p2"}
    assert draw_sheet(members(), Pairing(), 12, 0) == sheet
    assert draw_sheet(members(), Pairing(), 2, 0).pairs == sheet.pairs[:2]


@pytest.mark.parametrize(
    ("pairing", "covered"),
    [
        (Pairing(most_days=30), 2),
        (Pairing(bag="series"), 2),
        (Pairing(bag="series", slice_gap=4), 2),
        (Pairing(bag="series", slice_gap=5), 0),
        (Pairing(bag="study"), 2),
        (Pairing(alike=("laterality",)), 3),
        (Pairing(alike=("laterality", "series")), 2),
    ],
    ids=["days", "series", "gap that fits", "gap too wide", "study", "side", "side and series"],
)
def test_pairs_keep_to_the_rules_and_patients_are_counted(pairing: Pairing, covered: int) -> None:
    sheet = draw_sheet(members(), pairing, 40, 3)
    assert (sheet.covered, sheet.subjects) == (covered, 4)
    assert {pair.one.subject for pair in sheet.pairs} == {f"p{n}" for n in range(covered)}
    for pair in sheet.pairs:
        assert pair.one.subject == pair.other.subject and pair.one.image_id != pair.other.image_id
        assert pairing.fit(pair.one, pair.other)
        assert pairing.bag != "series" or pair.same_series
        assert "laterality" not in pairing.alike or "laterality" in pair.alike


def test_a_pair_says_what_is_alike_and_how_far_apart() -> None:
    sheet = draw_sheet(members(), Pairing(bag="series", slice_gap=4), 2, 0)
    assert all(pair.slices == 4 and pair.same_series and pair.days == 0 for pair in sheet.pairs)
    assert sheet.pairs[0].alike == ("laterality", "body_part", "modality")
    years = next(pair for pair in draw_sheet(members(), Pairing(), 9, 0).pairs if pair.one.subject == "p2")
    assert years.days == 365 and years.slices is None and not years.same_study


def test_facts_that_no_image_tells_are_known() -> None:
    told = members().told()
    assert told["view"] == told["sequence"] == 0
    assert (told["laterality"], told["body_part"], told["series"]) == (22, 23, 23)
