"""A project of a million images in the real window: how soon it is open, and how it scrolls.

    python benchmarks/million_images.py [--images 1000000] [--project DIR] [--cold] [--jumps 40] [--map]
    [--screenshot PNG]

Starts the real `main()` and, some seconds later as somebody who looks for it on Home, opens a project that
`million_project.py` writes first (or `--project`, made before); with `--cold` the program is started with the project.
Says when the Data page showed its first tiles, and when all tiles in view had their pictures, counted from the moment
at which the window began to open the project. Then the gallery is scrolled: by pages, and by jumps to places where
nobody has looked; for each step the time for which any tile in view stays blank. With `--map` the Explore page follows:
how soon its map stands, and lassos by real mouse events, until map and gallery show the selection. A 2 ms timer notes
the longest gap of the event loop, and the process's memory at its peak is told.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
OPEN_SECONDS, BLANK_MS = 2.0, 150.0
TICK_MS = 2
LASSOS, LASSO_MS = 7, 150.0
LOOKING_SECONDS = 5.0
PATIENCE = 120.0

Wait = Callable[[], bool]


class Visit:
    """Somebody who opens the project and scrolls; made before `main()`, prints what was seen and closes the window."""

    def __init__(self, project: Path | None, jumps: int, screenshot: Path | None, *, explore: bool) -> None:
        """`project` is opened from Home; None when the program opens one by itself."""
        from PySide6.QtCore import QTimer

        self._project, self._jumps, self._screenshot = project, jumps, screenshot
        self._explore = explore
        self._steps = self._visit()
        self._wait: Wait = lambda: True
        self._until = time.perf_counter() + PATIENCE
        self._last = time.perf_counter()
        self._gaps: dict[str, float] = {}
        self._doing = "starting"
        self.window: Any = None
        self.good = False
        self._timer = QTimer(interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps[self._doing] = max(self._gaps.get(self._doing, 0.0), now - self._last)
        self._last = now
        try:
            if self._wait():
                self._wait = next(self._steps)
                self._until = now + PATIENCE
            elif now > self._until:
                print(f"waited in vain while {self._doing}")
                self._end()
        except StopIteration:
            self._end()

    def _end(self) -> None:
        from PySide6.QtWidgets import QApplication

        self._timer.stop()
        QApplication.closeAllWindows()

    def _find_window(self) -> bool:
        from PySide6.QtWidgets import QApplication

        from sslstudio.gui.window import MainWindow

        self.window = next((w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)), None)
        return self.window is not None

    def _grid(self) -> Any:
        return self.window.workspace.page("data").widget.images.grid

    def _blank(self) -> int:
        """How many tiles in view have no picture."""
        from sslstudio.gui.item_models.project_images import ProjectImages

        grid = self._grid()
        kept = ProjectImages.of(self.window.workspace.services).thumbnails._kept
        return sum(int(grid.tiles.ids[row]) not in kept for row in grid.visible_rows())

    def _visit(self) -> Generator[Wait, None, None]:
        yield self._find_window
        began = time.perf_counter()
        if self._project is not None:
            self._doing = "standing on Home"
            yield lambda: time.perf_counter() - began > LOOKING_SECONDS
            began = time.perf_counter()
            self.window.opener.open(self._project)
        self._doing = "opening"
        yield lambda: self.window.workspace is not None
        attached = time.perf_counter()
        yield lambda: len(self._grid().tiles.ids) > 0
        tiles = time.perf_counter()
        yield lambda: self._blank() == 0
        pictures = time.perf_counter()
        images = self.window.workspace.project.catalogue.counts().images
        self._doing = "reading the rest"
        yield lambda: len(self._grid().tiles.ids) == images
        whole = time.perf_counter()
        print(
            f"{images:,} images. From the click: project attached {attached - began:.2f} s, tiles "
            f"{tiles - began:.2f} s, pictures {pictures - began:.2f} s (target {OPEN_SECONDS:.0f}), all images listed "
            f"{whole - began:.2f} s"
        )
        self._doing = "settling"
        ready = time.perf_counter() + 3.0
        yield lambda: time.perf_counter() > ready
        self._doing = "scrolling"
        blanks = []
        for place in self._places():
            self._grid().verticalScrollBar().setValue(place)
            moved = time.perf_counter()
            yield lambda: self._blank() == 0
            blanks.append((time.perf_counter() - moved) * 1000)
        blanks.sort()
        print(
            f"{len(blanks)} scroll steps: a tile stayed blank for {blanks[len(blanks) // 2]:.0f} ms (median), "
            f"{blanks[-1]:.0f} ms (longest, target {BLANK_MS:.0f})"
        )
        if self._explore:
            yield from self._look_at_the_map()
        if self._screenshot is not None:
            self.window.grab().save(str(self._screenshot))
        gaps = ", ".join(f"{name} {gap * 1000:.0f} ms" for name, gap in self._gaps.items())
        print(f"longest gap of the event loop: {gaps}; memory at its peak {_peak_megabytes():,.0f} MB; {_load()}")
        self.good = pictures - began <= OPEN_SECONDS and blanks[-1] <= BLANK_MS

    def _look_at_the_map(self) -> Generator[Wait, None, None]:
        from PySide6.QtCore import QPoint, Qt
        from PySide6.QtTest import QTest

        self._doing, began = "opening Explore", time.perf_counter()
        self.window.show_page("explore")
        page = self.window.workspace.page("explore").widget
        view, session = page.map, self.window.workspace.session
        yield lambda: view.scene is not None and view.scene.index is not None and view.scene.far is not None
        stands = time.perf_counter()
        yield lambda: bool(page.groups.groups.rows) and len(page.gallery.grid.tiles.ids) > 0
        print(
            f"Explore: map stands after {stands - began:.2f} s, gallery and groups {time.perf_counter() - began:.2f} s"
        )
        ready = time.perf_counter() + 3.0
        yield lambda: time.perf_counter() > ready
        view.set_tool("lasso")
        took = []
        for number in range(LASSOS):
            self._doing = "drawing a lasso"
            port = view.canvas.viewport()
            middle, reach = port.rect().center(), min(port.width(), port.height()) * (0.2 + 0.02 * number)
            turn = [QPoint(int(reach * math.cos(a / 20)), int(reach * math.sin(a / 20))) for a in range(125)]
            QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=middle + turn[0])
            for step in turn[1:]:
                QTest.mouseMove(port, middle + step)
                yield lambda: True
            before = session.selection
            self._doing, let_go = "selecting", time.perf_counter()
            QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=middle + turn[-1])
            yield lambda before=before: session.selection != before
            yield lambda: len(page.gallery.grid.tiles.selected_rows()) == len(session.selection)
            took.append((time.perf_counter() - let_go) * 1000)
            rest = time.perf_counter() + 1.0
            yield lambda rest=rest: time.perf_counter() > rest
        print(
            f"{LASSOS} lassos, the last around {len(session.selection):,} images: gallery and map show it after "
            f"{sorted(took)[LASSOS // 2]:.0f} ms (median), {max(took):.0f} ms (longest, target {LASSO_MS:.0f})"
        )

    def _places(self) -> list[int]:
        bar = self._grid().verticalScrollBar()
        draw = random.Random(0)
        paged = [bar.pageStep() * number for number in range(1, self._jumps // 2 + 1)]
        return paged + [draw.randint(0, bar.maximum()) for _ in range(self._jumps - len(paged))]


def _peak_megabytes() -> float:
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return float("nan")
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--cold", action="store_true", help="start the program with the project")
    parser.add_argument("--jumps", type=int, default=40)
    parser.add_argument("--map", action="store_true", help="look at the map, too")
    parser.add_argument("--screenshot", type=Path)
    options = parser.parse_args()
    if options.project is None:
        return _with_new_project(options)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen" if not os.environ.get("DISPLAY") else "xcb")
    from sslstudio.__main__ import main as open_window
    from sslstudio.gui.app import create_application

    create_application()
    visit = Visit(None if options.cold else options.project, options.jumps, options.screenshot, explore=options.map)
    open_window(["open", str(options.project)] if options.cold else [])
    return 0 if visit.good else 1


def _with_new_project(options: argparse.Namespace) -> int:
    import subprocess

    from benchmarks import million_project

    with tempfile.TemporaryDirectory(prefix="million-") as folder:
        began = time.perf_counter()
        project = million_project.write(Path(folder, "million.sslproj"), options.images, with_map=options.map)
        print(f"project written in {time.perf_counter() - began:.0f} s", flush=True)
        again = [sys.executable, __file__, "--project", str(project), "--jumps", str(options.jumps)]
        again += [flag for flag, wanted in (("--cold", options.cold), ("--map", options.map)) if wanted]
        again += ["--screenshot", str(options.screenshot)] if options.screenshot else []
        empty = {"XDG_CONFIG_HOME": f"{folder}/config", "XDG_STATE_HOME": f"{folder}/state"}
        return subprocess.run(again, env={**os.environ, **empty}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
