"""The whole journey at the window, step by step: what a radiologist does from the first click to a tested package.

Shared by the end-to-end test (demo data) and by `take_pictures.py`, which keeps a picture of each page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLineEdit, QSpinBox

from sslstudio.catalogue.rows import ImageDetail
from sslstudio.gui.widgets.confusion import ConfusionMatrix
from sslstudio.gui.widgets.map_view import MapView
from tests.e2e.person import Journey, LostError, Person

CONTROL = Qt.KeyboardModifier.ControlModifier
KEY, POINT, DECIDE = 0.28, 1.1, 1.35
"""Seconds of the keystroke-level model (Card, Moran & Newell 1980): a key or button, pointing, making up a mind."""


@dataclass
class Sitting:
    """What the person knows and wants: the classes, the eye that tells them apart, how long to train and to label."""

    classes: Sequence[str]
    eye: Callable[[ImageDetail], str]
    epochs: int
    labels: int
    new_images: Path
    minutes: float = 10.0
    seen: dict[str, object] = field(default_factory=dict)


def pretrain(person: Person, sitting: Sitting) -> Journey:
    """Choose expert settings, train, and let the embedding and the map follow by themselves."""
    person.go("Pretrain")
    yield person.until("the method card", lambda: person.find(QAbstractButton, "Start training").isEnabled())
    person.picture("pretrain-before")
    person.press("Expert")
    yield person.pause(0.3)
    epochs = person.find(QSpinBox, "Epochs")
    person.type(epochs, str(sitting.epochs), enter=True)
    if epochs.value() != sitting.epochs:
        raise LostError(f"typed {sitting.epochs} epochs, the field holds {epochs.value()}")
    person.press("Basic")
    person.press("Start training")
    yield person.until("the training to start", lambda: person.workspace.jobs.active(), 30)

    def adopted(stage: str) -> bool:
        runs = person.workspace.project.catalogue.runs()
        return any(run.stage == stage and run.adopted for run in runs)

    yield person.until("some epochs", lambda: _epoch(person) >= min(3, sitting.epochs - 1), sitting.minutes * 60)
    person.picture("pretrain-running")
    yield person.until("the training", lambda: adopted("pretrain"), sitting.minutes * 60)
    yield person.until("the embedding", lambda: adopted("embed"), 300)
    yield person.until("the map", lambda: adopted("map_embeddings"), 300)
    yield person.pause(0.5)
    person.picture("pretrain")


def _epoch(person: Person) -> float:
    active = [run for run in person.workspace.jobs.active() if run.stage == "pretrain"]
    progress = active[0].progress if active else None
    if progress is None:
        return 0.0 if active or not person.workspace.jobs.active() else 1e9
    return progress.done / progress.total * 100 if progress.unit != "epoch" else progress.done


def explore(person: Person, sitting: Sitting) -> Journey:
    """Lasso some points; the gallery and the chip follow."""
    person.go("Explore")
    view = person.find(MapView)
    yield person.until("points on the map", lambda: view.scene is not None and view.canvas is not None)
    yield person.pause(1.0)
    person.picture("explore-all")
    canvas = view.canvas
    assert canvas is not None and view.scene is not None
    person.press("Lasso", view)
    surface = canvas.viewport()
    width, height = surface.width(), surface.height()
    share = ((0.10, 0.10), (0.55, 0.10), (0.60, 0.90), (0.10, 0.92), (0.10, 0.12))
    yield from person.drag(surface, [QPoint(round(width * x), round(height * y)) for x, y in share])
    session = person.workspace.session
    yield person.until("a selection from the lasso", lambda: len(session.selection) > 0, 10)
    yield person.until("the chip", lambda: person.find(QAbstractButton, f"{len(session.selection):,} image"), 10)
    sitting.seen["lasso"] = len(session.selection)
    yield person.pause(0.8)
    person.picture("explore")
    person.key(Qt.Key.Key_F)
    yield person.pause(0.3)
    session.clear()


def label(person: Person, sitting: Sitting) -> Journey:
    """Name the classes, then label case by case with keys; take one back and set it again."""
    keys_before, clicks_before = person.keys, person.clicks
    person.go("Label")
    known = {info.name for info in person.workspace.session.classes()}
    for name in (name for name in sitting.classes if name not in known):
        before = len(person.workspace.session.classes())
        person.type(person.find(QLineEdit, "New class"), name, enter=True)
        yield person.until(f"class {name}", lambda n=before: len(person.workspace.session.classes()) == n + 1, 10)
    session = person.workspace.session
    if session.labels() and not known:
        raise LostError("typing the names of the classes set labels")
    keys = {info.name: info.key for info in session.classes()}
    person.press("One case")
    yield person.until("the queue", lambda: person.find(QAbstractButton, "Next case").isEnabled(), 60)
    person.press("Next case")
    for place in range(sitting.labels):
        yield person.until("a case without label", lambda: _case(person) is not None, 30)
        case = _case(person)
        assert case is not None
        wanted = sitting.eye(person.workspace.project.catalogue.image(case))
        person.key(Qt.Key(ord(keys[wanted])))
        yield person.until("the label to be stored", lambda c=case: c in session.labels(), 10)
        if place == 3:
            person.key(Qt.Key.Key_Z, CONTROL)
            yield person.until("the undo", lambda c=case: c not in session.labels(), 10)
            person.key(Qt.Key.Key_Y, CONTROL)
            yield person.until("the redo", lambda c=case: c in session.labels(), 10)
            person.press("Next case")
    keys_pressed, clicks = person.keys - keys_before, person.clicks - clicks_before
    seconds = keys_pressed * KEY + clicks * (POINT + KEY) + sitting.labels * DECIDE
    sitting.seen["labelling"] = {"keys": keys_pressed, "clicks": clicks, "minutes": round(seconds / 60, 1)}
    yield person.pause(6.0 if sitting.labels > 20 else 2.0)
    person.picture("label")
    person.press("Gallery")
    yield person.pause(1.0)
    person.picture("label-gallery")


def _case(person: Person) -> int | None:
    session = person.workspace.session
    waiting = [image_id for image_id in session.selection if image_id not in session.labels()]
    return waiting[0] if len(session.selection) == 1 and waiting else None


def classify(person: Person, sitting: Sitting) -> Journey:
    """Train the linear head, read its scores, and look at the images of one cell of the confusion matrix."""
    person.go("Classify")
    catalogue = person.workspace.project.catalogue
    yield person.until("the train button", lambda: person.find(QAbstractButton, "Train classifier").isEnabled(), 60)
    before = len(catalogue.models())
    person.press("Train classifier")
    yield person.until("scores", lambda: len(catalogue.models()) > before and catalogue.models()[0].scores, 180)
    yield person.until("the confusion matrix", lambda: person.find(ConfusionMatrix), 60)
    matrix = person.find(ConfusionMatrix)
    scores = catalogue.models()[0].scores
    assert scores is not None
    counts = np.asarray(scores["confusion"])  # without the classes that the queue never came to
    yield person.until("all classes in the matrix", lambda: matrix.model().rowCount() == len(counts) > 1, 20)
    yield person.pause(0.5)
    person.picture("classify")
    sitting.seen["scores"] = scores
    row, column = (int(place) for place in np.unravel_index(int(counts.argmax()), counts.shape))
    index = matrix.model().index(row, column)
    matrix.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)
    person.click(matrix.viewport(), matrix.visualRect(index).center())
    expected = int(counts[row, column])
    yield person.until("the cell's images selected", lambda: len(person.workspace.session.selection) == expected, 20)
    person.workspace.session.clear()


def export(person: Person, sitting: Sitting) -> Journey:
    """Export the package, then score a folder of new images with it."""
    person.go("Export")
    yield person.until("the export button", lambda: person.find(QAbstractButton, "Export model package").isEnabled())
    person.press("Export model package")
    exports = person.workspace.project.exports_dir
    yield person.until("the package", lambda: list(exports.glob("*/model.onnx")), 300)
    yield person.until("the field for new images", lambda: person.find(QLineEdit, "Folder of new images"), 60)
    person.type(person.find(QLineEdit, "Folder of new images"), str(sitting.new_images))
    yield person.until("the predict button", lambda: person.find(QAbstractButton, "Predict").isEnabled(), 30)
    person.press("Predict")
    yield person.until("the table of predictions", lambda: list(exports.rglob("*.csv")), 180)
    yield person.pause(1.0)
    person.picture("export")
