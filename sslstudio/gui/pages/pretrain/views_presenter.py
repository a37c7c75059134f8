"""Draws views in a child process while they are looked at, and again when what they depend on changes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer

from sslstudio.augment.presets import PRESETS
from sslstudio.domain.specs import Preset
from sslstudio.domain.stacks import NO_VOLUMES
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.setting_up import SettingUp
from sslstudio.gui.pages.pretrain.views_pane import ViewsPane
from sslstudio.gui.widgets.picture_grid import to_image
from sslstudio.jobs.idle_compute import IdleCompute
from sslstudio.session.volume_sample import some_volumes

IMAGES, EACH = 4, 4
DRAW = "sslstudio.training.view_preview:draw_views"


class ViewsPresenter(QObject):
    """Keeps a `ViewsPane` in step with the settings. It ends its child process on `close`, and when it is idle."""

    def __init__(self, services: Services, pane: ViewsPane, setting_up: SettingUp) -> None:
        super().__init__(pane)
        self._services, self._pane, self._setting_up = services, pane, setting_up
        self._project = services.session.project
        self.compute = IdleCompute()
        self._images = self._draw = 0
        self._shown: tuple[object, ...] | None = None
        self._later = QTimer(self, singleShot=True, interval=200)
        self._later.timeout.connect(self.show)
        pane.draw_requested.connect(self._again)
        pane.images_requested.connect(self._others)

    def changed(self) -> None:
        """Settings are others now."""
        self._later.start()

    def close(self) -> None:
        """Stop drawing."""
        self._later.stop()
        self.compute.close()

    def show(self) -> None:
        """Say what is done to the images and, if the pane is in front, draw what is not drawn yet."""
        setting_up = self._setting_up
        preset, method = setting_up.resolved_preset, setting_up.method
        fewer = method is not None and method.entry.kind in texts.FEWER_CHANGES
        depth, size = setting_up.seeing.depth, setting_up.seeing.image_size
        note = texts.fewer_changes(method.title) if method is not None and fewer else ""
        note = " ".join(filter(None, (texts.MIDDLE_SLICES if depth else "", note)))
        self._pane.set_preset(*texts.preset_words(PRESETS[preset], setting_up.preset == "auto"), note)
        if not self._pane.isVisible():
            return
        wanted = (preset, size, depth, self._images, self._draw, setting_up.images)
        if not setting_up.images:
            self._shown = None
            self._pane.set_waiting(texts.NO_VIEWS_TITLE, texts.NO_IMAGES)
        elif wanted != self._shown:
            self._shown = wanted
            self._pane.set_busy(True)
            self._services.background.run(
                self._make, preset, size, depth, self._images, self._draw,
                done=self._take, failed=self._failed, key="views",
            )  # fmt: skip

    def _make(self, preset: Preset, image_size: int, depth: int, images: int, draw: int) -> tuple[Any, Any]:
        if depth:
            items = [item for one in some_volumes(self._project, IMAGES, images) for item in one.slices]
        else:
            items = self._project.catalogue.some_items(IMAGES, images)
        if not items:
            raise SSLStudioError(NO_VOLUMES if depth else texts.NO_IMAGES, code="no_images")
        pixels = str(self._project.pixels_dir)
        return tuple(self.compute.call(DRAW, pixels, items, preset, image_size, EACH, draw, depth))

    def _take(self, drawn: tuple[Any, Any]) -> None:
        originals, views = drawn
        self._pane.set_busy(False)
        self._pane.set_pictures(
            [to_image(one) for one in originals], [[to_image(view) for view in row] for row in views]
        )

    def _failed(self, error: SSLStudioError) -> None:
        self._shown = None
        self._pane.set_busy(False)
        self._pane.set_waiting(texts.NO_VIEWS_TITLE, f"{error.message} {error.hint}".strip())

    def _again(self) -> None:
        self._draw += 1
        self.show()

    def _others(self) -> None:
        self._images += 1
        self.show()
