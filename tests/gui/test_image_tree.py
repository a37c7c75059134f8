"""The tree of images holds every image once, in the order of patients, studies and series."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.gui.item_models.image_tree import PATIENT, SERIES, STUDY, ImageTree


@st.composite
def projects(draw):
    """Groups in order, and for some series the images they hold; series are numbered in any order."""
    shape = draw(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=3), min_size=1, max_size=5))
    total = sum(map(sum, shape))
    numbers = draw(st.permutations(range(1, total + 1)))
    groups, at, study = [], 0, 0
    for subject, studies in enumerate(shape, 1):
        for series in studies:
            study += 1
            for _ in range(series):
                groups.append((numbers[at], study, subject))
                at += 1
    images = {key: draw(st.integers(0, 4)) for key, _, _ in groups}
    order = draw(st.permutations(range(100, 100 + sum(images.values()))))
    held, at = {}, 0
    for key in sorted(images):
        held[key] = list(order[at : at + images[key]])
        at += images[key]
    matches = [(image, key) for key in sorted(held) for image in held[key]]
    return np.array(matches, dtype=np.int64).reshape(-1, 2), np.array(groups, dtype=np.int64), held


@given(projects())
def test_every_image_stands_once_below_its_patient_study_and_series(project) -> None:
    matches, groups, held = project
    tree = ImageTree(matches, groups)
    expected = [image for key, _, _ in groups.tolist() for image in held[key]]
    assert tree.ids.tolist() == expected and len(tree) == len(expected)
    told = {(key, study, subject): held[key] for key, study, subject in groups.tolist() if held[key]}
    seen = {}
    for place in range(tree.patients):
        patient = tree.patient(place)
        studies = tree.below(patient)
        assert patient.level == PATIENT and patient.parts == len(studies)
        assert patient.images == sum(study.images for study in studies) == int(tree.sizes()[place])
        for study in studies:
            series = tree.below(study)
            assert study.level == STUDY and study.parts == len(series)
            for one in series:
                assert one.level == SERIES and tree.below(one) == []
                seen[one.key, study.key, patient.key] = tree.ids[one.start : one.end].tolist()
                assert tree.count_patients([patient, study, one]) == 1
    assert seen == told


@given(projects())
def test_an_image_is_found_from_anywhere(project) -> None:
    matches, groups, held = project
    tree = ImageTree(matches, groups)
    for image, key in matches.tolist():
        found = tree.path(image)
        assert found is not None
        place, patient, study, series = found
        assert tree.patient(place) == patient and study in tree.below(patient) and series.key == key
        assert tree.series_of(image).tolist() == held[key]
        assert tree.ids[tree.place_of(image)] == image
        assert tree.number_of(image) == (held[key].index(image) + 1 if len(held[key]) > 1 else 0)
    assert tree.path(5) is None and tree.place_of(5) is None and len(tree.series_of(5)) == 0
