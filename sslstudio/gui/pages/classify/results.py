"""Scores as lines of tables, and the two sides of the split as counts; pure, so that no test needs a window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from sslstudio.catalogue.rows import ModelRow
from sslstudio.domain.labels import Label
from sslstudio.gui.item_models.current_map import Source
from sslstudio.gui.item_models.image_table import ImageTable
from sslstudio.gui.item_models.sides import side
from sslstudio.gui.pages.classify import texts
from sslstudio.gui.widgets.score_table import ScoreRow


@dataclass(frozen=True)
class Sides:
    """Labelled (images, patients) of each side; `dealt` is False while no patient has a part."""

    train: tuple[int, int]
    test: tuple[int, int]
    dealt: bool
    classes: int
    """Classes with two or more labelled images that may train."""
    one_image_each: bool


def sides(table: ImageTable, labels: Mapping[int, Label], kept: Set[int] = frozenset()) -> Sides:
    """Count who learns and who tests; `kept` are the patients who test because they were drawn at random."""
    images = {"train": 0, "test": 0, "": 0}
    patients: dict[str, set[int]] = {"train": set(), "test": set(), "": set()}
    per_class: dict[int, int] = {}
    for image_id, label in labels.items():
        row = table.row_of(image_id)
        if row is None or label.class_id is None:
            continue
        part = side(table, row, kept)
        images[part] += 1
        patients[part].add(int(table.subject_code[row]))
        if part != "test":
            per_class[label.class_id] = per_class.get(label.class_id, 0) + 1
    enough = sum(1 for number in per_class.values() if number >= 2)
    return Sides(
        (images["train"], len(patients["train"])),
        (images["test"], len(patients["test"])),
        any(table.part),
        enough,
        len(table.subjects) == len(table.ids) > 1,
    )


@dataclass(frozen=True)
class Comparison:
    """The table over networks and the answer in words."""

    rows: list[ScoreRow]
    verdict: str


def compare(sources: Iterable[Source], models: Sequence[ModelRow], shown: str) -> Comparison:
    """The newest tested classifier of each network that has one; the one with id `shown` in bold."""
    rows, measured = [], []
    for source in sources:
        newest = next((m for m in reversed(models) if m.embedding == source.embedding and m.scores), None)
        if not source.embedding:
            continue
        if newest is None or newest.scores is None:
            rows.append(ScoreRow((source.title, "not trained yet", "", "", "")))
            continue
        scores = newest.scores
        accuracy = scores.get("balanced_accuracy")
        figures = (f"{int(scores.get('n_images', 0)):,}", f"{int(scores.get('n_subjects', 0)):,}")
        rows.append(
            ScoreRow((source.title, texts.figure(accuracy), *figures, newest.model_id), strong=newest.model_id == shown)
        )
        if isinstance(accuracy, Mapping) and accuracy.get("value") is not None:
            measured.append((source.title, source.trained, accuracy))
    return Comparison(rows, texts.verdict(measured))


def rivals(sources: Iterable[Source], models: Sequence[ModelRow], shown: ModelRow) -> tuple[str, list[tuple[str, str]]]:
    """What the classifier shown is called by, and (id, title) of the newest tested one of each other network."""
    title, others = shown.model_id, []
    for source in sources:
        if source.embedding == shown.embedding:
            title = source.title
        elif source.embedding:
            newest = next((m for m in reversed(models) if m.embedding == source.embedding and m.scores), None)
            if newest is not None:
                others.append((newest.model_id, source.title))
    return title, others


def cell_images(
    table: ImageTable,
    labels: Mapping[int, Label],
    applied: Any,
    true: int,
    predicted: int,
    kept: Set[int] = frozenset(),
) -> list[int]:
    """Test images of the class `true` (a position) that were called `predicted`, of patients not learned from."""
    class_id = applied.class_ids[true]
    if applied.tested is not None:
        ids, classes, called = applied.tested
        return [int(key) for key in ids[(classes == class_id) & (called == applied.class_ids[predicted])]]
    learned = set(table.subject_code[table.rows_of(applied.train_ids)].tolist())
    called = dict(zip(applied.ids.tolist(), np.asarray(applied.probabilities).argmax(axis=1).tolist(), strict=True))
    found = []
    for image_id, label in labels.items():
        row = table.row_of(image_id)
        if row is None or label.class_id != class_id or side(table, row, kept) != "test":
            continue
        if int(table.subject_code[row]) not in learned and called.get(image_id) == predicted:
            found.append(image_id)
    return found
