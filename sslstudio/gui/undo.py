"""Undo and redo as two actions, in the order of events: labels, whose history survives a restart, and exclusions."""

from __future__ import annotations

from sslstudio.domain.units import count
from sslstudio.gui.actions.registry import Action
from sslstudio.gui.background import Background
from sslstudio.gui.notifications import Notifier
from sslstudio.session.exclusions import Exclusion
from sslstudio.session.session import Session


def undo_actions(session: Session, notify: Notifier, background: Background) -> tuple[Action, Action]:
    """Edit > Undo and Edit > Redo for one session; a label is stored before it returns, an exclusion in a thread."""
    catalogue, exclusions = session.project.catalogue, session.exclusions

    def told(words: str, change: Exclusion | None) -> None:
        if change is not None:
            session.images_were_changed()
            what = "left out of training" if change.reason else "taken in again"
            notify.info(f"{words}: {count(len(change), 'image')} {what}.")

    def undo() -> None:
        if exclusions.undo_is_next():
            background.run(exclusions.undo, done=lambda change: told("Undone", change), failed=notify.error)
            return
        text = catalogue.can_undo()
        if session.undo() is not None:
            notify.info(f"Undone: {text or 'the last change'}.")

    def redo() -> None:
        if exclusions.redo_is_next():
            background.run(exclusions.redo, done=lambda change: told("Done again", change), failed=notify.error)
            return
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
            lambda: "" if exclusions.undo_is_next() or catalogue.can_undo() else "There is nothing to undo.",
            icon="undo",
        ),
        Action(
            "edit.redo",
            "Redo",
            redo,
            "Edit",
            "Ctrl+Y",
            lambda: "" if exclusions.redo_is_next() or catalogue.can_redo() else "There is nothing to redo.",
            icon="redo",
        ),
    )
