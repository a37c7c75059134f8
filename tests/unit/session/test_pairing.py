"""Who may be paired with whom, and who follows whom: from the project's facts into a run's frozen items."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from sslstudio.domain.items import Item, read_items, write_items
from sslstudio.domain.ledger import LedgerRow
from sslstudio.domain.specs import Pairing, PretrainSpec
from sslstudio.extensions.manifest import Requires
from sslstudio.session.pairing import arrange, bag_sizes, coverage
from sslstudio.session.project import Project
from tests.fakes.catalogue_rows import found, row

NEEDS = Requires(bags=True)
ITEM = Item(
    image_id=1, subject="a", study="t", series="s", modality="CT", scanner="", shard="x.bin", offset=0, height=8,
    width=8, channels=1, dtype="uint8", windows=((0.0, 255.0),),
)  # fmt: skip


def image(subject: str, number: int, study: str, series: str, **facts: object) -> LedgerRow:
    made = found(subject, number, study=study, series=series)
    return row(f"/data/{subject}{number}", made.model_copy(update=facts))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A patient with a left and a right series of three slices and two passes over a third, another with one image."""
    rows = []
    for series, laterality in (("left", "L"), ("right", "R")):
        for number in range(3):
            facts = {"laterality": laterality, "slice_position": 5.0 * number, "instance_number": number, "day": 100}
            rows.append(image("a", len(rows), "t", series, **facts))
    for number in range(4):
        facts = {"phase": number // 2, "slice_position": 5.0 * (number % 2), "instance_number": number}
        rows.append(image("a", len(rows), "u", "twice", **facts))
    rows.append(image("b", len(rows), "v", "alone"))
    with Project.create(tmp_path / "p") as made:
        made.catalogue.adopt_import("import-1", rows)
        yield made


def test_images_know_their_place_and_a_new_pass_begins_after_a_gap(project: Project) -> None:
    items = arrange(project, project.catalogue.items(), PretrainSpec(), Requires(neighbours=True))
    by_series: dict[str, list[int]] = {}
    for item in items:
        by_series.setdefault(item.series, []).append(item.place)
    assert sorted(sorted(places) for places in by_series.values()) == [[0], [0, 1, 2], [0, 1, 2], [0, 1, 3, 4]]
    assert sum(item.day is not None for item in items) == 6


def test_an_excluded_slice_leaves_a_gap(project: Project) -> None:
    middle = next(
        one for one in project.catalogue.items() if project.catalogue.image(one.image_id).instance_number == 1
    )
    project.catalogue.set_excluded([middle.image_id], "blurred")
    items = arrange(project, project.catalogue.items(), PretrainSpec(), Requires(neighbours=True))
    assert sorted(item.place for item in items if item.series == middle.series) == [0, 2]


def test_a_bag_is_the_subject_or_study_and_what_must_be_alike(project: Project) -> None:
    items = project.catalogue.items()
    assert sorted(bag_sizes(arrange(project, items, PretrainSpec(), NEEDS)).values()) == [1, 10]
    apart = PretrainSpec(pairing=Pairing(alike=("laterality",)))
    assert sorted(bag_sizes(arrange(project, items, apart, NEEDS)).values()) == [1, 3, 3, 4]
    studies = PretrainSpec(pairing=Pairing(bag="study"))
    assert sorted(bag_sizes(arrange(project, items, studies, NEEDS)).values()) == [1, 4, 6]


def test_methods_without_pairs_get_the_items_as_they_are_and_the_list_keeps_what_is_known(
    project: Project, tmp_path: Path
) -> None:
    items = project.catalogue.items()
    assert arrange(project, items, PretrainSpec(), Requires()) == items
    arranged = arrange(project, items, PretrainSpec(), NEEDS)
    write_items(tmp_path / "items.csv", arranged)
    assert read_items(tmp_path / "items.csv") == arranged


def test_coverage_is_what_comparing_all_images_with_all_others_finds() -> None:
    random = Random(3)
    for _ in range(60):
        pairing = Pairing(slice_gap=random.choice((0, 2, 5)), most_days=random.choice((None, 0, 3)))
        items = [
            ITEM.model_copy(
                update={
                    "image_id": number,
                    "bag": f"bag {random.randrange(6)}",
                    "series": f"series {random.randrange(2)}",
                    "place": random.choice((-1, 0, 1, 3, 6)),
                    "day": random.choice((None, 0, 2, 9)),
                }
            )
            for number in range(random.randrange(2, 16))
        ]
        pairs = combinations(items, 2)
        expected = {one.bag for one, other in pairs if one.bag == other.bag and pairing.fit(one, other)}
        found_now = coverage(items, pairing)
        assert (found_now.bags, found_now.paired) == (len({one.bag for one in items}), len(expected))
        assert found_now.images == sum(one.bag in expected for one in items)
    assert coverage([], Pairing()).share == 0.0
