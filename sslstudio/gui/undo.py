"""Undo and redo of labels as two actions; the history itself lives in the project and survives a restart."""

from __future__ import annotations

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.notifications import Notifier
from sslstudio.session.session import Session


def undo_actions(session: Session, notify: Notifier) -> tuple[Action, Action]:
    """Edit > Undo and Edit > Redo for one session; each is stored before it returns."""
    catalogue = session.project.catalogue

    def undo() -> None:
        text = catalogue.can_undo()
        if session.undo() is not None:
            notify.info(f"Undone: {text or 'the last change'}.")

    def redo() -> None:
        text = catalogue.can_redo()
        if session.redo() is not None:
            notify.info(f"Done again: {text or 'the last change'}.")

    return (
        Action(
            "edit.undo",
            "Undo",
            undo,
            "Edit",
            "Ctrl+Z",
            lambda: "" if catalogue.can_undo() else "There is nothing to undo.",
            icon="undo",
        ),
        Action(
            "edit.redo",
            "Redo",
            redo,
            "Edit",
            "Ctrl+Y",
            lambda: "" if catalogue.can_redo() else "There is nothing to redo.",
            icon="redo",
        ),
    )
