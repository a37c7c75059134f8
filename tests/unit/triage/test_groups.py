"""Groups are the connected parts of the pairs, whatever their order, and keep their name as they grow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sslstudio.triage.groups import connected, group_name, representative

pairs = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), max_size=40)


def reachable(links: list[tuple[int, int]], start: int) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        one = waiting.pop()
        for a, b in links:
            for other in (b,) if a == one else (a,) if b == one else ():
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
    return seen


@given(pairs, st.randoms(use_true_random=False))
def test_groups_are_the_connected_parts(links: list[tuple[int, int]], random) -> None:
    groups = connected(links)
    members = [one for group in groups for one in group]
    assert len(members) == len(set(members))
    assert all(group == sorted(reachable(links, group[0])) and len(group) > 1 for group in groups)
    assert set(members) == {one for a, b in links if a != b for one in (a, b)}
    turned = [(b, a) for a, b in links]
    random.shuffle(turned)
    assert sorted(connected(turned)) == sorted(groups)


@given(st.sets(st.integers(1, 99), min_size=2), st.dictionaries(st.integers(1, 99), st.sampled_from(["d3", "d12"])))
def test_a_group_keeps_the_name_its_members_had(members: set[int], known: dict[int, str]) -> None:
    name = group_name(members, known)
    had = {known[one] for one in members if one in known}
    assert name == ("d3" if "d3" in had else "d12" if "d12" in had else f"d{min(members)}")


def test_the_largest_image_stands_for_its_group() -> None:
    assert representative([5, 2, 9], {2: 100, 5: 400, 9: 400}) == 5
