"""Large pictures for the Review section, from the pixel cache: a thumbnail is too small to judge text by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage, QPixmap

from sslstudio.domain.items import Item
from sslstudio.errors import SSLStudioError
from sslstudio.gui.background import Background
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.windowing import render

LONGEST_SIDE = 512
_KEPT = 120
_AT_ONCE = 4


class ReviewPictures(QObject):
    """`pixmap(id)` answers at once: the picture, or None and a request; `ready` says that one has come."""

    ready = Signal()

    def __init__(self, background: Background, read_item: Callable[[int], Item], cache: PixelCache) -> None:
        super().__init__(background)
        self._background, self._read_item, self._cache = background, read_item, cache
        self._kept: OrderedDict[int, QPixmap | None] = OrderedDict()
        self._waiting: OrderedDict[int, None] = OrderedDict()
        self._running = 0

    def pixmap(self, image_id: int) -> QPixmap | None:
        """The picture if it is at hand; otherwise None, and it is fetched, the newest request first."""
        if image_id in self._kept:
            self._kept.move_to_end(image_id)
            return self._kept[image_id]
        self._waiting[image_id] = None
        self._waiting.move_to_end(image_id)
        self._next()
        return None

    def is_missing(self, image_id: int) -> bool:
        """True when the picture was looked for and is not there."""
        return image_id in self._kept and self._kept[image_id] is None

    def forget_requests(self) -> None:
        """What was asked for and has not begun is not needed any more."""
        self._waiting.clear()

    def _next(self) -> None:
        while self._waiting and self._running < _AT_ONCE:
            image_id, _ = self._waiting.popitem(last=True)
            self._running += 1
            self._background.run(self._read, image_id, done=partial(self._take, image_id))

    def _read(self, image_id: int) -> QImage | None:
        try:
            item = self._read_item(image_id)
            pixels = np.ascontiguousarray(render(self._cache.read(item.pixels), item.windows))
        except SSLStudioError:
            return None
        height, width, channels = pixels.shape
        form = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_Grayscale8
        image = QImage(pixels.data, width, height, width * channels, form)
        if max(width, height) > LONGEST_SIDE:
            return image.scaled(
                LONGEST_SIDE,
                LONGEST_SIDE,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        return image.copy()

    def _take(self, image_id: int, image: QImage | None) -> None:
        self._running -= 1
        self._kept[image_id] = None if image is None else QPixmap.fromImage(image)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self.ready.emit()
        self._next()
