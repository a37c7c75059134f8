"""Leaks between the two sides: planted copies are found and stop the training; three ways out of it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sslstudio.domain.split_plans import SplitPlan
from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, Session, judging, leaks
from tests.gui.image_project import Picture, build

Grey = np.ndarray
PATIENTS, EACH, PLANTED = 60, 3, 50
HOLD_OUT = SplitPlan()


def tissue(seed: int, side: int = 96) -> Grey:
    """A picture with structure from coarse to fine, unlike any other."""
    rng = np.random.default_rng(seed)
    layers = [cv2.resize(rng.normal(size=(n, n)).astype(np.float32), (side, side)) / n**0.3 for n in (4, 9, 20)]
    picture = sum(layers)
    return np.clip(128 + 45 * picture, 0, 255).astype(np.uint8)


def altered(picture: Grey, how: int, rng: np.random.Generator) -> Grey:
    """The same picture as it comes back from elsewhere: compressed, brighter, scaled, windowed, noisy, cut, turned."""
    if how == 0:
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 95))])
        return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    if how == 1:
        return np.clip(picture * rng.uniform(0.8, 1.2) + rng.uniform(-15, 15), 0, 255).astype(np.uint8)
    if how == 2:
        return cv2.resize(picture, None, fx=rng.uniform(0.8, 1.5), fy=1.0, interpolation=cv2.INTER_AREA)
    if how == 3:
        return np.clip((picture - 20.0) * 255 / 215, 0, 255).astype(np.uint8)
    if how == 4:
        return np.clip(picture + rng.normal(0, 1, picture.shape), 0, 255).astype(np.uint8)
    if how == 5:
        top, bottom, left, right = (int(rng.uniform(0, 0.05) * len(picture)) for _ in range(4))
        return np.ascontiguousarray(picture[top : len(picture) - bottom, left : len(picture) - right])
    return np.ascontiguousarray(picture[:, ::-1])


def seen(picture: Grey) -> np.ndarray:
    """What a network that cares little for sides makes of it: coarse shades and the mean of both ways round."""
    small = cv2.resize(picture, (12, 12), interpolation=cv2.INTER_AREA).astype(np.float32)
    small = (small - small.mean()) / small.std()
    return (small + 0.9 * small[:, ::-1]).ravel()


def project_of(path: Path, planted: int, patients: int = PATIENTS) -> tuple[Project, list[tuple[int, int]]]:
    """Patients with pictures of their own, those of the last third in the test part; `planted` of the test pictures are
    altered copies of training pictures. The planted pairs, as image ids."""
    rng = np.random.default_rng(5)
    pictures = [tissue(number) for number in range(patients * EACH)]
    first_test = 2 * patients // 3 * EACH
    sources = rng.choice(first_test, planted, replace=False)
    targets = first_test + rng.choice(len(pictures) - first_test, planted, replace=False)
    for number, (source, target) in enumerate(zip(sources, targets, strict=True)):
        pictures[target] = altered(pictures[source], number % 7, rng)
    given = [Picture(one[:, :, None], f"p{n // EACH}", n // EACH % 2) for n, one in enumerate(pictures)]
    project = build(path, given, vectors=np.stack([seen(one) for one in pictures]))
    session, ids = Session(project), project.catalogue.image_ids()
    a, b = session.add_class("a").class_id, session.add_class("b").class_id
    for kind, class_id in enumerate((a, b)):
        session.label_images([key for n, key in enumerate(ids) if given[n].kind == kind], class_id, "import")
    project.catalogue.assign_parts({key: "test" if n >= first_test else "train" for n, key in enumerate(ids)})
    return project, [(ids[s], ids[t]) for s, t in zip(sources, targets, strict=True)]


def test_of_fifty_planted_copies_at_least_49_are_found_and_nothing_is_trained(tmp_path: Path) -> None:
    project, planted = project_of(tmp_path / "p.sslproj", PLANTED)
    with project:
        found = leaks.look(project, "embed-1", HOLD_OUT)
        pairs = {(leak.left, leak.right) for leak in found.found}
        assert len(pairs & set(planted)) >= 49, sorted(set(planted) - pairs)
        assert not pairs - set(planted), "no false alarm among 180 pictures"
        assert "of other patients" in found.sentences()[0]
        for plan in (HOLD_OUT, SplitPlan(way="cross")):
            with pytest.raises(SSLStudioError, match="nothing was trained") as caught:
                leaks.require_tight(project, "embed-1", plan)
            assert caught.value.code == "leaky_split"
        assert leaks.look(project, "embed-1", HOLD_OUT) == found, "compared once, kept, and not solved by itself"


@pytest.fixture
def leaky(tmp_path: Path) -> Project:
    project, _ = project_of(tmp_path / "p.sslproj", 4, 18)
    return project


@pytest.mark.parametrize("how", ["together", "leave_out", "differ"])
def test_each_way_out_lets_the_training_begin(leaky: Project, how: leaks.Solution) -> None:
    with leaky:
        found = leaks.look(leaky, "embed-1", HOLD_OUT)
        assert len(found.found) == 4
        leaks.solve(leaky, found.found, how)
        assert not leaks.look(leaky, "embed-1", HOLD_OUT).found
        for plan in (HOLD_OUT, SplitPlan(way="cross", folds=3)):
            leaks.require_tight(leaky, "embed-1", plan)
        judging.fit(leaky, "embed-1", HOLD_OUT)
        excluded = leaky.catalogue.excluded()
        assert set(excluded) == ({leak.left for leak in found.found} if how == "leave_out" else set())
        if how == "together":
            parts = leaky.catalogue.parts()
            assert all(parts[leak.left] == parts[leak.right] == "train" for leak in found.found)
            used = {name for leak in found.found for name in (leak.left_subject, leak.right_subject)}
            assert used <= {name for pair in leaky.catalogue.linked_subjects() for name in pair}


def test_beside_a_frozen_test_set_pairs_cannot_be_put_together(leaky: Project) -> None:
    with leaky:
        leaky.catalogue.freeze_test()
        found = leaks.look(leaky, "embed-1", HOLD_OUT).found
        with pytest.raises(SSLStudioError, match="frozen"):
            leaks.solve(leaky, found, "together")
        leaks.solve(leaky, found, "leave_out")
        assert not leaks.look(leaky, "embed-1", HOLD_OUT).found


def test_identical_pixels_and_one_person_under_two_names_are_leaks(tmp_path: Path) -> None:
    project, _ = project_of(tmp_path / "p.sslproj", 0, 18)
    with project:
        parts = project.catalogue.parts()
        train, other = [key for key, part in parts.items() if part == "train"][:2]
        test, last = [key for key, part in parts.items() if part == "test"][::-1][:2]
        write = project.catalogue._db
        with write.transaction() as connection:
            connection.execute(
                """UPDATE images SET pixel_digest = (SELECT pixel_digest FROM images WHERE image_id = ?)
                   WHERE image_id = ?""",
                (train, test),
            )
            connection.execute(
                """UPDATE ledger SET patient = 'one person' WHERE location_id IN (
                   SELECT location_id FROM image_locations WHERE image_id IN (?, ?))""",
                (train, last),
            )
        found = leaks.look(project, "embed-1", HOLD_OUT)
        assert {leak.kind for leak in found.found} == {"identical", "person"}
        assert any("identical, pixel by pixel" in sentence for sentence in found.sentences())
        leaks.solve(project, found.found, "differ")
        assert [leak.kind for leak in leaks.look(project, "embed-1", HOLD_OUT).found] == ["identical"]
        leaks.solve(project, found.found, "together")
        assert not leaks.look(project, "embed-1", HOLD_OUT).found
        assert other not in project.catalogue.excluded()
