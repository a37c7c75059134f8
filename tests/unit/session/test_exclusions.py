"""Leaving images out and taking it back restores exactly what stood there, in the order of events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, Session
from sslstudio.session import exclusions as module
from sslstudio.session.exclusions import Exclusions
from tests.fakes.catalogue_rows import patients


class Reasons:
    """A store that is a dict; fails when it is told to."""

    def __init__(self) -> None:
        self.kept: dict[int, str] = {}
        self.calls = 0

    def excluded(self) -> dict[int, str]:
        return dict(self.kept)

    def set_reasons(self, reasons: Sequence[tuple[int, str | None]]) -> None:
        self.calls += 1
        for key, reason in reasons:
            self.kept.pop(key, None)
            if reason is not None:
                self.kept[key] = reason


changes = st.lists(st.tuples(st.frozensets(st.integers(1, 8)), st.sampled_from(["a", "b", None])), max_size=8)


@given(changes)
def test_undoing_everything_restores_each_state_and_redo_repeats_it(given_changes) -> None:
    store = Reasons()
    exclusions = Exclusions(store, lambda: 0)
    states = [dict(store.kept)]
    for ids, reason in given_changes:
        if exclusions.exclude(ids, reason):
            states.append(dict(store.kept))
    for state in reversed(states[:-1]):
        assert exclusions.undo() is not None
        assert store.kept == state
    assert exclusions.undo() is None
    for state in states[1:]:
        assert exclusions.redo() is not None
        assert store.kept == state
    assert exclusions.redo() is None


def test_one_change_is_taken_back_out_of_order_and_only_once() -> None:
    store = Reasons()
    exclusions = Exclusions(store, lambda: 0)
    first = exclusions.exclude([1, 2], "a")
    exclusions.exclude([3], "b")
    assert exclusions.undo(first) is first and store.kept == {3: "b"}
    assert exclusions.undo(first) is None
    assert len(exclusions.exclude([3], "b")) == 0, "nothing changed, so there is nothing to take back"


def test_many_images_are_stored_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IMAGES_A_TRANSACTION", 10)
    store = Reasons()
    made = Exclusions(store, lambda: 0).exclude(range(25), "a")
    assert store.calls == 3 and len(store.kept) == len(made) == 25


def test_undo_goes_back_in_the_order_of_labels_and_exclusions(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p") as project:
        project.catalogue.adopt_import("import-1", patients(2, 2))
        session = Session(project)
        info = session.add_class("glioma")
        session.exclusions.exclude([1], "Poor quality")
        session.label_images([2], info.class_id)
        assert not session.exclusions.undo_is_next(), "the label came last"
        session.undo()
        assert session.exclusions.undo_is_next()
        session.exclusions.undo()
        assert project.catalogue.excluded() == {} and session.exclusions.redo_is_next()
        session.exclusions.redo()
        assert project.catalogue.image(1).excluded == "Poor quality" and not session.exclusions.redo_is_next()
        session.redo()
        assert session.labels()[2].class_id == info.class_id and not session.exclusions.undo_is_next()
        with pytest.raises(SSLStudioError, match="needs a reason"):
            session.exclusions.exclude([3], " ")
        assert not session.exclusions.undo_is_next(), "what could not be stored is not there to be taken back"
