"""Runs the real `main()` with a person at the window, in a process of its own; prints what happened as one JSON line.

    python -m tests.e2e.sit_down demo [--pictures FOLDER] [--epochs N] [--labels N] [--theme light|dark]
    python -m tests.e2e.sit_down folder IMAGES LABELS.csv [the same]
    python -m tests.e2e.sit_down project NAME.sslproj LABELS.csv [the same]

"demo" begins with "Try the demo"; "folder" makes a project of a folder of images whose labels a table knows;
"project" works on with a project that has a map already, and leaves it changed. Used by the end-to-end test, and by
hand to renew the pictures in `docs/images/`.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from sslstudio.__main__ import main
from sslstudio.catalogue.rows import ImageDetail
from sslstudio.gui.app import create_application
from sslstudio.importers.synthetic import write_studies
from sslstudio.session.project import Project
from sslstudio.settings import Settings
from tests.e2e import journey
from tests.e2e.person import Journey, Person


def eye(table: Path) -> Callable[[ImageDetail], str]:
    """What the person sees in a picture, looked up in a table with the columns image and label."""
    with table.open(newline="", encoding="utf-8") as stream:
        known = {row["image"]: row["label"] for row in csv.DictReader(stream)}

    def look(image: ImageDetail) -> str:
        parts = Path(image.folder, image.file_name).parts
        names = ("/".join(parts[-depth:]) for depth in range(1, 5))
        return next(known[name] for name in names if name in known)

    return look


def demo(sitting: journey.Sitting) -> Callable[[Person], Journey]:
    """Begin at Home with "Try the demo"."""

    def plan(person: Person) -> Journey:
        yield person.pause(0.5)
        person.picture("home")
        person.press("Try the demo")
        yield person.until("the project", lambda: person.window.workspace is not None, 120)
        folder = person.workspace.project.path.parent
        yield from _images(person, sitting)
        sitting.eye = eye(next(folder.glob("studies-*/labels.csv")))
        yield from _rest(person, sitting)

    return plan


def folder(sitting: journey.Sitting, images: Path) -> Callable[[Person], Journey]:
    """Begin with a project that was given on the command line, and drop a folder of images on it."""

    def plan(person: Person) -> Journey:
        yield person.until("the project", lambda: person.window.workspace is not None, 60)
        yield person.pause(0.5)
        page = person.workspace.page("data").widget
        page.panel.dropped.emit([images])
        yield person.until("the preview", lambda: person.find(QAbstractButton, "Import").isEnabled(), 60)
        yield person.pause(1.0)
        person.picture("data-before")
        person.press("Import")
        yield from _images(person, sitting)
        yield from _rest(person, sitting)

    return plan


def project(sitting: journey.Sitting) -> Callable[[Person], Journey]:
    """Go on with a project that has been trained and mapped."""

    def plan(person: Person) -> Journey:
        yield person.pause(0.5)
        person.picture("home")
        yield person.until("the project", lambda: person.window.workspace is not None, 60)
        yield person.pause(1.5)
        person.picture("data")
        person.go("Pretrain")
        yield person.pause(1.5)
        person.picture("pretrain")
        yield from _with_a_map(person, sitting)

    return plan


def _images(person: Person, sitting: journey.Sitting) -> Journey:
    catalogue = person.workspace.project.catalogue
    yield person.until("the first images", lambda: catalogue.counts().images > 0, 300)
    yield person.until("the import to end", lambda: not person.workspace.jobs.active(), 300)
    yield person.pause(1.0)
    person.picture("data")
    counts = catalogue.counts()
    sitting.seen["images"], sitting.seen["subjects"] = counts.images, counts.subjects


def _rest(person: Person, sitting: journey.Sitting) -> Journey:
    yield from journey.pretrain(person, sitting)
    yield from _with_a_map(person, sitting)


def _with_a_map(person: Person, sitting: journey.Sitting) -> Journey:
    yield from journey.explore(person, sitting)
    yield from journey.label(person, sitting)
    yield from journey.classify(person, sitting)
    yield from journey.export(person, sitting)
    project = person.workspace.project
    sitting.seen["project"] = str(project.path)
    sitting.seen["labels"] = len(person.workspace.session.labels())
    person.key(Qt.Key.Key_Q, journey.CONTROL)


def run(arguments: Sequence[str] | None = None) -> int:
    """Sit down, do the whole journey, report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("demo", "folder", "project"))
    parser.add_argument("images", nargs="?", type=Path)
    parser.add_argument("table", nargs="?", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--labels", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--theme", default="light")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        new = Path(scratch, "new")
        write_studies(new, patients=3, seed=99)
        classes = ("clear", "nodule", "effusion", "cavity")
        sitting = journey.Sitting(classes, lambda _: "", options.epochs, options.labels, new, options.minutes)
        window: list[str] = []
        Settings.load().model_copy(update={"theme": options.theme}).save()
        if options.kind == "demo":
            plan = demo(sitting)
        else:
            sitting.eye = eye(options.table)
            with options.table.open(newline="", encoding="utf-8") as stream:
                sitting.classes = sorted({row["label"] for row in csv.DictReader(stream)})
            place = options.images.resolve()
            if options.kind == "project":
                plan = project(sitting)
            else:
                plan = folder(sitting, place)
                place = Path(scratch, "Brain MR.sslproj")
                Project.create(place).close()
            window = ["open", str(place)]
        create_application()
        person = Person(plan, options.pictures)
        person.begin()
        code = main(window)
        heavy = sorted({"torch", "lightly", "monai", "timm", "torchvision"} & set(sys.modules))
        report = {"code": code, "finished": person.finished, "heavy": heavy, **sitting.seen}
        if person.problem is not None:
            traceback.print_exception(person.problem)
            report["problem"] = str(person.problem)
        sys.stdout.write(json.dumps(report, default=str) + "\n")
    return 0 if person.finished else 1


if __name__ == "__main__":
    raise SystemExit(run())
