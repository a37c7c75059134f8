"""Training and test by subject: no subject, and no identical image, ever stands on both sides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sslstudio.catalogue import Catalogue
from sslstudio.catalogue.splits import deal
from sslstudio.domain.labels import AddClass, ClassInfo, Label, SetLabels
from sslstudio.errors import SSLStudioError
from tests.fakes.catalogue_rows import found, patients, row


def sides(catalogue: Catalogue) -> dict[str, set[str]]:
    by_subject = defaultdict(set)
    for item in catalogue.items(include_excluded=True):
        by_subject[item.subject].add(item.part)
    return dict(by_subject)


def test_a_split_deals_subjects_and_is_the_same_for_the_same_seed(catalogue: Catalogue) -> None:
    assert set(catalogue.parts().values()) == {""}
    catalogue.split_by_subject(0.25, seed=3)
    first = catalogue.parts()
    assert all(len(parts) == 1 for parts in sides(catalogue).values())
    assert Counter(first.values()) == {"train": 16, "test": 8}
    catalogue.split_by_subject(0.25, seed=3)
    assert catalogue.parts() == first
    seeds = {tuple(catalogue.parts().values()) for seed in range(8) if catalogue.split_by_subject(seed=seed) is None}
    assert len(seeds) > 1


def test_classes_are_spread_over_both_sides(path: Path) -> None:
    catalogue = Catalogue(path, create=True)
    catalogue.adopt_import("import-1", patients(40, 2))
    for class_id in (1, 2):
        catalogue.apply(AddClass(info=ClassInfo(class_id=class_id, name=f"c{class_id}", colour="#000000")))
    ids = catalogue.image_ids()
    labels = tuple((n, Label(image_id=n, mark="class", class_id=1 if n <= 72 else 2)) for n in ids)
    catalogue.apply(SetLabels(labels=labels))
    catalogue.split_by_subject(0.25)
    rare = [item.part for item in catalogue.items() if item.label == "c2"]
    assert Counter(rare) == {"train": 6, "test": 2}
    catalogue.close()


def test_subjects_with_an_identical_image_stay_together(path: Path) -> None:
    catalogue = Catalogue(path, create=True)
    rows = []
    for number in range(40):  # files that differ, pixels that do not, in pairs of patients
        image = found(f"p{number}", number).model_copy(update={"pixel_digest": f"{number // 2:064x}"})
        rows.append(row(f"/d/{number}.png", image))
    catalogue.adopt_import("import-1", rows)
    for seed in range(5):
        catalogue.split_by_subject(0.3, seed=seed)
        parts = list(catalogue.parts().values())
        assert parts[0::2] == parts[1::2]
    catalogue.close()


def test_newcomers_are_dealt_without_moving_those_who_have_a_part(catalogue: Catalogue) -> None:
    catalogue.split_by_subject()
    before = catalogue.parts()
    more = patients(60, 1, root="/later", shard="import-2.bin")[6:]
    same_subject = row("/later/extra.png", found("p00000", 5000))
    catalogue.adopt_import("import-2", [same_subject, *more])
    assert catalogue.parts()[25] == before[1], "a new image of a known subject has that subject's part at once"
    catalogue.split_by_subject(keep=True)
    after = catalogue.parts()
    assert {key: after[key] for key in before} == before
    assert set(after.values()) == {"train", "test"}


def test_a_given_split_is_taken_by_subject(catalogue: Catalogue) -> None:
    catalogue.assign_parts({1: "train", 2: "", 5: "test"})
    parts = catalogue.parts()
    assert [parts[n] for n in (1, 2, 3, 4)] == ["train"] * 4
    assert [parts[n] for n in (5, 8, 9)] == ["test", "test", ""]


def test_a_leaky_split_is_refused_whole(catalogue: Catalogue) -> None:
    with pytest.raises(SSLStudioError) as caught:
        catalogue.assign_parts({5: "test", 1: "train", 2: "test", 9: "train", 10: "test"})
    assert caught.value.code == "leaky_split"
    assert "2 patients stand on both sides" in caught.value.message
    assert set(catalogue.parts().values()) == {""}


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 2])
def test_a_share_outside_zero_and_one_is_refused(catalogue: Catalogue, fraction: float) -> None:
    with pytest.raises(SSLStudioError) as caught:
        catalogue.split_by_subject(fraction)
    assert caught.value.code == "bad_fraction"


@settings(max_examples=300)
@given(
    groups=st.lists(st.lists(st.integers(0, 10**6), min_size=1, max_size=4), max_size=40),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_dealing_never_tears_a_group_and_gives_everyone_a_part(
    groups: list[list[int]], fraction: float, seed: int, data: st.DataObject
) -> None:
    taken: set[int] = set()
    unique = [[s for s in dict.fromkeys(group) if s not in taken and not taken.add(s)] for group in groups]
    unique = [group for group in unique if group]
    labelled = data.draw(st.lists(st.sampled_from(sorted(taken)), unique=True)) if taken else []
    class_of = {subject: subject % 3 for subject in labelled}
    dealt = deal(unique, class_of, fraction, seed)
    assert set(dealt) == taken
    assert all(len({dealt[subject] for subject in group}) == 1 for group in unique)
    if len(unique) >= 30 and not class_of:
        assert abs(sum(dealt[g[0]] == "test" for g in unique) / len(unique) - fraction) <= 0.05


def test_no_random_project_ever_has_a_subject_on_both_sides(catalogue: Catalogue, label: Callable[..., object]) -> None:
    import random

    draw = random.Random(0)
    for round_number in range(60):
        action = draw.choice(["split", "keep", "assign", "import", "label"])
        if action == "split":
            catalogue.split_by_subject(draw.uniform(0.05, 0.95), seed=round_number)
        elif action == "keep":
            catalogue.split_by_subject(keep=True)
        elif action == "assign":
            ids = draw.sample(catalogue.image_ids(), 6)
            try:
                catalogue.assign_parts({n: draw.choice(["train", "test", ""]) for n in ids})
            except SSLStudioError as error:
                assert error.code == "leaky_split"
        elif action == "import":
            subject, n = f"p{draw.randint(0, 20):05d}", 1000 + round_number
            catalogue.adopt_import(f"import-{n}", [row(f"/more/{n}.png", found(subject, n))])
        else:
            label(draw.randint(1, 2), *draw.sample(catalogue.image_ids(), 3))
        assert all(len(parts) == 1 for parts in sides(catalogue).values())
