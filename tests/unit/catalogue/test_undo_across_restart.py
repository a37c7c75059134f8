"""Undo and redo have no limit and outlive the program: any order of doing, undoing, redoing and opening again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sslstudio.catalogue import Catalogue
from sslstudio.domain.labels import (
    AddClass,
    ClassInfo,
    EditClass,
    Label,
    LabelCommand,
    Reading,
    SetLabels,
    SetReadings,
    Step,
    Together,
)
from tests.fakes.catalogue_rows import found, row

IMAGES = range(1, 13)
State = tuple[list[ClassInfo], dict[int, Label], dict[tuple[int, str], Reading]]


def state_of(catalogue: Catalogue) -> State:
    return catalogue.classes(), catalogue.labels(), catalogue.readings()


def step(draw: random.Random, classes: int) -> Step:
    """One command that fits: labels of every kind, with notes and sources; readings; classes added and changed."""
    kind = draw.choice(("labels", "labels", "labels", "readings", "add", "edit"))
    chosen = draw.sample(IMAGES, draw.randint(1, 5))
    if kind == "labels":
        labels: list[tuple[int, Label | None]] = []
        for image_id in chosen:
            mark = draw.choice(("class", "uncertain", "poor", "not_applicable", "excluded", None))
            class_id = draw.randint(1, classes) if mark == "class" else None
            note = draw.choice(("", "a note, with: Ü and 'quotes'"))
            words = {"note": note, "source": draw.choice(("", "b.csv"))}
            made = None if mark is None else Label(image_id=image_id, mark=mark, class_id=class_id, **words)
            labels.append((image_id, made))
        return SetLabels(labels=tuple(labels))
    if kind == "readings":
        rater = draw.choice(("Dr A", "Dr B"))
        return SetReadings(
            readings=tuple(
                (key, rater, draw.choice((None, Reading(image_id=key, rater=rater, mark="class", class_id=1))))
                for key in chosen
            )
        )
    if kind == "add":
        return AddClass(info=ClassInfo(class_id=classes + 1, name=f"class {classes + 1}", colour="#112233"))
    number = draw.randint(1, classes)
    return EditClass(
        info=ClassInfo(class_id=number, name=f"class {number}", colour="#445566", description=str(draw.random()))
    )


@pytest.mark.parametrize("seed", range(3))
def test_any_walk_through_the_history_survives_any_restart(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    path = tmp_path / "project.sqlite"
    catalogue = Catalogue(path, create=True)
    catalogue.adopt_import("import-1", [row(f"/d/{n}.dcm", found("a", n)) for n in IMAGES])
    catalogue.apply(AddClass(info=ClassInfo(class_id=1, name="class 1", colour="#112233")))
    walked: list[State] = [state_of(catalogue)]
    place = 0
    for _ in range(120):
        act = draw.choice(("do", "do", "undo", "undo", "redo", "restart"))
        classes = len(catalogue.classes())
        if act == "do":
            command: LabelCommand = step(draw, classes)
            if draw.random() < 0.3:
                more = [one for _ in range(2) if (one := step(draw, classes)).kind != "add_class"]
                command = Together(text="several", steps=(command, *more))
            catalogue.apply(command)
            place += 1
            walked[place:] = [state_of(catalogue)]
        elif act == "undo" and place:
            assert catalogue.undo() is not None
            place -= 1
        elif act == "redo" and place < len(walked) - 1:
            assert catalogue.redo() is not None
            place += 1
        elif act == "restart":
            catalogue.close()
            catalogue = Catalogue(path)
            assert catalogue.notices == []
        assert state_of(catalogue) == walked[place]
        assert (catalogue.can_redo() is None) == (place == len(walked) - 1)
    while place:
        assert catalogue.undo() is not None
        place -= 1
        assert state_of(catalogue) == walked[place]
    catalogue.close()


def test_damaged_readings_are_mended_from_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "project.sqlite"
    catalogue = Catalogue(path, create=True)
    catalogue.adopt_import("import-1", [row("/d/1.dcm", found("a", 1))])
    reading = Reading(image_id=1, rater="Dr A", mark="poor", note="blurred")
    catalogue.apply(SetReadings(readings=((1, "Dr A", reading),)))
    stood = catalogue.readings()
    with catalogue._db.transaction() as connection:
        connection.execute("UPDATE readings SET mark = 'excluded'")
    catalogue.close()
    catalogue = Catalogue(path)
    assert catalogue.readings() == stood and "damaged" in catalogue.notices[0]
    catalogue.close()
