"""Kill -9 of the *window* while somebody labels with keys, over and over: is any label lost that the window had shown?

    python benchmarks/window_kills.py [--kills 50] [--images 40] [--seed 0] [--keep DIR]

Each round starts the real window (`sslstudio open PROJECT`, its own process and `main()`). It must come up on the Label
page, at the image that was in hand when the last one died, with the same step to undo. Then keys are pressed: 1 to 4,
Backspace, arrows, Ctrl+Z, Ctrl+Y. The window process writes to a pipe what is about to be pressed ("?") and, from the
session's signal that every view hangs on, what was acknowledged ("="). The parent kills it 50-300 ms after the first
acknowledgement and compares the project with what was acknowledged. One key may be in flight at the kill: the project
may hold its label or not, but database and journal must agree. At the end the whole history is undone, step by step.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.label_kills import CLASSES, Model, Tally, compare  # noqa: E402
from sslstudio.domain.labels import AddClass, ClassInfo  # noqa: E402
from sslstudio.domain.ledger import FoundImage, LedgerRow  # noqa: E402
from sslstudio.session.place import FILE_NAME  # noqa: E402
from sslstudio.session.project import Project  # noqa: E402

SIDE = 48
START_SECONDS = 150.0
"""So long a window may take to come up on a busy machine."""
SILENT_SECONDS = 60.0
"""So long it may say nothing once it is up, until it is given up and killed without a label."""
PATIENCE_SECONDS = 5.0
"""A key that nothing came of for so long is pressed again, as a person does."""


@dataclass
class Shown:
    """What the window said when it came up, and what it said last.

    `before` is the image before the last one, since a step of the last milliseconds may not have been noted; `ahead`
    the one that a step was about to lead to, which may have been noted but not said.
    """

    page: str = ""
    mode: str = ""
    image: int | None = None
    undo: bool = False
    before: int | None = None
    ahead: int | None = None


@dataclass
class WindowTally(Tally):
    """What was found over all kills, and how often the window did not come up where it was left."""

    elsewhere: int = 0
    without_undo: int = 0
    undone: int = 0
    history_wrong: int = 0

    @property
    def sound(self) -> bool:
        """True when nothing was lost, made up or misplaced."""
        wrong = (self.lost, self.phantom, self.disagreements, self.elsewhere, self.without_undo, self.history_wrong)
        return not any(wrong)


def make_project(path: Path, images: int) -> None:
    """A project of `images` noise pictures of ten patients, with thumbnails and four classes, left on Label."""
    import numpy as np

    from sslstudio.importers.pixel_cache import PixelCacheWriter
    from sslstudio.importers.thumbnails import ThumbnailWriter, encode

    rng = np.random.default_rng(0)
    with Project.create(path) as project:
        rows = []
        with (
            PixelCacheWriter(project.pixels_dir / "import-1.bin") as cache,
            ThumbnailWriter(project.thumbnails_dir / "import-1.sqlite") as thumbnails,
        ):
            for number in range(images):
                pixels = rng.integers(0, 256, (SIDE, SIDE, 1), dtype=np.uint8)
                place = cache.append(pixels)
                thumbnails.add([(place.offset, encode(pixels))])
                digest, patient = f"{number:064x}", f"{number % 10:016x}"
                found = FoundImage(
                    digest=digest, pixel_digest=digest, subject=patient, study=patient, series=patient, pixels=place
                )
                rows.append(LedgerRow(path=f"/images/{number}.png", status="imported", images=(found,)))
        project.catalogue.adopt_import("import-1", rows)
        for number in range(1, CLASSES + 1):
            info = ClassInfo(class_id=number, name=f"class {number}", colour="#0072B2", key=str(number))
            project.catalogue.apply(AddClass(info=info))
        start = {"page": "label", "label_mode": "case", "image": project.catalogue.image_ids()[0]}
        (project.path / FILE_NAME).write_text(json.dumps(start), encoding="utf-8")


class Hand:
    """Presses keys in the window of this process, one as soon as the one before was answered; made before `main()`."""

    def __init__(self, seed: int) -> None:
        from PySide6.QtCore import QTimer

        self._draw = random.Random(seed)
        self._settled = seed % 2 == 0  # every other time not before the window has made its last page
        self._workspace: Any = None
        self._window: Any = None
        self._depth = 0
        self._expected: list[str | int] | None = None
        self._key: tuple[Any, Any] | None = None
        self._pressed_at = 0.0
        self._timer = QTimer(interval=1)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        if self._workspace is None:
            self._sit_down()
        elif self._expected is None:
            self._press()
        elif time.monotonic() > self._pressed_at + PATIENCE_SECONDS:  # the page was not ready for keys yet
            self._strike()

    def _strike(self) -> None:
        from PySide6.QtTest import QTest

        self._pressed_at = time.monotonic()
        if self._key is not None:
            QTest.keyClick(self._window.windowHandle(), *self._key)

    def _sit_down(self) -> None:
        """Wait for the project, its images and the page; then say what stands there."""
        from PySide6.QtWidgets import QApplication

        from sslstudio.gui.window import PAGES, MainWindow

        window = next((w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)), None)
        workspace = window.workspace if window is not None else None
        if window is None or workspace is None or len(workspace.session.selection) != 1:
            return
        view = workspace.page("label").widget
        if not len(view.gallery.grid.tiles.ids) or window.page_id != "label":
            return
        if self._settled and len(workspace.made()) < len(PAGES):
            return
        self._window, self._workspace = window, workspace
        self._say("@", [window.page_id, view.modes.value(), self._image(), view.undo.isEnabled()])
        self._depth = len(workspace.session.labels())  # at least so many steps can be undone
        workspace.session.labels_changed.connect(self._acknowledged)

    def _image(self) -> int:
        return int(next(iter(self._workspace.session.selection)))

    def _beside(self, by: int) -> int:
        """The image that a step leads to, in the gallery's order."""
        tiles = self._workspace.page("label").widget.gallery.grid.tiles
        row = (tiles.row_of(self._image()) or 0) + by
        return int(tiles.ids[min(max(0, row), len(tiles.ids) - 1)])

    def _press(self) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        if not self._window.isActiveWindow():  # shortcuts work in the window in front alone
            self._window.activateWindow()
            return
        none, control = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
        labels = self._workspace.session.labels()
        kind = self._draw.choices(["set", "step", "undo", "redo"], [6, 5, 1, 1])[0]
        if kind == "step":
            by = self._draw.choice((1, -1))
            self._say(">", [self._beside(by)])  # a window killed in the midst of a step may come up there already
            QTest.keyClick(self._window.focusWidget(), Qt.Key.Key_Right if by > 0 else Qt.Key.Key_Left)
            self._say("@", ["label", "case", self._image(), True])
            return
        if (kind == "undo" and self._depth <= 0) or (
            kind == "redo" and self._workspace.project.catalogue.can_redo() is None
        ):
            return
        image = self._image()
        now = labels[image].class_id if image in labels else 0
        class_id = self._draw.choice([n for n in range(CLASSES + 1) if n != now])
        self._expected = [kind, image, class_id]
        self._say("?", self._expected)
        if kind == "set":
            self._depth += 1
            self._key = (Qt.Key(ord(str(class_id))) if class_id else Qt.Key.Key_Backspace, none)
        else:
            self._depth += -1 if kind == "undo" else 1
            self._key = (Qt.Key.Key_Z if kind == "undo" else Qt.Key.Key_Y, control)
        self._strike()

    def _acknowledged(self, _ids: frozenset[int]) -> None:
        if self._expected is not None:
            self._say("=", self._expected)
            self._expected = None

    @staticmethod
    def _say(sign: str, what: list[Any]) -> None:
        os.write(1, f"{sign}{json.dumps(what)}\n".encode())


def label_until_killed(project: Path, seed: int) -> int:
    """The child: the real window, with a hand at its keys."""
    from sslstudio.__main__ import main as open_window
    from sslstudio.gui.app import create_application

    create_application()
    hand = Hand(seed)
    return open_window(["open", str(project)]) if hand else 1


def kill_once(project: Path, seed: int, model: Model, last: Shown, tally: WindowTally) -> Shown:
    """One window, one kill, one comparison; brings `model` to what the project holds, returns what was shown last."""
    command = [sys.executable, __file__, "--child", str(project), "--seed", str(seed)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment())
    assert child.stdout is not None
    lines = list(_until_acknowledged(child))
    time.sleep(random.Random(seed).uniform(0.05, 0.3))
    child.kill()
    lines += child.stdout.read().splitlines(keepends=True)
    child.wait()
    child.stdout.close()
    whole = [(line[:1], json.loads(line[1:])) for line in lines if line.endswith(b"\n")]
    seen = [Shown(*what) for sign, what in whole if sign == b"@"]
    if not seen:
        raise RuntimeError("The window did not come up.")
    tally.elsewhere += (seen[0].page, seen[0].mode) != ("label", "case") or seen[0].image not in _allowed(last)
    tally.without_undo += last.undo and not seen[0].undo
    for sign, what in whole:
        if sign == b"=":
            model.step(what)
            tally.acknowledged += 1
    ahead = model.copy()
    questions = [what for sign, what in whole if sign == b"?"]
    if len(questions) > sum(sign == b"=" for sign, _ in whole):
        ahead.step(questions[-1])
    tally.kills += 1
    compare(project, model, ahead, tally)
    result = seen[-1]
    result.undo = bool(model.undo)
    result.before = seen[-2].image if len(seen) > 1 else result.image
    moves = [(sign, what) for sign, what in whole if sign in (b"@", b">")]
    result.ahead = moves[-1][1][0] if moves[-1][0] == b">" else None
    return result


def _until_acknowledged(child: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """What a window says up to its first acknowledgement; one that falls silent is killed."""
    assert child.stdout is not None
    silent = threading.Timer(START_SECONDS, child.kill)
    silent.start()
    try:
        for line in child.stdout:
            yield line
            if line.startswith(b"="):
                return
            silent.cancel()
            silent = threading.Timer(SILENT_SECONDS, child.kill)
            silent.start()
    finally:
        silent.cancel()


def _allowed(last: Shown) -> set[int | None]:
    """Where the next window may come up."""
    return {last.image, last.before, last.ahead} if last.page else {1}


def _environment() -> dict[str, str]:
    screen = {} if os.environ.get("DISPLAY") else {"QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    return {**os.environ, **screen, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def undo_all(project: Path, model: Model, tally: WindowTally) -> None:
    """The history of all windows, taken back step by step: after each the labels are those of that time."""
    with Project.open(project) as opened:
        while model.undo:
            opened.catalogue.undo()
            model.step(["undo", 0, 0])
            found = {key: label.class_id for key, label in opened.catalogue.labels().items()}
            tally.undone += 1
            tally.history_wrong += found != model.labels


def kills(folder: Path, count: int, seed: int, images: int) -> WindowTally:
    """`count` kills of windows on one and the same project."""
    project = folder / "killed.sslproj"
    make_project(project, images)
    tally, model, last = WindowTally(), Model(), Shown()
    for number in range(count):
        last = kill_once(project, seed + number, model, last, tally)
    undo_all(project, model, tally)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return label_until_killed(options.child, options.seed)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="window-kills-"))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("XDG_CONFIG_HOME", str(folder / "config"))
    os.environ.setdefault("XDG_STATE_HOME", str(folder / "state"))
    try:
        started = time.monotonic()
        tally = kills(folder, options.kills, options.seed, options.images)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(
        f"kill -9 of the window: {tally.kills} times in {time.monotonic() - started:.0f} s, {tally.acknowledged} "
        f"acknowledged, lost {tally.lost}, phantom {tally.phantom}, database and journal apart {tally.disagreements}, "
        f"in flight and kept {tally.in_flight_kept}, notices {tally.notices}, opened elsewhere {tally.elsewhere}, "
        f"without undo {tally.without_undo}, steps undone at the end {tally.undone}, wrong {tally.history_wrong}"
    )
    return 0 if tally.sound else 1


if __name__ == "__main__":
    sys.exit(main())
