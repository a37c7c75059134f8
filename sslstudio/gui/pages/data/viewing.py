"""The image in the viewer: read off the window's thread with its neighbours, its facts and its histogram."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from sslstudio import resources
from sslstudio.catalogue.rows import ImageDetail
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.meanings import display_window, meaning
from sslstudio.gui.pages.data import browse_texts as texts
from sslstudio.gui.pages.data import facts
from sslstudio.gui.pages.data.browsing import BrowseController
from sslstudio.gui.pages.data.images_view import ImagesPane
from sslstudio.gui.pages.page import Services
from sslstudio.gui.widgets.histogram import Counts, count_values
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.windowing import spread

KEPT_BYTES = 256 * 1024 * 1024
AHEAD = 6
MOST_COUNTED = 64
SETTLE_MS = 150
MISSING = "The stored pixels of this image are missing. Import it again to see it."
NOTHING = "Choose a patient, a series or an image to see it here."
OWN, MODEL, FULL, MIDDLE = "own", "model", "full", "middle"


@dataclass(frozen=True)
class Slice:
    """One image with all that is known of it. `pixels` (H, W, C) is a copy, or None when there are none."""

    detail: ImageDetail
    locations: tuple[str, ...]
    pixels: Any


class SliceReader:
    """Reads images and keeps the latest ones; any thread may call."""

    def __init__(self, services: Services) -> None:
        self._catalogue = services.session.project.catalogue
        self._cache = PixelCache(services.session.project.pixels_dir)
        self._kept: OrderedDict[int, Slice] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def kept(self, image_id: int) -> Slice | None:
        """The image if it is at hand."""
        with self._lock:
            found = self._kept.get(image_id)
            if found is not None:
                self._kept.move_to_end(image_id)
            return found

    def read(self, image_id: int) -> Slice:
        """The image, read if need be; raises SSLStudioError ("unknown_image")."""
        found = self.kept(image_id)
        if found is not None:
            return found
        detail = self._catalogue.image(image_id)
        try:
            pixels: Any = np.array(self._cache.read(detail.pixels))
        except (OSError, ValueError, SSLStudioError):
            pixels = None
        made = Slice(detail, tuple(self._catalogue.locations(image_id)), pixels)
        with self._lock:
            self._kept[image_id] = made
            self._bytes += 0 if pixels is None else pixels.nbytes
            while self._bytes > KEPT_BYTES and len(self._kept) > 1:
                _, old = self._kept.popitem(last=False)
                self._bytes -= 0 if old.pixels is None else old.pixels.nbytes
        return made

    def prefetch(self, image_ids: Sequence[int]) -> None:
        """Have these at hand."""
        for image_id in image_ids:
            self.read(image_id)

    def forget(self) -> None:
        """The project has changed: read everything again."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


class ViewController(QObject):
    """Connects viewer and details to one project. ``moved(id)`` when the user scrolled to another image."""

    moved = Signal(int)

    def __init__(self, services: Services, view: ImagesPane, browse: BrowseController) -> None:
        super().__init__(view)
        self._background, self._view, self._browse = services.background, view, browse
        self._reader = SliceReader(services)
        self._wanted: int | None = None
        self._shown: Slice | None = None
        self._series: Sequence[int] = ()
        self._windows = hounsfield_windows()
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._settled)
        viewer = view.viewer
        viewer.step_requested.connect(self.step)
        viewer.place_requested.connect(self.go_to)
        viewer.preset_requested.connect(self._use_preset)
        viewer.image.window_changed.connect(view.details.histogram.set_window)
        view.details.histogram.window_requested.connect(viewer.image.set_window)
        view.details.scope_changed.connect(lambda _: self._count())
        view.details.page_changed.connect(lambda _: self._count())
        browse.focus_moved.connect(self.show_image)
        browse.browse_changed.connect(self.refresh)
        viewer.set_message(NOTHING)

    def refresh(self) -> None:
        """The images that fit, or what is known of them, have changed."""
        self._reader.forget()
        wanted, self._wanted = self._wanted, None
        if wanted is None or self._browse.now.tree.place_of(wanted) is None:
            ids = self._view.grid.tiles.ids
            wanted = int(ids[0]) if len(ids) else None
        if wanted is None:
            self._shown, self._series = None, ()
            self._view.viewer.set_message(texts.NO_MATCH if self._browse.now.filter else NOTHING)
            self._view.details.set_facts(())
            self._view.details.histogram.set_counts(None)
        else:
            self.show_image(wanted)

    def show_image(self, image_id: int) -> None:
        """Show an image and its place in its series."""
        if image_id == self._wanted:
            return
        self._wanted = image_id
        series = self._browse.now.tree.series_of(image_id)
        self._series = series.tolist() or [image_id]
        place = self._series.index(image_id)
        self._view.viewer.set_series(place, len(self._series))
        kept = self._reader.kept(image_id)
        if kept is not None:
            self._show(kept)
        else:
            self._background.run(self._reader.read, image_id, done=self._show, failed=self._failed, key="data slice")

    def step(self, images: int) -> None:
        """So many images on in the series, up to its end."""
        if self._wanted in self._series:
            self.go_to(self._series.index(self._wanted) + images)

    def go_to(self, place: int) -> None:
        """The image at a place of the series."""
        place = min(max(place, 0), len(self._series) - 1)
        if self._series and self._series[place] != self._wanted:
            self.show_image(self._series[place])
            self._settle.start()

    def _settled(self) -> None:
        if self._wanted is not None:
            self.moved.emit(self._wanted)

    def _failed(self, error: SSLStudioError) -> None:
        self._shown = None
        self._view.viewer.set_message(error.message)

    def _show(self, found: Slice) -> None:
        detail = found.detail
        if detail.image_id != self._wanted:
            return
        before = self._shown.detail if self._shown is not None else None
        keep = before is not None and (before.series, before.unit) == (detail.series, detail.unit)
        self._shown = found
        place = self._series.index(detail.image_id)
        left = (f"Patient {detail.subject[:8]}", f"Series {detail.series[:8]}", f"{place + 1} / {len(self._series)}")
        out = (f"Left out: {detail.excluded}",) if detail.excluded else ()
        what = texts.image_kind(detail)
        right = tuple(line for line in (what, detail.scanner, *out) if line)
        told = meaning(detail, left, right)
        low, high = display_window(detail)
        message = "" if found.pixels is not None else MISSING
        self._view.viewer.set_image(found.pixels, low, high, message, meaning=told, keep=keep)
        self._view.viewer.image.setAccessibleName(f"Image {detail.image_id}, {what}, {left[0]}")
        self._view.details.set_facts(facts.groups(detail, found.locations))
        if not keep:
            self._view.viewer.set_presets(self._presets(detail))
        self._view.details.histogram.set_window(*self._view.viewer.image.window_values)
        self._count()
        self._prefetch(place)

    def _prefetch(self, place: int) -> None:
        wanted = [self._series[n] for step in range(1, AHEAD + 1) for n in (place + step, place - step)
                  if 0 <= n < len(self._series)]  # fmt: skip
        if any(self._reader.kept(image_id) is None for image_id in wanted):
            self._background.run(self._reader.prefetch, wanted, failed=lambda _: None, key="data prefetch")

    # -- histogram and window --------------------------------------------------------------------------------

    def _count(self) -> None:
        details, shown = self._view.details, self._shown
        if details.pages.value() != "histogram" or shown is None or shown.pixels is None:
            return
        ids = [shown.detail.image_id]
        if details.whole.isChecked():
            step = -(-len(self._series) // MOST_COUNTED)
            ids = list(self._series[::step])
        told = meaning(shown.detail)
        self._background.run(
            self._count_values,
            ids,
            done=lambda counts: details.histogram.set_counts(counts, told),
            key="data histogram",
        )

    def _count_values(self, ids: Sequence[int]) -> Counts | None:
        read = (self._reader.read(image_id).pixels for image_id in ids)
        return count_values(pixels for pixels in read if pixels is not None)

    def _presets(self, detail: ImageDetail) -> list[tuple[str, str]]:
        entries = [(OWN, "As the image says")]
        if len(detail.windows) == 1:
            entries.append((MODEL, "As the model sees it"))
        entries.append((FULL, "From the smallest to the greatest value"))
        entries.append((MIDDLE, "The middle 99 % of the values"))
        if detail.unit == "HU":
            entries += [
                (name, f"{name}   W {width:g}  C {centre:g} HU") for name, (centre, width) in self._windows.items()
            ]
        return entries

    def _use_preset(self, name: str) -> None:
        shown = self._shown
        if shown is None or shown.pixels is None:
            return
        if name == OWN:
            low, high = display_window(shown.detail)
        elif name == FULL:
            low, high = float(shown.pixels.min()), float(shown.pixels.max())
        elif name == MIDDLE:
            low, high = spread(shown.pixels)[:2]
        elif name == MODEL:
            low, high = shown.detail.windows[0]
        else:
            centre, width = self._windows[name]
            told = meaning(shown.detail)
            low, high = sorted((told.stored(centre - width / 2), told.stored(centre + width / 2)))
        self._view.viewer.image.set_window(low, high)


def hounsfield_windows() -> dict[str, tuple[float, float]]:
    """Centre and width in HU of the windows that have a name, as the window presets have them."""
    known = json.loads(resources.text("presets/windows.json")).get("windows", {})
    return {
        str(entry["name"]).capitalize(): (float(entry["centre"]), float(entry["width"])) for entry in known.values()
    }
