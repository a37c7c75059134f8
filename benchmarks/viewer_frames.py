"""How long one frame of a window drag takes in the viewer, for small and large images.

    python benchmarks/viewer_frames.py

A drag frame is what happens between a mouse move and the finished picture: windowing the stored pixels, scaling,
painting with what is written over it. Beside it, the same without the coarse drawing of large images. Prints
milliseconds (median and worst of 60), and the ratio of both ways.
"""

from __future__ import annotations

import os
import statistics
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from sslstudio.gui import theme
from sslstudio.gui.widgets.image_meaning import Meaning
from sslstudio.gui.widgets.image_view import ImageView

FRAMES = 60
VIEW = 700


def frames(view: ImageView, picture: QImage, coarse: int) -> list[float]:
    """Milliseconds of each frame of a drag."""
    taken = []
    for number in range(FRAMES):
        start = time.perf_counter()
        view.set_window(500 + number, 2500 + 2 * number, coarse)
        view.render(picture)
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def main() -> None:
    """Measure and print."""
    application = QApplication([])
    theme.apply(application, "dark")
    view = ImageView()
    view.resize(VIEW, VIEW)
    picture = QImage(VIEW, VIEW, QImage.Format.Format_RGB32)
    rng = np.random.default_rng(0)
    for side in (512, 1024, 2048, 4096):
        pixels = rng.integers(0, 4096, (side, side, 1)).astype(np.uint16)
        view.set_image(pixels, 500, 2500, meaning=Meaning(unit="HU", row_spacing=0.5, column_spacing=0.5))
        drag, whole = frames(view, picture, view.coarseness()), frames(view, picture, 1)
        middle, plain = statistics.median(drag), statistics.median(whole)
        print(
            f"{side} x {side}: drag {middle:.1f} ms (worst {max(drag):.1f}), every pixel {plain:.1f} ms, "
            f"ratio {plain / middle:.1f}"
        )


if __name__ == "__main__":
    main()
