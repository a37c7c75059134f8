"""The session: one selection with a signal, labelling that never overwrites hand labels in bulk, undo, redo."""

from __future__ import annotations

import pytest

from sslstudio.domain.labels import OKABE_ITO, ClassInfo
from sslstudio.errors import SSLStudioError
from sslstudio.session import LabelCounts, Project, Session
from sslstudio.session.session import next_class


@pytest.fixture
def session(filled: Project) -> Session:
    made = Session(filled, author="Ada")
    made.add_class("glioma")
    made.add_class("none")
    return made


def given(session: Session) -> dict[int, int | None]:
    return {image_id: label.class_id for image_id, label in session.labels().items()}


def test_selecting_tells_once_and_only_when_something_changes(session: Session) -> None:
    seen: list[frozenset[int]] = []
    session.selection_changed.connect(seen.append)
    session.select([1, 2])
    session.select([2, 1])
    session.select([2, 3], "toggle")
    session.select([5], "extend")
    session.select([1], "subtract")
    session.clear()
    session.clear()
    assert seen == [{1, 2}, {1, 3}, {1, 3, 5}, {3, 5}, frozenset()]
    assert session.selection == frozenset()


def test_a_class_gets_the_next_colour_and_key(session: Session) -> None:
    assert [(info.class_id, info.key, info.colour) for info in session.classes()] == [
        (1, "1", OKABE_ITO[0]),
        (2, "2", OKABE_ITO[1]),
    ]
    many = [ClassInfo(class_id=n, name=str(n), colour=OKABE_ITO[(n - 1) % 8], key=str(n % 10)) for n in range(1, 11)]
    extra = next_class(many, "eleven")
    assert (extra.class_id, extra.key) == (11, "") and extra.colour in OKABE_ITO
    with pytest.raises(SSLStudioError):
        session.add_class(" glioma ")


def test_one_image_by_hand_is_always_set(session: Session) -> None:
    assert session.label_images([1], 1) == LabelCounts(set=1, skipped=0)
    assert session.label_images([1], 2) == LabelCounts(set=1, skipped=0)
    assert given(session) == {1: 2}
    assert session.labels()[1].origin == "hand" and session.labels()[1].author == "Ada"


def test_bulk_leaves_hand_labels_alone_unless_told_otherwise(session: Session) -> None:
    session.label_images([1], 1)
    assert session.label_images([1, 2, 3], 2) == LabelCounts(set=2, skipped=1)
    assert given(session) == {1: 1, 2: 2, 3: 2}
    assert session.labels()[2].origin == "bulk"
    assert session.label_images([1, 2, 3], 2) == LabelCounts(set=0, skipped=1, unchanged=2)
    assert session.label_images([1, 2, 3], 1, overwrite=True) == LabelCounts(set=2, skipped=0, unchanged=1)


def test_a_suggestion_never_replaces_what_a_hand_set(session: Session) -> None:
    session.label_images([1], 1)
    assert session.label_images([1], 2, "suggestion") == LabelCounts(set=0, skipped=1)
    assert session.label_images([2], 2, "suggestion") == LabelCounts(set=1, skipped=0)
    assert session.labels()[2].origin == "suggestion"
    assert session.label_images([2], 1) == LabelCounts(set=1, skipped=0)


def test_marks_and_clearing(session: Session) -> None:
    session.label_images([1], 1)
    assert session.mark_images([1, 2, 3], "uncertain") == LabelCounts(set=2, skipped=1)
    assert session.mark_images([4], "excluded").set == 1
    assert session.clear_labels([1, 2, 9]) == LabelCounts(set=2, skipped=0)
    assert {key: label.mark for key, label in session.labels().items()} == {3: "uncertain", 4: "excluded"}


def test_clearing_or_labelling_nothing_is_a_plain_error(session: Session) -> None:
    for call in (lambda: session.label_images([], 1), lambda: session.clear_labels([7])):
        with pytest.raises(SSLStudioError) as caught:
            call()
        assert caught.value.code == "no_images"


def test_undo_and_redo_tell_which_images_changed(session: Session) -> None:
    seen: list[frozenset[int]] = []
    session.label_images([1, 2], 1)
    session.labels_changed.connect(seen.append)
    session.undo()
    assert given(session) == {}
    session.redo()
    assert given(session) == {1: 1, 2: 1}
    session.add_class("third")
    assert seen == [{1, 2}, {1, 2}, frozenset()]
    assert session.redo() is None
    while session.undo() is not None:
        pass
    assert session.classes() == []


def test_labels_are_a_snapshot(session: Session) -> None:
    session.label_images([1], 1)
    before = session.labels()
    session.label_images([2], 1)
    assert sorted(before) == [1] and sorted(session.labels()) == [1, 2]
    with pytest.raises(TypeError):
        before[3] = before[1]


def test_other_news_has_its_signals(session: Session) -> None:
    seen: list[object] = []
    session.images_changed.connect(lambda: seen.append("images"))
    session.runs_changed.connect(seen.append)
    session.images_were_changed()
    session.run_was_changed("simclr-1")
    assert seen == ["images", "simclr-1"]
