"""How fast the map and the gallery are, beside other ways to show as many points, each in a process of its own.

`python benchmarks/map_speed.py [--points 10000 100000 1000000] [--platform offscreen|xvfb] [--seconds 4]
[--with map pyqtgraph matplotlib gallery] [--python PYTHON]`

Real widgets are driven by real key and wheel events; a frame is over when its pixels are there. `xvfb` starts a virtual
screen (Xvfb must be installed). matplotlib is no part of the product: `--python` names an interpreter that has it
beside PySide6 and numpy; where it is missing the row says so. Load is the machine's over the last minute: figures of a
busy machine say little.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIZE = (1100, 760)
ROOT = Path(__file__).resolve().parents[1]


def cloud(count: int) -> tuple[Any, Any]:
    """Places (N, 2) float32 in twelve clusters of different width, and the cluster of each (N,) int32."""
    rng = np.random.default_rng(0)
    clusters = rng.integers(0, 12, count).astype(np.int32)
    width = rng.uniform(0.3, 1.5, 12)[clusters][:, None]
    return ((rng.normal(size=(12, 2)) * 4)[clusters] + rng.normal(size=(count, 2)) * width).astype(np.float32), clusters


def memory() -> float:
    """Resident memory of this process in MB; nan where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def repeat(action: Callable[[int], object], seconds: float, most: int = 120) -> dict[str, float]:
    """Median and 99th percentile of the milliseconds `action` takes, over at most `seconds`."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    while len(times) < most and (len(times) < 3 or time.perf_counter() < until):
        started = time.perf_counter()
        action(len(times))
        times.append((time.perf_counter() - started) * 1000)
        if len(times) == 1 and times[0] > 20_000:
            break
    return {"median": float(np.median(times)), "p99": float(np.percentile(times, 99)), "frames": len(times)}


def once(action: Callable[[], object]) -> dict[str, float]:
    """The milliseconds of one call."""
    started = time.perf_counter()
    action()
    took = (time.perf_counter() - started) * 1000
    return {"median": took, "p99": took, "frames": 1}


def application() -> Any:
    """The application in the light theme."""
    from PySide6.QtWidgets import QApplication

    from sslstudio.gui import theme

    app = QApplication.instance() or QApplication([])
    theme.apply(app, "light")
    return app


def wait(app: Any, until: Callable[[], bool], most: float = 60.0) -> None:
    """Let the window work until something is so."""
    started = time.perf_counter()
    while not until() and time.perf_counter() - started < most:
        app.processEvents()
        time.sleep(0.001)


def seen(app: Any, *windows: Any) -> None:
    """Show windows and wait until they are on the screen: before that nothing is painted, and all seems quick."""
    for window in windows:
        window.show()
    wait(app, lambda: all(one.windowHandle() is not None and one.windowHandle().isExposed() for one in windows))
    app.processEvents()


def wheel(widget: Any, steps: int) -> None:
    """Turn the wheel over the middle of a widget."""
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    middle = QPointF(widget.rect().center())
    turned = QWheelEvent(
        middle, QPointF(widget.mapToGlobal(middle.toPoint())), QPoint(), QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, turned)


def measure_map(count: int, seconds: float) -> dict[str, Any]:
    """The product's own map, with the selection shared with a gallery as on the Explore page."""
    from sslstudio.gui.item_models import colouring
    from sslstudio.gui.item_models.image_table import sorted_ids
    from sslstudio.gui.item_models.tiles import Tile
    from sslstudio.gui.widgets.gallery import Gallery
    from sslstudio.gui.widgets.map_view import MapView
    from sslstudio.session.project import Project
    from sslstudio.session.session import Session

    app = application()
    places, clusters = cloud(count)
    ids = np.arange(1, count + 1, dtype=np.int64)
    view, gallery = MapView(), Gallery(lambda image_id: Tile(image_id, "finding", "#0072B2", "1"))
    view.resize(*SIZE)
    gallery.resize(SIZE[0], 400)
    seen(app, view, gallery)
    show(view, ids[:9], places[:9], colouring.by_cluster(clusters[:9]))  # imports what draws, outside the figures
    wait(app, lambda: settled(view))
    before = memory()
    found: dict[str, Any] = {"window waits": once(lambda: show(view, ids, places, colouring.by_cluster(clusters)))}
    canvas = view.canvas
    assert canvas is not None
    screen = canvas.viewport()
    started = time.perf_counter()
    wait(app, lambda: settled(view))
    screen.repaint()
    took = found["window waits"]["median"] + (time.perf_counter() - started) * 1000
    found["build, all shown"] = {"median": took, "p99": took, "frames": 1}
    found |= move(app, canvas, screen, seconds)
    found["hover card"] = repeat(lambda number: hover(canvas, places[number * 7 % count]), seconds / 2, 40)
    canvas.box.fit()
    with tempfile.TemporaryDirectory() as folder, Project.create(Path(folder) / "p.sslproj") as project:
        session = Session(project)
        gallery.grid.set_ids(ids, ids[:0])
        view.selection_requested.connect(lambda chosen, mode: session.select(chosen, mode))
        session.selection_changed.connect(lambda chosen: view.set_selection(sorted_ids(chosen)))
        session.selection_changed.connect(lambda chosen: gallery.grid.set_selection(sorted_ids(chosen)))
        turn = np.linspace(0, 2 * np.pi, 300)
        middle, reach = places.mean(axis=0), places.std(axis=0)
        waits: list[float] = []

        def lasso(number: int) -> None:
            corners = middle + reach * (0.5 + 0.02 * number) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
            started = time.perf_counter()
            view._outlined("lasso", corners, "replace")
            screen.repaint()
            gallery.grid.viewport().repaint()
            waits.append((time.perf_counter() - started) * 1000)
            wait(app, lambda: settled(view))
            screen.repaint()

        found["lasso to map drawn anew"] = repeat(lasso, seconds, 12)
        found["lasso to gallery"] = {
            "median": float(np.median(waits)), "p99": float(np.percentile(waits, 99)), "frames": len(waits)
        }  # fmt: skip
        found["selected by the last lasso"] = len(session.selection)
    found["memory MB"] = memory() - before
    return found


def show(view: Any, ids: Any, places: Any, colours: Any) -> None:
    """What the page does when a map is there."""
    view.set_points(ids, places)
    view.set_colouring(colours)


def settled(view: Any) -> bool:
    """True when nothing is being made in a thread for the map."""
    points = view.canvas.box.points
    return view.scene.index is not None and not points.busy and (view.scene.far is not None or not view.scene.large)


def move(app: Any, canvas: Any, screen: Any, seconds: float) -> dict[str, Any]:
    """Pan by keys and zoom by wheel, in and out again, so that all levels of detail are passed."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    keys = (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Down)

    def pan(number: int) -> None:
        QTest.keyClick(canvas, keys[number % 4])
        screen.repaint()

    def zoom(number: int) -> None:
        wheel(screen, 1 if number % 40 < 20 else -1)
        screen.repaint()

    found = {"pan": repeat(pan, seconds), "zoom": repeat(zoom, seconds)}
    canvas.box.fit()
    for _ in range(7):
        wheel(screen, 1)
    found["pan near"] = repeat(pan, seconds)
    return found


def hover(canvas: Any, place: Any) -> None:
    """The pointer has rested: find the point, ring it, show its card."""
    box = canvas.box
    box._pointer = box.to_pixels(place)
    box._rested()
    canvas.viewport().repaint()


def measure_pyqtgraph(count: int, seconds: float) -> dict[str, Any]:
    """pyqtgraph's own ScatterPlotItem, points of 4 pixels coloured by cluster."""
    import pyqtgraph as pg

    from sslstudio.gui.theme import CLASS_COLOURS

    app = application()
    places, clusters = cloud(count)
    brushes = [pg.mkBrush(colour) for colour in CLASS_COLOURS]
    before = memory()
    widget = pg.PlotWidget()
    widget.resize(*SIZE)
    seen(app, widget)
    screen = widget.viewport()

    def build() -> None:
        item = pg.ScatterPlotItem(
            x=places[:, 0], y=places[:, 1], size=4, pen=None, brush=[brushes[code % len(brushes)] for code in clusters]
        )
        widget.addItem(item)
        screen.repaint()

    found: dict[str, Any] = {"build, all shown": once(build)}
    box = widget.getViewBox()

    def pan(number: int) -> None:
        (left, right), _ = box.viewRange()
        box.translateBy(x=(0.1 if number % 2 else -0.1) * (right - left))
        screen.repaint()

    def zoom(number: int) -> None:
        wheel(screen, 1 if number % 40 < 20 else -1)
        screen.repaint()

    found["pan"], found["zoom"] = repeat(pan, seconds), repeat(zoom, seconds)
    found["memory MB"] = memory() - before
    return found


def measure_matplotlib(count: int, seconds: float) -> dict[str, Any]:
    """matplotlib's scatter on its Agg canvas, points of about 4 pixels; pan and zoom set the limits and draw."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    places, clusters = cloud(count)
    before = memory()
    figure, axes = pyplot.subplots(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100)

    def build() -> None:
        axes.scatter(places[:, 0], places[:, 1], s=8, c=clusters, cmap="tab20", linewidths=0)
        figure.canvas.draw()

    found: dict[str, Any] = {"build, all shown": once(build)}

    def limits(shift: float, factor: float) -> None:
        left, right = axes.get_xlim()
        axes.set_xlim(left + shift * (right - left), left + (shift + factor) * (right - left))
        figure.canvas.draw()

    found["pan"] = repeat(lambda number: limits(0.1 if number % 2 else -0.1, 1.0), seconds)
    found["zoom"] = repeat(lambda number: limits(0.0, 0.9 if number % 40 < 20 else 1 / 0.9), seconds)
    found["memory MB"] = memory() - before
    return found


def measure_gallery(count: int, seconds: float) -> dict[str, Any]:
    """The product's gallery of as many images, without pictures."""
    from sslstudio.gui.item_models.tiles import Tile
    from sslstudio.gui.widgets.gallery import Gallery

    app = application()
    rng = np.random.default_rng(0)
    ids = np.arange(1, count + 1, dtype=np.int64)
    chosen = ids[rng.random(count) < 0.1]
    before = memory()
    gallery = Gallery(lambda image_id: Tile(image_id, "finding", "#0072B2", "1"))
    gallery.resize(1100, 500)
    seen(app, gallery)
    found: dict[str, Any] = {"fill": once(lambda: gallery.grid.set_ids(ids, chosen))}
    bar, screen = gallery.grid.verticalScrollBar(), gallery.grid.viewport()

    def jump(_number: int) -> None:
        bar.setValue(int(rng.integers(0, bar.maximum())))
        screen.repaint()

    def select(_number: int) -> None:
        gallery.grid.set_selection(chosen)
        screen.repaint()

    found["jump"], found["show a selection"] = repeat(jump, seconds), repeat(select, seconds, 12)
    found["memory MB"] = memory() - before
    return found


MEASURES: dict[str, Callable[[int, float], dict[str, Any]]] = {
    "map": measure_map,
    "pyqtgraph": measure_pyqtgraph,
    "matplotlib": measure_matplotlib,
    "gallery": measure_gallery,
}


def table(name: str, count: int, found: dict[str, Any]) -> None:
    """Print what one process found."""
    print(f"\n{name}, {count:,} points")
    for key, value in found.items():
        if isinstance(value, dict):
            rate = f"{1000 / value['median']:7.0f}/s" if value["frames"] > 1 and "lasso" not in key else ""
            print(f"  {key:28s} {value['median']:9.1f} ms   p99 {value['p99']:9.1f} ms  {rate}")
        else:
            print(f"  {key:28s} {value:9,.0f}")


def main() -> None:
    """Run each measure in a fresh process and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--platform", choices=("offscreen", "xvfb"), default="offscreen")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--with", dest="measures", nargs="+", choices=tuple(MEASURES), default=list(MEASURES))
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child is not None:
        name, count = chosen.child[0], int(chosen.child[1])
        print(json.dumps(MEASURES[name](count, chosen.seconds)))
        return
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment["QT_QPA_PLATFORM"] = "offscreen" if chosen.platform == "offscreen" else "xcb"
    start = ["xvfb-run", "-a", "-s", "-screen 0 1600x1200x24"] if chosen.platform == "xvfb" else []
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{chosen.platform}, {os.cpu_count()} cores, load {load:.1f}, software rendering")
    for count in chosen.points:
        for name in chosen.measures:
            python = chosen.python if name == "matplotlib" else sys.executable
            words = [python, __file__, "--child", name, str(count), "--seconds", str(chosen.seconds)]
            done = subprocess.run([*start, *words], capture_output=True, text=True, env=environment, check=False)
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["no word"])[-1]
                print(f"\n{name}, {count:,} points: {last}")
            else:
                table(name, count, json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
