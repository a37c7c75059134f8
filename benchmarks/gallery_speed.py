"""The gallery and the table of the real Explore page at a million images: python benchmarks/gallery_speed.py

    python benchmarks/gallery_speed.py [--images 1000000] [--project DIR] [--screenshot PNG]

Writes a project by `million_project.py` (or takes `--project`, made before by this script) with a map of it, opens the
Explore page on it, and does what a person does: sort, group, fold, scroll, look at the table, draw a lasso around a
fifth of all images. For each step: the time until the gallery shows it, painted, and the longest time for which the
event loop stood still meanwhile, noted by a 1 ms timer. What is to be kept: 150 ms from lasso to gallery, no standstill
over 50 ms. On a machine that does other things too, take the least of several rounds (`--rounds`).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PySide6.QtCore import QEvent, QObject, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from benchmarks import million_project  # noqa: E402
from sslstudio.gui import theme  # noqa: E402
from sslstudio.gui.item_models.project_images import ProjectImages, Suggestions  # noqa: E402
from sslstudio.gui.pages.explore.page import create  # noqa: E402
from sslstudio.session.project import Project  # noqa: E402
from tests.gui.image_project import add_run, desk  # noqa: E402

PATIENCE = 120.0


class Clock:
    """Times a step until the page is painted, and the longest standstill of the event loop in it."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._last = time.perf_counter()
        self._gap = 0.0
        self.best: dict[str, tuple[float, float]] = {}
        self._timer = QTimer(interval=1)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gap, self._last = max(self._gap, now - self._last), now

    def wait(self, until: Callable[[], bool]) -> None:
        """Run the event loop until something holds."""
        end = time.perf_counter() + PATIENCE
        while not until():
            self._app.processEvents()
            if time.perf_counter() > end:
                raise SystemExit("waited in vain")

    def rest(self, seconds: float = 0.3) -> None:
        """Let what was begun come to an end."""
        end = time.perf_counter() + seconds
        self.wait(lambda: time.perf_counter() > end)

    def step(self, name: str, act: Callable[[], object], until: Callable[[], bool]) -> None:
        """Do something as a handler of the event loop, wait for its result."""
        self.rest()
        self._gap, self._last = 0.0, time.perf_counter()
        began = time.perf_counter()
        QTimer.singleShot(0, act)
        self.wait(until)
        took = time.perf_counter() - began
        self.rest(0.1)
        before = self.best.get(name, (float("inf"), float("inf")))
        self.best[name] = min(before[0], took), min(before[1], self._gap)


def with_map(path: Path, images: int) -> Path:
    """A project of very many images with a map in twelve clouds."""
    folder = million_project.write(path, images)
    rng = np.random.default_rng(0)
    with Project.open(folder) as project:
        from sslstudio.domain.specs import EmbedSpec, MapSpec

        ids = np.asarray(project.catalogue.image_ids(), dtype=np.int64)
        add_run(project, "embed-1", "embed", EmbedSpec(source="imagenet"), {"count": images, "dimensions": 2})
        add_run(project, "map-1", "map_embeddings", MapSpec(embedding="embed-1"), {"method": "pca", "clusters": 12})
        cluster = rng.integers(0, 12, images).astype(np.int32)
        xy = ((rng.normal(size=(12, 2)) * 4)[cluster] + rng.normal(size=(images, 2))).astype(np.float32)
        np.savez(project.maps_dir / "map-1.npz", ids=ids, xy=xy, cluster=cluster)
        project.catalogue.set_setting("explore_source", "imagenet")
    return folder


class Visitor:
    """Somebody on the Explore page; `round` does each thing once."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        self.desk = desk(Project.open(folder))
        self.clock = Clock(app)
        self.page = create(self.desk.services)
        self.view: Any = self.page.widget
        self.gallery: Any = self.view.gallery
        self.images = ProjectImages.of(self.desk.services)
        self.draw = np.random.default_rng(1)
        self.painted: list[float] = []
        self.resets = 0
        self.view.resize(1200, 900)
        self.view.show()
        self.page.activate()
        self.clock.wait(lambda: self.images.loaded and self.view.map.scene is not None)
        self.clock.wait(lambda: len(self.gallery.ids) == len(self.images.table.ids))
        self.clock.rest(2.0)
        for part, model in (
            (self.gallery.grid, self.gallery.grid.tiles),
            (self.gallery.table, self.gallery.table.rows),
        ):
            part.viewport().installEventFilter(Painted(part, self.painted))
            model.modelReset.connect(self._reset)
        self._suggest()

    def close(self) -> None:
        """Leave."""
        self.page.close()
        self.desk.close()

    def round(self) -> None:
        """Everything once."""
        gallery, grid, tiles = self.gallery, self.gallery.grid, self.gallery.grid.tiles
        gallery.mode_requested.emit("gallery")
        self.clock.rest(4.0)
        self._arranged("sort by certainty", lambda: gallery.sort_requested.emit("confidence"))
        self._arranged("sort by margin", lambda: gallery.sort_requested.emit("margin"))
        self._arranged("group by patient", lambda: gallery.grouping_requested.emit("patient"))
        self._arranged("group by series", lambda: gallery.grouping_requested.emit("series"))
        self._shown("fold all series", lambda: grid.fold_all(True), lambda: bool(tiles.collapsed.all()))
        self._shown("unfold all series", lambda: grid.fold_all(False), lambda: not tiles.collapsed.any())
        self._scrolled("jump in the grouped gallery", grid.verticalScrollBar())
        self._arranged("no groups", lambda: gallery.grouping_requested.emit(""))
        self._arranged("order of import", lambda: gallery.sort_requested.emit("id"))
        self._scrolled("jump in the gallery", grid.verticalScrollBar())
        self._lassos()
        self._arranged("show what is selected", lambda: gallery.filter_requested.emit("selected"))
        self._arranged("show all again", lambda: gallery.filter_requested.emit("all"))
        self._arranged("table in place of the gallery", lambda: gallery.mode_requested.emit("table"))
        self._arranged("sort the table by its title", lambda: gallery.table.sort_requested.emit("confidence"))
        self._scrolled("jump in the table", gallery.table.verticalScrollBar())

    def _lassos(self) -> None:
        ids, tiles = self.images.table.ids, self.gallery.grid.tiles
        fifth = np.sort(ids[self.draw.permutation(len(ids))[: len(ids) // 5]])
        lasso = self.view.map.selection_requested.emit
        self.desk.session.clear()
        self._shown(
            f"lasso around {len(fifth):,} to the gallery",
            lambda: lasso(fifth, "replace"),
            lambda: len(tiles.selected_rows()) == len(fifth),
        )
        self._shown(
            "lasso that takes half of them out again",
            lambda: lasso(fifth[::2], "subtract"),
            lambda: len(tiles.selected_rows()) == len(fifth) // 2,
        )

    def _suggest(self) -> None:
        for name in {"brain", "chest", "knee"} - {info.name for info in self.desk.session.classes()}:
            self.desk.session.add_class(name)
        ids = self.images.table.ids
        shares = self.draw.dirichlet([2, 1, 1], len(ids)).astype(np.float32)
        self.images.set_suggestions(Suggestions(ids, shares, tuple(self.images.classes())))

    def _reset(self) -> None:
        self.painted.clear()
        self.resets += 1

    def _shown(self, name: str, act: Callable[[], object], done: Callable[[], bool]) -> None:
        def begin() -> None:
            self.painted.clear()
            act()

        self.clock.step(name, begin, lambda: done() and bool(self.painted))

    def _arranged(self, name: str, act: Callable[[], object]) -> None:
        self.clock.rest(0.5)
        before = self.resets
        self._shown(name, act, lambda: self.resets > before)

    def _scrolled(self, name: str, bar: Any) -> None:
        for place in self.draw.integers(0, bar.maximum(), 5).tolist():
            self._shown(name, lambda to=place: bar.setValue(to), lambda to=place: bool(bar.value() == to))


class Painted(QObject):
    """Notes when a widget was painted."""

    def __init__(self, parent: QObject, painted: list[float]) -> None:
        super().__init__(parent)
        self._painted = painted

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """A paint event is noted, and takes its course."""
        if event.type() == QEvent.Type.Paint:
            self._painted.append(time.perf_counter())
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--screenshot", type=Path)
    options = parser.parse_args()
    app = QApplication([])
    theme.apply(app, "light")
    with tempfile.TemporaryDirectory(prefix="gallery-") as folder:
        project = options.project or Path(folder, "million.sslproj")
        if not project.exists():
            with_map(project, options.images)
        visitor = Visitor(app, project)
        for _ in range(options.rounds):
            visitor.round()
        if options.screenshot is not None:
            visitor.view.grab().save(str(options.screenshot))
        print(f"{len(visitor.images.table.ids):,} images, {os.cpu_count()} cores, least of {options.rounds} rounds")
        for name, (took, gap) in visitor.clock.best.items():
            print(f"{name:44s} shown after {took * 1000:7.1f} ms, longest standstill {gap * 1000:6.1f} ms")
        visitor.close()


if __name__ == "__main__":
    main()
