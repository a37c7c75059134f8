"""The selection grammar holds for any gestures: replace, toggle, extend, subtract."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.session.selection import Mode, Selection, combine, pick

IDS = st.frozensets(st.integers(1, 12))
GESTURES = st.lists(st.tuples(IDS, st.sampled_from(["replace", "toggle", "extend", "subtract"])), max_size=12)


@given(GESTURES)
def test_an_image_is_selected_exactly_when_the_gestures_on_it_say_so(
    gestures: list[tuple[frozenset[int], Mode]],
) -> None:
    selection: frozenset[int] = frozenset()
    single = dict.fromkeys(range(1, 13), False)
    for ids, mode in gestures:
        selection = combine(selection, ids, mode)
        for image in single:
            pointed = image in ids
            if mode == "replace":
                single[image] = pointed
            elif pointed:
                single[image] = {"toggle": not single[image], "extend": True, "subtract": False}[mode]
    assert selection == {image for image, selected in single.items() if selected}


@given(IDS, IDS)
def test_the_modes_obey_their_laws(current: frozenset[int], ids: frozenset[int]) -> None:
    assert combine(combine(current, ids, "toggle"), ids, "toggle") == current
    assert combine(combine(current, ids, "extend"), ids, "subtract") == current - ids
    assert combine(combine(current, ids, "extend"), ids, "extend") == combine(current, ids, "extend")
    assert combine(current, [*ids, *ids], "toggle") == combine(current, ids, "toggle"), "an id twice counts once"
    assert combine(current, ids, "replace") == ids


@given(GESTURES)
def test_an_array_of_ids_is_combined_as_any_ids_are(gestures: list[tuple[frozenset[int], Mode]]) -> None:
    plain: frozenset[int] = frozenset()
    selection = Selection()
    for ids, mode in gestures:
        plain = combine(plain, ids, mode)
        selection = pick(selection, np.array([*ids, *ids], dtype=np.int64)[::-1], mode)
        assert selection == plain and hash(selection) == hash(plain)
        assert selection.ordered.tolist() == sorted(plain)
        assert pick(Selection(), sorted(plain), "replace").ordered.tolist() == sorted(plain)
