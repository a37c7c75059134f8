"""How fast map and gallery are without a graphics card: `python benchmarks/map_gallery.py [POINTS]`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from sslstudio.gui import theme
from sslstudio.gui.item_models import colouring
from sslstudio.gui.item_models.tiles import Tile
from sslstudio.gui.widgets.gallery import Gallery
from sslstudio.gui.widgets.map_selection import in_lasso
from sslstudio.gui.widgets.map_view import MapView


def measure(name: str, action: Callable[[], object], repeats: int = 7) -> None:
    """Print the median time of `action` in milliseconds."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    print(f"{name:42s} {sorted(times)[repeats // 2] * 1000:8.1f} ms")


def main(count: int) -> None:
    """Measure a map and a gallery of `count` images."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, "light")
    rng = np.random.default_rng(0)
    clusters = rng.integers(0, 12, count).astype(np.int32)
    places = ((rng.normal(size=(12, 2)) * 4)[clusters] + rng.normal(size=(count, 2))).astype(np.float32)
    ids = np.arange(count, dtype=np.int64)
    view = MapView()
    view.resize(1100, 760)
    view.show()
    print(f"{count:,} images, {os.cpu_count()} cores")
    measure("map: build", lambda: view.set_points(ids, places), 1)
    view.set_colouring(colouring.by_cluster(clusters))
    canvas = view.canvas
    assert canvas is not None

    def frame() -> None:
        canvas.box.translateBy(x=0.05)
        canvas.grab()

    canvas.grab()
    measure("map: frame", frame)
    canvas.box.interacting = True
    measure("map: frame while dragging", frame)
    canvas.box.interacting = False
    turn = np.linspace(0, 2 * np.pi, 300)
    lasso = np.stack([3 * np.cos(turn), 3 * np.sin(turn)], axis=1)
    measure("map: lasso of 300 corners", lambda: in_lasso(places.astype(np.float64), lasso))
    chosen = ids[clusters == 3]
    measure("map: show a selection", lambda: (view.set_selection(chosen), canvas.grab()))
    gallery = Gallery(lambda image_id: Tile(image_id, "finding", "#0072B2", "1"))
    gallery.resize(1100, 500)
    gallery.show()
    measure("gallery: fill", lambda: (gallery.grid.set_ids(ids, chosen), app.processEvents()), 3)
    bar = gallery.grid.verticalScrollBar()
    measure("gallery: jump", lambda: (bar.setValue(int(rng.integers(0, bar.maximum()))), gallery.grid.grab()))
    measure("gallery: show a selection", lambda: (gallery.grid.set_selection(chosen), gallery.grid.grab()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
