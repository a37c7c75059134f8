"""The fixed parts of the main window, put together: rail, page stack, problems, status bar, toasts."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStatusBar, QVBoxLayout, QWidget

from sslstudio.gui.widgets.controls import PlainButton, Segmented
from sslstudio.gui.widgets.issues_panel import IssuesPanel
from sslstudio.gui.widgets.stack import Stack
from sslstudio.gui.widgets.status_bar import StatusBar
from sslstudio.gui.widgets.step_rail import Step, StepRail
from sslstudio.gui.widgets.toasts import ToastColumn


@dataclass(frozen=True)
class Chrome:
    """The parts, for the window to connect."""

    rail: StepRail
    detail: Segmented
    stack: Stack
    issues: IssuesPanel
    status: StatusBar
    toasts: ToastColumn
    search: PlainButton


def build_chrome(window: QMainWindow, steps: list[Step]) -> Chrome:
    """Make the parts and place them in `window`."""
    rail = StepRail(steps)
    detail = Segmented((("basic", "Basic"), ("expert", "Expert")), "Detail")
    detail.setToolTip("Basic shows what to do; Expert shows every parameter (Ctrl+E)")
    rail.foot.addWidget(detail)
    stack = Stack()
    issues = IssuesPanel()
    issues.hide()
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(stack, 1)
    column.addWidget(issues)
    central = QWidget()
    row = QHBoxLayout(central)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    row.addWidget(rail)
    row.addLayout(column, 1)
    window.setCentralWidget(central)
    status = StatusBar()
    holder = QStatusBar()
    holder.setSizeGripEnabled(False)
    holder.addPermanentWidget(status, 1)
    window.setStatusBar(holder)
    search = PlainButton("Search commands   Ctrl+Shift+P", "search", quiet=True)
    search.setObjectName("searchCommands")
    window.menuBar().setCornerWidget(search, Qt.Corner.TopRightCorner)
    return Chrome(rail, detail, stack, issues, status, ToastColumn(window, stack), search)
