"""Labels of others: held against those that stand, taken over in one step, nothing overwritten without being asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslstudio.domain.labels import Label, SetLabels, Together
from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, Session, label_export, label_import, raters
from sslstudio.session.label_import import SKIP, Columns, Plan, Taken, Verdict
from sslstudio.session.label_table import label_from_table

HEADER = "image,label,author,note"


def write(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "theirs.csv"
    path.write_text("\n".join((HEADER, *lines)), encoding="utf-8")
    return path


def image(number: int) -> str:
    return f"img-{number - 1:06d}.png"


@pytest.fixture
def labelled(filled: Project) -> Session:
    """Images 1 to 4 are glioma by hand of Dr A, 5 is of poor quality."""
    session = Session(filled, author="Dr A")
    glioma, other = session.add_class("glioma"), session.add_class("none")
    for number in range(1, 5):
        session.label_images([number], glioma.class_id)
    session.mark_images([5], "poor")
    assert other.class_id == 2
    return session


def plan_of(session: Session, path: Path, rater: str = "") -> Plan:
    table = label_import.read(path)
    return label_import.compare(session.project, table, table.guess(), rater)


def carry_out(session: Session, plan: Plan, verdicts: dict[int, Verdict], **classes: str) -> Taken:
    command, taken = label_import.take_over(session.classes(), plan, verdicts, classes)
    assert isinstance(command, Together)
    session.apply(command)
    return taken


def test_a_table_is_sorted_into_new_same_conflicting_and_unknown_before_anything_is_written(
    labelled: Session, tmp_path: Path
) -> None:
    before = labelled.project.catalogue.labels()
    path = write(
        tmp_path,
        f"{image(1)},Glioma,Dr B,", f"{image(2)},none,Dr B,small", f"{image(5)},poor quality,Dr B,",
        f"{image(6)},none,Dr B,", f"{image(7)},abscess,Dr B,", "nowhere.png,none,Dr B,", f"{image(8)},,Dr B,",
    )  # fmt: skip
    plan = plan_of(labelled, path)
    assert [one.image_id for one in plan.new] == [6, 7]
    assert [one.image_id for one in plan.same] == [1, 5]
    assert [(one.image_id, one.mine, one.theirs) for one in plan.conflicts] == [(2, "glioma", "none")]
    assert (plan.unknown_images, plan.blank, plan.raters) == (("nowhere.png",), 1, ("Dr B",))
    assert plan.unknown_classes == {"abscess": 1} and plan.source == "theirs.csv"
    assert labelled.project.catalogue.labels() == before


@pytest.mark.parametrize("verdict", ["mine", "theirs", "leave"])
def test_a_conflict_is_decided_as_chosen_and_one_undo_takes_all_back(
    labelled: Session, tmp_path: Path, verdict: Verdict
) -> None:
    catalogue = labelled.project.catalogue
    before = (catalogue.labels(), catalogue.classes(), catalogue.readings())
    path = write(tmp_path, f"{image(1)},glioma,Dr B,", f"{image(2)},none,Dr B,small", f"{image(7)},abscess,Dr B,")
    taken = carry_out(labelled, plan_of(labelled, path), {2: verdict})
    labels, readings = catalogue.labels(), catalogue.readings()
    assert labels[1] == before[0][1] and readings[1, "Dr B"].settled
    new = labels[7]
    assert (new.origin, new.author, new.source) == ("import", "Dr B", "theirs.csv")
    assert [info.name for info in catalogue.classes()] == ["glioma", "none", "abscess"]
    if verdict == "theirs":
        assert (labels[2].class_id, labels[2].author, labels[2].note) == (2, "Dr B", "small")
        assert readings[2, "Dr A"].class_id == 1 and readings[2, "Dr A"].settled
    else:
        assert labels[2] == before[0][2] and readings[2, "Dr B"].class_id == 2
        assert readings[2, "Dr B"].settled == (verdict == "mine")
    assert taken == Taken(1 + (verdict == "theirs"), int(verdict == "theirs"), 2, int(verdict == "leave"), ("abscess",))
    waiting = [one.image_id for one in raters.disputes(labels, readings)]
    assert waiting == ([2] if verdict == "leave" else [])
    labelled.undo()
    assert (catalogue.labels(), catalogue.classes(), catalogue.readings()) == before


def test_an_unknown_class_is_added_left_out_or_taken_for_another(labelled: Session, tmp_path: Path) -> None:
    path = write(tmp_path, f"{image(7)},abscess,Dr B,", f"{image(8)},GBM,Dr B,", f"{image(9)},odd,Dr B,")
    taken = carry_out(labelled, plan_of(labelled, path), {}, GBM="glioma", odd=SKIP)
    labels = labelled.project.catalogue.labels()
    assert labels[8].class_id == 1 and 9 not in labels and taken.new_classes == ("abscess",)


def test_raters_of_one_table_who_differ_wait_for_a_decision_and_a_third_answer_settles_it(
    labelled: Session, tmp_path: Path
) -> None:
    path = write(tmp_path, f"{image(7)},glioma,Dr B,", f"{image(7)},none,Dr C,", f"{image(8)},none,Dr B,")
    carry_out(labelled, plan_of(labelled, path), {})
    catalogue = labelled.project.catalogue
    assert 7 not in catalogue.labels() and catalogue.labels()[8].class_id == 2
    (dispute,) = raters.disputes(catalogue.labels(), catalogue.readings())
    assert dispute.answers == (("Dr B", ("class", 1)), ("Dr C", ("class", 2)))
    labelled.apply(raters.decide(None, catalogue.readings(), 7, "class", 2))
    decided = catalogue.labels()[7]
    assert (decided.origin, decided.author, decided.class_id) == ("adjudication", "Dr A", 2)
    assert raters.disputes(catalogue.labels(), catalogue.readings()) == ()
    assert set(raters.answers(catalogue.labels(), catalogue.readings())) == {"Dr A", "Dr B", "Dr C"}
    labelled.undo()
    assert len(raters.disputes(catalogue.labels(), catalogue.readings())) == 1


def test_one_person_saying_two_things_of_an_image_is_refused(labelled: Session, tmp_path: Path) -> None:
    path = write(tmp_path, f"{image(7)},glioma,Dr B,", f"{image(7)},none,Dr B,")
    with pytest.raises(SSLStudioError) as caught:
        plan_of(labelled, path)
    assert caught.value.code == "table_conflict"
    with pytest.raises(SSLStudioError) as caught:
        label_import.compare(labelled.project, label_import.read(path), Columns("image", ""), "")
    assert caught.value.code == "table_columns"


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_what_is_written_comes_back_the_same(labelled: Session, tmp_path: Path, name: str) -> None:
    catalogue = labelled.project.catalogue
    path = write(tmp_path, f"{image(2)},none,Dr B,faint", f"{image(9)},glioma,Dr B,")
    carry_out(labelled, plan_of(labelled, path), {})
    out = tmp_path / name
    assert label_export.write(labelled.project, out, label_export.Wanted(readings=True)).readings == 1
    assert b"faint" not in out.read_bytes() and b"img-" not in out.read_bytes()
    label_export.write(labelled.project, out, label_export.Wanted(notes=True, readings=True))
    stood = (catalogue.labels(), raters.disputes(catalogue.labels(), catalogue.readings()))
    plan = plan_of(labelled, out)
    assert not plan.new and {one.image_id for one in plan.same} == {1, 3, 4, 5, 9}
    assert [one.image_id for one in plan.conflicts] == [2], "both answers stand in it"
    labelled.clear_labels(list(catalogue.labels()))
    command, _ = label_import.take_over(labelled.classes(), plan_of(labelled, out), {})
    assert command is not None
    labelled.apply(command)
    again = catalogue.labels()
    assert {key: (one.mark, one.class_id, one.author) for key, one in again.items()} == {
        key: (one.mark, one.class_id, one.author) for key, one in stood[0].items() if key != 2
    }
    assert [one.image_id for one in raters.disputes(again, catalogue.readings())] == [2]


def test_a_plain_table_notes_its_file_and_is_one_step(labelled: Session, tmp_path: Path) -> None:
    before = labelled.project.catalogue.classes()
    label_from_table(labelled.project, write(tmp_path, f"{image(11)},cyst,,", f"{image(1)},cyst,,"))
    labels = labelled.project.catalogue.labels()
    assert labels[11].source == "theirs.csv" and labels[1].class_id == 1, "a label by hand stays"
    labelled.undo()
    assert labelled.project.catalogue.classes() == before and 11 not in labelled.project.catalogue.labels()


def test_a_second_read_is_kept_beside_the_labels(labelled: Session) -> None:
    catalogue = labelled.project.catalogue
    command = raters.keep_readings(catalogue.labels(), {1: 1, 2: 2, 3: None}, "Dr B", "second read")
    assert command is not None
    labelled.apply(command)
    found = raters.overview(labelled.project)
    assert [(one.name, one.images, one.with_class) for one in found.raters] == [("Dr A", 5, 4), ("Dr B", 3, 2)]
    told = found.pairs["Dr A", "Dr B"]
    assert (told.n, told.agree, found.together) == (2, 0.5, None)
    assert [one.image_id for one in found.disputes] == [2]


def test_a_label_keeps_its_note_when_its_class_changes(labelled: Session) -> None:
    old = labelled.labels()[1]
    labelled.apply(SetLabels(labels=((1, old.model_copy(update={"note": "seen with Dr C"})),)))
    labelled.label_images([1], 2)
    assert labelled.labels()[1].note == "seen with Dr C"
    history = labelled.project.catalogue.image(1).history
    assert [event.note for event in history] == ["", "seen with Dr C", "seen with Dr C"]
    assert isinstance(labelled.labels()[1], Label)
