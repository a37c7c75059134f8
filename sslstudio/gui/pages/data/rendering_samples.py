"""The user's own images in the section "What the model sees": which one is in view, and its pictures by the draft."""

from __future__ import annotations

from PySide6.QtCore import QObject

from sslstudio.domain.rendering import Rendering
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.data import rendering_preview
from sslstudio.gui.pages.data import rendering_texts as texts
from sslstudio.gui.pages.data.rendering_preview import Made, Sample
from sslstudio.gui.pages.data.rendering_view import RenderingPane
from sslstudio.gui.pages.page import Services
from sslstudio.importers.rendering import AUTO, preset, windows_of

DEFAULT_SIDE = 64


class SamplePresenter(QObject):
    """Shows one of some images by `draft`. Pixels are read and pictures made off the window's thread."""

    def __init__(self, services: Services, view: RenderingPane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft: Rendering = preset(AUTO)
        self._services, self._view = services, view
        self._ids: tuple[int, ...] = ()
        self._selected = False
        self._sample: Sample | None = None
        self._place = 0
        self._side = DEFAULT_SIDE
        view.step_requested.connect(self._step)
        view.size_chosen.connect(self._resize)
        view.set_size(self._side)

    def set_ids(self, ids: tuple[int, ...], *, selected: bool) -> None:
        """The images to look at; they are the `selected` ones, or some of the project."""
        if ids != self._ids:
            self._place = 0
        self._ids, self._selected = ids, selected
        self._load()

    def set_side(self, side: int) -> None:
        """The side of the model's square."""
        self._view.set_size(side)
        self._resize(side)

    def show(self) -> None:
        """The image in view by the draft; the newest call wins."""
        sample, draft, view = self._sample, self.draft, self._view
        if sample is None:
            view.set_pictures(None, None, texts.NO_IMAGES)
            view.set_small(None, ())
            view.set_values(None, (), movable=False)
            return
        windows = windows_of(draft, sample.grey)
        in_hu = (sample.grey.modality, sample.grey.unit) == ("CT", "HU")
        movable = in_hu and bool(rendering_preview.fixed_windows(draft))
        view.set_values(sample.histogram, rendering_preview.in_unit(windows, sample.grey), movable=movable)
        self._services.background.run(
            rendering_preview.make, sample, windows, self._side, done=self._made, key="rendering preview"
        )

    def _step(self, by: int) -> None:
        if self._ids:
            self._place = (self._place + by) % len(self._ids)
            self._load()

    def _resize(self, side: int) -> None:
        self._side = side
        self.show()

    def _load(self) -> None:
        if not self._ids:
            self._sample = None
            self._view.set_which(texts.NO_IMAGES, several=False)
            self.show()
            return
        project, image_id = self._services.session.project, self._ids[self._place % len(self._ids)]
        self._services.background.run(
            rendering_preview.read, project, image_id, done=self._loaded, failed=self._failed, key="rendering sample"
        )

    def _loaded(self, sample: Sample) -> None:
        self._sample = sample
        self._tell_which(sample.kind)
        self.show()

    def _failed(self, _error: SSLStudioError) -> None:
        self._sample = None
        self._tell_which("")
        self._view.set_pictures(None, None, texts.MISSING)
        self._view.set_small(None, ())
        self._view.set_values(None, (), movable=False)

    def _tell_which(self, kind: str) -> None:
        several = len(self._ids) > 1
        self._view.set_which(texts.which(self._place + 1, len(self._ids), self._selected, kind), several=several)

    def _made(self, made: Made) -> None:
        self._view.set_pictures(made.original, made.seen)
        self._view.set_small(made.small, [channel.name for channel in self.draft.channels])
