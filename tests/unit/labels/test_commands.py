"""Label commands: each has an exact inverse, and what does not fit is refused with nothing changed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sslstudio.domain.labels import (
    AddClass,
    ClassInfo,
    EditClass,
    Label,
    LabelCommand,
    Reading,
    RemoveClass,
    SetLabels,
    SetReadings,
    Together,
)
from sslstudio.errors import SSLStudioError
from sslstudio.labels import LabelState, apply, describe

CLASS_IDS = st.integers(1, 5)
IMAGES = st.integers(1, 8)
INFOS = st.builds(
    ClassInfo,
    class_id=CLASS_IDS,
    name=st.sampled_from(["glioma", "meningioma", "none", "pituitary", "Größe 1", "x"]),
    colour=st.sampled_from(["#0072B2", "#E69F00"]),
    key=st.sampled_from(["", "1", "2", "3", "0"]),
)


@st.composite
def set_labels(draw: st.DrawFn) -> SetLabels:
    images = draw(st.lists(IMAGES, unique=True, max_size=8))
    labels: list[tuple[int, Label | None]] = []
    for image_id in images:
        mark = draw(st.sampled_from(["class", "uncertain", "poor", "not_applicable", "excluded", None]))
        if mark is None:
            labels.append((image_id, None))
        else:
            class_id = draw(CLASS_IDS) if mark == "class" else None
            labels.append((image_id, Label(image_id=image_id, mark=mark, class_id=class_id)))
    return SetLabels(labels=tuple(labels))


@st.composite
def set_readings(draw: st.DrawFn) -> SetReadings:
    keys = draw(st.lists(st.tuples(IMAGES, st.sampled_from(["Dr A", "Dr B"])), unique=True, max_size=6))
    made: list[tuple[int, str, Reading | None]] = []
    for image_id, rater in keys:
        class_id = draw(st.none() | CLASS_IDS)
        mark = "class" if class_id is not None else "poor"
        reading = Reading(image_id=image_id, rater=rater, mark=mark, class_id=class_id, settled=draw(st.booleans()))
        made.append((image_id, rater, draw(st.sampled_from([reading, None]))))
    return SetReadings(readings=tuple(made))


SINGLE = st.one_of(
    set_labels(),
    set_readings(),
    st.builds(AddClass, info=INFOS),
    st.builds(EditClass, info=INFOS),
    st.builds(RemoveClass, class_id=CLASS_IDS),
)
COMMANDS = SINGLE | st.builds(Together, steps=st.lists(SINGLE, max_size=3).map(tuple))
Plain = tuple[dict[int, ClassInfo], dict[int, Label], dict[tuple[int, str], Reading]]


def plain(state: LabelState) -> Plain:
    return dict(state.classes), dict(state.labels), dict(state.readings)


@given(st.lists(COMMANDS, max_size=20))
def test_undoing_all_commands_in_turn_leads_back_through_every_state(commands: list[LabelCommand]) -> None:
    state, states, inverses = LabelState(), [], []
    for command in commands:
        before = plain(state)
        try:
            following, inverse = apply(state, command)
        except SSLStudioError:
            assert plain(state) == before
            continue
        assert plain(state) == before, "apply must not change the state it was given"
        states.append(before)
        inverses.append(inverse)
        state = following
    for before, inverse in zip(reversed(states), reversed(inverses), strict=True):
        redone = plain(state)
        state, again = apply(state, inverse)
        assert plain(state) == before
        assert plain(apply(state, again)[0]) == redone


class UndoRedo(RuleBasedStateMachine):
    """Any order of doing, undoing and redoing stays on the path of states that was walked."""

    def __init__(self) -> None:
        super().__init__()
        self.state = LabelState()
        self.path = [plain(self.state)]
        self.place = 0
        self.back: list[LabelCommand] = []
        self.forth: list[LabelCommand] = []

    @rule(command=COMMANDS)
    def do(self, command: LabelCommand) -> None:
        try:
            self.state, inverse = apply(self.state, command)
        except SSLStudioError:
            return
        self.back.append(inverse)
        self.forth.clear()
        self.place += 1
        self.path[self.place :] = [plain(self.state)]

    @rule()
    def undo(self) -> None:
        if self.back:
            self.state, inverse = apply(self.state, self.back.pop())
            self.forth.append(inverse)
            self.place -= 1

    @rule()
    def redo(self) -> None:
        if self.forth:
            self.state, inverse = apply(self.state, self.forth.pop())
            self.back.append(inverse)
            self.place += 1

    @invariant()
    def on_the_path(self) -> None:
        assert plain(self.state) == self.path[self.place]

    @invariant()
    def sound(self) -> None:
        for label in (*self.state.labels.values(), *self.state.readings.values()):
            assert (label.mark == "class") == (label.class_id in self.state.classes)
        names = [info.name.casefold() for info in self.state.classes.values()]
        keys = [info.key for info in self.state.classes.values() if info.key]
        assert len(set(names)) == len(names) and len(set(keys)) == len(keys)


TestUndoRedo = UndoRedo.TestCase
TestUndoRedo.settings = settings(max_examples=40, stateful_step_count=30)

GLIOMA = ClassInfo(class_id=1, name="glioma", colour="#0072B2", key="1")
WITH_GLIOMA = LabelState({1: GLIOMA}, {7: Label(image_id=7, mark="class", class_id=1)})


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (AddClass(info=GLIOMA), "class_exists"),
        (AddClass(info=ClassInfo(class_id=2, name="GLIOMA", colour="#000000")), "class_invalid"),
        (AddClass(info=ClassInfo(class_id=2, name="  ", colour="#000000")), "class_invalid"),
        (AddClass(info=ClassInfo(class_id=2, name="b", colour="red")), "class_invalid"),
        (AddClass(info=ClassInfo(class_id=2, name="b", colour="#000000", key="1")), "class_invalid"),
        (AddClass(info=ClassInfo(class_id=2, name="b", colour="#000000", key="a")), "class_invalid"),
        (EditClass(info=ClassInfo(class_id=9, name="b", colour="#000000")), "class_unknown"),
        (RemoveClass(class_id=9), "class_unknown"),
        (RemoveClass(class_id=1), "class_in_use"),
        (SetLabels(labels=((1, Label(image_id=1, mark="class", class_id=9)),)), "class_unknown"),
        (SetLabels(labels=((1, Label(image_id=2, mark="uncertain")),)), "label_invalid"),
        (SetLabels(labels=((1, Label(image_id=1, mark="class")),)), "label_invalid"),
        (SetLabels(labels=((1, Label(image_id=1, mark="excluded", class_id=1)),)), "label_invalid"),
        (SetLabels(labels=((1, None), (1, None))), "label_twice"),
    ],
)
def test_a_command_that_does_not_fit_is_refused_with_a_sentence(command: LabelCommand, code: str) -> None:
    with pytest.raises(SSLStudioError) as caught:
        apply(WITH_GLIOMA, command)
    assert caught.value.code == code
    assert caught.value.message.endswith(".") and caught.value.hint.endswith(".")


def test_all_problems_of_a_class_are_told_together() -> None:
    with pytest.raises(SSLStudioError) as caught:
        apply(WITH_GLIOMA, AddClass(info=ClassInfo(class_id=2, name="Glioma", colour="blue", key="1")))
    assert all(word in caught.value.message for word in ("called Glioma", "#RRGGBB", "key 1"))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (SetLabels(labels=((7, Label(image_id=7, mark="class", class_id=1)),)), "Label 1 image as glioma"),
        (SetLabels(labels=((7, Label(image_id=7, mark="uncertain")),)), "Mark 1 image as unsure"),
        (SetLabels(labels=tuple((n, None) for n in range(1200))), "Clear 1,200 images"),
        (SetLabels(labels=((7, None), (8, Label(image_id=8, mark="excluded")))), "Change the labels of 2 images"),
        (SetLabels(text="From a table", labels=((7, None),)), "From a table"),
        (AddClass(info=GLIOMA), "Add class glioma"),
        (EditClass(info=GLIOMA), "Edit class glioma"),
        (RemoveClass(class_id=1), "Remove class glioma"),
    ],
)
def test_a_command_says_in_words_what_it_does(command: LabelCommand, words: str) -> None:
    assert describe(command, WITH_GLIOMA) == words
