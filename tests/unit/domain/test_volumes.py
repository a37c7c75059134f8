"""The order of a series follows from its images alone, and what is odd about it is said in sentences."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from sslstudio.domain.volumes import Slice, by_series, findings, is_localiser, parted, reading_order

positions = st.one_of(st.none(), st.integers(-40, 40).map(lambda n: n * 2.5), st.floats(-1e4, 1e4))
few = st.one_of(st.none(), st.integers(0, 3))
images = st.builds(
    Slice,
    image_id=st.integers(1, 10**6),
    name=st.text("abcdef0123456789", min_size=4, max_size=4),
    position=positions,
    phase=few,
    instance=few,
    frame=st.integers(0, 2),
)
series = st.lists(images, max_size=40, unique_by=lambda one: (one.name, one.frame))


@given(series, st.randoms(use_true_random=False))
def test_any_permutation_gives_the_same_order(slices: list[Slice], rng: random.Random) -> None:
    shuffled = [*slices]
    rng.shuffle(shuffled)
    order = reading_order(slices)
    assert reading_order(shuffled) == order
    assert sorted(order, key=lambda one: (one.name, one.frame)) == sorted(slices, key=lambda one: (one.name, one.frame))


@given(st.lists(st.tuples(st.integers(1, 5), images), max_size=60), st.randoms(use_true_random=False))
def test_any_permutation_gives_the_same_groups(rows: list[tuple[int, Slice]], rng: random.Random) -> None:
    rows = [*{(one.name, one.frame): (number, one) for number, one in rows}.values()]
    shuffled = [*rows]
    rng.shuffle(shuffled)
    assert by_series(shuffled) == by_series(rows)
    assert sorted(by_series(rows)) == sorted({number for number, _ in rows})


@given(st.permutations(range(12)))
def test_a_volume_lies_along_the_body_whatever_its_numbers(numbers: list[int]) -> None:
    slices = [Slice(n, f"{n:04x}", position=-n * 3.0, instance=number) for n, number in enumerate(numbers)]
    assert [one.image_id for one in reading_order(slices)] == list(range(11, -1, -1))


@given(st.permutations([(phase, place) for phase in (1000, 2000, 3000) for place in range(4)]))
def test_numbered_passes_are_volumes_one_after_the_other(rows: list[tuple[int, int]]) -> None:
    slices = [Slice(n, f"{n:04x}", place * 2.0, phase, n) for n, (phase, place) in enumerate(rows)]
    assert [(one.phase, one.position) for one in reading_order(slices)] == [
        (phase, place * 2.0) for phase in (1000, 2000, 3000) for place in range(4)
    ]


def test_an_acquisition_number_for_each_slice_is_no_pass() -> None:
    """Some scanners count each slice as an acquisition; positions decide all the same."""
    slices = [Slice(n, f"{n:04x}", position=float(-n), phase=1000 * n) for n in range(6)]
    assert [one.position for one in reading_order(slices)] == [-5.0, -4.0, -3.0, -2.0, -1.0, -0.0]


def test_passes_without_a_number_follow_the_instance_numbers() -> None:
    """Two b-values, slice by slice: the first of each position, then the second."""
    slices = [Slice(n, f"{n:04x}", position=float(n // 2), phase=1, instance=n + 1) for n in range(6)]
    assert [one.instance for one in reading_order(slices)] == [1, 3, 5, 2, 4, 6]


def test_positions_a_hair_apart_are_the_same() -> None:
    slices = [Slice(n, f"{n:04x}", position=(n % 2) * 5 + n * 0.001, phase=n // 2) for n in range(4)]
    assert [one.image_id for one in reading_order(slices)] == [0, 1, 2, 3]


def test_frames_without_positions_stand_as_numbered() -> None:
    slices = [Slice(n, "same", instance=2, frame=n) for n in range(3)] + [Slice(9, "other", instance=1)]
    assert [one.image_id for one in reading_order(reversed(slices))] == [9, 0, 1, 2]


def volume(*steps: float) -> list[Slice]:
    place, found = 0.0, [Slice(0, "0000", 0.0)]
    for n, step in enumerate(steps, 1):
        place += step
        found.append(Slice(n, f"{n:04x}", place))
    return found


def test_missing_slices_are_counted() -> None:
    assert findings(volume(3, 3, 3, 3), "CT") == ()
    assert findings(volume(3, 3, 9, 3, 6), "MR") == ("3 slices seem to be missing (3.00 mm apart).",)
    assert findings(volume(3, 3, 3, 6), "MR") == ("1 slice seems to be missing (3.00 mm apart).",)


def test_uneven_distances_and_passes_are_told() -> None:
    assert findings(volume(3, 3, 4, 3), "CT") == ("The distance between slices varies from 3.00 to 4.00 mm.",)
    doubled = [*volume(3, 3, 3), Slice(9, "9999", 3.0)]
    assert findings(doubled, "CT") == ("Some positions have 1 and some 2 images: a pass may be incomplete.",)
    assert findings([Slice(1, "a"), Slice(2, "b")], "MR")[0].startswith("The slices do not say where they lie")
    assert findings([Slice(1, "a"), Slice(2, "b")], "US") == ()
    assert findings([Slice(1, "a")], "CT") == ()


def test_localisers_lie_across_each_other_and_are_few() -> None:
    assert is_localiser({"axial": 5, "sagittal": 5, "coronal": 5}, "MR")
    assert not is_localiser({"axial": 5, "oblique": 5}, "MR")
    assert not is_localiser({"axial": 60, "coronal": 3}, "CT")
    assert not is_localiser({"axial": 3}, "MR")
    assert "3 axial, 2 coronal" in parted({"axial": 3, "coronal": 2}, 1)
    assert parted({"axial": 5}, 2) and not parted({"axial": 5}, 1) and not parted({}, 0)
