"""Connects the section "What the model sees" to one project: a draft, the preview of it, and its use for all images."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QObject

from sslstudio.domain.rendering import OWN, Rendering
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.data import rendering_preview
from sslstudio.gui.pages.data import rendering_texts as texts
from sslstudio.gui.pages.data.rendering_samples import DEFAULT_SIDE, SamplePresenter
from sslstudio.gui.pages.data.rendering_view import RenderingPane
from sslstudio.gui.pages.page import Services
from sslstudio.importers.rendering import (
    AUTO,
    Group,
    Suggestion,
    in_words,
    preset,
    presets,
    suggest,
)

MOST_SAMPLES = 24
MOST_SELECTED = 500


@dataclass(frozen=True)
class _Found:
    """What is read of the project at once."""

    rendering: Rendering
    chosen: bool
    undoable: bool
    groups: tuple[Group, ...]
    sample_ids: tuple[int, ...]
    side: int
    trained: int


class RenderingController(QObject):
    """The draft lives here; the project changes only by `apply` and `undo`."""

    def __init__(self, services: Services, view: RenderingPane) -> None:
        super().__init__(view)
        self._services, self._view = services, view
        self._catalogue = services.session.project.catalogue
        self._found: _Found | None = None
        self._draft = preset(AUTO)
        self._samples = SamplePresenter(services, view, self)
        self._busy = False
        view.shown.connect(self.refresh)
        view.preset_chosen.connect(self._choose)
        view.suggestion_wanted.connect(self._take_suggestion)
        view.window_edited.connect(self._edit)
        view.reset_requested.connect(self._reset)
        view.apply_requested.connect(self.apply)
        view.undo_requested.connect(self.undo)
        services.session.selection_changed.connect(self._selected)
        services.session.rendering_changed.connect(self.refresh)
        services.session.images_changed.connect(self.refresh)
        self.refresh()

    def close(self) -> None:
        """Let go of the session."""
        session = self._services.session
        session.selection_changed.disconnect(self._selected)
        session.rendering_changed.disconnect(self.refresh)
        session.images_changed.disconnect(self.refresh)

    @property
    def draft(self) -> Rendering:
        """What stands in the form."""
        return self._draft

    def suggestion(self) -> Suggestion | None:
        """What suits the project's images."""
        return suggest(self._found.groups) if self._found is not None else None

    def refresh(self, *_: object) -> None:
        """Read again what is set and which images there are, off the window's thread, once somebody looks."""
        if not self._view.isVisible():
            return
        self._services.background.run(self._read, done=self._take, key="rendering")

    def _read(self) -> _Found:
        catalogue = self._catalogue
        sides = [json.loads(row.spec_json)["image_size"] for row in catalogue.runs() if row.stage == "pretrain"]
        return _Found(
            catalogue.rendering(),
            catalogue.chosen_rendering() is not None,
            catalogue.former_rendering() is not None,
            tuple(catalogue.rendering_groups()),
            tuple(catalogue.spread_image_ids(MOST_SAMPLES)),
            int(sides[-1]) if sides else DEFAULT_SIDE,
            sum(row.stage == "pretrain" and row.adopted for row in catalogue.runs()),
        )

    def _take(self, found: _Found) -> None:
        before, self._found = self._found, found
        if before is None or before.rendering != found.rendering or self._draft == before.rendering:
            self._draft = found.rendering
        self._samples.draft = self._draft
        if before is None or before.side != found.side:
            self._samples.set_side(found.side)
        self._selected()
        self._show()

    def _selected(self, *_: object) -> None:
        """Look at the selected images, or at some of the project."""
        if self._found is None or not self._view.isVisible():
            return
        chosen = tuple(sorted(islice(self._services.session.selection, MOST_SELECTED)))
        self._samples.set_ids(chosen or self._found.sample_ids, selected=bool(chosen))

    # -- the draft -------------------------------------------------------------------------------------------

    def _choose(self, name: str) -> None:
        if name in presets():
            self._set_draft(preset(name))

    def _take_suggestion(self) -> None:
        found = self.suggestion()
        if found is not None:
            self._set_draft(found.rendering)

    def _edit(self, channel: int, centre: float, width: float) -> None:
        windows = list(rendering_preview.fixed_windows(self._draft))
        if channel >= len(windows):
            return
        windows[channel] = (round(centre), max(1, round(width)))
        with contextlib.suppress(ValidationError):  # a drag beyond what a window may be stops there
            self._set_draft(self._draft.with_windows(tuple(windows)))

    def _reset(self) -> None:
        if self._found is not None:
            self._set_draft(self._found.rendering)

    def _set_draft(self, draft: Rendering) -> None:
        self._draft = draft
        self._samples.draft = draft
        self._samples.show()
        self._show()

    # -- showing ---------------------------------------------------------------------------------------------

    def _show(self) -> None:
        found, view, draft = self._found, self._view, self._draft
        if found is None:
            return
        suggestion = suggest(found.groups)
        told = "" if suggestion is None else texts.suggestion(suggestion.reason, suggestion.others)
        view.set_suggestion(told, can_take=suggestion is not None and suggestion.rendering != draft)
        about = texts.OWN_ABOUT if draft.preset == OWN else presets()[draft.preset].about
        view.set_preset(draft.preset, about, texts.others(self._others(found)))
        fixed = rendering_preview.fixed_windows(draft)
        view.set_windows([channel.name for channel in draft.channels] if fixed else [], fixed)
        changed = draft != found.rendering
        undo = texts.READ_ONLY if self._catalogue.read_only else "" if found.undoable else texts.NO_UNDO
        view.set_state(texts.state(found.rendering.title, found.chosen), self.reason(), changed=changed, undo=undo)

    def reason(self) -> str:
        """Why the draft cannot be used for all images now, or ""."""
        found = self._found
        if self._catalogue.read_only:
            return texts.READ_ONLY
        if found is None or not found.groups:
            return texts.NO_IMAGES
        if self._busy:
            return texts.WORKING
        return texts.IS_SET if self._draft == found.rendering and found.chosen else ""

    def _others(self, found: _Found) -> list[tuple[str, str]]:
        """What the draft does with images that its windows in HU are not for."""
        if not rendering_preview.fixed_windows(self._draft):
            return []
        kinds = dict.fromkeys((group.modality, group.unit) for group in found.groups if group.channels == 1)
        rest = [kind for kind in kinds if kind != ("CT", "HU")]
        said = [(kind[0] or "no modality", in_words(self._draft, *kind)[0]) for kind in rest]
        return said + ([("colour", "as it is")] if any(group.channels == 3 for group in found.groups) else [])

    # -- changing the project --------------------------------------------------------------------------------

    def apply(self) -> None:
        """Use the draft for all images of the project, with Undo."""
        if self.reason():
            return
        draft, catalogue = self._draft, self._catalogue

        def store() -> int:
            return catalogue.changed_by(draft, catalogue.set_rendering(draft))

        self._change(store, self._applied)

    def undo(self) -> None:
        """Take the last change back."""
        if not self._catalogue.read_only:
            self._change(self._catalogue.undo_rendering, lambda _: self._services.notify.info(texts.UNDONE))

    def _change(self, store: Callable[[], Any], told: Callable[[Any], None]) -> None:
        self._busy = True
        self._show()

        def done(result: Any) -> None:
            self._busy = False
            self._services.session.rendering_was_changed()
            told(result)

        def failed(error: SSLStudioError) -> None:
            self._busy = False
            self._show()
            self._services.notify.error(error)

        self._services.background.run(store, done=done, failed=failed)

    def _applied(self, images: int) -> None:
        trained = self._found.trained if self._found is not None else 0
        self._services.notify.undoable(texts.applied(images, trained), self.undo)
