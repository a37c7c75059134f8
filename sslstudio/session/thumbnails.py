"""The thumbnails of a project as the model sees its images; those of another rendering are made anew when looked at.

Only what is asked for is made, from the pixel cache, so that a change of the rendering shows at once on the screen,
however many images there are.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.rendering import look_of
from sslstudio.importers.thumbnails import RenderedThumbnails, ThumbnailStore, thumbnail
from sslstudio.session.project import Project

Wanted = tuple[int, str, int]
"""Image id, shard and offset."""


class ProjectThumbnails:
    """JPEGs for image ids; safe from any thread. `look_changed` tells it that the rendering is another one now."""

    def __init__(self, project: Project) -> None:
        self._catalogue = project.catalogue
        self._imported = ThumbnailStore(project.thumbnails_dir)
        self._anew = RenderedThumbnails(project.thumbnails_dir)
        self._pixels = PixelCache(project.pixels_dir)
        self._keep = not project.read_only
        self._lock = threading.Lock()
        self._look = ""
        self._looks: dict[str, str] = {}

    def look_changed(self) -> None:
        """Ask the catalogue again for what the model sees, at the next request."""
        with self._lock:
            self._look = ""
            self._looks.clear()

    def get(self, wanted: Iterable[Wanted]) -> dict[int, bytes]:
        """The JPEGs that there are, by image id."""
        look = self._look_now()
        found: dict[int, bytes] = {}
        missing: list[Wanted] = []
        for image_id, shard, offset in wanted:
            jpeg = self._imported.get(shard, offset) if self._look_of(shard) == look else None
            jpeg = jpeg or self._anew.get(shard, offset, look)
            if jpeg is None:
                missing.append((image_id, shard, offset))
            else:
                found[image_id] = jpeg
        return found | self._make(missing, look)

    def close(self) -> None:
        """Close all files."""
        self._imported.close()
        self._anew.close()
        self._pixels.close()

    def _look_now(self) -> str:
        with self._lock:
            if not self._look:
                self._look = look_of(self._catalogue.rendering())
            return self._look

    def _look_of(self, shard: str) -> str:
        with self._lock:
            if shard not in self._looks:
                self._looks[shard] = self._imported.look(shard)
            return self._looks[shard]

    def _make(self, wanted: list[Wanted], look: str) -> dict[int, bytes]:
        """Thumbnails rendered from the pixel cache; images whose pixels are lost keep the old one, if there is one."""
        if not wanted:
            return {}
        windows = self._catalogue.windows(image_id for image_id, _, _ in wanted)
        made: dict[int, bytes] = {}
        kept: list[tuple[str, int, str, bytes]] = []
        for image_id, shard, offset in wanted:
            known = windows.get(image_id)
            try:
                if known is not None:
                    made[image_id] = thumbnail(self._pixels.read(known[0]), known[1])
                    kept.append((shard, offset, look, made[image_id]))
            except SSLStudioError:
                old = self._imported.get(shard, offset)
                if old is not None:
                    made[image_id] = old
        if self._keep and kept:
            self._anew.put(kept)
        return made
