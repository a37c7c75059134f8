"""What each label command does to the classes and labels; pure, so that undo and replay are the same code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from sslstudio.domain.labels import (
    MARK_NAMES,
    AddClass,
    ClassInfo,
    EditClass,
    Label,
    LabelCommand,
    Reading,
    RemoveClass,
    SetLabels,
    SetReadings,
    Step,
    Together,
)
from sslstudio.errors import SSLStudioError

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_DIGITS = frozenset("0123456789")
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


Readings = dict[tuple[int, str], Reading]
"""By image id and rater."""


@dataclass(frozen=True, slots=True)
class LabelState:
    """All classes by class id, all current labels by image id and all readings beside them; never changed in place."""

    classes: Mapping[int, ClassInfo] = field(default_factory=dict)
    labels: Mapping[int, Label] = field(default_factory=dict)
    readings: Mapping[tuple[int, str], Reading] = field(default_factory=dict)


def apply(state: LabelState, command: LabelCommand) -> tuple[LabelState, LabelCommand]:
    """The state after `command`, and the command that leads back to exactly `state`.

    Raises SSLStudioError, and changes nothing, when the command does not fit the state.
    """
    kinds = {step.kind for step in steps_of(command)}
    labels = dict(state.labels) if "set_labels" in kinds else state.labels
    readings = dict(state.readings) if "set_readings" in kinds else state.readings
    classes = dict(state.classes) if kinds - {"set_labels", "set_readings"} else state.classes
    inverse = change(classes, labels, readings, command)
    return LabelState(classes, labels, readings), inverse


def steps_of(command: LabelCommand) -> tuple[Step, ...]:
    """The commands that `command` is made of: itself, or those it holds together."""
    return command.steps if isinstance(command, Together) else (command,)


def change(
    classes: Mapping[int, ClassInfo],
    labels: Mapping[int, Label],
    readings: Mapping[tuple[int, str], Reading],
    command: LabelCommand,
) -> LabelCommand:
    """Carry out `command` in the given dictionaries and return its inverse; `apply` is the pure form.

    What a command changes must be a dictionary of the caller's own. Replaying a long history needs this form: copying
    all labels for each command would take quadratic time. What cannot be done changes nothing.
    """
    if not isinstance(command, Together):
        return _change(classes, labels, readings, command)
    done: list[Step] = []
    try:
        for step in command.steps:
            done.insert(0, _change(classes, labels, readings, step))
    except SSLStudioError:
        for step in done:
            _change(classes, labels, readings, step)
        raise
    return Together(text=command.text, steps=tuple(done))


def _change(
    classes: Mapping[int, ClassInfo],
    labels: Mapping[int, Label],
    readings: Mapping[tuple[int, str], Reading],
    step: Step,
) -> Step:
    if isinstance(step, SetLabels):
        check_labels(classes, step)
        assert isinstance(labels, dict)
        before = tuple((image_id, labels.get(image_id)) for image_id, _ in step.labels)
        for image_id, label in step.labels:
            _put(labels, image_id, label)
        return SetLabels(text=step.text, labels=before)
    if isinstance(step, SetReadings):
        check_readings(classes, step)
        assert isinstance(readings, dict)
        stood = tuple((image_id, rater, readings.get((image_id, rater))) for image_id, rater, _ in step.readings)
        for image_id, rater, reading in step.readings:
            _put(readings, (image_id, rater), reading)
        return SetReadings(text=step.text, readings=stood)
    assert isinstance(classes, dict)
    return _change_classes(classes, labels, readings, step)


def _put(where: dict[_Key, _Value], key: _Key, value: _Value | None) -> None:
    if value is None:
        where.pop(key, None)
    else:
        where[key] = value


def _change_classes(
    classes: dict[int, ClassInfo],
    labels: Mapping[int, Label],
    readings: Mapping[tuple[int, str], Reading],
    step: AddClass | RemoveClass | EditClass,
) -> Step:
    match step:
        case AddClass(info=info):
            if info.class_id in classes:
                raise SSLStudioError("This class exists already.", "Choose another one.", code="class_exists")
            check_class(classes, info)
            classes[info.class_id] = info
            return RemoveClass(class_id=info.class_id)
        case RemoveClass(class_id=class_id):
            old = _existing(classes, class_id)
            used = {key for key, label in labels.items() if label.class_id == class_id}
            used |= {key for (key, _), reading in readings.items() if reading.class_id == class_id}
            if used:
                carry = f"{len(used)} image{'s' if len(used) > 1 else ''} carry it"
                raise SSLStudioError(
                    f"The class {old.name} cannot be removed: {carry}.",
                    "Give these images another label or clear it first.",
                    code="class_in_use",
                )
            del classes[class_id]
            return AddClass(info=old)
        case EditClass(info=info):
            old = _existing(classes, info.class_id)
            check_class(classes, info)
            classes[info.class_id] = info
            return EditClass(info=old)


def check_class(classes: Mapping[int, ClassInfo], info: ClassInfo) -> None:
    """Raise SSLStudioError, naming all problems at once, if `info` cannot stand beside the other classes."""
    problems = []
    name = info.name.strip()
    if not name or name != info.name or not name.isprintable():
        problems.append("A class needs a name without blanks at its ends.")
    others = [other for other in classes.values() if other.class_id != info.class_id]
    if any(other.name.casefold() == info.name.casefold() for other in others):
        problems.append(f"There is already a class called {info.name}.")
    if not _COLOUR.fullmatch(info.colour):
        problems.append("A colour is written as #RRGGBB.")
    if info.key and info.key not in _DIGITS:
        problems.append("The key of a class is one digit.")
    elif info.key and any(other.key == info.key for other in others):
        problems.append(f"The key {info.key} belongs to another class.")
    if problems:
        raise SSLStudioError(" ".join(problems), "Change the class and try again.", code="class_invalid")


def check_labels(classes: Mapping[int, ClassInfo], command: SetLabels) -> None:
    """Raise SSLStudioError if a label of `command` names no class, the wrong image, or an image twice."""
    seen: set[int] = set()
    for image_id, label in command.labels:
        if image_id in seen:
            raise SSLStudioError("An image was given two labels at once.", "Label it again.", code="label_twice")
        seen.add(image_id)
        if label is None:
            continue
        if label.image_id != image_id or (label.mark == "class") != (label.class_id is not None):
            raise SSLStudioError("A label does not fit its image.", "Label it again.", code="label_invalid")
        if label.class_id is not None:
            _existing(classes, label.class_id)


def check_readings(classes: Mapping[int, ClassInfo], command: SetReadings) -> None:
    """Raise SSLStudioError if a reading of `command` names no class, another image or rater, or one of them twice."""
    seen: set[tuple[int, str]] = set()
    for image_id, rater, reading in command.readings:
        if (image_id, rater) in seen:
            raise SSLStudioError("A rater read an image twice at once.", "Take one of them.", code="reading_twice")
        seen.add((image_id, rater))
        if reading is None:
            continue
        fits = (reading.image_id, reading.rater) == (image_id, rater)
        if not fits or (reading.mark == "class") != (reading.class_id is not None):
            raise SSLStudioError("A reading does not fit its image.", "Read it again.", code="reading_invalid")
        if reading.class_id is not None:
            _existing(classes, reading.class_id)


def describe(command: LabelCommand, state: LabelState) -> str:
    """What `command` does to `state`, as words for a menu ("Undo ..."), without patient data."""
    match command:
        case SetLabels(text=text, labels=labels):
            if text:
                return text
            count = f"{len(labels):,} image" + ("" if len(labels) == 1 else "s")
            kinds = {(None, None) if label is None else (label.mark, label.class_id) for _, label in labels}
            if len(kinds) != 1:
                return f"Change the labels of {count}"
            mark, class_id = kinds.pop()
            if mark is None:
                return f"Clear {count}"
            if class_id is not None and class_id in state.classes:
                return f"Label {count} as {state.classes[class_id].name}"
            return f"Mark {count} as {MARK_NAMES.get(mark, mark)}"
        case SetReadings(text=text, readings=readings):
            return text or f"Change {len(readings):,} reading" + ("" if len(readings) == 1 else "s")
        case Together(text=text, steps=steps):
            return text or "; ".join(describe(step, state) for step in steps)
        case AddClass(info=info):
            return f"Add class {info.name}"
        case RemoveClass(class_id=class_id):
            return f"Remove class {state.classes[class_id].name}" if class_id in state.classes else "Remove class"
        case EditClass(info=info):
            return f"Edit class {info.name}"


def _existing(classes: Mapping[int, ClassInfo], class_id: int) -> ClassInfo:
    if class_id not in classes:
        raise SSLStudioError("This class does not exist any more.", "Choose another class.", code="class_unknown")
    return classes[class_id]
