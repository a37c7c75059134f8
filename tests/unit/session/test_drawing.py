"""Cases drawn at random: their patients test and never train, whatever is labelled, undone or opened again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sslstudio.domain.labels import Label, Origin, SetLabels
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models import image_table, sides
from sslstudio.session import Project, Session, classifying, finetuning, helping, judging, leaks, splitting
from sslstudio.session.drawing import lots
from tests.gui.image_project import Picture, build

CROSS, DRAWN = SplitPlan(way="cross", folds=3), SplitPlan(way="drawn")
PATIENTS, EACH = 16, 3


def opened(path: Path) -> Project:
    """Sixteen patients with three pictures each, one class a patient, none labelled, with an embedding."""
    rng = np.random.default_rng(0)
    given = [
        Picture(rng.integers(0, 255, (16, 16, 1), dtype=np.uint8), f"p{n}", n % 2)
        for n in range(PATIENTS)
        for _ in range(EACH)
    ]
    vectors = np.array([[4.0 * one.kind - 2, 0, 0] for one in given]) + rng.normal(0, 0.5, (len(given), 3))
    project = build(path, given, vectors=vectors)
    session = Session(project)
    session.add_class("a"), session.add_class("b")
    return project


def class_of(image_id: int) -> int:
    return (image_id - 1) // EACH % 2 + 1


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """All labelled by hand; of three patients one image each was drawn at random before."""
    made = Session(opened(tmp_path / "p.sslproj"))
    for image_id in (2, 10, 31):
        made.drawing.note(image_id, 48, 16)
    for image_id in range(1, PATIENTS * EACH + 1):
        made.label_images([image_id], class_of(image_id))
    yield made
    made.project.close()


def test_drawn_patients_test_and_no_way_of_training_takes_them(session: Session) -> None:
    project = session.project
    drawn = project.catalogue.drawn_subjects()
    assert len(drawn) == 3 and project.catalogue.drawn_images() == {2, 10, 31}
    assert {key for key, part in project.catalogue.parts().items() if part == "test"} == {
        1, 2, 3, 10, 11, 12, 31, 32, 33,
    }  # fmt: skip
    everything = splitting.labelled(project, "embed-1")
    used, _ = splitting.divide(project, everything, CROSS)
    assert drawn.isdisjoint(row.subject for row in used.rows) and len(used.rows) == 39
    assert any("9 images of patients drawn at random" in note for note in splitting.preview(project, CROSS).notes)
    with pytest.raises(SSLStudioError) as refused:
        classifying.fit_on(project, "embed-1", classifying._choose(project, "embed-1", "test"))
    assert refused.value.code == "drawn_sample"
    assert drawn.isdisjoint(item.subject for item in finetuning._learners(project, "embed-1")[0] if item.label)
    assert drawn.isdisjoint(helping.material(project, [("run", "embed-1")])[2].tolist())
    model = judging.fit(project, "embed-1", SplitPlan())
    assert drawn.isdisjoint(classifying._subjects(project, classifying.load_model(project.models_dir / model)[2]))
    assert {3, 12} <= {item.image_id for item in classifying.unseen(project, "embed-1", [1, 2], set())[0].items}


def test_what_was_drawn_is_a_test_set_of_its_own(session: Session) -> None:
    preview = splitting.preview(session.project, DRAWN)
    assert (preview.train.images, preview.train.patients) == (39, 13)
    assert (preview.test.images, preview.test.patients, preview.reason) == (3, 3, "")
    leaks.require_tight(session.project, "embed-1", DRAWN)
    scores = session.project.catalogue.model(judging.fit(session.project, "embed-1", DRAWN)).scores
    assert scores is not None and (scores["n_images"], scores["n_subjects"]) == (3, 3)
    assert scores["split"]["way"] == "drawn"


def test_dealing_counts_them_towards_the_test_part(session: Session) -> None:
    session.project.catalogue.split_by_subject(0.25)
    parts = {subject: part for _, subject, part in session.project.catalogue.subjects()}
    assert sum(part == "test" for part in parts.values()) == 4, "three drawn and one more, not three and four"
    assert all(parts[subject] == "test" for subject in session.project.catalogue.drawn_subjects())


def test_beside_a_frozen_test_set_later_draws_take_no_part(session: Session) -> None:
    project = session.project
    project.catalogue.split_by_subject(0.25)
    project.catalogue.freeze_test()
    held = project.catalogue.held_subjects()
    assert project.catalogue.drawn_subjects() < held and len(held) == 4
    (free,) = [key for key, part in project.catalogue.parts().items() if part == "train"][:1]
    session.drawing.note(free, 48, 16)
    tested, _ = classifying.unseen(project, "embed-1", [1, 2], set())
    assert {item.subject for item in tested.items} == held, "a test set that was fixed stays as it is"
    used, _ = splitting.divide(project, splitting.labelled(project, "embed-1"), SplitPlan())
    assert free not in {row.image_id for row in used.rows}
    assert project.catalogue.parts()[free] == "test", "it trains no more"


def test_a_pair_with_a_drawn_patient_is_put_on_the_test_side(session: Session) -> None:
    project = session.project
    project.catalogue.assign_parts({2: "train", 4: "train"})
    subject = {row.image_id: row.subject for row in project.catalogue.labelled_rows()}
    leak = leaks.Leak("alike", 4, 2, subject[4], subject[2])
    leaks.solve(project, [leak], "together")
    assert project.catalogue.parts()[4] == project.catalogue.parts()[2] == "test"


def test_it_can_be_switched_off_and_on_again(session: Session, tmp_path: Path) -> None:
    project = session.project
    session.drawing.keep(False)
    assert not project.catalogue.drawn_subjects() and not session.drawing.sample(session.labels())
    assert len(splitting.divide(project, splitting.labelled(project), CROSS)[0].rows) == 48
    learned = classifying.load_model(project.models_dir / judging.fit(project, "embed-1", CROSS))[2]
    session.drawing.keep(True)
    tested, left_out = classifying.unseen(project, "embed-1", [1, 2], learned)
    assert not tested.items and left_out["patient_in_training"] == 9, "what it has learned never tests it"
    project.close()
    with Project.open(tmp_path / "p.sslproj") as again:
        assert Session(again).drawing.sample(again.catalogue.labels()) == [2, 10, 31]
        assert again.catalogue.draws()[10].images == 48 and again.catalogue.draws()[10].subjects == 16


def test_suggestions_wait_until_a_drawn_case_is_labelled(session: Session) -> None:
    assert not session.drawing.waits(2, session.labels())
    session.clear_labels([2])
    assert session.drawing.waits(2, session.labels()) and not session.drawing.waits(4, session.labels())
    session.label_images([2], class_of(2), "suggestion")
    assert session.drawing.sample(session.labels()) == [10, 31], "only what a person answered tests"


def test_lots_are_the_projects_own_and_stay() -> None:
    names = [f"p{n}" for n in range(2000)]
    one, again, other = (list(lots(key, names)) for key in (b"a" * 32, b"a" * 32, b"b" * 32))
    assert again == one and other != one and min(one) >= 0 and max(one) < 1
    assert 0.1 < np.mean(np.array(one) < 0.125) < 0.15


@pytest.mark.parametrize("seed", range(4))
def test_no_drawn_patient_is_ever_learned_from(tmp_path: Path, seed: int) -> None:
    """Any order of draws, labels of every origin, undo, redo, exclusion, parts, a frozen test set and opening again."""
    chance, path = random.Random(seed), tmp_path / "p.sslproj"
    project = opened(path)
    session = Session(project)
    noted: set[int] = set()

    def give(image_id: int, origin: Origin, mark: str = "class") -> None:
        class_id = class_of(image_id) if mark == "class" else None
        label = Label(image_id=image_id, mark=mark, class_id=class_id, origin=origin)
        if len(session.classes()) == 2:  # else undo has taken them away
            session.apply(SetLabels(labels=((image_id, label),)))

    for _ in range(100):
        image_id = chance.randint(1, PATIENTS * EACH)
        deed = chance.choice(
            ["draw", "hand", "hand", "other", "mark", "clear", "undo", "redo", "out", "in", "deal", "freeze",
             "thaw", "open"]
        )  # fmt: skip
        if deed == "draw":
            session.drawing.note(image_id, 48, 16)
            noted.add(image_id)
        elif deed == "hand":
            give(chance.choice([image_id, *sorted(noted)]), "hand")
        elif deed == "other":
            give(image_id, chance.choice(["bulk", "suggestion", "import", "adjudication"]))
        elif deed == "mark":
            give(image_id, "hand", chance.choice(["uncertain", "poor"]))
        elif deed == "clear" and image_id in session.labels():
            session.clear_labels([image_id])
        elif deed in ("undo", "redo"):
            session.undo() if deed == "undo" else session.redo()
        elif deed in ("out", "in"):
            project.catalogue.set_excluded([image_id], "scout" if deed == "out" else None)
        elif deed == "open":
            project.close()
            project = Project.open(path)
            session = Session(project)
        else:
            _change_parts(project, deed, chance)
        _nothing_leaks(session, noted)
    project.close()


def _change_parts(project: Project, deed: str, chance: random.Random) -> None:
    try:
        if deed == "deal":
            project.catalogue.split_by_subject(0.25, chance.randint(0, 9), keep=chance.random() < 0.5)
        elif deed == "freeze" and chance.random() < 0.3:
            project.catalogue.freeze_test()
        elif deed == "thaw":
            project.catalogue.thaw_test("to try")
    except SSLStudioError as error:
        assert error.code in ("frozen_test", "no_test_part", "not_frozen")


def _nothing_leaks(session: Session, noted: set[int]) -> None:
    catalogue, labels = session.project.catalogue, session.labels()
    drawn = {key for key in noted if key in labels and labels[key].origin in ("hand", "adjudication")}
    assert catalogue.drawn_images() == set(session.drawing.sample(labels)) == drawn
    barred = {(key - 1) // EACH for key in drawn}
    table = image_table.read(catalogue)
    taught = [key for key, _ in sides.teaching(table, labels, sides.kept_patients(session, table))]
    assert barred.isdisjoint((key - 1) // EACH for key in taught)
    assert barred.isdisjoint((key - 1) // EACH for key, part in catalogue.parts().items() if part != "test")
    assert barred.isdisjoint((item.image_id - 1) // EACH for item in catalogue.items() if item.part != "test")
    known = splitting.labelled(session.project)
    for plan in (SplitPlan(), CROSS, DRAWN):
        used, division = splitting.divide(session.project, known, plan)
        trained = {(used.rows[row].image_id - 1) // EACH for row in division.trained().tolist()}
        assert barred.isdisjoint(trained)
        if plan is DRAWN:
            assert {used.rows[row].image_id for row in division.tested().tolist()} <= drawn
