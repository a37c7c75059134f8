"""Kill -9 of a labelling process, over and over: is any acknowledged label lost, does any label appear unasked?

    python benchmarks/label_kills.py [--kills 200] [--cuts 200] [--images 500] [--seed 0] [--keep DIR]

A child process opens the project and labels, undoes and redoes as fast as it can. It writes each command to a pipe
before it is given ("?") and after it is acknowledged ("="). The parent kills it 50-300 ms after the first
acknowledgement, opens the project, and compares every label with what was acknowledged. One command may be in flight at
the kill: the project may hold it or not, but database and journal must agree. `--cuts` then repeats power cuts: a
copy of the files of the open project, its write-ahead log cut at a random byte.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sslstudio.catalogue import Catalogue, journal, label_rows  # noqa: E402
from sslstudio.domain.items import PixelLocation  # noqa: E402
from sslstudio.domain.labels import AddClass, ClassInfo, Label, SetLabels  # noqa: E402
from sslstudio.domain.ledger import FoundImage, LedgerRow  # noqa: E402

CLASSES = 4
JOURNAL = "labels.journal.jsonl"


@dataclass
class Model:
    """What the labels must be after the commands so far; written apart from the product's own code, on purpose."""

    labels: dict[int, int] = field(default_factory=dict)
    undo: list[tuple[int, int | None]] = field(default_factory=list)
    redo: list[tuple[int, int | None]] = field(default_factory=list)
    commands: int = CLASSES

    def step(self, operation: list[int | str]) -> None:
        kind, image, class_id = operation
        self.commands += 1
        if kind == "set":
            self.redo.clear()
            self._put(int(image), int(class_id) or None, self.undo)
        elif kind == "undo" and self.undo:
            self._put(*self.undo.pop(), self.redo)
        elif kind == "redo" and self.redo:
            self._put(*self.redo.pop(), self.undo)

    def copy(self) -> Model:
        return Model(dict(self.labels), list(self.undo), list(self.redo), self.commands)

    def _put(self, image: int, class_id: int | None, stack: list[tuple[int, int | None]]) -> None:
        stack.append((image, self.labels.get(image)))
        if class_id is None:
            self.labels.pop(image, None)
        else:
            self.labels[image] = class_id


@dataclass
class Tally:
    """What was found over all kills."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    phantom: int = 0
    in_flight_kept: int = 0
    disagreements: int = 0
    notices: int = 0


def make_project(folder: Path, images: int) -> None:
    """A catalogue with `images` images of 50 patients and four classes."""
    catalogue = Catalogue(folder / "project.sqlite", create=True)
    pixels = PixelLocation(shard="x.bin", offset=0, height=1, width=1, channels=1, dtype="uint8")
    rows = (
        LedgerRow(
            path=f"/images/{number}.png",
            status="imported",
            images=(
                FoundImage(
                    digest=f"{number:064x}", pixel_digest=f"{number:064x}", subject=f"{number % 50:016x}",
                    study="0", series="0", pixels=pixels,
                ),
            ),
        )
        for number in range(images)
    )  # fmt: skip
    catalogue.adopt_import("import-1", rows)
    for number in range(1, CLASSES + 1):
        info = ClassInfo(class_id=number, name=f"class {number}", colour="#0072B2", key=str(number))
        catalogue.apply(AddClass(info=info))
    catalogue.close()


def label_until_killed(folder: Path, seed: int, images: int) -> None:
    """The child: give commands as fast as they are acknowledged."""
    catalogue = Catalogue(folder / "project.sqlite")
    draw = random.Random(seed)
    depth = 0  # of the undo stack above the classes, which this never takes back
    while True:
        kind = draw.choices(["set", "undo", "redo"], [8, 1, 1])[0]
        image, class_id = draw.randint(1, images), draw.randint(0, CLASSES)
        if kind == "undo" and depth == 0:
            continue
        if kind == "redo" and catalogue.can_redo() is None:
            continue
        operation = json.dumps([kind, image, class_id]).encode()
        os.write(1, b"?" + operation + b"\n")
        if kind == "undo":
            catalogue.undo()
        elif kind == "redo":
            catalogue.redo()
        else:
            label = Label(image_id=image, mark="class", class_id=class_id) if class_id else None
            catalogue.apply(SetLabels(labels=((image, label),)))
        depth += -1 if kind == "undo" else 1
        os.write(1, b"=" + operation + b"\n")


def kill_once(folder: Path, seed: int, images: int, model: Model, tally: Tally) -> None:
    """One child, one kill, one comparison; brings `model` to what the project holds."""
    command = [sys.executable, __file__, "--child", str(folder), "--seed", str(seed), "--images", str(images)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(random.Random(seed).uniform(0.05, 0.3))
    os.kill(child.pid, signal.SIGKILL)
    rest = child.stdout.read()
    child.wait()
    child.stdout.close()
    lines = [line for line in (first + rest).split(b"\n")[:-1] if line]
    done = [json.loads(line[1:]) for line in lines if line.startswith(b"=")]
    pending = json.loads(lines[-1][1:]) if lines and lines[-1].startswith(b"?") else None
    for operation in done:
        model.step(operation)
    ahead = model.copy()
    if pending is not None:
        ahead.step(pending)
    tally.kills += 1
    tally.acknowledged += len(done)
    compare(folder, model, ahead, tally)


def compare(folder: Path, model: Model, ahead: Model, tally: Tally) -> None:
    """Open the project as a user would and hold its labels against the model, with or without the one in flight."""
    catalogue = Catalogue(folder / "project.sqlite")
    tally.notices += len(catalogue.notices)
    found = {key: label.class_id for key, label in catalogue.labels().items()}
    text = journal.read(folder / JOURNAL)
    rows = label_rows.load(catalogue._db)
    catalogue.close()
    tally.disagreements += not (rows.complete and text.lines == rows.lines and not text.torn and not text.damaged)
    if rows.seq == ahead.commands > model.commands:
        tally.in_flight_kept += 1
        model.__dict__.update(ahead.__dict__)
    tally.lost += max(0, model.commands - rows.seq)
    tally.phantom += max(0, rows.seq - model.commands)
    for key in set(found) | set(model.labels):
        if found.get(key) != model.labels.get(key):
            tally.lost += key in model.labels
            tally.phantom += key in found


def cut_once(source: Path, target: Path, seed: int, tally: Tally, model: Model) -> None:
    """A power cut: the files as they are, the write-ahead log cut anywhere, the shared-memory file gone."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in ("project.sqlite", "project.sqlite-wal", JOURNAL):
        shutil.copyfile(source / name, target / name)
    wal = target / "project.sqlite-wal"
    with wal.open("r+b") as stream:
        stream.truncate(random.Random(seed).randint(0, wal.stat().st_size))
    tally.kills += 1
    compare(target, model, model, tally)


def cuts(folder: Path, count: int, seed: int, images: int) -> Tally:
    """Label 300 times in this process, then cut the log of the open project `count` times."""
    tally, model = Tally(), Model()
    source = folder / "cut-source"
    source.mkdir()
    make_project(source, images)
    catalogue = Catalogue(source / "project.sqlite")
    draw = random.Random(seed)
    for _ in range(300):
        image, class_id = draw.randint(1, images), draw.randint(1, CLASSES)
        catalogue.apply(SetLabels(labels=((image, Label(image_id=image, mark="class", class_id=class_id)),)))
        model.step(["set", image, class_id])
    for number in range(count):
        cut_once(source, folder / "cut", seed + number, tally, model)
    catalogue.close()
    tally.acknowledged = 300 * count
    return tally


def kills(folder: Path, count: int, seed: int, images: int) -> Tally:
    """`count` kills of a process labelling one and the same project."""
    project = folder / "killed"
    project.mkdir()
    make_project(project, images)
    tally, model = Tally(), Model()
    for number in range(count):
        kill_once(project, seed + number, images, model, tally)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        label_until_killed(options.child, options.seed, options.images)
        return 0
    folder = options.keep or Path(tempfile.mkdtemp(prefix="label-kills-"))
    folder.mkdir(parents=True, exist_ok=True)
    failed = False
    try:
        for name, tally in (
            ("kill -9", kills(folder, options.kills, options.seed, options.images)),
            ("write-ahead log cut", cuts(folder, options.cuts, options.seed, options.images)),
        ):
            failed = failed or bool(tally.lost or tally.phantom or tally.disagreements)
            print(
                f"{name}: {tally.kills} times, {tally.acknowledged} acknowledged commands, lost {tally.lost}, "
                f"phantom {tally.phantom}, database and journal apart {tally.disagreements}, "
                f"in flight and kept {tally.in_flight_kept}"
            )
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
