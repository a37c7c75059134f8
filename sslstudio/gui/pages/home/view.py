"""What the Home page looks like: the product, three ways to begin, the journey, and the recent projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sslstudio.gui import theme
from sslstudio.gui.pages.home import texts
from sslstudio.gui.texts import APP, OFFLINE, RESEARCH_ONLY
from sslstudio.gui.widgets.card import ChoiceCard
from sslstudio.gui.widgets.controls import (
    IconButton,
    Line,
    PageTitle,
    PlainButton,
    PrimaryButton,
    SectionTitle,
    Text,
    clear,
)
from sslstudio.gui.widgets.scrolled_page import lay_out_page, page_body


@dataclass(frozen=True)
class RecentProject:
    """One line of the list. `changed` is when it was last used, in words; `missing` when its folder is not there."""

    path: str
    name: str
    folder: str
    changed: str = ""
    missing: bool = False


class HomeView(QWidget):
    """Setters, and a signal for each thing that can be asked for."""

    new_requested = Signal()
    browse_requested = Signal()
    demo_requested = Signal()
    open_requested = Signal(str)
    forget_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        body = page_body(1040)
        column = QVBoxLayout(body)
        column.setContentsMargins(32, 32, 32, 24)
        column.setSpacing(24)
        column.addLayout(self._head())
        column.addLayout(self._journey())
        column.addWidget(Line())
        column.addLayout(self._start(), 1)
        column.addWidget(self._foot())
        lay_out_page(self, body, centred=True)

    def _head(self) -> QHBoxLayout:
        logo = QLabel()
        logo.setPixmap(theme.pixmap("app", "#000000", 72, self.devicePixelRatioF()))
        logo.setAccessibleName(APP)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addStretch(1)
        words.addWidget(PageTitle(APP))
        words.addWidget(Text(texts.PROMISE, "muted"))
        words.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(20)
        row.addWidget(logo)
        row.addLayout(words, 1)
        return row

    def _journey(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(4)
        for place, (icon, title, sentence) in enumerate(texts.STEPS):
            picture = QLabel()

            def paint(target: QLabel = picture, name: str = icon) -> None:
                target.setPixmap(theme.pixmap(name, theme.tokens().accent, 24, self.devicePixelRatioF()))

            paint()
            theme.on_change(picture, paint)
            name = QLabel(f"{place + 1}  {title}")
            name.setProperty("role", "strong")
            grid.addWidget(picture, 0, place)
            grid.addWidget(name, 1, place)
            grid.addWidget(Text(sentence, "small"), 2, place, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(place, 1)
        return grid

    def _start(self) -> QHBoxLayout:
        self.new = PrimaryButton(texts.NEW, "folder-plus")
        self.browse = PlainButton(texts.OPEN, "folder")
        self.demo = PlainButton(texts.DEMO, "demo")
        self.new.clicked.connect(lambda: self.new_requested.emit())
        self.browse.clicked.connect(lambda: self.browse_requested.emit())
        self.demo.clicked.connect(lambda: self.demo_requested.emit())
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(SectionTitle("Begin"))
        for button in (self.new, self.browse, self.demo):
            button.setMinimumHeight(34)
            left.addWidget(button)
        left.addWidget(Text(texts.DEMO_HELP, "small"))
        left.addStretch(1)
        box = QWidget()
        box.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        box.setFixedWidth(240)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(8)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(SectionTitle(texts.RECENT))
        right.addLayout(self._recent)
        right.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(40)
        row.addWidget(box)
        row.addLayout(right, 1)
        return row

    def _foot(self) -> QLabel:
        foot = QLabel(f"{RESEARCH_ONLY}  {OFFLINE}.")
        foot.setProperty("role", "small")
        foot.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        return foot

    def set_recent(self, projects: Sequence[RecentProject]) -> None:
        """Show the recent projects, or what the list is for when there are none."""
        clear(self._recent)
        for project in projects:
            self._recent.addWidget(self._row(project))
        if not projects:
            self._recent.addWidget(Text(texts.NO_RECENT, "muted"))

    def set_busy(self, text: str) -> None:
        """While a project is being made or opened: say so and keep the buttons from being pressed twice."""
        for button in (self.new, self.browse, self.demo):
            button.setEnabled(not text)
        self.demo.setText(text or texts.DEMO)

    def _row(self, project: RecentProject) -> ChoiceCard:
        card = ChoiceCard(f"Open {project.name}")
        card.setEnabled(not project.missing)
        name = QLabel(project.name)
        name.setProperty("role", "muted" if project.missing else "strong")
        when = QLabel(project.changed)
        when.setProperty("role", "small")
        forget = IconButton("close", texts.FORGET)
        forget.clicked.connect(lambda: self.forget_requested.emit(project.path))
        top = QHBoxLayout()
        top.addWidget(name, 1)
        top.addWidget(when)
        top.addWidget(forget)
        card.body.setContentsMargins(14, 6, 6, 8)
        card.body.setSpacing(0)
        card.body.addLayout(top)
        card.body.addWidget(Text(texts.MISSING if project.missing else project.folder, "small"))
        if project.missing:
            card.setEnabled(True)
        else:
            card.clicked.connect(lambda: self.open_requested.emit(project.path))
        return card
