"""Thumbnails for every view: read and decoded in one thread, kept as pixmaps, the newest request first.

Apart because map, gallery and hover card show the same pictures and must not read them three times.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

Place = tuple[str, int]
"""Shard and byte offset: where an image's pixels lie in the cache, and its thumbnail's key."""

_KEPT_BYTES = 160 * 1024 * 1024
_MOST_WAITING = 1_500
_BATCH = 24


class Store(Protocol):
    """Where JPEG bytes come from (`session.thumbnails.ProjectThumbnails`)."""

    def get(self, wanted: Iterable[tuple[int, str, int]]) -> Mapping[int, bytes]:
        """The JPEGs that there are, by image id; asked for by image id, shard and offset."""


class ThumbnailSource(QObject):
    """`pixmap(id)` answers at once: the picture, or None and a request; `ready` says when pictures have come.

    `locate` finds the places of single images, in the thread, until `set_places` has told all: a project of a million
    images shows its first pictures long before it has read where all the others lie.
    """

    ready = Signal(object)
    """The image ids (list of int) whose pictures have come."""
    _decoded = Signal(object)

    def __init__(
        self,
        store: Store,
        parent: QObject | None = None,
        locate: Callable[[Sequence[int]], Mapping[int, Place]] | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._locate = locate
        self._places: Mapping[int, Place] = {}
        self._kept: OrderedDict[int, QPixmap] = OrderedDict()
        self._bytes = 0
        self._missing: set[int] = set()
        self._waiting: OrderedDict[int, Place | None] = OrderedDict()
        self._wake = threading.Condition()
        self._closed = False
        self._generation = 0
        self._thread: threading.Thread | None = None
        self._decoded.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def set_places(self, places: Mapping[int, Place]) -> None:
        """Where each image's thumbnail lies; call again after an import."""
        self._places = places
        self._locate = None
        self._missing.clear()

    def pixmap(self, image_id: int) -> QPixmap | None:
        """The picture if it is at hand; otherwise None, and it is fetched."""
        picture = self._kept.get(image_id)
        if picture is not None:
            self._kept.move_to_end(image_id)
            return picture
        place = self._places.get(image_id)
        if (place is None and self._locate is None) or image_id in self._missing:
            return None
        with self._wake:
            self._waiting[image_id] = place
            self._waiting.move_to_end(image_id)
            while len(self._waiting) > _MOST_WAITING:
                self._waiting.popitem(last=False)
            self._wake.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="thumbnails", daemon=True)
            self._thread.start()
        return None

    def forget(self) -> None:
        """The pictures are others now: drop all, and tell who shows them."""
        with self._wake:
            self._generation += 1
            self._waiting.clear()
        shown = list(self._kept)
        self._kept.clear()
        self._missing.clear()
        self._bytes = 0
        self.ready.emit(shown)

    def is_missing(self, image_id: int) -> bool:
        """True when the picture was looked for and is not there."""
        return image_id in self._missing or (self._locate is None and image_id not in self._places)

    def prefetch(self, image_ids: Iterable[int]) -> None:
        """Ask for pictures that will be needed soon."""
        for image_id in image_ids:
            self.pixmap(image_id)

    def close(self) -> None:
        """Stop the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _read(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                batch = [self._waiting.popitem(last=True) for _ in range(min(_BATCH, len(self._waiting)))]
                generation = self._generation
            jpegs = self._store.get([(image_id, *place) for image_id, place in self._located(batch)])
            decoded = [(image_id, _decode(jpegs.get(image_id))) for image_id, _ in batch]
            try:
                self._decoded.emit((generation, decoded))
            except RuntimeError:
                return  # the window is gone

    def _located(self, batch: list[tuple[int, Place | None]]) -> list[tuple[int, Place]]:
        """The images of a batch whose place is known or can be found."""
        locate = self._locate
        unknown = [image_id for image_id, place in batch if place is None]
        found = locate(unknown) if locate is not None and unknown else self._places
        places = ((image_id, place or found.get(image_id)) for image_id, place in batch)
        return [(image_id, place) for image_id, place in places if place is not None]

    @Slot(object)
    def _take(self, result: tuple[int, list[tuple[int, QImage | None]]]) -> None:
        generation, decoded = result
        if generation != self._generation:
            return
        for image_id, image in decoded:
            if image is None:
                self._missing.add(image_id)
                continue
            if image_id not in self._kept:
                self._bytes += image.width() * image.height() * 4
            self._kept[image_id] = QPixmap.fromImage(image)
        while self._bytes > _KEPT_BYTES and len(self._kept) > _BATCH:
            _, old = self._kept.popitem(last=False)
            self._bytes -= old.width() * old.height() * 4
        self.ready.emit([image_id for image_id, _ in decoded])


def _decode(jpeg: bytes | None) -> QImage | None:
    if jpeg is None:
        return None
    image = QImage.fromData(jpeg)
    return None if image.isNull() else image
