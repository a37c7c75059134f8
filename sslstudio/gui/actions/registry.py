"""Actions as data: one record each, from which menus, keys, the palette and the key list are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sslstudio.errors import SSLStudioError

Dispose = Callable[[], None]


def _available() -> str:
    return ""


@dataclass(frozen=True)
class Action:
    """One thing the user can do.

    `reason` answers why it cannot be done now, in a sentence, and "" when it can: it is both the condition and its
    explanation. `menu` is the top-level menu ("File", "Edit", "View", "Run", "Help") or "" for none, `keys` a
    QKeySequence text or "", `page` the page whose keys these are ("" for the whole window). `checked` makes it a
    switch. `group` keeps related menu entries together.
    """

    id: str
    title: str
    callback: Callable[[], None]
    menu: str = ""
    keys: str = ""
    reason: Callable[[], str] = _available
    page: str = ""
    icon: str = ""
    group: int = 0
    checked: Callable[[], bool] | None = None
    in_palette: bool = True


class ActionRegistry:
    """The actions of the window in the order they were added; whoever adds one gets back what removes it."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}
        self._listeners: list[Callable[[], None]] = []

    def add(self, *actions: Action) -> Dispose:
        """Register actions; raises SSLStudioError ("action_exists", "keys_taken") on a clash. Returns a disposer."""
        for action in actions:
            self._check(action)
            self._actions[action.id] = action
        self._tell()

        def dispose() -> None:
            for action in actions:
                self._actions.pop(action.id, None)
            self._tell()

        return dispose

    def _check(self, action: Action) -> None:
        if action.id in self._actions:
            raise SSLStudioError(f"There is already an action {action.id}.", code="action_exists")
        for other in self._actions.values():
            clash = action.keys and other.keys == action.keys
            if clash and (not action.page or not other.page or action.page == other.page):
                raise SSLStudioError(f"{action.keys} already means {other.title}.", code="keys_taken")

    def on_change(self, listener: Callable[[], None]) -> Dispose:
        """Call `listener` after every addition and removal; returns what stops it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def all(self) -> list[Action]:
        """Every action, in order of registration."""
        return list(self._actions.values())

    def for_page(self, page: str) -> list[Action]:
        """What can be done on `page`: its own actions first, then those of the window."""
        own = [action for action in self.all() if action.page == page]
        return own + [action for action in self.all() if not action.page]

    def get(self, action_id: str) -> Action:
        """One action; raises KeyError."""
        return self._actions[action_id]

    def trigger(self, action_id: str) -> str:
        """Do it if it can be done now; returns "" or the reason why not."""
        action = self.get(action_id)
        reason = action.reason()
        if not reason:
            action.callback()
        return reason
