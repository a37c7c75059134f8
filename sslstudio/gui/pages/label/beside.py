"""What stands in the menu of the Label page: blinded labelling, labels of others, readers; apart from the keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.pages.label import files_texts as texts
from sslstudio.gui.pages.label import texts as page_texts
from sslstudio.gui.pages.label.adjudicating import Adjudicating
from sslstudio.gui.pages.label.exchange import Exchange
from sslstudio.gui.pages.page import Services


class Chip(Protocol):
    """The chip that says that labelling is blinded."""

    close_requested: SignalInstance


class View(Protocol):
    """The part of the view that is driven here; it is the parent of the dialogs."""

    deciding: Any
    blinded: Any

    def add_entry(self, action: Any) -> None: ...


class Beside(QObject):
    """``changed()`` when labelling begins or ends to be blinded."""

    changed = Signal()

    def __init__(self, services: Services, view: View, parent: QObject) -> None:
        super().__init__(parent)
        window = cast("QWidget", view)
        self._services = services
        self.blinded = False
        self.exchange = Exchange(services, window, self)
        self.deciding = Adjudicating(services, view.deciding, window, self)
        self._switch = QAction(texts.BLINDED, window)
        self._switch.setCheckable(True)
        self._switch.triggered.connect(self.set_blinded)
        view.blinded.close_requested.connect(lambda: self.set_blinded(False))
        self._fill(view, window)
        self._dispose = services.actions.add(*self._actions())

    def close(self) -> None:
        """Let go of the window's actions; nothing is kept back any more."""
        self._dispose()
        self._services.session.blinding.set(False)

    def set_blinded(self, blinded: bool) -> None:
        """Keep back whose an image is, its label and what the classifier thinks, or show them."""
        self.blinded = blinded
        self._switch.setChecked(blinded)
        self.changed.emit()

    def _fill(self, view: View, window: QWidget) -> None:
        entries: tuple[tuple[str, str, Callable[[], None]], ...] = (
            (texts.READERS, texts.READERS_HELP, self.deciding.show_readers),
            (texts.IMPORT, texts.IMPORT_HELP, self._import),
            (texts.EXPORT, texts.EXPORT_HELP, self.exchange.ask_export),
        )
        self._switch.setToolTip(texts.BLINDED_HELP)
        view.add_entry(self._switch)
        view.add_entry(None)
        for title, help_, act in entries:
            entry = QAction(title, window)
            entry.setToolTip(help_)
            entry.triggered.connect(lambda _=False, asked=act: asked())
            view.add_entry(entry)

    def _import(self) -> None:
        if self._services.session.project.read_only:
            self._services.notify.info(page_texts.READ_ONLY)
        else:
            self.exchange.ask_import()

    def _actions(self) -> tuple[Action, ...]:
        def reason() -> str:
            return page_texts.READ_ONLY if self._services.session.project.read_only else ""

        def one(
            name: str, title: str, act: Callable[[], None], keys: str = "", why: Callable[[], str] | None = None
        ) -> Action:
            return Action(f"label.{name}", title, act, "Edit", keys, why or (lambda: ""), "label", "", 4)

        return (
            one("blinded", texts.BLINDED, lambda: self.set_blinded(not self.blinded), "B"),
            one("readers", texts.READERS, self.deciding.show_readers),
            one("import", texts.IMPORT, self.exchange.ask_import, why=reason),
            one("export", texts.EXPORT, self.exchange.ask_export),
        )
