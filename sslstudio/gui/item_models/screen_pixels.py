"""The pixels of one image as a view shows them large; read off the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.meanings import meaning_on_screen
from sslstudio.gui.widgets.image_meaning import PLAIN, Meaning
from sslstudio.importers.windowing import on_screen

if TYPE_CHECKING:
    from sslstudio.session.project import Project

MISSING = "The stored pixels are missing. Import this image again."


@dataclass(frozen=True, eq=False)
class ScreenPixels:
    """Pixels (H, W, C) of an image with their window in stored values; None where `message` says why there are none."""

    image_id: int
    pixels: Any = None
    low: float = 0.0
    high: float = 255.0
    meaning: Meaning = PLAIN

    @property
    def message(self) -> str:
        """Why there is nothing to see; "" when there is."""
        return "" if self.pixels is not None else MISSING


def read(project: Project, image_id: int) -> ScreenPixels:
    """The pixels of an image as the model sees them."""
    from sslstudio.importers.pixel_cache import PixelCache

    try:
        detail = project.catalogue.image(image_id)
        stored = PixelCache(project.pixels_dir).read(detail.pixels)
        return ScreenPixels(image_id, *on_screen(stored, detail.windows), meaning_on_screen(detail))
    except (OSError, ValueError, SSLStudioError):
        return ScreenPixels(image_id)
