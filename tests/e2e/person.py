"""Somebody at the window: moves the mouse, presses keys and waits for what shows, while the real `main()` runs.

Apart from the journeys so that a journey reads like what a person does. A journey is a generator: it acts, and yields
what it waits for, a function that must become true. The window's own event loop runs all the time in between.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from sslstudio.gui.widgets.step_rail import RailButton
from sslstudio.gui.window import MainWindow
from sslstudio.gui.workspace import Workspace

Waiting = tuple[str, Callable[[], object], float]
Journey = Generator[Waiting, None, None]
Widget = TypeVar("Widget", bound=QWidget)

LEFT = Qt.MouseButton.LeftButton


class LostError(AssertionError):
    """The person waited in vain, or found nothing to click on."""


class Person(QObject):
    """Drives the main window of this process. `journey` is made by `plan(person)`; what goes wrong is kept in
    `problem` and the window is closed, so that `main()` returns."""

    def __init__(self, plan: Callable[[Person], Journey], pictures: Path | None = None) -> None:
        super().__init__()
        self._plan = plan
        self._journey: Journey | None = None
        self._waiting: tuple[str, Callable[[], object], float] | None = None
        self._pictures = pictures
        self._timer = QTimer(self, interval=25)
        self._timer.timeout.connect(self._tick)
        self._busy = False
        self.problem: BaseException | None = None
        self.finished = False
        self.keys = self.clicks = 0
        """What the person did so far; a drag counts as a click."""

    def begin(self) -> None:
        """Sit down at the window: call before `main()`; starts as soon as its event loop runs."""
        self._timer.start()

    # -- finding ---------------------------------------------------------------------------------------------

    @property
    def window(self) -> MainWindow:
        """The main window."""
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, MainWindow):
                return widget
        raise LostError("no main window")

    @property
    def workspace(self) -> Workspace:
        """The open project in the window."""
        workspace = self.window.workspace
        if workspace is None:
            raise LostError("no open project")
        return workspace

    def find(self, kind: type[Widget], name: str = "", inside: QWidget | None = None) -> Widget:
        """The visible widget of this kind whose text or accessible name begins with `name`."""
        for widget in (inside or self.window).findChildren(kind):
            text = widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""
            if widget.isVisible() and (text.startswith(name) or widget.accessibleName().startswith(name)):
                return widget
        raise LostError(f"nothing of kind {kind.__name__} called {name!r} to be seen")

    # -- acting ----------------------------------------------------------------------------------------------

    def click(self, target: QWidget, where: QPoint | None = None, keys: Qt.KeyboardModifier | None = None) -> None:
        """Press and release the left button in the middle of a widget, or at `where` in it."""
        if not target.isVisible() or not target.isEnabled():
            raise LostError(f"{target.accessibleName() or target!r} cannot be clicked: {target.toolTip()}")
        self.clicks += 1
        QTest.mouseClick(target, LEFT, keys or Qt.KeyboardModifier.NoModifier, where or target.rect().center())

    def press(self, text: str, inside: QWidget | None = None) -> None:
        """Click the button with this text."""
        self.click(self.find(QAbstractButton, text, inside))

    def go(self, step: str) -> None:
        """Click a step of the rail."""
        self.click(self.find(RailButton, step))

    def type(self, target: QWidget, text: str, *, enter: bool = False) -> None:
        """Click into a field, replace what stands there, and perhaps confirm."""
        self.click(target)
        QTest.keyClick(target, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(target, text)
        self.keys += len(text) + 1 + enter
        if enter:
            QTest.keyClick(target, Qt.Key.Key_Return)

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is, shortcuts included."""
        if not self.window.isActiveWindow():
            self.window.activateWindow()
        self.keys += 1
        QTest.keyClick(self.window.windowHandle(), key, modifier)

    def drag(self, target: QWidget, path: list[QPoint]) -> Journey:
        """Press at the first point, move along the path at the pace of a hand, release at the last."""
        self.clicks += 1
        QTest.mousePress(target, LEFT, Qt.KeyboardModifier.NoModifier, path[0])
        for before, after in itertools.pairwise(path):
            for part in range(1, 5):
                yield self.pause(0.02)
                QTest.mouseMove(target, before + (after - before) * part / 4)
        yield self.pause(0.02)
        QTest.mouseRelease(target, LEFT, Qt.KeyboardModifier.NoModifier, path[-1])

    def picture(self, name: str) -> None:
        """Keep a picture of the window, when pictures are wanted."""
        if self._pictures is not None:
            self._pictures.mkdir(parents=True, exist_ok=True)
            self.window.grab().save(str(self._pictures / f"{name}.png"))

    @staticmethod
    def until(what: str, true: Callable[[], object], seconds: float = 60.0) -> Waiting:
        """To be yielded: go on when `true()` is; `what` is said when it does not come in time."""
        return what, true, seconds

    @staticmethod
    def pause(seconds: float) -> Waiting:
        """To be yielded: look at the screen for a moment."""
        end = time.monotonic() + seconds
        return "a pause", lambda: time.monotonic() > end, seconds + 30

    # -- the journey -----------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            self._advance()
        except StopIteration:
            self._end(None)
        except BaseException as problem:
            self._end(problem)
        finally:
            self._busy = False

    def _advance(self) -> None:
        if self._journey is None:
            if not any(isinstance(widget, MainWindow) for widget in QApplication.topLevelWidgets()):
                return
            self._journey = self._plan(self)
        if self._waiting is not None:
            what, true, end = self._waiting
            if not _holds(true):
                if time.monotonic() > end:
                    raise LostError(f"waited in vain for {what}")
                return
        what, true, seconds = next(self._journey)
        self._waiting = what, true, time.monotonic() + seconds

    def _end(self, problem: BaseException | None) -> None:
        self._timer.stop()
        self.problem = problem
        self.finished = problem is None
        if problem is not None:
            self.picture("problem")
        QTimer.singleShot(0, QApplication.instance(), QApplication.closeAllWindows)


def _holds(true: Callable[[], object]) -> bool:
    """What cannot be seen yet is not true yet."""
    try:
        return bool(true())
    except LostError:
        return False
