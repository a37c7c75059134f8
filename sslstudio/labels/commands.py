"""What each label command does to the classes and labels; pure, so that undo and replay are the same code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sslstudio.domain.labels import AddClass, ClassInfo, EditClass, Label, LabelCommand, RemoveClass, SetLabels
from sslstudio.errors import SSLStudioError

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class LabelState:
    """All classes by class id and all current labels by image id; never changed in place."""

    classes: Mapping[int, ClassInfo] = field(default_factory=dict)
    labels: Mapping[int, Label] = field(default_factory=dict)


def apply(state: LabelState, command: LabelCommand) -> tuple[LabelState, LabelCommand]:
    """The state after `command`, and the command that leads back to exactly `state`.

    Raises SSLStudioError, and changes nothing, when the command does not fit the state.
    """
    if isinstance(command, SetLabels):
        labels = dict(state.labels)
        inverse: LabelCommand = change(dict(state.classes), labels, command)
        return LabelState(state.classes, labels), inverse
    classes = dict(state.classes)
    inverse = change(classes, state.labels, command)
    return LabelState(classes, state.labels), inverse


def change(classes: dict[int, ClassInfo], labels: Mapping[int, Label], command: LabelCommand) -> LabelCommand:
    """Carry out `command` in the given dictionaries and return its inverse; `apply` is the pure form.

    Only `SetLabels` changes `labels`, which must then be a dictionary of the caller's own. Replaying a long
    history needs this form: copying all labels for each command would take quadratic time.
    """
    match command:
        case SetLabels():
            check_labels(classes, command)
            assert isinstance(labels, dict)
            before = tuple((image_id, labels.get(image_id)) for image_id, _ in command.labels)
            for image_id, label in command.labels:
                if label is None:
                    labels.pop(image_id, None)
                else:
                    labels[image_id] = label
            return SetLabels(text=command.text, labels=before)
        case AddClass(info=info):
            if info.class_id in classes:
                raise SSLStudioError("This class exists already.", "Choose another one.", code="class_exists")
            check_class(classes, info)
            classes[info.class_id] = info
            return RemoveClass(class_id=info.class_id)
        case RemoveClass(class_id=class_id):
            old = _existing(classes, class_id)
            used = sum(1 for label in labels.values() if label.class_id == class_id)
            if used:
                raise SSLStudioError(
                    f"The class {old.name} cannot be removed: {used} image{'s' if used > 1 else ''} carry it.",
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
            return f"Mark {count} as {mark}"
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
