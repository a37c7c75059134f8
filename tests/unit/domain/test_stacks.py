"""Volumes among items: unbroken passes, long enough, of one size; each goes by its middle slice."""

from __future__ import annotations

import random

from sslstudio.domain.items import Item
from sslstudio.domain.stacks import LEAST_SLICES, middles, stacks


def slices(first_id: int, places: range, series: str = "a", **changes: object) -> list[Item]:
    facts = {"subject": "s", "study": "t", "modality": "MR", "scanner": "", "shard": "x.bin", "offset": 0}
    kind = {"height": 16, "width": 16, "channels": 1, "dtype": "uint8", "windows": ((0.0, 255.0),)}
    return [
        Item.model_validate({**facts, **kind, "image_id": first_id + n, "series": series, "place": place, **changes})
        for n, place in enumerate(places)
    ]


def found(items: list[Item]) -> list[list[int]]:
    return [[one.image_id for one in volume.slices] for volume in stacks(items)]


def test_a_pass_is_a_volume_in_reading_order_whatever_the_order_of_the_list() -> None:
    items = slices(100, range(9))
    mixed = random.Random(0).sample(items, 9)
    assert found(mixed) == [list(range(100, 109))]
    assert [one.image_id for one in middles(stacks(mixed))] == [104]
    assert stacks(slices(0, range(10)))[0].middle.image_id == 4


def test_a_gap_between_passes_and_a_missing_slice_part_volumes() -> None:
    two_passes = slices(0, range(8)) + slices(8, range(9, 17))
    assert found(two_passes) == [list(range(8)), list(range(8, 16))]
    whole = slices(0, range(20))
    assert found([one for one in whole if one.place != 9]) == [list(range(9)), list(range(10, 20))]


def test_short_passes_and_images_without_a_place_are_no_volumes() -> None:
    assert found(slices(0, range(LEAST_SLICES - 1))) == []
    assert found([one.model_copy(update={"place": -1}) for one in slices(0, range(20))]) == []
    assert stacks([]) == []


def test_another_series_patient_size_or_number_of_channels_begins_anew() -> None:
    for changes in (
        {"series": "b"},
        {"subject": "other"},
        {"study": "other"},
        {"height": 17},
        {"channels": 3},
        {"windows": ((0.0, 1.0), (0.0, 2.0), (0.0, 3.0))},
    ):
        items = slices(0, range(8)) + slices(8, range(8, 16), **changes)
        assert found(items) == [list(range(8)), list(range(8, 16))], changes


def test_volumes_stand_in_the_order_of_their_middle_slices() -> None:
    items = slices(50, range(8), series="a") + slices(10, range(8), series="b")
    assert [one.image_id for one in middles(stacks(items))] == [13, 53]
