"""The strip at the foot of the window: what is open, how much of it, what runs, and that nothing leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QWidget

from sslstudio.domain.units import count
from sslstudio.gui import theme
from sslstudio.gui.texts import CONNECTED_HELP, OFFLINE, OFFLINE_HELP
from sslstudio.gui.widgets.controls import IconButton, Line, PlainButton

SavedState = Literal["saved", "saving", "read-only", ""]


class _IconText(QWidget):
    """An icon of 14 px and a word."""

    def __init__(self, icon: str, role: str = "muted", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon, self._role = icon, role
        self._picture, self.text = QLabel(), QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(self._picture)
        row.addWidget(self.text)
        theme.on_change(self, self._paint)
        self._paint()

    def set(self, icon: str, text: str, role: str = "muted") -> None:
        self._icon, self._role = icon, role
        self.text.setText(text)
        self.setAccessibleName(text)
        self._paint()

    def _paint(self) -> None:
        colour = getattr(theme.tokens(), self._role)
        self._picture.setPixmap(theme.pixmap(self._icon, colour, 14, self.devicePixelRatioF()))


class StatusBar(QFrame):
    """Setters for each part; ``cancel_requested`` and ``run_requested`` carry the run that is shown."""

    cancel_requested = Signal(str)
    run_requested = Signal(str)
    issues_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setFixedHeight(30)
        self._run_id = ""
        self.saved = _IconText("check")
        self.project = QLabel()
        self.counts = QLabel()
        self.device = _IconText("cpu")
        self.issues = PlainButton("", "warning", quiet=True)
        self.issues.setVisible(False)
        self.issues.clicked.connect(lambda: self.issues_requested.emit())
        self.lock = _IconText("lock")
        self.set_connections(())
        self.run = self._make_run()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(12)
        self._lines = [Line(vertical=True) for _ in range(4)]
        row.addWidget(self.saved)
        for line, part in zip(self._lines[:3], (self.project, self.counts, self.device), strict=True):
            row.addWidget(line)
            row.addWidget(part)
        row.addWidget(self._lines[3])
        row.addWidget(self.run)
        row.addStretch(1)
        row.addWidget(self.issues)
        row.addWidget(self.lock)
        self.set_project("")

    def _make_run(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.run_text = QLabel()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setFixedWidth(132)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the running job")
        self.run_left = QLabel()
        self.run_left.setProperty("role", "small")
        self.cancel = IconButton("close", "Stop this job")
        self.cancel.clicked.connect(lambda: self.cancel_requested.emit(self._run_id))
        for part in (self.run_text, self.bar, self.run_left, self.cancel):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        return holder

    def set_project(self, name: str) -> None:
        """The open project; an empty name hides all that belongs to one."""
        self.project.setText(name)
        for part in (self.saved, self.project, self.counts, *self._lines[:3]):
            part.setVisible(bool(name))
        if not name:
            self.set_run("", "", 0, "")

    def set_saved(self, state: SavedState) -> None:
        """The light that says whether all is on the disk."""
        parts = {
            "saved": ("check", "Saved", "ok"),
            "saving": ("clock", "Saving...", "warning"),
            "read-only": ("lock", "Read-only", "warning"),
        }.get(state)
        if parts is not None:
            self.saved.set(*parts)

    def set_counts(self, text: str) -> None:
        """How many images, patients and labels."""
        self.counts.setText(text)

    def set_device(self, text: str) -> None:
        """What this computer trains on."""
        self.device.set("cpu", text)
        self.device.setVisible(bool(text))

    def set_run(self, run_id: str, text: str, fraction: float, left: str, *, stopping: bool = False) -> None:
        """The job under way; an empty `run_id` hides it. A negative fraction means that it is not known."""
        self._run_id = run_id
        self.run.setVisible(bool(run_id))
        self._lines[3].setVisible(bool(run_id))
        self.run_text.setText(text)
        self.bar.setRange(0, 0 if fraction < 0 else 1000)
        if fraction >= 0:
            self.bar.setValue(round(fraction * 1000))
        self.run_left.setText("stopping..." if stopping else left)
        self.cancel.setEnabled(not stopping)

    def set_connections(self, names: Sequence[str]) -> None:
        """Whom this program is in contact with now; nobody, nearly always."""
        known = ", ".join(dict.fromkeys(names))
        if names:
            self.lock.set("search", f"{count(len(names), 'connection')}: {known}", "warning")
            self.lock.setToolTip(CONNECTED_HELP.format(names=known))
        else:
            self.lock.set("lock", f"{OFFLINE}  ·  {count(0, 'connection')}")
            self.lock.setToolTip(OFFLINE_HELP)

    def set_issues(self, number: int) -> None:
        """How many problems are listed."""
        self.issues.setText(f"{number} to look at" if number else "")
        self.issues.setVisible(number > 0)
