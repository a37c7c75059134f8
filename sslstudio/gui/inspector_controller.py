"""Keeps the inspector on the selected image: reads its row and its pixels off the window's thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from sslstudio.catalogue.rows import ImageDetail, LabelEvent
from sslstudio.domain.labels import MARK_NAMES
from sslstudio.domain.units import count
from sslstudio.gui.background import Background
from sslstudio.gui.item_models.meanings import meaning_on_screen
from sslstudio.gui.widgets.inspector import Inspector
from sslstudio.importers.windowing import on_screen
from sslstudio.session.selection import Selection
from sslstudio.session.session import Session

if TYPE_CHECKING:
    from sslstudio.gui.item_models.project_images import ProjectImages

HOW = {
    "hand": "by hand",
    "bulk": "in bulk",
    "suggestion": "accepted suggestion",
    "import": "from a table",
    "adjudication": "decided between readers",
}
BLIND = "Kept back while you label blinded"


@dataclass(frozen=True)
class _Loaded:
    detail: ImageDetail
    pixels: Any
    selected: int
    subjects: int


class InspectorController(QObject):
    """Follows the selection of one session for one inspector."""

    def __init__(
        self, session: Session, background: Background, view: Inspector, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._background, self._view = session, background, view
        view.clear_requested.connect(self._clear)
        session.selection_changed.connect(self._load)
        session.labels_changed.connect(self._load)
        session.rendering_changed.connect(self._anew)
        session.blinding.changed.connect(self._load)
        view.set_neighbours(None)
        self._shown: int | None = None
        self._images: ProjectImages | None = None
        self._load()

    def close(self) -> None:
        """Let go of the session."""
        self._session.selection_changed.disconnect(self._load)
        self._session.labels_changed.disconnect(self._load)
        self._session.rendering_changed.disconnect(self._anew)
        self._session.blinding.changed.disconnect(self._load)
        self._view.clear_requested.disconnect(self._clear)
        self._view.set_empty()

    def _clear(self) -> None:
        self._session.clear()

    def _anew(self) -> None:
        self._shown = None
        self._load()

    def _load(self, *_: object) -> None:
        ids = self._session.selection
        from sslstudio.gui.item_models.project_images import ProjectImages

        self._images = self._images or self._background.findChild(ProjectImages)
        if not ids:
            self._shown = None
            self._view.set_empty()
            self._background.run(int, key="inspector")
            return
        self._background.run(self._read, ids, done=self._show, failed=self._fail, key="inspector")

    def _read(self, ids: Selection) -> _Loaded:
        from sslstudio.importers.pixel_cache import PixelCache

        shown = self._shown
        first = shown if shown is not None and shown in ids else int(ids.ordered[0])
        catalogue = self._session.project.catalogue
        detail = catalogue.image(first)
        subjects = self._count_subjects(ids) if len(ids) > 1 else 1
        try:
            stored = PixelCache(self._session.project.pixels_dir).read(detail.pixels)
            pixels = on_screen(stored, detail.windows)
        except (OSError, ValueError):
            pixels = None
        return _Loaded(detail, pixels, len(ids), subjects)

    def _count_subjects(self, ids: Selection) -> int:
        """From the columns that galleries have read, if they have: the database takes seconds for very many images."""
        if self._images is not None and self._images.loaded:
            return self._images.table.count_subjects(ids.ordered)
        return self._session.project.catalogue.count_subjects(ids)

    def _fail(self, error: Any) -> None:
        self._view.set_unreadable(error.message)

    def _show(self, loaded: _Loaded) -> None:
        detail = loaded.detail
        view = self._view
        if loaded.pixels is None:
            view.set_unreadable("The stored pixels of this image are missing. Import it again to see it.")
        elif detail.image_id != self._shown:
            pixels, low, high = loaded.pixels
            view.set_image(pixels, low, high, meaning_on_screen(detail))
        self._shown = detail.image_id
        many = f"{count(loaded.selected, 'image')} from {count(loaded.subjects, 'patient')}"
        view.set_selection_text(many if loaded.selected > 1 else "1 image selected")
        if self._session.blinding.on:
            view.set_facts([("Image", f"#{detail.image_id}")])
            view.set_label(BLIND, ())
            return
        view.set_facts(facts(detail))
        view.set_label(label_text(detail), [history_line(event) for event in reversed(detail.history)][:8])


def facts(detail: ImageDetail) -> list[tuple[str, str]]:
    """What the inspector says of an image, without what is not known."""
    part = {"train": "Training", "test": "Test"}.get(detail.part, "")
    pairs = [
        ("Image", f"#{detail.image_id}"),
        ("Patient", detail.subject[:8]),
        ("Study", detail.study[:8]),
        ("Series", detail.series[:8]),
        ("Modality", detail.modality),
        ("Body part", " ".join(filter(None, (detail.body_part, detail.laterality, detail.view)))),
        ("Scanner", detail.scanner),
        ("Size", f"{detail.width} x {detail.height}, {detail.bits} bit" + (", colour" if detail.channels == 3 else "")),
        ("Part", part),
        ("File", detail.file_name + (f", frame {detail.frame + 1}" if detail.frame else "")),
        ("Excluded", detail.excluded or ""),
    ]
    return [(name, value) for name, value in pairs if value]


def label_text(detail: ImageDetail) -> str:
    """The current label in words."""
    if detail.label:
        last = detail.history[-1] if detail.history else None
        how = f", {HOW.get(last.origin or '', '')}" if last is not None and last.origin else ""
        return detail.label + how.rstrip(", ")
    mark = detail.history[-1].mark if detail.history else None
    return MARK_NAMES.get(mark or "", "no label yet").capitalize()


def history_line(event: LabelEvent) -> str:
    """One line of the label's history: when, what, how, who; where it came from, and its note."""
    what = event.class_name or MARK_NAMES.get(event.mark or "", "cleared")
    step = {"undo": "undone to", "redo": "done again:"}.get(event.how, "")
    how = (
        f"imported from {event.source}"
        if event.origin == "import" and event.source
        else HOW.get(event.origin or "", "")
    )
    audit = event.source if event.origin != "import" else ""
    parts = [when(event.at), f"{step} {what}".strip(), how, f"by {event.author}" if event.author else "", audit]
    said = ", ".join(part for part in parts if part)
    return f"{said}. Note: {event.note}" if event.note else said


def when(at: str) -> str:
    """A stored time in local words: "22 Nov 10:42"; "" when it cannot be read."""
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%d %b %H:%M")
    except ValueError:
        return ""
