"""The selection grammar holds for any gestures: replace, toggle, extend, subtract."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.session.selection import Mode, Selection, pick

IDS = st.frozensets(st.integers(1, 12))
GESTURES = st.lists(st.tuples(IDS, st.sampled_from(["replace", "toggle", "extend", "subtract"])), max_size=12)


def after(current: Iterable[int], ids: Iterable[int], mode: Mode) -> Selection:
    return pick(Selection(current), ids, mode)


@given(GESTURES)
def test_an_image_is_selected_exactly_when_the_gestures_on_it_say_so(
    gestures: list[tuple[frozenset[int], Mode]],
) -> None:
    selection = as_array = Selection()
    single = dict.fromkeys(range(1, 13), False)
    for ids, mode in gestures:
        selection = pick(selection, ids, mode)
        as_array = pick(as_array, np.array([*ids, *ids], dtype=np.int64)[::-1], mode)
        for image in single:
            pointed = image in ids
            if mode == "replace":
                single[image] = pointed
            elif pointed:
                single[image] = {"toggle": not single[image], "extend": True, "subtract": False}[mode]
    expected = {image for image, selected in single.items() if selected}
    assert selection == expected == as_array and selection == as_array


@given(IDS, IDS)
def test_the_modes_obey_their_laws(current: frozenset[int], ids: frozenset[int]) -> None:
    assert after(after(current, ids, "toggle"), ids, "toggle") == current
    assert after(after(current, ids, "extend"), ids, "subtract") == current - ids
    assert after(after(current, ids, "extend"), ids, "extend") == after(current, ids, "extend")
    assert after(current, [*ids, *ids], "toggle") == after(current, ids, "toggle"), "an id twice counts once"
    assert after(current, ids, "replace") == ids


@given(IDS, IDS)
def test_a_selection_is_a_set(first: frozenset[int], second: frozenset[int]) -> None:
    selection = Selection(first)
    assert selection == first and first == selection and hash(selection) == hash(first)
    assert (selection == Selection(second)) == (first == second)
    assert list(selection) == selection.ordered.tolist() == sorted(first) and len(selection) == len(first)
    assert all((image in selection) == (image in first) for image in range(14)) and "1" not in selection
    assert all((np.int64(image) in selection) == (image in first) for image in range(14))
    assert selection & second == first & second and selection | second == first | second
    assert selection - second == first - second and bool(selection) == bool(first)
