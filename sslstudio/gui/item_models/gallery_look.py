"""How galleries and tables of the open project look: what stands on tiles, their size, the columns of a table.

One object a project, so that Explore and Label look alike; kept in the project.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from sslstudio.gui.pages.page import Services

SETTING = "gallery_look"
TILE_PARTS = (("label", "Label"), ("prediction", "Suggestion and its certainty"), ("patient", "Patient"))
FIRST_COLUMNS = ("picture", "id", "label", "prediction", "confidence", "group", "patient")
STORE_AFTER_MS = 400


@dataclass(frozen=True)
class Look:
    """`tiles` of `TILE_PARTS` are shown; `columns` of the table in their order, `widths` in pixels by column."""

    tiles: tuple[str, ...] = tuple(part for part, _ in TILE_PARTS)
    side: int = 112
    columns: tuple[str, ...] = FIRST_COLUMNS
    widths: dict[str, int] = field(default_factory=dict)


def parse(stored: object) -> Look:
    """A look from what the project keeps; what cannot be understood is as at first."""
    first, values = Look(), stored if isinstance(stored, dict) else {}
    side, widths = values.get("side"), values.get("widths")
    return Look(
        tiles=_texts(values.get("tiles"), first.tiles),
        side=side if isinstance(side, int) and not isinstance(side, bool) else first.side,
        columns=_texts(values.get("columns"), first.columns) or first.columns,
        widths={str(key): int(width) for key, width in widths.items() if isinstance(width, int)}
        if isinstance(widths, dict)
        else {},
    )


def _texts(value: object, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, list):
        return otherwise
    return tuple(dict.fromkeys(entry for entry in value if isinstance(entry, str)))


class GalleryLook(QObject):
    """`changed` fires when another look is in force."""

    changed = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.value = Look()
        self._touched = False
        self._later = QTimer(self, singleShot=True, interval=STORE_AFTER_MS)
        self._later.timeout.connect(self.store)
        catalogue = services.session.project.catalogue
        services.background.run(catalogue.setting, SETTING, done=self._take, key="gallery-look")

    @classmethod
    def of(cls, services: Services) -> GalleryLook:
        """The one of this project."""
        found = services.background.findChild(GalleryLook)
        return found if isinstance(found, GalleryLook) else cls(services, services.background)

    def change(self, **update: Any) -> None:
        """Replace some fields of the look; stored a moment later, so that a drag is stored once."""
        value = replace(self.value, **update)
        if value != self.value:
            self.value, self._touched = value, True
            self._later.start()
            self.changed.emit()

    def store(self) -> None:
        """Keep the look in the project now."""
        self._later.stop()
        project = self._services.session.project
        if self._touched and not project.read_only:
            self._touched = False
            self._services.background.run(project.catalogue.set_setting, SETTING, asdict(self.value))

    def _take(self, stored: object) -> None:
        if not self._touched:
            self.value = parse(stored)
            self.changed.emit()
