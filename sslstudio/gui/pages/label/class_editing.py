"""Adding, renaming and removing classes from the bar; every change is stored at once and can be undone."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from PySide6.QtCore import QObject, SignalInstance

from sslstudio.domain.labels import EditClass, RemoveClass
from sslstudio.domain.units import count
from sslstudio.errors import SSLStudioError
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.label.class_bar import ClassLine


class Bar(Protocol):
    """The class bar, as far as it is driven here."""

    add_requested: SignalInstance
    rename_requested: SignalInstance
    change_requested: SignalInstance
    remove_requested: SignalInstance

    def set_classes(self, lines: list[ClassLine]) -> None: ...
    def set_problem(self, text: str) -> None: ...
    def clear_new_name(self) -> None: ...
    def show_again(self) -> None: ...


class ClassEditing(QObject):
    """Keeps the bar in step with the label set."""

    def __init__(self, bar: Bar, images: ProjectImages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bar, self._images = bar, images
        bar.add_requested.connect(self._add)
        bar.rename_requested.connect(lambda class_id, name: self._change(class_id, "name", name))
        bar.change_requested.connect(self._change)
        bar.remove_requested.connect(self._remove)
        images.labels_changed.connect(lambda _: self.show())
        self.show()

    def show(self) -> None:
        """Show the classes with their counts."""
        counts = Counter(label.class_id for label in self._images.labels().values())
        self._bar.set_classes(
            [
                ClassLine(
                    info.class_id,
                    info.name,
                    info.colour,
                    info.key,
                    counts[info.class_id],
                    f"{count(counts[info.class_id], 'image carries', 'images carry')} this label."
                    if counts[info.class_id]
                    else "",
                    info.description,
                )
                for info in self._images.classes().values()
            ]
        )

    def _add(self, name: str) -> None:
        try:
            self._images.session.add_class(name)
        except SSLStudioError as error:
            self._bar.set_problem(error.message)
            return
        self._bar.set_problem("")
        self._bar.clear_new_name()

    def _change(self, class_id: int, what: str, value: str) -> None:
        """Give a class another name, colour, key or description."""
        info = self._images.classes().get(class_id)
        if info is None or getattr(info, what) == value:
            return
        try:
            self._images.session.apply(EditClass(info=info.model_copy(update={what: value})))
            self._bar.set_problem("")
        except SSLStudioError as error:
            self._bar.set_problem(error.message)
            self._bar.show_again()

    def _remove(self, class_id: int) -> None:
        try:
            self._images.session.apply(RemoveClass(class_id=class_id))
            self._bar.set_problem("")
        except SSLStudioError as error:
            self._bar.set_problem(error.message)
